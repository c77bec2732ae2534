package lab_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// needsLinux skips what runs on the real kernel where there is none.
func needsLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("real runs need Linux, this is " + runtime.GOOS)
	}
}

// What the linux model predicts, this kernel does: for every path, with chunks
// that fill pages and chunks that do not, larger than a pipe and larger than
// the file, from a warm and from a cold cache.
func TestPredictionsHold(t *testing.T) {
	needsLinux(t)
	l := lab.New(t.TempDir())
	for _, path := range here(t) {
		for _, size := range []struct{ size, chunk int64 }{
			{1, 1}, {4096, 64 << 10}, {1<<20 + 13, 64 << 10}, {1 << 20, 5000}, {8 << 20, 3 << 20}, {4 << 20, 4 << 20}, {300_000, 1 << 30},
		} {
			for _, cache := range []lab.Cache{lab.Warm, lab.Cold} {
				s := lab.Scenario{Path: path, Side: trace.Real, Size: size.size, Chunk: size.chunk, Cache: cache, Net: lab.Loopback}.Normal()
				t.Run(s.String(), func(t *testing.T) {
					r, err := l.Run(t.Context(), s, lab.Options{})
					if err != nil {
						t.Fatal(err)
					}
					rows, err := l.Compare(t.Context(), r)
					if err != nil {
						t.Fatal(err)
					}
					judge(t, path, rows)
				})
			}
		}
	}
}

// here are the paths that this host can run.
func here(t *testing.T) (paths []string) {
	t.Helper()
	for _, path := range transfer.Paths() {
		if ok, why := host.Available(path); ok {
			paths = append(paths, path)
		} else {
			t.Logf("%s is left out: %s", path, why)
		}
	}
	return paths
}

// judge wants every prediction to hold, and the ones that this host can always
// measure to be measured.
func judge(t *testing.T, path string, rows []trace.Comparison) {
	t.Helper()
	verdicts := map[string]trace.Verdict{}
	for _, c := range rows {
		if !c.Holds() {
			t.Errorf("%s %s: predicted %v, measured %v: %s", c.Path, c.Count, c.Predicted, c.Measured, c.Reason)
		}
		verdicts[c.Count] = c.Verdict
	}
	wants := map[string]trace.Verdict{
		"syscalls": trace.Equal, "bytes_sent": trace.Equal, "received_hash": trace.Equal,
		"mode_switches": trace.EqualByRule, "cpu_copied_bytes": trace.EqualByRule,
	}
	if program, _ := transfer.Lookup(path); host.Aliased(program) {
		wants["who_copies"] = trace.Equal
	}
	for count, want := range wants {
		if verdicts[count] != want && verdicts[count] != trace.Within { // what may be off was said beforehand
			t.Errorf("%s is %q, want %q", count, verdicts[count], want)
		}
	}
}

// The model is asked the same question as the kernel: who copies?
func TestWhoCopies(t *testing.T) {
	l := lab.New(t.TempDir())
	for path, want := range map[string]string{"read-write": "copy", "mmap-write": "copy", "sendfile": "lend", "splice": "lend"} {
		s := lab.Default()
		s.Path, s.Size = path, 64<<10
		r, err := l.Predict(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if r.Alias != want {
			t.Errorf("%s: the model says %q, want %q", path, r.Alias, want)
		}
	}
}

// A page steps through the events that the counts were computed from.
func TestStepsCutTheCounts(t *testing.T) {
	l := lab.New(t.TempDir())
	s, err := lab.ParseScenario("splice,model=textbook,size=64KiB,chunk=64KiB,cache=cold", lab.Default())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := l.Run(t.Context(), s, lab.Options{MaxEvents: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if whole.TotalEvents != len(whole.Run.Events) || whole.TotalEvents == 0 {
		t.Fatalf("%d events, %d kept", whole.TotalEvents, len(whole.Run.Events))
	}
	for k := 1; k <= whole.TotalEvents; k++ {
		cut, err := l.Run(t.Context(), s, lab.Options{Steps: k})
		if err != nil {
			t.Fatal(err)
		}
		got, want := fmt.Sprint(cut.Counter.Counts()), fmt.Sprint(whole.Run.CountsAt(k).Counts())
		if got != want {
			t.Fatalf("cut at %d:\n%s\nfrom the events:\n%s", k, got, want)
		}
	}
	short, err := l.Run(t.Context(), s, lab.Options{MaxEvents: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(short.Run.Events) != 3 || short.TotalEvents != whole.TotalEvents {
		t.Errorf("kept %d of %d events, want 3 of %d", len(short.Run.Events), short.TotalEvents, whole.TotalEvents)
	}
}

func TestCancelEndsARunAtOnce(t *testing.T) {
	l := lab.New(t.TempDir())
	sides := []trace.Side{trace.Sim}
	if runtime.GOOS == "linux" {
		sides = append(sides, trace.Real)
	}
	for _, side := range sides {
		for _, path := range transfer.Paths() {
			for _, size := range []struct{ size, chunk int64 }{{8 << 30, 512}, {1 << 40, 1 << 40}} {
				if side == trace.Real && size.size > 8<<30 {
					continue // no disk for it
				}
				s := lab.Scenario{Path: path, Side: side, Model: lab.Linux, Size: size.size, Chunk: size.chunk, Cache: lab.Cold, Net: lab.Loopback, DMA: true, SG: true}
				if side == trace.Sim {
					s.Net = lab.NIC
				}
				if side == trace.Real {
					s.Size, s.Cache = 1<<30, lab.Warm
					if ok, _ := host.Available(path); !ok {
						continue
					}
				}
				ctx, cancel := context.WithCancel(t.Context())
				began := time.Now()
				time.AfterFunc(100*time.Millisecond, cancel)
				_, err := l.Run(ctx, s, lab.Options{})
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%s: error %v, want context.Canceled", s, err)
				}
				if took := time.Since(began); took > 20*time.Second { // the run itself would take many minutes
					t.Errorf("%s: took %v to end", s, took)
				}
			}
		}
	}
}
