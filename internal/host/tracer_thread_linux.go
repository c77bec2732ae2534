package host

import (
	"copyscope/internal/trace"
	"copyscope/internal/tracepoint"
)

// met is what a thread met: a fault, a switch, or a softirq on top of it.
type met struct {
	at   int64 // of CLOCK_MONOTONIC, in ns
	kind trace.Kind
	// actor and detail are the event's; a fault's detail is found by what the
	// thread's usage says ([witness.faults]).
	actor  trace.Actor
	detail string
	dur, n int64
	// elsewhere: it was no business of the thread's, only of a device's.
	elsewhere bool

	address uint64 // of a fault
	// brought are the file's pages, from and to, that the thread put into the page
	// cache before its next fault; slept says that it waited for a disk before that.
	brought [][2]int64
	slept   bool
}

// threadHits makes what a thread met of the kernel's hits.
type threadHits struct {
	*beside
	thread int32

	met   []met
	fault int // index of the last fault in met, or -1
	// softirq is the one under way, nil if none is; work is what was polled in it.
	softirq *tracepoint.Hit
	work    int64
}

func newThreadHits(b *beside, thread int) *threadHits {
	return &threadHits{beside: b, thread: int32(thread), fault: -1}
}

// taskStates are the states that sched_switch reports (TASK_REPORT,
// include/linux/sched.h); the bit above them means that the thread was preempted,
// whatever it was about to do (__trace_sched_switch_state). taskUninterruptible is
// the wait for a disk: who waits for room in a socket can be interrupted.
const (
	taskStates          = 0xff
	taskUninterruptible = 0x2
)

// switchedBy says what a thread's state, as sched_switch has it, makes of the switch,
// and whether the thread waits for a disk.
func switchedBy(state int64) (detail string, disk bool) {
	if state &= taskStates; state == 0 { // it could have gone on
		return "involuntary", false
	}
	return "voluntary", state&taskUninterruptible != 0
}

// hit takes one hit, if it is of these.
func (t *threadHits) hit(h tracepoint.Hit) bool {
	name := t.names[h.ID]
	value := func(field string) int64 { return t.field[name+" "+field].Int(h.Raw) }
	switch name {
	case pointFaultUser, pointFaultKernel:
		actor := trace.UserCode
		if name == pointFaultKernel {
			actor = trace.KernelCode
		}
		t.fault = len(t.met)
		t.met = append(t.met, met{at: h.At, kind: trace.PageFault, actor: actor, address: uint64(value("address"))})
	case pointSwitch:
		detail, disk := switchedBy(value("prev_state"))
		if disk && t.fault >= 0 {
			t.met[t.fault].slept = true
		}
		t.met = append(t.met, met{at: h.At, kind: trace.ContextSwitch, actor: trace.Scheduler, detail: detail})
	case pointSoftirq:
		t.softirq, t.work = &h, 0
	case pointSoftirqEnd:
		if t.softirq != nil {
			t.met = append(t.met, met{at: t.softirq.At, kind: trace.Compute, actor: trace.KernelCode, detail: "softirq", dur: h.At - t.softirq.At, n: t.work})
			t.softirq = nil
		}
	case pointPoll:
		t.polled(h, value("work"), value("budget"))
	default:
		return false
	}
	return true
}

// isFault says whether a hit is a page fault.
func (t *threadHits) isFault(h tracepoint.Hit) bool {
	name := t.names[h.ID]
	return name == pointFaultUser || name == pointFaultKernel
}

// polled: the kernel took packets out of a device's queue, or a processor's, as many
// as there were, or as many as it may at once.
func (t *threadHits) polled(h tracepoint.Hit, work, budget int64) {
	if h.Thread == t.thread {
		t.work += work
	}
	if work <= 0 {
		return
	}
	detail := "napi"
	if work >= budget {
		detail = "napi-full"
	}
	t.met = append(t.met, met{at: h.At, kind: trace.Compute, actor: trace.KernelCode, detail: detail, n: work, elsewhere: h.Thread != t.thread})
}

// inserted: a thread put pages of the file into the page cache.
func (t *threadHits) inserted(thread int32, index, pages int64) {
	if thread == t.thread && t.fault >= 0 {
		f := &t.met[t.fault]
		f.brought = append(f.brought, [2]int64{index, index + pages})
	}
}

// take is what was met since the last call. What is under way is told when it ends.
func (t *tracer) take() []met {
	if t == nil {
		return nil
	}
	out := t.hits.met
	t.hits.met, t.hits.fault = nil, -1
	return out
}
