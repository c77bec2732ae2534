package host_test

import (
	"os"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// faultAround is how much of a cached file one fault maps: fault_around_bytes,
// mm/memory.c, 64 KiB unless the host was told otherwise.
const faultAround = 64 << 10

// A mapping of a cached file takes a fault for each 64 KiB, on file systems
// with large folios as on those without: the source is written so that no folio
// is larger.
func TestMappingTakesAFaultPer64KiB(t *testing.T) {
	if os.Getpagesize() != 4096 {
		t.Skipf("pages have %d bytes; fault-around is known for 4096", os.Getpagesize())
	}
	const size, want = 64 << 20, 64 << 20 / faultAround
	p, _ := transfer.Lookup("mmap-write")
	_, run := measure(t, host.Options{Program: p, Size: size, Chunk: 1 << 20, Source: newSource(t, size)})
	c := run.CountsAt(len(run.Events))
	if got := c.Count(trace.PageFaults); got.Value < want*0.98 || got.Value > want*1.05 {
		t.Errorf("%v faults of a cached mapping of %d bytes, want about %d", got.Value, size, want)
	}
	if got := c.Count(trace.MajorFaults); got.Value != 0 {
		t.Errorf("%v major faults of a cached mapping", got.Value)
	}
}
