//go:build !race

package host_test

import (
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

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
