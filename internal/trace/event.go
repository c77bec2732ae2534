package trace

// Ns is a time or a duration in nanoseconds. Times count from the run's begin.
type Ns int64

// Event is one thing that happened during a run.
//
// JSON: one flat object; zero fields other than seq, at_ns, dur_ns and bytes
// are left out. The field names are part of the published trace format,
// version [Schema].
type Event struct {
	// Seq numbers the events of a run from 1, in order of their start.
	Seq int `json:"seq"`
	// At is the start, Dur the time until the end, both on the run's clock.
	At  Ns `json:"at_ns"`
	Dur Ns `json:"dur_ns"`
	// CPU is the processor time that is booked on this event, each nanosecond on
	// one event only. A modelled run books it on the leaves, never on a span that
	// encloses them. A measured run books it on the syscall spans: what the thread
	// used since the call before (clock_gettime(2), CLOCK_THREAD_CPUTIME_ID), and
	// so the program's own code between the calls and a part of the witness too;
	// where the witness looks only at every so many calls, the first of them has
	// it all.
	CPU Ns `json:"cpu_ns,omitempty"`

	Endpoint Endpoint `json:"endpoint"`
	Phase    Phase    `json:"phase"`
	Kind     Kind     `json:"kind"`
	Actor    Actor    `json:"actor"`
	// From and To are the places between which something moved. A mode switch
	// moves the CPU between [UserMode] and [KernelMode]. A syscall's span names
	// the places of its input and output: its To is [SocketBuffer] exactly if
	// the call hands bytes to the socket.
	From Place `json:"from,omitempty"`
	To   Place `json:"to,omitempty"`

	// Bytes is what moved (cpu-copy, dma, pio), what a descriptor stands for,
	// or how many bytes a syscall moved.
	Bytes int64 `json:"bytes"`
	// N is how many units of its kind the event stands for; 0 means 1. See
	// [Kind] for the unit.
	N int64 `json:"n,omitempty"`
	// Offset is the file offset of the first byte, where there is one.
	Offset int64 `json:"offset,omitempty"`

	// Call numbers the syscalls of a run from 1; Syscall is the name, as
	// strace(1) prints it, of the one that this event belongs to.
	Call    int    `json:"call,omitempty"`
	Syscall string `json:"syscall,omitempty"`
	// Thread tells the machine's threads apart; 0 is the only one, or the first.
	Thread int `json:"thread,omitempty"`
	// Line is the label of the transfer program's line that made the call.
	Line string `json:"line,omitempty"`
	// Ret is a syscall's return value, Errno the symbolic name if it failed.
	Ret   int64  `json:"ret,omitempty"`
	Errno string `json:"errno,omitempty"`
	// Detail is a key into the message catalogues that says what is special
	// about this event (for example "gather", "linearise", "hit").
	Detail string `json:"detail,omitempty"`

	Provenance Provenance `json:"provenance"`
}

// Units is how many units of its kind the event stands for, at least 1.
func (e Event) Units() int64 {
	if e.N > 0 {
		return e.N
	}
	return 1
}

// End is when the event ended, on the run's clock.
func (e Event) End() Ns { return e.At + e.Dur }

// Kind is what happened.
type Kind string

// The kinds, with the unit of [Event.N].
const (
	ModeSwitch    Kind = "mode-switch"    // user→kernel or kernel→user, by a syscall's entry or return
	Syscall       Kind = "syscall"        // the span of one call, from entry to return
	CPUCopy       Kind = "cpu-copy"       // the CPU duplicated bytes; the source keeps its own
	DMA           Kind = "dma"            // a device moved bytes by itself; N = pieces of memory that it scattered them into or gathered them from
	Descriptor    Kind = "descriptor"     // references were handed over instead of bytes; N = references
	PageFault     Kind = "page-fault"     // N = faults; Detail is "minor" or "major"
	ContextSwitch Kind = "context-switch" // the scheduler's; N = switches; Detail is "voluntary" or "involuntary"
	Interrupt     Kind = "interrupt"      // a device asked for the CPU
	DeviceCommand Kind = "device-command" // the CPU told a device what to do
	PIO           Kind = "pio"            // the CPU carried bytes to or from a device; N = words
	CacheHit      Kind = "cache-hit"      // N = pages
	CacheMiss     Kind = "cache-miss"     // pages that were asked for and had to be brought in; N = pages
	Readahead     Kind = "readahead"      // further pages brought in ahead of the request; N = pages
	Evict         Kind = "evict"          // N = pages; of the last-level cache, Bytes
	Writeback     Kind = "writeback"      // N = pages
	Compute       Kind = "compute"        // the CPU worked on bytes or on bookkeeping without copying them
	MemoryBus     Kind = "memory-bus"     // what the event before it moved over the memory bus, to or from memory
	Wait          Kind = "wait"           // the program had nothing to do until something else finished
)

// Kinds lists every kind, in the order in which pages and documents show them.
func Kinds() []Kind {
	return []Kind{ModeSwitch, Syscall, CPUCopy, DMA, Descriptor, PageFault, ContextSwitch, Interrupt,
		DeviceCommand, PIO, CacheHit, CacheMiss, Readahead, Evict, Writeback, Compute, MemoryBus, Wait}
}

// Actor is who did it. Each actor has a track of its own on the timeline.
type Actor string

const (
	UserCode   Actor = "user"
	KernelCode Actor = "kernel"
	DiskDMA    Actor = "disk-dma"
	NICDMA     Actor = "nic-dma"
	Disk       Actor = "disk"
	NIC        Actor = "nic"
	Scheduler  Actor = "scheduler"
)

// Actors lists every actor in the order of the timeline's tracks.
func Actors() []Actor {
	return []Actor{UserCode, KernelCode, DiskDMA, NICDMA, Disk, NIC, Scheduler}
}

// Place is where bytes, references or signals are.
type Place string

// The places in which bytes or references can be.
const (
	DiskPlace    Place = "disk"
	PageCache    Place = "page-cache"
	UserBuffer   Place = "user-buffer"
	UserMapping  Place = "user-mapping"
	Pipe         Place = "pipe"
	SocketBuffer Place = "socket-buffer"
	NICRing      Place = "nic-ring"
	Wire         Place = "wire"
)

// The ends of events that move no bytes.
const (
	UserMode   Place = "user-mode"
	KernelMode Place = "kernel-mode"
	CPUPlace   Place = "cpu"
)

// Places lists every place.
func Places() []Place {
	return []Place{DiskPlace, PageCache, UserBuffer, UserMapping, Pipe, SocketBuffer, NICRing, Wire, UserMode, KernelMode, CPUPlace}
}

// Endpoint is the machine's role in the transfer.
type Endpoint string

const (
	Sender   Endpoint = "sender"
	Receiver Endpoint = "receiver"
	Relay    Endpoint = "relay"
)

// Phase tells what a program does once from what it does per transfer. Only
// the transfer is counted; set-up and tear-down are listed apart.
type Phase string

const (
	SetUp    Phase = "set-up"
	Transfer Phase = "transfer"
	TearDown Phase = "tear-down"
)

// PhaseOf is the one rule that sorts syscalls into phases: what makes
// descriptors, or gives them an option, is set-up, what ends them is tear-down,
// all else, mmap(2) included, is the transfer itself.
func PhaseOf(syscall string) Phase {
	switch syscall {
	case "open", "openat", "openat2", "socket", "connect", "accept", "pipe", "pipe2", "fcntl", "setsockopt", "io_uring_setup":
		return SetUp
	case "munmap", "close":
		return TearDown
	}
	return Transfer
}
