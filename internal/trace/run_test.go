package trace_test

import (
	"testing"

	. "copyscope/internal/trace"
)

// readWrite is a cold read-write of 2 × 4096 bytes, modelled by hand, with the
// receiver's copy and a set-up call.
func readWrite() *Run {
	r := &Run{Path: "read-write", Side: Sim, Payload: 8192, Base: Modelled,
		Watch: Watch{ContextSwitches: {Provenance: Unavailable, Reason: "the scheduler is not modelled"}}}
	now, call := Ns(0), 0
	at := func(dur Ns, e Event) {
		e.At, e.Dur, e.Provenance = now, dur, Modelled
		if e.Phase == "" {
			e.Phase = Transfer
		}
		if e.Endpoint == "" {
			e.Endpoint = Sender
		}
		if e.Syscall != "" {
			e.Call = call
		}
		r.Record(e)
		if e.Kind != Syscall {
			now += dur
		}
	}
	enter := func(name string, dur Ns, to Place) {
		call++
		at(dur, Event{Kind: Syscall, Actor: KernelCode, To: to, Syscall: name, Line: name, Bytes: 4096, Ret: 4096})
		at(100, Event{Kind: ModeSwitch, Actor: KernelCode, From: UserMode, To: KernelMode, Syscall: name, Line: name, Detail: "enter"})
	}
	leave := func(name string) {
		at(100, Event{Kind: ModeSwitch, Actor: KernelCode, From: KernelMode, To: UserMode, Syscall: name, Line: name, Detail: "return"})
	}
	call++
	at(50, Event{Kind: Syscall, Phase: SetUp, Actor: KernelCode, Syscall: "openat", Ret: 3})
	for off := int64(0); off < 8192; off += 4096 {
		if off == 0 {
			enter("read", 620, UserBuffer)
			at(0, Event{Kind: CacheMiss, Actor: KernelCode, To: PageCache, N: 1, Syscall: "read", Line: "read"})
			at(10, Event{Kind: Readahead, Actor: KernelCode, To: PageCache, N: 1, Offset: 4096, Syscall: "read", Line: "read", Detail: "initial"})
			at(10, Event{Kind: DeviceCommand, Actor: KernelCode, From: CPUPlace, To: DiskPlace, Bytes: 8192, Detail: "disk-read"})
			at(300, Event{Kind: DMA, Actor: DiskDMA, From: DiskPlace, To: PageCache, Bytes: 8192})
			at(20, Event{Kind: Interrupt, Actor: Disk, From: DiskPlace, To: CPUPlace, Detail: "disk-done"})
		} else {
			enter("read", 280, UserBuffer)
			at(0, Event{Kind: CacheHit, Actor: KernelCode, To: PageCache, N: 1, Offset: off, Syscall: "read", Line: "read"})
		}
		at(80, Event{Kind: CPUCopy, CPU: 80, Actor: KernelCode, From: PageCache, To: UserBuffer, Bytes: 4096, Offset: off, Syscall: "read", Line: "read"})
		leave("read")
		enter("write", 490, SocketBuffer)
		at(90, Event{Kind: CPUCopy, CPU: 90, Actor: KernelCode, From: UserBuffer, To: SocketBuffer, Bytes: 4096, Offset: off, Syscall: "write", Line: "write"})
		at(200, Event{Kind: DMA, Actor: NICDMA, From: SocketBuffer, To: NICRing, Bytes: 4096, Offset: off})
		leave("write")
		at(70, Event{Kind: CPUCopy, CPU: 70, Endpoint: Receiver, Actor: KernelCode, From: SocketBuffer, To: UserBuffer, Bytes: 4096, Offset: off, Detail: "receive"})
	}
	return r
}

func TestWholeRun(t *testing.T) {
	check(t, readWrite().CountsAt(1<<30), values{
		Syscalls: 4, ModeSwitches: 8, CPUCopies: 4, CPUCopiedBytes: 16384, CPUCopiesPerByte: 2,
		DMATransfers: 3, DMABytes: 16384, DMACopiesPerByte: 2, Interrupts: 1, DiskReads: 1, DiskReadBytes: 8192,
		PageCacheInsertions: 2, UserBufferBytes: 4096, BytesSent: 8192, ReceiverCopiedBytes: 8192,
		CPUTime: 340, WallTime: 1950,
	})
}

func TestCountsAtEnds(t *testing.T) {
	r := readWrite()
	check(t, r.CountsAt(0), values{})
	check(t, r.CountsAt(-3), values{})
	all, beyond := r.CountsAt(len(r.Events)).Counts(), r.CountsAt(len(r.Events)+1).Counts()
	for name, n := range all {
		if beyond[name] != n {
			t.Errorf("%s: %v beyond the last event, %v at it", name, beyond[name], n)
		}
	}
}

// TestSeriesEqualCounts: at every step and for every count, the series gives
// what counting the first k events gives.
func TestSeriesEqualCounts(t *testing.T) {
	r := readWrite()
	series := r.Grow()
	for k := 0; k <= len(r.Events); k++ {
		for name, want := range r.CountsAt(k).Counts() {
			s := series[name]
			if !want.Known() {
				if s.At != nil || s.Value != nil || s.Reason != want.Reason || s.Provenance != Unavailable {
					t.Errorf("%s: series %+v of an unavailable count", name, s)
				}
				continue
			}
			if got := valueAt(s, k); got != want.Value {
				t.Errorf("%s at %d is %v in the series, %v counted", name, k, got, want.Value)
			}
		}
	}
	for name, s := range series {
		if s.Unit != UnitOf(name) || s.Unit == "" {
			t.Errorf("%s: unit %q, want %q", name, s.Unit, UnitOf(name))
		}
		for i := 1; i < len(s.At); i++ {
			if s.At[i] <= s.At[i-1] || s.Value[i] == s.Value[i-1] {
				t.Errorf("%s: step %d does not change anything", name, i)
			}
		}
	}
}

// valueAt reads a series as its comment says.
func valueAt(s *Series, k int) (v float64) {
	for i, at := range s.At {
		if at <= k {
			v = s.Value[i]
		}
	}
	return v
}

func TestRecord(t *testing.T) {
	r := &Run{Payload: 1, Base: Modelled}
	c := r.Counter()
	for _, to := range []Recorder{r, c} {
		to.Record(Event{Seq: 99, Phase: Transfer, Kind: ModeSwitch})
		to.Record(Event{Phase: Transfer, Kind: ModeSwitch})
	}
	if len(r.Events) != 2 || r.Events[0].Seq != 1 || r.Events[1].Seq != 2 {
		t.Errorf("events %+v, want them numbered 1 and 2", r.Events)
	}
	if got := c.Count(ModeSwitches).Value; got != 2 {
		t.Errorf("the counter has %v mode switches, want 2", got)
	}
}
