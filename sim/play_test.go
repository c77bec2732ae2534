package sim_test

import (
	"fmt"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// played is one run of a program, or of several at once, on a machine.
type played struct {
	*trace.Run
	log     *trace.Log
	arrived [][]sim.Extent // at each receiver of the first program
}

// totals are the counts of the whole run.
func (p *played) totals() *trace.Counter { return p.CountsAt(len(p.Events)) }

// job is what a program is asked to move of a machine's file; it makes the
// sockets that the program needs besides the first.
func job(k *sim.Kernel, p transfer.Program, bytes, chunk int64) transfer.Job {
	j := transfer.Job{In: k.File(), Out: k.Socket(), Bytes: bytes, Chunk: int(chunk), UsePosition: true}
	if p.Source == transfer.FromSocket {
		j.In = k.Source(0, bytes)
	}
	if p.Sinks == 2 {
		j.Out2 = k.NewSocket()
	}
	return j
}

// send lets a program send the machine's whole file.
func send(k *sim.Kernel, p transfer.Program, j transfer.Job) error {
	sent, err := p.Send(k, j)
	if err == nil && sent != j.Bytes {
		err = fmt.Errorf("%s sent %d bytes of %d", p.Path, sent, j.Bytes)
	}
	return err
}

// play runs one program on a machine.
func play(path string, chunk int64, c sim.Config) (*played, error) {
	p, ok := transfer.Lookup(path)
	if !ok {
		return nil, fmt.Errorf("no program %q", path)
	}
	log := newLog(c)
	m, err := sim.New(c, log)
	if err != nil {
		return nil, err
	}
	k := m.Kernel()
	j := job(k, p, c.FileBytes, chunk)
	if err := send(k, p, j); err != nil {
		return nil, err
	}
	if err := m.Finish(); err != nil {
		return nil, err
	}
	out := &played{Run: events(log), log: log}
	if p.Sinks > 0 {
		out.arrived = append(out.arrived, m.Arrived())
	}
	if p.Sinks > 1 {
		out.arrived = append(out.arrived, m.ArrivedAt(j.Out2))
	}
	out.Path, out.Side, out.Payload = path, trace.Sim, c.FileBytes
	return out, nil
}

// playAll runs programs at once, a thread for each.
func playAll(paths []string, chunk int64, c sim.Config) (*played, error) {
	log := newLog(c)
	m, err := sim.New(c, log)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		p, _ := transfer.Lookup(path)
		m.Go(path, func(k *sim.Kernel) error { return send(k, p, job(k, p, c.FileBytes, chunk)) })
	}
	if err := m.Run(); err != nil {
		return nil, err
	}
	if err := m.Finish(); err != nil {
		return nil, err
	}
	return &played{Run: events(log), log: log}, nil
}

func newLog(c sim.Config) *trace.Log {
	return trace.NewLog(trace.NewCounter(max(c.FileBytes, 1), trace.Modelled, nil), trace.LogOptions{Keep: -1})
}
