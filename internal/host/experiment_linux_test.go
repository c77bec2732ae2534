package host_test

import (
	"context"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

const (
	testSize  = 64 << 20
	testChunk = 64 << 10
)

func newSource(t testing.TB, size int64) *host.Source {
	t.Helper()
	s, err := host.NewSource(context.Background(), t.TempDir(), size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func measure(t testing.TB, o host.Options) (*host.Outcome, *trace.Run) {
	t.Helper()
	run := &trace.Run{Path: o.Program.Path, Side: trace.Real, Payload: o.Size, Base: trace.Derived, Watch: host.Watch(o.Cold)}
	o.Recorder = run
	out, err := host.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return out, run
}

func TestRunMeasuresEachPath(t *testing.T) {
	src := newSource(t, testSize)
	const chunks = testSize / testChunk
	for path, want := range map[string]struct {
		calls  map[string]int64
		copied float64
	}{
		"read-write": {map[string]int64{"read": chunks, "write": chunks}, 2},
		"mmap-write": {map[string]int64{"mmap": 1, "write": chunks}, 1},
		"sendfile":   {map[string]int64{"sendfile": chunks}, 0},
		"splice":     {map[string]int64{"splice": 2 * chunks}, 0},
	} {
		t.Run(path, func(t *testing.T) {
			p, _ := transfer.Lookup(path)
			out, run := measure(t, host.Options{Program: p, Size: testSize, Chunk: testChunk, Source: src})
			c := run.Counter()
			for _, e := range run.Events {
				c.Add(e)
			}
			t.Logf("calls %v, set-up %v", c.SyscallsByName(), c.SetupSyscallsByName())
			for _, n := range trace.CountNames() {
				v := c.Count(n)
				t.Logf("%-26s %14.0f %s %s", n, v.Value, v.Provenance, v.Reason)
			}
			t.Logf("%+v", *out)
			if !out.Intact() || out.Sent != testSize {
				t.Errorf("sent %d, received %d, hashes %x and %x", out.Sent, out.Received, out.FileHash, out.ReceivedHash)
			}
			if got := c.SyscallsByName(); len(got) != len(want.calls) {
				t.Errorf("calls %v, want %v", got, want.calls)
			}
			for name, n := range want.calls {
				if got := c.SyscallsByName()[name]; got != n {
					t.Errorf("%s: %d calls, want %d", name, got, n)
				}
			}
			if got := c.Count(trace.CPUCopiesPerByte); got.Value != want.copied || got.Provenance != trace.Derived {
				t.Errorf("CPU copies per byte %+v, want %v derived", got, want.copied)
			}
			if got := c.Count(trace.ReceiverCopiedBytes); got.Value != testSize {
				t.Errorf("receiver copied %v bytes, want %d", got.Value, testSize)
			}
			if got := c.Count(trace.BytesSent); got.Value != testSize {
				t.Errorf("bytes sent %v, want %d", got.Value, testSize)
			}
		})
	}
}
