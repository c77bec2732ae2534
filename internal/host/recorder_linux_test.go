//go:build !race

package host_test

import (
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// What the witness or the runtime does to memory must not count as the path's. The
// Go runtime has faults of its own now and then, so the fewest of three runs tell.
func TestPathsThatMapNothingTakeNoFaults(t *testing.T) {
	src := newSource(t, testSize)
	for _, path := range []string{"read-write", "sendfile", "splice"} {
		p, _ := transfer.Lookup(path)
		fewest := 1e9
		for range 3 {
			_, run := measure(t, host.Options{Program: p, Size: testSize, Chunk: testChunk, Source: src})
			fewest = min(fewest, run.CountsAt(len(run.Events)).Count(trace.PageFaults).Value)
		}
		if fewest > 8 {
			t.Errorf("%s: %v page faults of a path that maps nothing", path, fewest)
		}
	}
}

// What the recorder itself needs is not the transfer's: a program that keeps its
// bytes is watched with the clock standing still at each call. The race detector's
// memory has faults of its own.
func TestTheRecordersFaultsAreNotTheRuns(t *testing.T) {
	traced(t)
	const size = 64 << 20
	src := newSource(t, size)
	p, _ := transfer.Lookup("read")
	fewest := 1e9 // the Go runtime has some of its own now and then
	for range 3 {
		_, run := measure(t, host.Options{Program: p, Size: size, Chunk: 4 << 10, Source: src})
		fewest = min(fewest, run.CountsAt(len(run.Events)).Count(trace.PageFaults).Value)
	}
	if fewest > 16 {
		t.Errorf("%v page faults in a run that maps nothing and whose buffer is there", fewest)
	}
}
