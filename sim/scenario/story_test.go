package scenario_test

import (
	"testing"

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
