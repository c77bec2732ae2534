package trace_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	. "copyscope/internal/trace"
)

// teller tells a run of sendfile-like calls: ten events each, on four threads.
type teller struct {
	l      *Log
	shapes []ShapeID
	e      Entry
	at     int
	call   int32
}

func newTeller(l *Log) *teller {
	t := &teller{l: l}
	for _, s := range []Shape{
		{Kind: ModeSwitch, Actor: UserCode, From: UserMode, To: KernelMode, Detail: "enter"},
		{Kind: Syscall, From: PageCache, To: SocketBuffer},
		{Kind: CacheMiss}, {Kind: DeviceCommand, To: DiskPlace},
		{Kind: DMA, Actor: DiskDMA, From: DiskPlace, To: PageCache},
		{Kind: Interrupt, Actor: Disk, Detail: "disk-done"},
		{Kind: Descriptor, From: PageCache, To: SocketBuffer, Detail: "lend"},
		{Kind: Compute, Detail: "tcp"},
		{Kind: DMA, Actor: NICDMA, From: PageCache, To: NICRing, Detail: "gather"},
		{Kind: ModeSwitch, From: KernelMode, To: UserMode, Detail: "return"},
	} {
		s.Endpoint, s.Phase, s.Provenance, s.Syscall, s.Line = Sender, Transfer, Modelled, "sendfile", "sendfile"
		t.shapes = append(t.shapes, l.Shape(s))
	}
	return t
}

func (t *teller) tell() {
	e := &t.e
	if t.at == 0 {
		t.call++
		e.Call, e.Thread = t.call, t.call&3
		e.Offset += 65536
	}
	e.Shape = t.shapes[t.at]
	e.At += 150
	e.Dur, e.CPU, e.Bytes, e.N = 100, 100, 65536, 16
	if t.at == 1 {
		e.N, e.CPU = 0, 0
	}
	t.l.Add(e)
	if t.at++; t.at == len(t.shapes) {
		t.at = 0
	}
}

func benchmarkAdd(b *testing.B, keep int) {
	l := NewLog(NewCounter(1<<30, Modelled, nil), LogOptions{Keep: keep})
	t := newTeller(l)
	if keep != 0 {
		// The first touch of memory that is new to the process costs more than all
		// that the log does (a page fault for every 114 events), and what it costs is
		// the operating system's: measure with memory that the process has.
		warm := make([]byte, 38*b.N)
		for i := 0; i < len(warm); i += 4096 {
			warm[i] = 1
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	for range b.N {
		t.tell()
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
	if keep != 0 {
		b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/float64(b.N), "B/event")
	}
	runtime.KeepAlive(l)
}

func BenchmarkLogAddKeepAll(b *testing.B)  { benchmarkAdd(b, -1) }
func BenchmarkLogAddKeepNone(b *testing.B) { benchmarkAdd(b, 0) }

// BenchmarkCounterAt asks at random steps of a log of ten million events.
func BenchmarkCounterAt(b *testing.B) {
	l := NewLog(NewCounter(1<<30, Modelled, nil), LogOptions{Keep: -1})
	t := newTeller(l)
	for range 10_000_000 {
		t.tell()
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		l.CounterAt(dice.IntN(10_000_000)).Count(BytesSent)
	}
}

func BenchmarkCounterAdd(b *testing.B) {
	e := Event{Endpoint: Sender, Phase: Transfer, Kind: CPUCopy, Actor: KernelCode, From: PageCache, To: UserBuffer, Bytes: 100, Provenance: Modelled}
	c := NewCounter(1<<30, Modelled, nil)
	for b.Loop() {
		c.Add(e)
	}
}
