package web

import (
	"sort"

	"copyscope/internal/trace"
)

// What the CPU does during an event.
const (
	cpuBusy = "busy" // it does the event
	cpuAlso = "also" // a device does the event, and the CPU works on something else
	cpuFree = "free" // a device does the event, and the CPU has little or nothing to do
	cpuWait = "wait" // the program waits; the CPU is free for others
	cpuCall = "call" // a system call is under way; it encloses work and waiting
)

// cpuStates tells what the CPU does during each event. While a device moves
// bytes the CPU is free if code runs for less than half of that time.
func cpuStates(events []trace.Event) []string { return cpuStatesOf(events, codeOf(events)) }

// cpuStatesOf is cpuStates of some events of a run, with the work by code that
// overlaps them.
func cpuStatesOf(events []trace.Event, work codeWork) []string {
	states := make([]string, len(events))
	for i, e := range events {
		switch {
		case e.Kind == trace.Wait:
			states[i] = cpuWait
		case e.Kind == trace.Syscall:
			states[i] = cpuCall
		case byCode(e):
			states[i] = cpuBusy
		case 2*work.overlap(e) > e.Dur:
			states[i] = cpuAlso
		default:
			states[i] = cpuFree
		}
	}
	return states
}

// byCode says whether the CPU itself does the event. A syscall is a span and
// encloses waiting as well; an interrupt is handled by the CPU whichever device
// asked for it; a receiver has a CPU of its own.
func byCode(e trace.Event) bool {
	switch e.Kind {
	case trace.Syscall, trace.Wait, trace.DMA:
		return false
	case trace.Interrupt:
		return true
	}
	return e.Endpoint != trace.Receiver && (e.Actor == trace.UserCode || e.Actor == trace.KernelCode || e.Actor == trace.Scheduler)
}

// codeWork are events by code, in the order in which they begin.
type codeWork struct {
	events []trace.Event
	ends   []trace.Ns // when the last of those until then has ended: with several CPUs they overlap
}

func codeOf(events []trace.Event) (w codeWork) {
	for _, e := range events {
		if !byCode(e) || e.Dur == 0 {
			continue
		}
		end := e.End()
		if n := len(w.ends); n > 0 {
			end = max(end, w.ends[n-1])
		}
		w.events, w.ends = append(w.events, e), append(w.ends, end)
	}
	return w
}

// overlap is for how long code runs during an event.
func (w codeWork) overlap(e trace.Event) trace.Ns {
	var sum trace.Ns
	first := sort.Search(len(w.ends), func(i int) bool { return w.ends[i] > e.At })
	for _, c := range w.events[first:] {
		if c.At >= e.End() {
			break
		}
		sum += max(0, min(c.End(), e.End())-max(c.At, e.At))
	}
	return sum
}
