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

// What is wrong is told with file, line, field and remedy.
func TestErrors(t *testing.T) {
	const good = `schema: 1
name: x
machine: {cpus: 1}
files:
  - {name: f, size: 1MiB}
threads:
  - name: t
    do:
      - send: {path: sendfile, file: f}
`
	if _, err := scenario.Parse("x.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ old, new, want string }{
		{"schema: 1", "schema: 7", "x.yaml:1: schema: 7: this program reads schema 1"},
		{"name: x", "name: X y", "x.yaml:2: name:"},
		{"cpus: 1", "cpus: -1", "x.yaml:3: machine: -1 CPUs"},
		{"cpus: 1", "cpus: many", "x.yaml:3"},
		{"cpus: 1", "sg: maybe", `x.yaml:3: "maybe": write on or off`},
		{"cpus: 1", "dma: off, sg: on", "x.yaml:3: machine: scatter-gather without DMA"},
		{"cpus: 1", "disk: floppy", "x.yaml:3: machine: profile"},
		{"cpus: 1", "colour: red", `x.yaml:3: unknown field "colour"`},
		{"size: 1MiB", "size: big", `x.yaml:5: "big": write a size`},
		{"size: 1MiB", "size: 1MiB, cached: 2MiB", "x.yaml:5: files[0].cached"},
		{"path: sendfile", "path: teleport", `x.yaml:9: threads[0].do[0].send.path: "teleport": use one of read-write`},
		{"path: sendfile", "path: tee", "send.path"},
		{"file: f", "file: g", `x.yaml:9: threads[0].do[0].send.file: "g" is no file of this scenario; use f`},
		{"file: f", "file: f, from: 2MiB", "send.from"},
		{"file: f", "file: f, chunk: 1B, bytes: 1MiB", "x.yaml:1: limits.events: the scenario makes about"},
		{"- name: t", "- name: t\n    count: 100000", "threads[0].count"},
		{"  - name: t\n    do:", "  - do:", "threads[0]: it has no name"},
		{"send: {path: sendfile, file: f}", "read: {file: f, pattern: zigzag}", "read.pattern"},
		{"send: {path: sendfile, file: f}", "append: {file: f, engine: pen, bytes: 1MiB}", "append.engine"},
		{"send: {path: sendfile, file: f}", "append: {file: f, bytes: 1MiB, flush: interval}", "append.interval"},
		{"send: {path: sendfile, file: f}", "think: -1s", "write a duration"},
		{"files:", "files: [", "x.yaml:"},
	} {
		text := strings.Replace(good, row.old, row.new, 1)
		if row.want == "x.yaml:1: limits.events: the scenario makes about" {
			text += "limits: {events: 100000}\n"
			row.want = "limits.events: the scenario makes about"
		}
		if text == good {
			t.Fatalf("%q is not in the file", row.old)
		}
		if _, err := scenario.Parse("x.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%q: %v, want %q", row.new, err, row.want)
		}
	}
	if _, err := scenario.Load("no-such"); err == nil || !strings.Contains(err.Error(), "none of those shipped") {
		t.Errorf("%v", err)
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

// Any bytes are a scenario or an error.
func FuzzParse(f *testing.F) {
	for _, name := range scenario.Shipped() {
		text, err := os.ReadFile(filepath.Join("..", "scenarios", name+".yaml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := scenario.Parse("fuzz.yaml", text); err == nil && s.Estimate() > int64(s.Limits.Events) {
			t.Error("more events than it may have")
		}
	})
}
