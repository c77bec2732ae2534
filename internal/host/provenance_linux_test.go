package host_test

import (
	"slices"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
)

// known is how each event of a measured run is known: what the calls returned
// and the thread's meters told is measured, what follows by rule is derived; what
// the disk moved is measured where the kernel's tracepoints tell it. The string is
// actor, then detail.
var known = map[trace.Kind]struct {
	as    []trace.Provenance
	kinds map[string]bool
}{
	trace.Syscall:       {[]trace.Provenance{trace.Measured}, map[string]bool{"kernel ": true}},
	trace.PageFault:     {[]trace.Provenance{trace.Measured}, map[string]bool{"kernel minor": true, "kernel major": true, "user minor": true, "user major": true}},
	trace.ContextSwitch: {[]trace.Provenance{trace.Measured}, map[string]bool{"scheduler voluntary": true, "scheduler involuntary": true}},
	trace.Compute: {[]trace.Provenance{trace.Measured}, map[string]bool{"user touch": true, "user encrypt": true, "user compress": true,
		"kernel softirq": true, "kernel napi": true, "kernel napi-full": true}},
	trace.ModeSwitch:    {[]trace.Provenance{trace.Derived}, map[string]bool{"user enter": true, "kernel return": true}},
	trace.CPUCopy:       {[]trace.Provenance{trace.Derived}, map[string]bool{"kernel ": true, "kernel receive": true, "kernel zerocopy-copied": true}},
	trace.Descriptor:    {[]trace.Provenance{trace.Derived}, map[string]bool{"kernel lend": true, "kernel pin": true}},
	trace.DMA:           {[]trace.Provenance{trace.Derived, trace.Measured}, map[string]bool{"disk-dma ": true}},
	trace.Readahead:     {[]trace.Provenance{trace.Measured}, map[string]bool{"kernel insert": true, "kernel initial": true, "kernel async": true, "kernel around": true}},
	trace.CacheMiss:     {[]trace.Provenance{trace.Measured}, map[string]bool{"kernel ": true}},
	trace.Evict:         {[]trace.Provenance{trace.Measured}, map[string]bool{"kernel evict": true}},
	trace.Interrupt:     {[]trace.Provenance{trace.Measured}, map[string]bool{"disk disk-done": true}},
	trace.DeviceCommand: {[]trace.Provenance{trace.Measured}, map[string]bool{"kernel disk-read": true}},
}

func TestEveryEventSaysHowItIsKnown(t *testing.T) {
	const size = 8 << 20
	src := newSource(t, size)
	disk := host.ReadFacts(t.TempDir()).Filesystem != "tmpfs"
	traced := host.Watch(host.Options{Cold: true})[trace.PageCacheInsertions].Provenance == trace.Measured
	seen := map[trace.Kind]bool{}
	for _, p := range available(t) {
		for _, cold := range []bool{false, disk} {
			_, run := measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src, Cold: cold, Touch: p.UserMemory})
			for _, e := range run.Events {
				want, ok := known[e.Kind]
				if !ok || !slices.Contains(want.as, e.Provenance) || !want.kinds[string(e.Actor)+" "+e.Detail] {
					t.Fatalf("%s, cold %v: event %d, %s by %s (%q), is %s; want %+v", p.Path, cold, e.Seq, e.Kind, e.Actor, e.Detail, e.Provenance, want)
				}
				seen[e.Kind] = true
			}
		}
	}
	for kind := range known {
		// Whether anybody waits is the scheduler's affair, whether pages leave the page
		// cache the host's, whether a disk's interrupts are known its driver's, whether misses are the kernel's.
		if slices.Contains([]trace.Kind{trace.ContextSwitch, trace.Evict, trace.Interrupt, trace.CacheMiss}, kind) {
			continue
		}
		told := traced || kind != trace.Readahead && kind != trace.DeviceCommand
		if !seen[kind] && told && (disk || kind != trace.DMA && kind != trace.Readahead && kind != trace.DeviceCommand) {
			t.Errorf("no run had a %s", kind)
		}
	}
}
