package sim

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"copyscope/internal/trace"
)

// processor is one CPU.
type processor struct {
	now    trace.Ns // when what it does now ends
	thread *Thread  // that has it, or nil: it is idle
	since  trace.Ns // when the thread got it
	step   int      // the event that is under way, or -1, and when it began
	begun  trace.Ns
	served trace.Ns // when its last interrupt was done
	// copying: the step that is under way copies memory.
	copying bool
}

// Thread is one thread of a program. It sees the machine through its [Kernel].
type Thread struct {
	m    *Machine
	id   int32
	name string
	k    *Kernel
	cpu  *processor // that it runs on or ran on last

	calls  int32 // so far
	inCall bool  // one of them is under way
	// switching: to user mode, or to another thread. A slice does not end within.
	switching bool
	class     int    // its number
	line      string // of what user code does between calls

	readyAt trace.Ns
	resume  func() (struct{}, bool) // lets the coroutine go on; nil for the main thread
	stop    func()
	give    func() // gives way to the dispatcher
	ended   bool
	err     error
}

// ID is the number of the thread in events.
func (t *Thread) ID() int { return int(t.id) }

func (m *Machine) thread(name string) *Thread {
	t := &Thread{m: m, id: int32(len(m.threads)), name: name, cpu: &m.cpus[0]}
	t.k = newKernel(m, t)
	m.threads = append(m.threads, t)
	return t
}

// Go makes another thread. It runs when [Machine.Run] is called.
func (m *Machine) Go(name string, body func(k *Kernel) error) *Thread {
	t := m.thread(name)
	t.resume, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if r := recover(); r != nil && r != errStopped {
				panic(r)
			}
		}()
		t.give = func() {
			if !yield(struct{}{}) {
				panic(errStopped)
			}
		}
		t.err = body(t.k)
		if m.cfg.Model == Linux { // to whatever comes next (do_task_dead, kernel/sched/core.c)
			m.spend(switchVoluntary, m.costs.ContextSwitch, 0, 0, 0)
		}
		t.ended = true
		m.alive--
		t.cpu.now, t.cpu.thread = m.now, nil
	})
	t.readyAt = m.now
	m.alive++
	m.ready.add(t)
	return t
}

// errStopped unwinds a thread that will never run again.
var errStopped = errors.New("the machine was switched off")

// Run runs the threads that [Machine.Go] made until all have ended. It returns
// what the first of them failed with; threads that wait for each other are an
// error as well, and are gone then.
func (m *Machine) Run() error {
	home := m.main.cpu
	home.thread, home.now = nil, m.now
	m.given = nil
	m.dispatch(nil)
	defer m.run(home, m.main)
	home.now = m.now
	err := m.given
	for _, t := range m.threads[1:] {
		switch {
		case t.ended && t.err != nil && err == nil:
			err = fmt.Errorf("%s: %w", t.name, t.err)
		case !t.ended:
			t.ended = true
			m.alive--
			t.stop()
			if err == nil {
				err = fmt.Errorf("%s waits for something that no other thread or device will do", t.name)
			}
		}
	}
	m.ready = fifo[*Thread]{} // and who was woken by them
	for i := range m.cpus {
		m.cpus[i].thread = nil
	}
	return err
}

// run gives a processor to a thread.
func (m *Machine) run(p *processor, t *Thread) {
	p.thread, t.cpu, m.running, m.now = t, p, t, p.now
}

// sliceTime is the scheduler's slice (sysctl_sched_base_slice,
// kernel/sched/fair.c): 0.7 ms times 1 + log2 of the processors, of which at
// most 8 count.
func (m *Machine) sliceTime() trace.Ns {
	slice, n := trace.Ns(700_000), min(len(m.cpus), 8)
	factor := trace.Ns(1)
	for ; n > 1; n /= 2 {
		factor++
	}
	return slice * factor
}

// pass lets the time of a step go by for the running thread. Devices go on
// meanwhile; their interrupts prolong what they interrupt.
func (m *Machine) pass(event int, cost trace.Ns) {
	p := m.running.cpu
	begun := m.now
	end := begun + cost
	if len(m.cpus) == 1 {
		for m.devices.by(end) {
			c := m.devices.pop()
			m.now = max(m.now, c.at)
			at := m.now
			m.done(c)
			end += m.now - at
		}
		if end != begun+cost {
			m.log.Prolong(event, end-begun)
		}
		m.now = end
	} else {
		p.now, p.step, p.begun = end, event, begun
		m.now = end
		if m.othersFirst(p) {
			m.running.pause()
		}
	}
	if !m.ready.empty() && !m.running.switching && m.now-p.since > m.sliceTime() {
		m.preempt(p)
	}
}

// preempt puts another thread on the processor whose slice is over.
func (m *Machine) preempt(p *processor) {
	t := m.running
	t.switching = true // or a switch that takes longer than a slice would switch again
	m.spend(switchInvoluntary, m.costs.ContextSwitch, 0, 0, 0)
	t.switching = false
	t.readyAt = m.now
	m.ready.add(t)
	p.now, p.thread = m.now, nil
	t.pause()
}

// othersFirst says whether something else is due before processor p goes on.
func (m *Machine) othersFirst(p *processor) bool {
	if m.devices.by(p.now) {
		return true
	}
	for i := range m.cpus {
		if q := &m.cpus[i]; q != p && q.thread != nil && q.now < p.now {
			return true
		}
	}
	return !m.ready.empty() && m.idle() != nil
}

// pause lets everything happen that is due before the thread goes on. It
// reports false if the thread never will.
func (t *Thread) pause() bool {
	if t.resume != nil {
		t.give()
		return true
	}
	return t.m.dispatch(t)
}

// idle is a processor without a thread, the one that is idle longest, or nil.
func (m *Machine) idle() (found *processor) {
	for i := range m.cpus {
		if p := &m.cpus[i]; p.thread == nil && (found == nil || p.now < found.now) {
			found = p
		}
	}
	return found
}

// place puts threads that are ready on idle processors, each on the one that it
// ran on last if that is idle: its caches are warm there.
func (m *Machine) place() {
	for !m.ready.empty() {
		t := m.ready.first()
		p := t.cpu
		if p.thread != nil {
			if p = m.idle(); p == nil {
				return
			}
		}
		m.ready.drop(1)
		p.thread, t.cpu = t, p
		p.now = max(p.now, t.readyAt)
		p.since, p.step = p.now, -1
	}
}

// dispatch lets time go by: devices, interrupts and threads, always what comes
// first, until it is self's turn. It reports false if nothing more can happen, or
// who watches the run has ended it.
// Only the caller's stack dispatches; threads give way to it.
func (m *Machine) dispatch(self *Thread) bool {
	for self != nil || m.alive > 0 {
		if m.lookUp() {
			return false
		}
		m.place()
		var p *processor
		for i := range m.cpus {
			if q := &m.cpus[i]; q.thread != nil && (p == nil || q.now < p.now) {
				p = q
			}
		}
		if !m.devices.empty() && (p == nil || m.devices.by(p.now)) {
			m.serve(m.devices.pop())
			continue
		}
		if p == nil {
			return false
		}
		t := p.thread
		m.run(p, t)
		if t == self {
			return true
		}
		t.resume()
	}
	return false
}

// lookUp asks who watches the run now and then, though no thread makes a syscall,
// and says whether the run ends.
func (m *Machine) lookUp() bool {
	const rounds = 1024
	if m.rounds++; m.watch == nil || m.rounds%rounds != 0 {
		return false
	}
	m.given = m.watch()
	return m.given != nil
}

// serve takes a completion at its time, on the processor that interrupts go to.
func (m *Machine) serve(c completion) {
	p := &m.cpus[len(m.cpus)-1]
	busy := p.thread != nil
	at := max(c.at, p.served)
	if !busy {
		at = max(at, p.now)
	}
	if at > c.at { // the processor is at another one; threads elsewhere go on
		c.at = at
		m.devices.push(c.timed, c) // in its old place among those of one time
		return
	}
	m.now = at
	m.done(c)
	p.served = m.now
	switch used := m.now - at; {
	case !busy:
		p.now = m.now
	case used > 0: // it prolongs what it interrupts
		p.now += used
		if p.step >= 0 {
			m.log.Prolong(p.step, p.now-p.begun)
		}
	}
}

// waiters are threads that sleep until something changes.
type waiters []*Thread

// wake makes them ready.
func (m *Machine) wake(w *waiters) {
	for _, t := range *w {
		if t.ended { // by Run, while it waited
			continue
		}
		t.readyAt = m.now
		m.ready.add(t)
	}
	*w = (*w)[:0]
}

// sleep lets the thread wait until done; who makes it so wakes w. The linux
// model's scheduler puts another thread on the processor meanwhile; the
// textbook knows no other threads. It reports false if nothing that is under
// way can make it so.
func (m *Machine) sleep(f form, w *waiters, done func() bool) bool {
	if done() {
		return true
	}
	t := m.running
	if m.cfg.Model == Linux {
		m.spend(switchVoluntary, m.costs.ContextSwitch, 0, 0, 0)
		if done() {
			return true
		}
	}
	start := m.now
	event := m.tell(f, start, 0, 0, 0, 0, 0)
	for !done() {
		*w = append(*w, t)
		p := t.cpu
		p.now, p.thread = m.now, nil
		if !t.pause() {
			*w = slices.DeleteFunc(*w, func(other *Thread) bool { return other == t })
			p.now = max(p.now, m.now)
			m.run(p, t)
			m.log.Prolong(event, m.now-start)
			return false
		}
	}
	m.log.Prolong(event, m.now-start)
	return true
}
