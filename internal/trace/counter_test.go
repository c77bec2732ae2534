package trace_test

import (
	"cmp"
	"maps"
	"testing"

	. "copyscope/internal/trace"
)

// values are expected counts; a count that is not named must be 0.
type values map[CountName]float64

func check(t *testing.T, c *Counter, want values) {
	t.Helper()
	for name, got := range c.Counts() {
		if got.Value != want[name] {
			t.Errorf("%s is %v, want %v", name, got.Value, want[name])
		}
	}
}

// TestWhatAnEventCounts adds one event to a run of 100 payload bytes. Every
// kind has at least one row.
func TestWhatAnEventCounts(t *testing.T) {
	rows := []struct {
		name  string
		event Event
		want  values
	}{
		{"mode switch", Event{Kind: ModeSwitch}, values{ModeSwitches: 1}},
		{"many mode switches", Event{Kind: ModeSwitch, N: 7}, values{ModeSwitches: 7}},
		{"syscall", Event{Kind: Syscall, Syscall: "read", To: UserBuffer, Bytes: 50}, values{Syscalls: 1}},
		{"sending syscall that has not returned", Event{Kind: Syscall, Syscall: "write", Call: 1, To: SocketBuffer, Bytes: 50, Dur: 9}, values{Syscalls: 1}},
		{"copy to the user buffer", Event{Kind: CPUCopy, From: PageCache, To: UserBuffer, Bytes: 50},
			values{CPUCopies: 1, CPUCopiedBytes: 50, CPUCopiesPerByte: 0.5, UserBufferBytes: 50}},
		{"copy to the socket buffer", Event{Kind: CPUCopy, From: UserBuffer, To: SocketBuffer, Bytes: 50},
			values{CPUCopies: 1, CPUCopiedBytes: 50, CPUCopiesPerByte: 0.5}},
		{"copy at the device", Event{Kind: CPUCopy, From: SocketBuffer, To: NICRing, Bytes: 50, Detail: "linearise"},
			values{CPUCopies: 1, CPUCopiedBytes: 50, CPUCopiesPerByte: 0.5}},
		{"disk DMA", Event{Kind: DMA, From: DiskPlace, To: PageCache, Bytes: 50},
			values{DMATransfers: 1, DMABytes: 50, DMACopiesPerByte: 0.5, DiskReadBytes: 50}},
		{"NIC DMA", Event{Kind: DMA, From: PageCache, To: NICRing, Bytes: 50, Detail: "gather"},
			values{DMATransfers: 1, DMABytes: 50, DMACopiesPerByte: 0.5}},
		{"PIO from the disk", Event{Kind: PIO, From: DiskPlace, To: PageCache, Bytes: 50, N: 13},
			values{CPUCopies: 1, CPUCopiedBytes: 50, CPUCopiesPerByte: 0.5, PIOBytes: 50, DiskReadBytes: 50}},
		{"PIO to the NIC", Event{Kind: PIO, From: SocketBuffer, To: NICRing, Bytes: 50},
			values{CPUCopies: 1, CPUCopiedBytes: 50, CPUCopiesPerByte: 0.5, PIOBytes: 50, LinearPayloadBytes: 50}},
		{"references into a pipe", Event{Kind: Descriptor, From: PageCache, To: Pipe, Bytes: 50, N: 3}, values{Descriptors: 3}},
		{"references to the socket", Event{Kind: Descriptor, From: Pipe, To: SocketBuffer, Bytes: 50}, values{Descriptors: 1}},
		{"minor faults", Event{Kind: PageFault, N: 2, Detail: "minor"}, values{PageFaults: 2}},
		{"major faults", Event{Kind: PageFault, N: 2, Detail: "major"}, values{PageFaults: 2, MajorFaults: 2}},
		{"context switches", Event{Kind: ContextSwitch, N: 4, Detail: "voluntary"}, values{ContextSwitches: 4}},
		{"interrupt", Event{Kind: Interrupt, From: DiskPlace, To: CPUPlace}, values{Interrupts: 1}},
		{"command to the disk", Event{Kind: DeviceCommand, From: CPUPlace, To: DiskPlace}, values{DiskReads: 1}},
		{"command to the NIC", Event{Kind: DeviceCommand, From: CPUPlace, To: NICRing}, values{}},
		{"readahead", Event{Kind: Readahead, N: 32}, values{PageCacheInsertions: 32}},
		{"cache miss", Event{Kind: CacheMiss, N: 5}, values{PageCacheInsertions: 5}},
		{"readahead window of a real run", Event{Kind: Readahead, N: 32, Detail: "initial", Provenance: Measured}, values{}},
		{"readahead window of a recorded run", Event{Kind: Readahead, N: 32, Detail: "async", Provenance: Recorded}, values{}},
		{"cache miss of a real run", Event{Kind: CacheMiss, N: 5, Provenance: Measured}, values{}},
		{"folio of a real run", Event{Kind: Readahead, N: 5, Detail: "insert", Provenance: Measured}, values{PageCacheInsertions: 5}},
		{"cache hit", Event{Kind: CacheHit, N: 5}, values{}},
		{"evict", Event{Kind: Evict, N: 5}, values{PageCacheEvictions: 5}},
		{"evict from the CPU's cache", Event{Kind: Evict, Bytes: 64, Detail: "llc"}, values{LLCEvictedBytes: 64}},
		{"memory bus", Event{Kind: MemoryBus, Bytes: 64}, values{MemoryBusBytes: 64}},
		{"packets", Event{Kind: Compute, N: 45, Bytes: 50, Detail: "tcp"}, values{Packets: 45}},
		{"sent once more", Event{Kind: Compute, N: 2, Bytes: 50, Detail: "retransmit"}, values{RetransmittedBytes: 50}},
		{"to the device, paged", Event{Kind: DeviceCommand, From: CPUPlace, To: NICRing, N: 2, Bytes: 50, Detail: "nic-send"}, values{PagedPayloadBytes: 50}},
		{"to the device, in one piece", Event{Kind: DeviceCommand, From: CPUPlace, To: NICRing, N: 2, Bytes: 50, Detail: "nic-send-linear"}, values{LinearPayloadBytes: 50}},
		{"command to write", Event{Kind: DeviceCommand, From: CPUPlace, To: DiskPlace, Detail: "disk-write"}, values{DiskWrites: 1}},
		{"write-back by DMA", Event{Kind: DMA, From: PageCache, To: DiskPlace, Bytes: 50}, values{DMATransfers: 1, DMABytes: 50, DMACopiesPerByte: 0.5, DiskWrittenBytes: 50}},
		{"writeback", Event{Kind: Writeback, N: 5}, values{}},
		{"computing", Event{Kind: Compute, Bytes: 50, Dur: 9, CPU: 7}, values{CPUTime: 7, WallTime: 9}},
		{"encrypting into a buffer of its own", Event{Kind: Compute, From: UserBuffer, To: UserBuffer, Bytes: 50, Detail: "encrypt"}, values{UserBufferBytes: 50}},
		{"looking at the buffer", Event{Kind: Compute, From: UserBuffer, To: CPUPlace, Bytes: 50, Detail: "touch"}, values{}},
		{"direct read", Event{Kind: DMA, From: DiskPlace, To: UserBuffer, Bytes: 50},
			values{DMATransfers: 1, DMABytes: 50, DMACopiesPerByte: 0.5, DiskReadBytes: 50, UserBufferBytes: 50}},
		{"waiting", Event{Kind: Wait, At: 100, Dur: 20}, values{WallTime: 20}},
		{"relay", Event{Kind: CPUCopy, Endpoint: Relay, Bytes: 50}, values{CPUCopies: 1, CPUCopiedBytes: 50, CPUCopiesPerByte: 0.5}},
		{"the receiver copies", Event{Kind: CPUCopy, Endpoint: Receiver, From: SocketBuffer, To: UserBuffer, Bytes: 50, CPU: 9},
			values{ReceiverCopiedBytes: 50}},
		{"the receiver's call", Event{Kind: Syscall, Endpoint: Receiver, Syscall: "read", At: 3, Dur: 9}, values{}},
		{"set-up", Event{Kind: Syscall, Phase: SetUp, Syscall: "pipe2", Dur: 9, CPU: 9}, values{}},
		{"set-up's mode switch", Event{Kind: ModeSwitch, Phase: SetUp}, values{}},
		{"tear-down", Event{Kind: Syscall, Phase: TearDown, Syscall: "munmap", CPU: 9}, values{}},
		{"set-up at the receiver", Event{Kind: CPUCopy, Phase: SetUp, Endpoint: Receiver, Bytes: 50}, values{}},
	}
	covered := map[Kind]bool{}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			c := NewCounter(100, Modelled, nil)
			if r.event.Phase == "" {
				r.event.Phase = Transfer
			}
			r.event.Provenance = cmp.Or(r.event.Provenance, Modelled)
			c.Add(r.event)
			check(t, c, r.want)
		})
		covered[r.event.Kind] = true
	}
	for _, k := range Kinds() {
		if !covered[k] {
			t.Errorf("no row for kind %q", k)
		}
	}
}

func TestSumsOfEvents(t *testing.T) {
	c := NewCounter(300, Modelled, nil)
	for _, e := range []Event{
		{At: 10, Dur: 30, Kind: Syscall, Syscall: "read"},
		{At: 12, Kind: CPUCopy, From: PageCache, To: UserBuffer, Bytes: 100, CPU: 5},
		{At: 50, Dur: 5, Kind: Syscall, Syscall: "write", Call: 2, To: SocketBuffer, Bytes: 100},
		{At: 51, Kind: CPUCopy, From: UserBuffer, To: SocketBuffer, Bytes: 100, CPU: 6},
		{At: 55, Kind: ModeSwitch, Call: 2, From: KernelMode, To: UserMode},
		{At: 60, Dur: 5, Kind: Syscall, Syscall: "read"},
		{At: 61, Kind: CPUCopy, From: PageCache, To: UserBuffer, Bytes: 200, CPU: 5},
		{At: 64, Dur: 1, Kind: ModeSwitch, Call: 3, From: KernelMode, To: UserMode},
		{At: 5, Dur: 1, Kind: ModeSwitch}, // earlier than the first one seen
	} {
		e.Phase, e.Provenance = Transfer, Modelled
		c.Add(e)
	}
	check(t, c, values{
		Syscalls: 3, ModeSwitches: 3, CPUCopies: 3, CPUCopiedBytes: 400, CPUCopiesPerByte: 1.333333,
		UserBufferBytes: 200, // the largest piece, not the sum
		BytesSent:       100, CPUTime: 16, WallTime: 60,
	})
	if got, want := c.SyscallsByName(), map[string]int64{"read": 2, "write": 1}; !maps.Equal(got, want) {
		t.Errorf("by name: %v, want %v", got, want)
	}
}

// A call has sent its bytes when it returns, and its time has come then.
func TestACallCountsWhenItReturns(t *testing.T) {
	c := NewCounter(100, Modelled, nil)
	steps := []struct {
		event           Event
		sent, wall, cpu float64
	}{
		{Event{Kind: ModeSwitch, Call: 1, From: UserMode, To: KernelMode, Dur: 2}, 0, 2, 0},
		{Event{Kind: Syscall, Call: 1, Syscall: "sendfile", To: SocketBuffer, Bytes: 60, Dur: 20, CPU: 17}, 0, 2, 0},
		{Event{Kind: Descriptor, Call: 1, At: 2, Dur: 3, To: SocketBuffer, Bytes: 60}, 0, 5, 0},
		{Event{Kind: ModeSwitch, Call: 1, At: 18, From: KernelMode, To: UserMode, Dur: 2}, 60, 20, 17},
		{Event{Kind: ModeSwitch, Call: 1, At: 18, From: KernelMode, To: UserMode, Dur: 2}, 60, 20, 17}, // once
		{Event{Kind: Syscall, Call: 2, At: 20, Syscall: "sendfile", To: SocketBuffer, Ret: -1, Errno: "EPIPE", Dur: 5, CPU: 3}, 60, 20, 17},
		{Event{Kind: ModeSwitch, Call: 2, At: 24, From: KernelMode, To: UserMode, Dur: 1}, 60, 25, 20},
	}
	for i, s := range steps {
		s.event.Phase, s.event.Provenance = Transfer, Modelled
		c.Add(s.event)
		sent, wall, cpu := c.Count(BytesSent).Value, c.Count(WallTime).Value, c.Count(CPUTime).Value
		if sent != s.sent || wall != s.wall || cpu != s.cpu {
			t.Errorf("after event %d: bytes_sent %v, wall_ns %v, cpu_ns %v; want %v, %v, %v", i+1, sent, wall, cpu, s.sent, s.wall, s.cpu)
		}
	}
}

// The buffer that bytes are moved into and the one that others are made in of
// them are two.
func TestBuffersOfAProgram(t *testing.T) {
	c := NewCounter(100, Measured, nil)
	for _, s := range []struct {
		event  Event
		buffer float64
		p      Provenance
	}{
		{Event{Kind: CPUCopy, From: PageCache, To: UserBuffer, Bytes: 100, Provenance: Measured}, 100, Measured},
		{Event{Kind: Compute, From: UserBuffer, To: UserBuffer, Bytes: 122, Provenance: Derived}, 222, Derived},
		{Event{Kind: DMA, From: DiskPlace, To: UserBuffer, Bytes: 150, Provenance: Measured}, 272, Derived},
		{Event{Kind: Compute, From: UserBuffer, To: UserBuffer, Bytes: 30, Provenance: Modelled}, 272, Derived}, // smaller than what was known
		{Event{Kind: CPUCopy, From: UserBuffer, To: SocketBuffer, Bytes: 900, Provenance: Modelled}, 272, Derived},
		// One call fills its buffer in pieces; the next one fills it anew.
		{Event{Kind: Syscall, Syscall: "pread64", Call: 1, Provenance: Measured}, 272, Derived},
		{Event{Kind: DMA, Call: 1, From: DiskPlace, To: UserBuffer, Bytes: 100, Provenance: Measured}, 272, Derived},
		{Event{Kind: DMA, Call: 1, From: DiskPlace, To: UserBuffer, Bytes: 80, Provenance: Measured}, 302, Derived},
		{Event{Kind: Syscall, Syscall: "pread64", Call: 2, Provenance: Measured}, 302, Derived},
		{Event{Kind: DMA, Call: 2, From: DiskPlace, To: UserBuffer, Bytes: 100, Provenance: Measured}, 302, Derived},
	} {
		s.event.Phase = Transfer
		c.Add(s.event)
		if got := c.Count(UserBufferBytes); got.Value != s.buffer || got.Provenance != s.p {
			t.Errorf("after %+v: %+v, want %v, %s", s.event, got, s.buffer, s.p)
		}
	}
}

// Threads are in calls at the same time, and each returns from its own.
func TestCallsOfThreads(t *testing.T) {
	c := NewCounter(100, Modelled, nil)
	for i, s := range []struct {
		event Event
		sent  float64
	}{
		{Event{Kind: Syscall, Call: 1, Thread: 1, To: SocketBuffer, Bytes: 10}, 0},
		{Event{Kind: Syscall, Call: 2, Thread: 5000, To: SocketBuffer, Bytes: 200, Endpoint: Relay}, 0},
		{Event{Kind: Syscall, Call: 3, To: SocketBuffer, Bytes: 3000}, 0},
		{Event{Kind: ModeSwitch, Call: 1, To: UserMode}, 0},                                  // of another thread
		{Event{Kind: ModeSwitch, Call: 2, Thread: 1, To: UserMode}, 0},                       // of another call
		{Event{Kind: ModeSwitch, Call: 1, Thread: 1, To: KernelMode}, 0},                     // the way in
		{Event{Kind: ModeSwitch, Call: 2, Thread: 5000, To: UserMode, Endpoint: Relay}, 200}, // a relay sends too
		{Event{Kind: ModeSwitch, Call: 1, Thread: 1, To: UserMode}, 210},
		{Event{Kind: ModeSwitch, Call: 3, To: UserMode}, 3210},
		{Event{Kind: Syscall, To: SocketBuffer, Bytes: 9}, 3210}, // of no number, so nothing tells its return
		{Event{Kind: ModeSwitch, To: UserMode}, 3210},
	} {
		s.event.Phase, s.event.Provenance = Transfer, Modelled
		c.Add(s.event)
		if got := c.Count(BytesSent).Value; got != s.sent {
			t.Errorf("after event %d: %v bytes sent, want %v", i+1, got, s.sent)
		}
	}
}

func TestPhasesApart(t *testing.T) {
	c := NewCounter(1, Modelled, nil)
	for _, call := range []string{"pipe2", "fcntl", "mmap", "splice", "splice", "sendfile", "munmap", "close", "close", "openat"} {
		c.Add(Event{Kind: Syscall, Syscall: call, Phase: PhaseOf(call), Provenance: Modelled})
	}
	if got, want := c.SyscallsByName(), map[string]int64{"mmap": 1, "splice": 2, "sendfile": 1}; !maps.Equal(got, want) {
		t.Errorf("transfer: %v, want %v", got, want)
	}
	if got, want := c.SetupSyscallsByName(), map[string]int64{"pipe2": 1, "fcntl": 1, "munmap": 1, "close": 2, "openat": 1}; !maps.Equal(got, want) {
		t.Errorf("apart: %v, want %v", got, want)
	}
	c.SyscallsByName()["mmap"] = 99
	if c.SyscallsByName()["mmap"] != 1 {
		t.Error("a caller can change the counts")
	}
}

func TestPhaseOf(t *testing.T) {
	for call, want := range map[string]Phase{
		"pipe2": SetUp, "open": SetUp, "openat": SetUp, "openat2": SetUp, "socket": SetUp, "accept": SetUp,
		"setsockopt": SetUp, "io_uring_setup": SetUp,
		"munmap": TearDown, "close": TearDown,
		"mmap": Transfer, "read": Transfer, "pread64": Transfer, "sendfile": Transfer, "poll": Transfer,
	} {
		if got := PhaseOf(call); got != want {
			t.Errorf("%s is %s, want %s", call, got, want)
		}
	}
}

// TestProvenanceWeakens: a count is as weak as the weakest of its events.
func TestProvenanceWeakens(t *testing.T) {
	copied := func(p Provenance) Event { return Event{Phase: Transfer, Kind: CPUCopy, Bytes: 1, Provenance: p} }
	call := func(p Provenance) Event { return Event{Phase: Transfer, Kind: Syscall, Syscall: "read", Provenance: p} }
	for name, r := range map[string]struct {
		base   Provenance
		watch  Watch
		events []Event
		count  CountName
		want   Provenance
	}{
		"no event":                        {base: Derived, count: CPUCopies, want: Derived},
		"no event, watched":               {base: Derived, watch: Watch{CPUCopies: {Provenance: Measured}}, count: CPUCopies, want: Measured},
		"stronger than the base":          {base: Derived, events: []Event{copied(Measured)}, count: CPUCopies, want: Measured},
		"weaker than the base":            {base: Measured, events: []Event{copied(Modelled)}, count: CPUCopies, want: Modelled},
		"mixed":                           {base: Measured, events: []Event{copied(Measured), copied(Derived), copied(Measured)}, count: CPUCopiedBytes, want: Derived},
		"mixed with recorded":             {base: Measured, events: []Event{copied(Recorded), copied(Measured)}, count: CPUCopiedBytes, want: Recorded},
		"a watch bounds it":               {base: Measured, watch: Watch{CPUCopies: {Provenance: Derived}}, events: []Event{copied(Measured)}, count: CPUCopies, want: Derived},
		"per byte follows its count":      {base: Measured, events: []Event{copied(Derived)}, count: CPUCopiesPerByte, want: Derived},
		"other counts keep theirs":        {base: Measured, events: []Event{copied(Derived)}, count: Syscalls, want: Measured},
		"wall time: spans time the run":   {base: Measured, events: []Event{copied(Derived), call(Measured), copied(Derived)}, count: WallTime, want: Measured},
		"wall time: no span":              {base: Measured, events: []Event{copied(Measured), copied(Derived)}, count: WallTime, want: Derived},
		"wall time: weakest of the spans": {base: Measured, events: []Event{call(Recorded), call(Measured)}, count: WallTime, want: Recorded},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewCounter(1, r.base, r.watch)
			for _, e := range r.events {
				c.Add(e)
			}
			if got := c.Count(r.count).Provenance; got != r.want {
				t.Errorf("%s is %s, want %s", r.count, got, r.want)
			}
		})
	}
}

func TestWeakest(t *testing.T) {
	order := []Provenance{"", Measured, Recorded, Derived, Modelled, Unavailable} // strongest first
	for i, a := range order {
		for j, b := range order {
			if got, want := Weakest(a, b), order[max(i, j)]; got != want {
				t.Errorf("of %q and %q the weakest is %q, want %q", a, b, got, want)
			}
		}
	}
}

// TestUnavailable: what a run cannot see has no value, whatever its events say.
func TestUnavailable(t *testing.T) {
	c := NewCounter(100, Measured, Watch{DMABytes: {Provenance: Unavailable, Reason: "no tracepoint"}})
	c.Add(Event{Phase: Transfer, Kind: DMA, Bytes: 50, Provenance: Measured})
	for _, name := range []CountName{DMABytes, DMACopiesPerByte} {
		got := c.Count(name)
		if got.Known() || got.Value != 0 || got.Reason != "no tracepoint" {
			t.Errorf("%s is %+v, want unavailable with its reason", name, got)
		}
	}
	if got := c.Count(DMATransfers); !got.Known() || got.Value != 1 {
		t.Errorf("%s is %+v, want 1", DMATransfers, got)
	}
}

// TestUnits: every count has a unit, and Counts holds every count.
func TestUnits(t *testing.T) {
	counts := NewCounter(1, Modelled, nil).Counts()
	if len(counts) != len(CountNames()) {
		t.Errorf("%d counts, %d names", len(counts), len(CountNames()))
	}
	for _, name := range CountNames() {
		if _, ok := counts[name]; !ok || UnitOf(name) == "" {
			t.Errorf("%s: counted %v, unit %q", name, ok, UnitOf(name))
		}
	}
	if UnitOf("cpu_miracles") != "" {
		t.Error("a count that does not exist has a unit")
	}
}
