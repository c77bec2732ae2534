package scenario_test

import (
	"fmt"
	"testing"

	"copyscope/broker/wire"
	"copyscope/internal/trace"
	"copyscope/sim/scenario"
)

// What the scenarios of the lessons are there to show comes out.
func TestTheLessonsStoriesComeOut(t *testing.T) {
	value := func(name, of string, count trace.CountName) float64 {
		return group(t, name, of).Counter.Count(count).Value
	}
	if dma, pio := value("meanwhile-dma", "other", trace.WallTime), value("meanwhile-pio", "other", trace.WallTime); pio < 10*dma {
		t.Errorf("the other thread took %v ns without DMA and %v with it, want far more", pio, dma)
	}
	if n := value("meanwhile-dma", "other", trace.MajorFaults) + value("meanwhile-dma", "other", trace.DiskReads); n != 0 {
		t.Errorf("the other thread waited for the disk %v times, want none", n)
	}
	for _, again := range []struct {
		name, of string
		want     float64 // bytes that are read from the disk once more
	}{
		{"lru-fits", "second time", 0},
		{"lru-too-small", "second time", 1536 << 10},
		{"lru-hot", "hot again", 0},
		{"lru-hot", "other again", 256 << 10},
	} {
		if n := value(again.name, again.of, trace.DiskReadBytes); n != again.want {
			t.Errorf("%s, %s: %v bytes read, want %v", again.name, again.of, n, again.want)
		}
	}
	if g := group(t, "readahead-random", "reader"); g.Counter.Count(trace.DiskReadBytes).Value != float64(g.Moved) {
		t.Errorf("random reads of %d bytes read %v", g.Moved, g.Counter.Count(trace.DiskReadBytes).Value)
	}
	if g := group(t, "readahead-large", "reader"); g.Counter.Count(trace.DiskReadBytes).Value < 2*float64(g.Moved) {
		t.Errorf("sequential reads of %d bytes read %v, want far ahead", g.Moved, g.Counter.Count(trace.DiskReadBytes).Value)
	}
	if n, kernel := value("write-behind", "writer", trace.DiskWrites), kernelOf(t, "write-behind"); n != 0 || kernel.Count(trace.DiskWrittenBytes).Value != 256<<10 {
		t.Errorf("the writer wrote to the disk %v times, the kernel %v bytes; want all by the kernel", n, kernel.Count(trace.DiskWrittenBytes).Value)
	}
	if waits := value("write-behind-limit", "writer", trace.ContextSwitches); waits < 2 {
		t.Errorf("the writer slept %v times, want it to wait for the disk", waits)
	}
}

// Transactions: their ends are in the log like all else, so that a region with them
// goes out by one sendfile; who reads what is committed costs a longer header.
func TestTransactionsComeOut(t *testing.T) {
	for aborted := 2; aborted <= 4; aborted++ {
		name := fmt.Sprintf("transactions-%d", aborted)
		const batch, end = 64 << 10, 78 // a control batch: 61 bytes of header, one record of 17
		log := int64(2*batch + end + aborted*(batch+end))
		if n := group(t, name, "coordinator").Moved; n != int64(1+aborted)*end {
			t.Errorf("%s: %d bytes by the coordinator, want a control batch for each transaction", name, n)
		}
		for of, answer := range map[string]wire.FetchPartition{
			"read_uncommitted": {Bytes: log},
			"read_committed":   {Bytes: log, Aborted: make([]wire.AbortedTxn, aborted)},
		} {
			f := wire.FetchResponse{Topics: []wire.FetchTopic{{Name: "flow", Partitions: []wire.FetchPartition{answer}}}}
			pieces, err := f.Layout(11, 1)
			if err != nil || len(pieces) != 1 {
				t.Fatal(len(pieces), err)
			}
			g := group(t, name, of)
			if n := g.Counter.Count(trace.CPUCopiedBytes).Value; n != float64(len(pieces[0].Head)) || g.Moved != log {
				t.Errorf("%s, %s: %v bytes copied for %d, want the header of a broker's answer, %d bytes, for %d", name, of, n, g.Moved, len(pieces[0].Head), log)
			}
			if calls := g.Counter.SyscallsByName(); calls["write"] != 1 || calls["sendfile"] != 1 || g.Counter.Count(trace.DiskReads).Value != 0 {
				t.Errorf("%s, %s: %v, %v reads of the disk; want one write, one sendfile, and none", name, of, calls, g.Counter.Count(trace.DiskReads).Value)
			}
		}
		// Each end comes behind its transaction.
		var ends []int64
		for _, e := range events(t, name) {
			if e.Kind == trace.CPUCopy && e.To == trace.PageCache && e.Bytes == end {
				ends = append(ends, e.Offset)
			}
		}
		for i, at := range ends {
			if want := int64(2*batch + i*(batch+end)); at != want {
				t.Errorf("%s: the end of transaction %d is at %d, want %d", name, i, at, want)
			}
		}
		if len(ends) != 1+aborted {
			t.Errorf("%s: %d ends in the log, want one for each transaction", name, len(ends))
		}
	}
}

// events are those of a shipped scenario.
func events(t *testing.T, name string) (out []trace.Event) {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context(), scenario.Options{Keep: -1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Log.Len() {
		out = append(out, r.Log.Event(i))
	}
	return out
}

// kernelOf is the counter of what belongs to no thread.
func kernelOf(t *testing.T, name string) *trace.Counter {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context(), scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Kernel
}
