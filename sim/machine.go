package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"copyscope/internal/trace"
	"copyscope/sim/disk"
	"copyscope/sim/pagecache"
)

// Machine is one modelled computer: processors, memory, a disk with one file, a
// network card with sockets, and the threads that run on it. It is used from
// one goroutine; threads are coroutines of it.
type Machine struct {
	cfg   Config
	costs Profile

	log     *trace.Log
	classes []class // of the program's lines: far fewer than a map would be for
	// endpoint is what the machine is in the transfer.
	endpoint trace.Endpoint
	ids      []trace.ShapeID // shape of a class's form, plus one; 0 is not known yet
	entry    trace.Entry     // the event that is being told

	now     trace.Ns // the clock of the processor whose thread runs
	orders  int
	devices agenda[completion]
	// later holds events that begin in the future, such as what an engine does
	// when it is free.
	later agenda[trace.Entry]

	cpus    []processor
	threads []*Thread
	alive   int     // of those that Go made, how many have not ended
	main    *Thread // the thread of [Machine.Kernel], which runs on the caller's stack
	running *Thread
	ready   fifo[*Thread] // they have all but a processor, in the order in which they got it

	files    []*file
	cache    *pagecache.Cache
	mappings []*mapping
	llc      *llc   // nil: not modelled
	file     FileID // of the next event
	beside   bool   // what is done now is nobody's call: a device's completion led to it, or the flusher
	behalf   int32  // of which thread, though
	disk     disk.Drive
	flusher  flusher
	inflight []*request
	requests []request // to be used, and room for who waits for each
	waiters  []*Thread
	card     card
	// What the card's driver does, made once: a method's value is an allocation.
	cleanCard, refillCard func()

	peers    []engine // the processors of the other ends on this host
	ends     int      // of them so far
	sockets  []*socket
	segments []*segment // free ones
	streams  []*stream
	change   *Change // a what-if that is to come
	watch    func() error
	rounds   int   // of the dispatcher
	given    error // by watch, between two syscalls

	carried, loaded int64 // bytes
}

// class is what the events of one line's calls have in common.
type class struct {
	syscall, line string
}

// New makes a machine. Events go to log.
func New(cfg Config, log *trace.Log) (*Machine, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	m := &Machine{cfg: cfg, costs: cfg.Profile, log: log, endpoint: trace.Sender}
	m.cleanCard, m.refillCard = m.clean, m.handOver
	m.cpus, m.peers = make([]processor, cfg.CPUs), make([]engine, cfg.PeerCPUs)
	m.class(class{})
	m.cache = pagecache.New(pagecache.Options{Pages: cfg.MemoryBytes / PageBytes})
	var err error
	if m.disk, err = m.costs.drive(cfg.Model); err != nil {
		return nil, err
	}
	if cfg.LLCBytes > 0 {
		m.llc = newLLC(cfg.LLCBytes)
	}
	m.AddFile("file", cfg.FileBytes, 0)
	m.main = m.thread("")
	m.run(&m.cpus[0], m.main)
	m.Replace(cfg.FileBytes)
	return m, nil
}

// class gives the number of a class.
func (m *Machine) class(c class) int {
	if n := slices.Index(m.classes, c); n >= 0 {
		return n
	}
	m.classes = append(m.classes, c)
	m.ids = append(m.ids, make([]trace.ShapeID, forms)...)
	return len(m.classes) - 1
}

// shape is the log's number for a form in a class.
func (m *Machine) shape(n int, f form) trace.ShapeID {
	s, c := formed[f], m.classes[n]
	if s.Actor == "" {
		s.Actor = trace.KernelCode
	}
	if s.Endpoint == "" {
		s.Endpoint = m.endpoint
	}
	s.Phase, s.Provenance = trace.Transfer, trace.Modelled
	if c.syscall != "" {
		s.Phase = trace.PhaseOf(c.syscall)
	}
	s.Syscall, s.Line = c.syscall, c.line
	id := m.log.Shape(s) + 1
	m.ids[n*int(forms)+int(f)] = id
	return id
}

// ownerless says of a form that its events belong to no call: a device or the
// other machine makes them, whatever runs.
var ownerless = func() (out [forms]bool) {
	for f, s := range formed {
		out[f] = s.Kind == trace.Interrupt || s.Endpoint == trace.Receiver || s.Detail == "softirq" || f == int(pioFromCard) || s.Detail == "receive-ring"
	}
	return out
}()

// copies says of a form that the CPU copies memory.
var copies = func() (out [forms]bool) {
	for f, s := range formed {
		out[f] = s.Kind == trace.CPUCopy
	}
	return out
}()

// tell tells an event, and what it does to the memory bus and the last-level
// cache, if those are modelled. It returns its index in the log, or -1 if it
// begins in the future.
func (m *Machine) tell(f form, at, dur, cpu trace.Ns, bytes, n, off int64) int {
	event, file := m.put(f, at, dur, cpu, bytes, n, off), m.file
	m.file = 0
	if m.llc != nil && moves[f] && bytes > 0 {
		m.memory(f, at, file, bytes, off)
	}
	return event
}

// of says which file's bytes the next event moves. It need be said only of what
// reads or writes the page cache.
func (m *Machine) of(f FileID) *Machine {
	m.file = f
	return m
}

// put tells one event.
func (m *Machine) put(f form, at, dur, cpu trace.Ns, bytes, n, off int64) int {
	e := &m.entry
	e.At, e.Dur, e.CPU, e.Bytes, e.N, e.Offset = at, dur, cpu, bytes, n, max(off, 0)
	t, number := m.running, 0
	if e.Call, e.Thread = 0, m.behalf; t != nil && !ownerless[f] && !m.beside {
		e.Thread = t.id
		if t.inCall {
			e.Call, number = t.calls, t.class
		} else if t.line != "" {
			number = m.class(class{line: t.line})
		}
	}
	id := m.ids[number*int(forms)+int(f)]
	if id == 0 {
		id = m.shape(number, f)
	}
	e.Shape = id - 1
	if at > m.now {
		m.orders++
		m.later.push(timed{at, m.orders}, *e)
		return -1
	}
	m.tellUntil(at)
	if m.change != nil && m.log.Len() >= m.change.Step {
		m.changeNow()
	}
	return m.log.Add(e)
}

// tellUntil tells what has begun by a time.
func (m *Machine) tellUntil(at trace.Ns) {
	for m.later.by(at) {
		e := m.later.pop()
		m.log.Add(&e)
	}
}

// spend lets the running thread's processor work on something.
func (m *Machine) spend(f form, cost trace.Ns, bytes, n, off int64) {
	m.running.cpu.copying = copies[f]
	m.pass(m.tell(f, m.now, cost, cost, bytes, n, off), cost)
}

// completion is a device's "done", at a time in the future.
type completion struct {
	timed
	// interrupt is the form of the interrupt that tells it, or none if the
	// device raises none.
	interrupt form
	times     int64    // how often it interrupts; 0 is once
	request   *request // of the disk
	segment   *segment // of a socket
	do        func()   // for what is rare
	timer     bool     // of the kernel: nobody waits for it
}

const none = forms // no form

func (m *Machine) complete(c completion) {
	m.orders++
	c.order = m.orders
	m.devices.push(c.timed, c)
}

// done does what a completion means, at its time; the processor time that it
// takes goes by.
func (m *Machine) done(c completion) {
	if c.interrupt != none {
		cost := m.costs.InterruptTime * trace.Ns(max(c.times, 1))
		m.tell(c.interrupt, m.now, cost, cost, 0, c.times, 0)
		m.now += cost
		if len(m.cpus) > 1 { // the others go on meanwhile: what it means comes after it
			c.at, c.interrupt = m.now, none
			m.devices.push(c.timed, c)
			return
		}
	}
	before := m.beside
	m.beside = true
	if c.request != nil {
		m.arrived(c.request)
	}
	if c.segment != nil {
		m.left(c.segment)
	}
	if c.do != nil {
		c.do()
	}
	m.beside = before
}

// Idle lets the devices and the receivers end what they have under way.
func (m *Machine) Idle() {
	p := m.main.cpu
	p.now, p.thread = max(p.now, m.now), nil
	timers := false
	for !m.devices.empty() {
		if c := m.devices.pop(); !c.timer {
			m.serve(c)
		} else {
			m.flusher.armed, timers = false, true
		}
	}
	p.now = max(p.now, m.now) // the interrupts were another's, perhaps
	m.run(p, m.main)
	if timers { // from now on
		m.wakeFlusher()
	}
	m.tellUntil(math.MaxInt64)
}

// Finish ends the run: Idle, and a check that every byte arrived in order and
// once.
func (m *Machine) Finish() error {
	m.Idle()
	var errs []error
	for _, s := range m.sockets {
		if a := s.wire.arrived; len(a) > 1 {
			errs = append(errs, fmt.Errorf("the wire got the file's bytes from %d on where %d was due: a byte was lost, repeated or out of order", a[1].Off, a[0].Off+a[0].Len))
		}
	}
	return errors.Join(errs...)
}
