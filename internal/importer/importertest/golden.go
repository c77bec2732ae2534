// Package importertest holds what the tests of all importers need: a timeline as
// text, and golden files of it.
package importertest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/importer"
	"copyscope/internal/trace"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Golden compares a timeline with the file of that name.
func Golden(t *testing.T, name string, got *importer.Imported) {
	t.Helper()
	text := Text(got)
	if *update {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; make it with -update", err)
	}
	if text == string(want) {
		return
	}
	a, b := strings.Split(text, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s:%d: got\n\t%s\nwant\n\t%s", name, i+1, a[i], b[i])
		}
	}
	t.Fatalf("%s: got %d lines, want %d", name, len(a), len(b))
}

// Text is all of a timeline: counts, calls by name, facts, events.
func Text(got *importer.Imported) string {
	var b strings.Builder
	fmt.Fprintf(&b, "source %s, payload %d, events %d, threads %q\n", got.Source, got.Run.Payload, got.TotalEvents, got.Run.Threads)
	for _, name := range trace.CountNames() {
		if c := got.Counter.Count(name); c.Known() {
			fmt.Fprintf(&b, "%s %v %s\n", name, c.Value, c.Provenance)
		} else {
			fmt.Fprintf(&b, "%s: %s\n", name, c.Reason)
		}
	}
	names := got.Counter.SyscallsByName()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(&b, "%s ×%d\n", name, names[name])
	}
	fmt.Fprintf(&b, "gaps: %s\n", got.Gaps)
	for _, fact := range got.Facts {
		fmt.Fprintf(&b, "fact: %s\n", fact)
	}
	for _, e := range got.Run.Events {
		fmt.Fprintf(&b, "%d +%d t%d %s %s %s %s→%s bytes=%d n=%d off=%d call=%d %s ret=%d %s %s %s\n", e.At, e.Dur, e.Thread, e.Phase, e.Kind, e.Actor,
			e.From, e.To, e.Bytes, e.N, e.Offset, e.Call, e.Syscall, e.Ret, e.Errno, e.Detail+e.Line, e.Provenance)
	}
	return b.String()
}

// Sound fails if a timeline is none: events out of order, numbers that are not
// theirs, a count that its events do not give.
func Sound(t *testing.T, got *importer.Imported) {
	t.Helper()
	c := got.Run.Counter()
	last := trace.Ns(0)
	for i, e := range got.Run.Events {
		if e.Seq != i+1 || e.At < last || e.Dur < 0 || e.Bytes < 0 {
			t.Fatalf("event %d: number %d, at %d after %d, dur %d, bytes %d", i+1, e.Seq, e.At, last, e.Dur, e.Bytes)
		}
		last = e.At
		c.Add(e)
	}
	if len(got.Run.Events) != got.TotalEvents {
		return // cut; its counts are those of the part
	}
	for _, name := range trace.CountNames() {
		if a, b := c.Count(name), got.Counter.Count(name); a != b {
			t.Errorf("%s: the events of the file count %+v, the importer %+v", name, a, b)
		}
	}
}
