package scenario_test

import (
	"reflect"
	"slices"
	"testing"

	"copyscope/internal/trace"
	"copyscope/sim/scenario"
)

// Each byte of an append is stored once, from the file's end on, wherever in a
// page that lies.
func TestAppendsReachTheEndOfTheFile(t *testing.T) {
	for _, engine := range []string{"write", "mmap"} {
		r, err := run(t, "repeat: {times: 3, do: [append: {file: f, bytes: 10000B, batch: 3000B, engine: "+engine+"}]}\n"+
			"      - send: {path: read-write, file: f}")
		if err != nil {
			t.Fatal(err)
		}
		g := r.Groups[0]
		if want := int64(30_000 + 1<<20 + 30_000); g.Moved != want {
			t.Errorf("%s: %d bytes moved, want %d: those appended, and with them the file", engine, g.Moved, want)
		}
		var at, most int64
		for i := range r.Log.Len() {
			e := r.Log.Event(i)
			if e.Kind != trace.CPUCopy || e.To != trace.PageCache && e.To != trace.UserMapping {
				continue
			}
			if want := int64(1<<20) + at; e.Offset != want {
				t.Fatalf("%s: stored at %d, want %d", engine, e.Offset, want)
			}
			at, most = at+e.Bytes, max(most, e.Bytes)
		}
		if at != 30_000 || most > 3000 {
			t.Errorf("%s: %d bytes stored, want 30000 in batches", engine, at)
		}
	}
}

// A call of write takes less than a larger batch has; the rest comes after it.
func TestBatchesLargerThanACall(t *testing.T) {
	r, err := run(t, "append: {file: f, bytes: 3GiB, batch: 3GiB}")
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Groups[0].Counter.Count(trace.CPUCopiedBytes).Value; n != 3<<30 {
		t.Errorf("%v bytes appended, want 3 GiB", n)
	}
}

// When a thread forces its file to the disk does not depend on how its appends
// are cut into steps.
func TestFlushes(t *testing.T) {
	for _, row := range []struct {
		flush string
		want  int64
	}{
		{"none", 0}, {"every", 8}, {"messages, messages: 1", 8}, {"messages, messages: 3", 2}, {"messages, messages: 9", 0},
		{"interval, interval: 25ms", 2}, {"interval, interval: 200ms", 0},
	} {
		for _, engine := range []string{"write", "mmap"} {
			append := "append: {file: f, batch: 4KiB, pace: 10ms, engine: " + engine + ", flush: " + row.flush
			for _, do := range []string{
				append + ", bytes: 32KiB}",
				"repeat: {times: 8, do: [" + append + ", bytes: 4KiB}]}",
				"repeat: {times: 2, do: [" + append + ", bytes: 8KiB}, " + append + ", bytes: 8KiB}]}",
			} {
				r, err := run(t, do)
				if err != nil {
					t.Fatal(err)
				}
				c := r.Groups[0].Counter
				if n := c.SyscallsByName()["fdatasync"] + c.SyscallsByName()["msync"]; n != row.want {
					t.Errorf("%s: forced %d times, want %d", do, n, row.want)
				}
			}
		}
	}
}

// What an earlier step stored into a mapping that is gone is forced as well.
func TestFlushesCoverEarlierSteps(t *testing.T) {
	for _, engine := range []string{"write", "mmap"} {
		r, err := run(t, "repeat: {times: 4, do: [append: {file: f, bytes: 4KiB, batch: 4KiB, flush: messages, messages: 4, engine: "+engine+"}]}")
		if err != nil {
			t.Fatal(err)
		}
		if n := r.Groups[0].Counter.Count(trace.DiskWrittenBytes).Value; n != 16<<10 {
			t.Errorf("%s: %v bytes on the disk, want all", engine, n)
		}
	}
}

// Every path sends every byte, also where a step is repeated and a consumer
// follows what is appended; tee sends to two receivers and counts once.
func TestEveryPathArrives(t *testing.T) {
	for _, path := range []string{"read-write", "mmap-write", "sendfile", "splice", "tee", "msg-zerocopy", "io-uring", "direct", "tls", "ktls", "compress"} {
		for _, producer := range []string{"write", "mmap"} {
			r, err := run(t, "repeat: {times: 2, do: [send: {path: "+path+", file: f, from: 4KiB}, send: {path: "+path+", file: f, bytes: 512KiB, chunk: 10000B}]}\n"+
				"      - send: {path: "+path+", file: f, from: 1MiB, bytes: 1MiB, follow: on, reader: 100MB/s}\n"+
				"  - {name: p, start: 20ms, do: [append: {file: f, bytes: 1MiB, batch: 40000B, pace: 1ms, engine: "+producer+"}]}")
			if err != nil {
				t.Errorf("%s, %s: %v", path, producer, err)
				continue
			}
			if want := int64(2*(1<<20-4096) + 1<<20 + 1<<20); r.Groups[0].Moved != want {
				t.Errorf("%s, %s: %d bytes moved, want %d", path, producer, r.Groups[0].Moved, want)
			}
			sent := int64(0)
			for i := range r.Log.Len() {
				if e := r.Log.Event(i); e.Kind == trace.DMA && e.To == trace.NICRing {
					sent += e.Bytes
				}
			}
			if path == "tee" && sent != 2*r.Groups[0].Moved {
				t.Errorf("tee: %d bytes to the card, want twice %d", sent, r.Groups[0].Moved)
			}
		}
	}
}

// An answer's header goes before what is sent each time, by every path of a broker:
// one copy by the CPU, of bytes that no file has.
func TestHeads(t *testing.T) {
	for path, copies := range map[string]float64{"read-write": 2, "mmap-write": 1, "sendfile": 0, "splice": 0} {
		for sent, do := range map[int64]string{
			1 << 20: "send: {path: " + path + ", file: f, head: 64KiB}",
			2 << 20: "repeat: {times: 2, do: [send: {path: " + path + ", file: f, head: 64KiB}]}",
			1<<20 + 80_000: "send: {path: " + path + ", file: f, bytes: 1128576B, follow: on, head: 64KiB}\n" +
				"  - {name: p, start: 20ms, do: [append: {file: f, bytes: 80000B, batch: 80000B}]}",
		} {
			r, err := run(t, do)
			if err != nil {
				t.Errorf("%s: %v", do, err)
				continue
			}
			heads := int64(1)
			if sent > 1<<20 {
				heads = 2
			}
			g := r.Groups[0]
			if n := g.Counter.Count(trace.BytesSent).Value; g.Moved != sent || n != float64(sent+heads<<16) {
				t.Errorf("%s: %d bytes moved and %v sent, want %d and with them %d heads", do, g.Moved, n, sent, heads)
			}
			if n := g.Counter.Count(trace.CPUCopiedBytes).Value; n != copies*float64(sent)+float64(heads<<16) {
				t.Errorf("%s: %v bytes copied, want the heads once and the file %v times", do, n, copies)
			}
			for i := range r.Log.Len() {
				if e := r.Log.Event(i); e.Offset < 0 {
					t.Errorf("%s: an event of %s at %d", do, e.Kind, e.Offset)
				}
			}
		}
	}
}

// Where the pieces of a read lie, by its pattern.
func TestReadPatterns(t *testing.T) {
	for pattern, want := range map[string][]int64{
		"sequential, from: 8KiB, bytes: 16KiB":               {8 << 10, 12 << 10, 16 << 10, 20 << 10},
		"sequential, from: 8KiB, bytes: 6000B":               {8 << 10, 12 << 10},
		"sequential, from: 1020KiB":                          {1020 << 10},
		"stride, stride: 300KiB, from: 512KiB, bytes: 16KiB": {512 << 10, 812 << 10, 600 << 10, 900 << 10},
		"random, seed: 7, from: 1020KiB, bytes: 8KiB":        {1020 << 10, 1020 << 10},
		"random, seed: 7, from: 1023KiB, bytes: 2KiB":        {1023 << 10, 1023 << 10}, // a piece is no longer than the file
		"random, seed: 7, bytes: 8KiB":                       {909312, 655360},
	} {
		r, err := run(t, "read: {file: f, chunk: 4KiB, pattern: "+pattern+"}")
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		var got []int64
		for i := range r.Log.Len() {
			if e := r.Log.Event(i); e.Kind == trace.CPUCopy && e.To == trace.UserBuffer {
				got = append(got, e.Offset)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: read at %v, want %v", pattern, got, want)
		}
	}
}

// The counts of the groups do not depend on which events are kept.
func TestKeep(t *testing.T) {
	counts := func(keep int) (out []trace.Counts) {
		s, err := scenario.Load("kafka-flow")
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Run(t.Context(), scenario.Options{Keep: keep})
		if err != nil {
			t.Fatal(err)
		}
		if kept := r.Log.Event(0).Seq > 0; kept != (keep != 0) {
			t.Errorf("keep %d: the first event is kept: %v", keep, kept)
		}
		for _, g := range r.Groups {
			out = append(out, g.Counter.Counts())
		}
		return append(out, r.Kernel.Counts(), r.Log.Counter().Counts())
	}
	all := counts(-1)
	for _, keep := range []int{0, 100} {
		if got := counts(keep); !reflect.DeepEqual(got, all) {
			t.Errorf("keep %d:\n got %v\nwant %v", keep, got, all)
		}
	}
}
