package scenario_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"copyscope/internal/trace"
	"copyscope/sim/scenario"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every shipped scenario gives the counts of its golden file.
func TestShipped(t *testing.T) {
	for _, name := range scenario.Shipped() {
		t.Run(name, func(t *testing.T) {
			s, err := scenario.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			if s.Name != name || s.Title.En == "" || s.Title.Zh == "" || s.About.En == "" || s.About.Zh == "" {
				t.Errorf("name %q, texts %v %v: want the file's name, and all texts", s.Name, s.Title, s.About)
			}
			r, err := s.Run(t.Context(), scenario.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if n, about := int64(r.Log.Len()), s.Estimate(); n > 4*about || about > 20*n {
				t.Errorf("%d events, %d were estimated", n, about)
			}
			b := &strings.Builder{}
			show := func(name string, c *trace.Counter) {
				fmt.Fprintf(b, "%s\n", name)
				for _, count := range trace.CountNames() {
					if n := c.Count(count); n.Known() && n.Value != 0 {
						fmt.Fprintf(b, "  %s %v\n", count, n.Value)
					}
				}
			}
			for _, g := range r.Groups {
				show(fmt.Sprintf("%s ×%d, %d bytes", g.Name, g.Threads, g.Moved), g.Counter)
			}
			show("kernel", r.Kernel)
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || b.String() != string(want) {
				t.Errorf("%v: got\n%s\nwant\n%s", err, b, want)
			}
		})
	}
}

// group is the counter of a group.
func group(t *testing.T, name, of string) scenario.Group {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context(), scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range r.Groups {
		if g.Name == of {
			return g
		}
	}
	t.Fatalf("%s has no %s", name, of)
	return scenario.Group{}
}

// readBy is how many bytes all threads of a shipped scenario read from the disk, with a
// part of its text in the place of another.
func readBy(t *testing.T, name, was, is string) (sum float64) {
	t.Helper()
	text, err := os.ReadFile("../scenarios/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse(name, []byte(strings.Replace(string(text), was, is, 1)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context(), scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range r.Groups {
		sum += g.Counter.Count(trace.DiskReadBytes).Value
	}
	return sum
}

// What the scenarios are there to show comes out.
func TestTheStoriesComeOut(t *testing.T) {
	near, far := group(t, "sequential-read", "reader"), group(t, "random-read", "reader")
	if a, b := near.Counter.Count(trace.WallTime).Value, far.Counter.Count(trace.WallTime).Value; b < 50*a || near.Moved != far.Moved {
		t.Errorf("random %v ns, sequential %v: want far more for the same bytes", b, a)
	}
	if g := group(t, "consumers-sharing", "consumer"); g.Counter.Count(trace.DiskReadBytes).Value != 32<<20 || g.Moved != 96<<20 {
		t.Errorf("%v bytes read for %d sent, want each of them once for three consumers", g.Counter.Count(trace.DiskReadBytes).Value, g.Moved)
	}
	if g := group(t, "lagging-consumer", "lagging"); g.Counter.Count(trace.DiskReadBytes).Value < 40<<20 {
		t.Errorf("the lagging consumer read %v bytes, want the file again", g.Counter.Count(trace.DiskReadBytes).Value)
	}
	// As its text says: each reads the whole log, and without the lag both read it once.
	if both := readBy(t, "lagging-consumer", "start: 150ms", "start: 150ms"); both != 96<<20 {
		t.Errorf("both consumers read %v bytes, want the log twice", both)
	}
	if both := readBy(t, "lagging-consumer", "start: 150ms", "start: 1ms"); both < 48<<20 || both > 49<<20 {
		t.Errorf("with one close behind the other both read %v bytes, want the log once", both)
	}
	for name, sent := range map[string]int64{"fan-out-2": 2 << 20, "fan-out-3": 3 << 20, "fan-out-5": 5 << 20} {
		if g := group(t, name, "consumer"); g.Counter.Count(trace.DiskReadBytes).Value != 1<<20 || g.Moved != sent {
			t.Errorf("%s: %v bytes read for %d sent, want the log once for all", name, g.Counter.Count(trace.DiskReadBytes).Value, g.Moved)
		}
	}
	for name, want := range map[string]float64{"lag-2mib": 4<<20 - 64<<10, "lag-16mib": 0} {
		tail, late := group(t, name, "at the tail"), group(t, name, "lagging")
		if a, b := tail.Counter.Count(trace.DiskReadBytes).Value, late.Counter.Count(trace.DiskReadBytes).Value; a != 0 || b != want {
			t.Errorf("%s: %v bytes read at the tail, %v by who lags; want none, and %v: all but what was dirty, or nothing", name, a, b, want)
		}
	}
	one, eight := group(t, "append-logs-1", "broker"), group(t, "append-logs-8", "broker")
	if a, b := one.Counter.Count(trace.WallTime).Value, eight.Counter.Count(trace.WallTime).Value; b < 5*a || one.Moved != eight.Moved {
		t.Errorf("%v ns to append to eight logs, %v to one: want far more for the same bytes", b, a)
	}
	log, index := group(t, "kafka-append", "log"), group(t, "kafka-append", "index")
	if a, b := log.Counter.SyscallsByName()["write"], index.Counter.SyscallsByName()["write"]; a != 16 || b != 0 {
		t.Errorf("%d writes to the log, %d to the index: want one for each batch, and none", a, b)
	}
	async, forced := group(t, "append-write-async", "producer"), group(t, "append-write-fsync", "producer")
	if a, b := async.Counter.Count(trace.DiskWrittenBytes).Value, forced.Counter.Count(trace.DiskWrittenBytes).Value; a != 0 || b < 8<<20 {
		t.Errorf("%v and %v bytes on the disk: want none, and all", a, b)
	}
	if n := group(t, "append-mmap-async", "producer").Counter.SyscallsByName()["write"]; n != 0 {
		t.Errorf("%d writes by who appends through a mapping", n)
	}
	if g := group(t, "kafka-flow", "consumer at the tail"); g.Counter.Count(trace.DiskReadBytes).Value != 0 || g.Moved != 32<<20 {
		t.Errorf("consumers at the tail: %v bytes read, %d moved; want none from the disk", g.Counter.Count(trace.DiskReadBytes).Value, g.Moved)
	}
}

// A run ends when it is told to.
func TestCancel(t *testing.T) {
	s, err := scenario.Load("connections-10000")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err = s.Run(ctx, scenario.Options{Progress: func(done, about int64) {
		if calls++; calls == 100 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || calls > 50_000 {
		t.Errorf("%v after %d calls, want context.Canceled soon after 100", err, calls)
	}
}
