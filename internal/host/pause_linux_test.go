package host_test

import (
	"testing"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// A progress callback that takes its time costs the transfer no processor time,
// and how long the clock stood still for the transfer is told.
func TestProgressIsAPause(t *testing.T) {
	const size, reports, idle, busy = 4 << 20, 64, 2 * time.Millisecond, 2 * time.Millisecond
	p, _ := transfer.Lookup("sendfile")
	told := 0
	out, run := measure(t, host.Options{Program: p, Size: size, Chunk: size / reports, Source: newSource(t, size), Progress: func(int64) {
		told++
		time.Sleep(idle)
		for began := time.Now(); time.Since(began) < busy; {
		}
	}})
	if told < reports/2 {
		t.Fatalf("progress was told %d times", told)
	}
	paused := int64(-1)
	for _, n := range out.Notes {
		if n.Key == host.NotePaused {
			paused = n.Args["ms"].(int64)
		}
	}
	least := time.Duration(told) * (idle + busy)
	if paused < least.Milliseconds() || paused > int64(out.Wall/1e6) {
		t.Errorf("notes %+v of a run of %d ns tell of %d ms, want at least %v", out.Notes, out.Wall, paused, least)
	}
	most := trace.Ns(time.Duration(told) * busy / 2)
	if cpu := run.CountsAt(len(run.Events)).Count(trace.CPUTime); out.CPU < 0 || out.CPU > most || trace.Ns(cpu.Value) > most {
		t.Errorf("the sender used %d ns and its calls %v ns, with %v of the callback's own", out.CPU, cpu.Value, time.Duration(told)*busy)
	}
}

// A run that did not stand still says nothing of pauses.
func TestRunWithoutPauses(t *testing.T) {
	p, _ := transfer.Lookup("sendfile")
	out, _ := measure(t, host.Options{Program: p, Size: 1 << 20, Chunk: 64 << 10, Source: newSource(t, 1<<20)})
	for _, n := range out.Notes {
		if n.Key == host.NotePaused {
			t.Errorf("%+v of a run without progress", n)
		}
	}
}
