package lab

import (
	"context"
	"fmt"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// simulate runs a scenario on the modelled computer.
func (l *Lab) simulate(ctx context.Context, s Scenario, o Options) (*Result, error) {
	program, _ := transfer.Lookup(s.Path)
	config, err := l.config(s, o)
	if err != nil {
		return nil, err
	}
	run := &trace.Run{Path: s.Path, Side: trace.Sim, Payload: s.Size, Base: trace.Modelled, Watch: unmodelled(s)}
	log := trace.NewLog(run.Counter(), trace.LogOptions{Keep: o.MaxEvents, Steps: o.Steps})
	machine, err := sim.New(config, log)
	if err != nil {
		return nil, err
	}
	if s.WhatIf != "" {
		change, err := parseWhatIf(s.WhatIf)
		if err != nil {
			return nil, err
		}
		if err := machine.WhatIf(*change); err != nil {
			return nil, &FieldError{"whatif", s.WhatIf, err.Error()}
		}
	}
	send := sendOne
	if o.Connections > 1 {
		send = sendAll
	}
	err = send(ctx, machine, program, s, o)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	for i := range min(log.Len(), o.MaxEvents) {
		run.Record(log.Event(i))
	}
	return &Result{Scenario: s, Run: run, TotalEvents: log.Len(), Counter: log.Counter(), Listing: program.Lines(s.Touch)}, nil
}

// sendOne lets the machine's one program send the file, and checks that it
// arrived.
func sendOne(ctx context.Context, machine *sim.Machine, program transfer.Program, s Scenario, o Options) error {
	k := machine.Kernel()
	sent, err := program.Send(&stoppable{Kernel: k, ctx: ctx, total: s.Size, last: program.Sinks, progress: o.Progress}, s.job(k, program, 0, s.Size))
	if err != nil {
		return err
	}
	if err := machine.Finish(); err != nil {
		return err
	}
	if program.Sinks > 0 {
		if a := machine.Arrived(); len(a) != 1 || a[0].Off != 0 || a[0].Len != sent {
			return fmt.Errorf("the program sent %d bytes, %v arrived", sent, a)
		}
	}
	return nil
}

// unmodelled tells the counts that the machine of a scenario cannot know.
func unmodelled(s Scenario) trace.Watch {
	w := trace.Watch{}
	if s.Model == Textbook {
		w[trace.Packets] = trace.Basis{Provenance: trace.Unavailable, Reason: "the textbook knows no packets"}
	}
	if s.Net != Loopback {
		w[trace.ReceiverCopiedBytes] = trace.Basis{Provenance: trace.Unavailable, Reason: "the machine at the other end of the wire is not modelled"}
	}
	if s.LLC == 0 {
		out := trace.Basis{Provenance: trace.Unavailable, Reason: "this run leaves the last-level cache and the memory bus out of the model; --llc 32MiB takes them in"}
		w[trace.MemoryBusBytes], w[trace.LLCEvictedBytes] = out, out
	}
	return w
}

// config is the machine that a scenario asks for.
func (l *Lab) config(s Scenario, o Options) (sim.Config, error) {
	profile, err := sim.LookupProfile(s.Profile)
	if err != nil {
		return sim.Config{}, err
	}
	if s.Profile == "" && l.Profile != nil {
		profile = *l.Profile
	}
	settings := sim.DefaultSettings()
	if o.AsThisHost {
		settings = l.settings()
	}
	c := sim.MachineConfig()
	c.Model, c.Net, c.DMA, c.SG, c.TSO = sim.Model(s.Model), sim.Net(s.Net), s.DMA, s.SG, s.SG
	c.Warm, c.FileBytes, c.Profile, c.Settings = s.Cache == Warm, s.Size, profile, settings
	c.CPUs, c.LLCBytes = max(s.CPUs, 1), s.LLC
	return c, nil
}

// job is the scenario's program for n bytes of the file from off on, with the
// thread's file and socket, or what the program needs in their place. Programs
// use the file's position, as the textbook calls do.
func (s Scenario) job(k *sim.Kernel, program transfer.Program, off, n int64) transfer.Job {
	job := transfer.Job{In: k.File(), Out: k.Socket(), Offset: off, Bytes: n, Chunk: int(s.Chunk), UsePosition: true, Touch: s.Touch, ZeroCopy: s.ZeroCopy}
	if program.Source == transfer.FromSocket {
		job.In = k.Source(off, n)
	}
	if program.Sinks == 2 {
		job.Out2 = k.NewSocket()
	}
	return job
}

// stoppable lets a context end a simulated run, and tells how far it is: by the
// bytes that the program's last step has moved.
type stoppable struct {
	*sim.Kernel
	ctx      context.Context
	total    int64
	last     int // how many sockets the program sends to
	done     int64
	told     int64 // what progress was told last
	progress func(done, total int64)
}

func (k *stoppable) Read(l transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	if err := k.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := k.Kernel.Read(l, in, dst, off)
	if k.last > 0 {
		return n, err
	}
	return n, k.moved(n, err)
}

func (k *stoppable) Write(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	n, err := k.Kernel.Write(l, out, src)
	return n, k.moved(n, err)
}

func (k *stoppable) Sendfile(l transfer.Label, out, in transfer.FD, off *int64, n int) (int, error) {
	n, err := k.Kernel.Sendfile(l, out, in, off, n)
	return n, k.moved(n, err)
}

func (k *stoppable) Splice(l transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, more bool) (int, error) {
	n, err := k.Kernel.Splice(l, in, off, out, n, more)
	if out != k.Socket() {
		return n, err
	}
	return n, k.moved(n, err)
}

func (k *stoppable) SendZerocopy(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	n, err := k.Kernel.SendZerocopy(l, out, src)
	return n, k.moved(n, err)
}

func (k *stoppable) Enter(l transfer.Label, ring transfer.FD, ops []transfer.RingOp) ([]transfer.RingResult, error) {
	out, err := k.Kernel.Enter(l, ring, ops)
	n := 0
	for i, r := range out {
		if ops[i].Kind != transfer.RingRead {
			n += r.N
		}
	}
	return out, k.moved(n, err)
}

// moved looks up from the work after every call; one call is at most 2 GiB.
func (k *stoppable) moved(n int, err error) error {
	if err != nil {
		return err
	}
	k.done = min(k.done+int64(n), k.total) // what seals or stores sends a little more
	if k.progress != nil && (k.done-k.told >= k.total/100 || k.done == k.total) {
		k.told = k.done
		k.progress(k.done, k.total)
	}
	return k.ctx.Err()
}
