package perfevent

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Event is what to sample.
type Event struct {
	// Name is for errors.
	Name string
	// Type and Config choose the event (perf_event_open(2), type and config).
	Type   uint32
	Config uint64
	// Every is how far apart samples are: ns of processor time for the clock, hits for
	// a tracepoint.
	Every uint64
	// Chain are the call chains that each sample has.
	Chain Chain
	// Raw asks for a tracepoint's data.
	Raw bool
	// Filter lets some hits of a tracepoint through
	// (Documentation/trace/events.rst, event filtering); empty: all.
	Filter string
}

// Chain says which call chains a sample has.
type Chain uint8

// The call chains: of kernel code, by the unwinder that the kernel was built with, and
// of user code, by frame pointers.
const (
	KernelChain Chain = 1 << iota
	UserChain
)

// CPUClock samples a thread at every so much processor time, by a timer of the kernel
// (perf_swevent_init_hrtimer, kernel/events/core.c), which is there in virtual machines
// too. The timer does not fire oftener than at 10 µs.
func CPUClock(every time.Duration, chain Chain) Event {
	return Event{Name: "the clock of processor time", Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK,
		Every: uint64(every.Nanoseconds()), Chain: chain}
}

// Tracepoint samples every hit of a tracepoint, with its data. The number is
// tracefs's.
func Tracepoint(name string, id uint64, filter string, chain Chain) Event {
	return Event{Name: "the tracepoint " + name, Type: unix.PERF_TYPE_TRACEPOINT, Config: id, Every: 1, Chain: chain, Raw: true, Filter: filter}
}

const (
	// inheritThread lets an event go on to new threads, but not to new processes
	// (inherit_thread, include/uapi/linux/perf_event.h, since Linux 5.13).
	inheritThread = 1 << 35
	// formatLost lets read(2) tell how many samples were lost (PERF_FORMAT_LOST, the
	// same file, since Linux 6.0).
	formatLost = 1 << 4
	// always is in each sample and behind every other record, so that one ring can
	// have several events.
	always = unix.PERF_SAMPLE_IDENTIFIER | unix.PERF_SAMPLE_TID | unix.PERF_SAMPLE_TIME | unix.PERF_SAMPLE_CPU
)

// attr asks for an event, switched off at first, with times of CLOCK_MONOTONIC.
func (e Event) attr(inherit Inherit) *unix.PerfEventAttr {
	a := &unix.PerfEventAttr{Type: e.Type, Config: e.Config, Sample: e.Every, Sample_type: e.layout(), Read_format: formatLost,
		Clockid: unix.CLOCK_MONOTONIC,
		Bits:    unix.PerfBitDisabled | unix.PerfBitSampleIDAll | unix.PerfBitUseClockID | unix.PerfBitExcludeHv}
	a.Size = uint32(unsafe.Sizeof(*a))
	if inherit != Nobody {
		a.Bits |= unix.PerfBitInherit
	}
	if inherit == NewThreads {
		a.Bits |= inheritThread
	}
	if e.Chain&KernelChain == 0 {
		a.Bits |= unix.PerfBitExcludeCallchainKernel
	}
	if e.Chain&UserChain == 0 {
		a.Bits |= unix.PerfBitExcludeCallchainUser
	}
	return a
}

// layout is the sample_type.
func (e Event) layout() uint64 {
	l := uint64(always | unix.PERF_SAMPLE_PERIOD)
	if e.Chain != 0 {
		l |= unix.PERF_SAMPLE_CALLCHAIN
	}
	if e.Raw {
		l |= unix.PERF_SAMPLE_RAW
	}
	return l
}
