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
func cpuStates(events []trace.Event) []string {
	var work []trace.Event // by code, in order; one CPU does one thing at a time
	for _, e := range events {
		if byCode(e) && e.Dur > 0 {
			work = append(work, e)
		}
	}
	states := make([]string, len(events))
	for i, e := range events {
		switch {
		case e.Kind == trace.Wait:
			states[i] = cpuWait
		case e.Kind == trace.Syscall:
			states[i] = cpuCall
		case byCode(e):
			states[i] = cpuBusy
		case 2*overlap(work, e) > e.Dur:
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

// overlap is for how long code runs during an event.
func overlap(work []trace.Event, e trace.Event) trace.Ns {
	var sum trace.Ns
	first := sort.Search(len(work), func(i int) bool { return work[i].End() > e.At })
	for _, w := range work[first:] {
		if w.At >= e.End() {
			break
		}
		sum += min(w.End(), e.End()) - max(w.At, e.At)
	}
	return sum
}
