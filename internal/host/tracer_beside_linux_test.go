package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/tracepoint"
	"copyscope/internal/transfer"
)

// lacking skips the test where this kernel lacks a tracepoint.
func lacking(t *testing.T, point string) {
	t.Helper()
	for _, why := range host.LackingBeside() {
		if strings.Contains(why, point) {
			t.Skipf("SKIPPED: %s", why)
		}
	}
}

// formats makes a tracefs of formats alone, with all tracepoints that fill a timeline
// in but one, and what that one's format is, if any.
func formats(t *testing.T, without, format string) (load func(names ...string) (map[string]*tracepoint.Event, error)) {
	t.Helper()
	dir := t.TempDir()
	for i, name := range host.BesideNames() {
		text := fmt.Sprintf("ID: %d\n", i+1)
		for _, field := range []string{"address", "prev_pid", "prev_state", "vec", "dev_name", "work", "budget", "i_ino", "s_dev",
			"index", "req_count", "size", "async_size", "nr_to_read", "lookahead_size"} {
			text += "field:unsigned long " + field + "; offset:8; size:8; signed:0;\n"
		}
		if name == without {
			text = format
		}
		if text == "" {
			continue
		}
		at := filepath.Join(dir, "events", strings.Replace(name, ":", "/", 1))
		if err := os.MkdirAll(at, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at, "format"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(names ...string) (map[string]*tracepoint.Event, error) {
		out := map[string]*tracepoint.Event{}
		for _, name := range names {
			e, err := tracepoint.Load(dir, name)
			if err != nil {
				return nil, err
			}
			out[name] = e
		}
		return out, nil
	}
}

// A kernel that lacks one tracepoint, or a field of it, is watched by all others but
// those that tell nothing without it, and what it lacks is named.
func TestAMissingTracepointTakesNoOtherAway(t *testing.T) {
	all := host.BesideNames()
	for _, c := range []struct {
		name, format string
		gone         []string
	}{
		{"sched:sched_switch", "", []string{"sched:sched_switch"}},
		{"napi:napi_poll", "ID: 9\nfield:int work; offset:8; size:4; signed:1;\n", []string{"napi:napi_poll"}},
		{"exceptions:page_fault_user", "", []string{"exceptions:page_fault_user", "exceptions:page_fault_kernel"}},
		{"irq:softirq_exit", "", []string{"irq:softirq_entry", "irq:softirq_exit"}},
		{"readahead:page_cache_ra_order", "", []string{"readahead:page_cache_sync_ra", "readahead:page_cache_async_ra",
			"readahead:page_cache_ra_order", "readahead:page_cache_ra_unbounded"}},
		{"no:such", "", nil},
	} {
		has, lacks := host.LookBeside(formats(t, c.name, c.format))
		for _, name := range all {
			if has[name] == slices.Contains(c.gone, name) {
				t.Errorf("without %s: %s is there: %v", c.name, name, has[name])
			}
		}
		if len(c.gone) == 0 != (len(lacks) == 0) || len(lacks) > 0 && !strings.Contains(lacks[0], c.name) {
			t.Errorf("without %s: it is said to lack %q", c.name, lacks)
		}
	}
}

// A run on such a kernel tells all that it told before, and counts the same.
func TestARunWithoutTracepointsThatFillIn(t *testing.T) {
	const size = 4 << 20
	src := newSource(t, size)
	p, _ := transfer.Lookup("mmap-write")
	defer host.WithoutBeside()()
	_, run := measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src})
	for _, e := range run.Events {
		if e.Kind == trace.PageFault && e.From != "" || e.Detail == "softirq" || e.Detail == "napi" {
			t.Errorf("without its tracepoint: %+v", e)
		}
	}
	c := run.CountsAt(len(run.Events))
	if n := c.Count(trace.PageFaults); n.Value < size/faultAround || n.Provenance != trace.Measured {
		t.Errorf("%+v faults", n)
	}
	if b := host.Watch(host.Options{Program: p, Cold: true})[trace.PageCacheInsertions]; b.Provenance == trace.Measured && !c.Count(trace.PageCacheInsertions).Known() {
		t.Errorf("insertions are told by a tracepoint of their own: %+v", c.Count(trace.PageCacheInsertions))
	}
}
