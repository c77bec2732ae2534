package sim

import (
	"container/heap"
	"fmt"
	"math"

	"copyscope/internal/trace"
)

// Machine is one modelled computer with one file, one socket and one program
// running on it. It is used from one goroutine.
type Machine struct {
	cfg   Config
	costs Profile
	rec   trace.Recorder

	now     trace.Ns // the CPU's clock
	devices deviceQueue
	// pending holds the events of the syscall that is under way, in order: its
	// span's duration is not known before it returns. later holds what does not
	// follow them: what a device begins in the future.
	pending []pending
	later   laterEvents
	told    int
	call    call

	file     file
	cache    pageCache
	disk     engine
	inflight inflight
	socket   socket
	wire     wire
}

// call is the syscall that is under way.
type call struct {
	n     int // calls so far
	name  string
	line  string
	phase trace.Phase
	span  int // index in pending, or -1 between calls
}

// New makes a machine. Events go to rec, numbered by it.
func New(cfg Config, rec trace.Recorder) (*Machine, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if !cfg.DMA {
		cfg.SG = false // gathering is something that a DMA engine does
	}
	m := &Machine{cfg: cfg, costs: cfg.Profile, rec: rec, call: call{span: -1, phase: trace.Transfer}}
	m.wire.machine = m
	m.Replace(cfg.FileBytes)
	return m, nil
}

// Replace puts another file of so many bytes in the place of the machine's, as
// warm or cold as the machine was made.
func (m *Machine) Replace(bytes int64) {
	m.file = file{size: bytes, made: bytes}
	m.cache = pageCache{}
	m.cache.ra.previous = math.MinInt32 // nothing was read yet, so nothing follows it
	if m.cfg.Warm && bytes > 0 {
		m.cache.insert(0, pages(0, bytes))
	}
}

// cpu lets the CPU spend a time on something and tells it as an event. Devices
// go on meanwhile; their interrupts prolong what they interrupt.
func (m *Machine) cpu(e trace.Event, cost trace.Ns) {
	e.CPU = cost
	i := m.emit(e)
	end := m.now + cost
	for m.devices.due(end) {
		d := m.devices.pop()
		end += m.complete(d)
	}
	m.pending[i].Dur = end - m.now
	m.now = end
}

// waitFor lets the program sleep until done. It reports false if nothing that
// is under way can make it so.
func (m *Machine) waitFor(detail string, done func() bool) bool {
	if done() {
		return true
	}
	i := m.emit(trace.Event{Kind: trace.Wait, Actor: trace.KernelCode, Detail: detail})
	start := m.now
	for !done() {
		if m.devices.empty() {
			m.pending[i].Dur = m.now - start
			return false
		}
		d := m.devices.pop()
		m.now = max(m.now, d.at)
		m.now += m.complete(d)
	}
	m.pending[i].Dur = m.now - start
	return true
}

// sleep waits as a thread does: the linux model's scheduler puts another one on
// the CPU meanwhile. The textbook knows no other threads.
func (m *Machine) sleep(detail string, done func() bool) bool {
	if m.cfg.Model == Linux && !done() {
		m.cpu(trace.Event{Kind: trace.ContextSwitch, Actor: trace.Scheduler, Detail: "voluntary"}, m.costs.ContextSwitch)
	}
	return m.waitFor(detail, done)
}

// complete finishes what a device did and returns the CPU time that its
// interrupt took.
func (m *Machine) complete(d completion) trace.Ns {
	if d.done != nil {
		d.done()
	}
	if d.interrupt == "" {
		return 0
	}
	cost := m.costs.InterruptTime
	m.emitAt(d.at, trace.Event{Dur: cost, CPU: cost, Kind: trace.Interrupt, Actor: d.actor,
		From: d.from, To: trace.CPUPlace, Detail: d.interrupt})
	return cost
}

// emit tells an event that begins now.
func (m *Machine) emit(e trace.Event) int { return m.emitAt(m.now, e) }

// emitAt fills in what every event has and keeps it until its place in the
// order is known. It returns the event's index in pending, or -1 for one that is
// kept apart.
func (m *Machine) emitAt(at trace.Ns, e trace.Event) int {
	e.At = at
	if e.Actor == "" {
		e.Actor = trace.KernelCode
	}
	if e.Endpoint == "" {
		e.Endpoint = trace.Sender
	}
	e.Phase = m.call.phase
	if e.Kind != trace.Interrupt && e.Endpoint == trace.Sender && m.call.span >= 0 {
		e.Call, e.Syscall, e.Line = m.call.n, m.call.name, m.call.line
	}
	e.Provenance = trace.Modelled
	m.told++
	if n := len(m.pending); at > m.now || n > 0 && at < m.pending[n-1].At {
		heap.Push(&m.later, pending{e, m.told})
		return -1
	}
	m.pending = append(m.pending, pending{e, m.told})
	return len(m.pending) - 1
}

// flush records the events whose order is settled: those that began by now.
func (m *Machine) flush(all bool) {
	for _, e := range m.pending {
		for len(m.later) > 0 && m.later[0].before(e) {
			m.rec.Record(heap.Pop(&m.later).(pending).Event)
		}
		m.rec.Record(e.Event)
	}
	m.pending = m.pending[:0]
	for len(m.later) > 0 && (all || m.later[0].At <= m.now) {
		m.rec.Record(heap.Pop(&m.later).(pending).Event)
	}
}

// Idle lets the devices and the receiver end what they have under way.
func (m *Machine) Idle() {
	m.call.phase = trace.Transfer
	for !m.devices.empty() {
		d := m.devices.pop()
		m.now = max(m.now, d.at)
		m.now += m.complete(d)
	}
	m.flush(true)
}

// Finish ends the run: Idle, and a check that every byte arrived in order and
// once.
func (m *Machine) Finish() error {
	m.Idle()
	if len(m.wire.arrived) > 1 {
		a, b := m.wire.arrived[0], m.wire.arrived[1]
		return fmt.Errorf("the wire got the file's bytes from %d on where %d was due: a byte was lost, repeated or out of order", b.Off, a.Off+a.Len)
	}
	return nil
}

// Truncate makes the file shorter, as another process would.
func (m *Machine) Truncate(size int64) { m.file.size = min(m.file.size, size) }

// Overwrite replaces bytes of the file, as another process's write would.
func (m *Machine) Overwrite(off, n int64) {
	m.file.writes = append(m.file.writes, Extent{Off: off, Len: n})
}
