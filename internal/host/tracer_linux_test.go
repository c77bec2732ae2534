package host_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// traced skips the test where this user may not read tracepoints, with the reason.
func traced(t *testing.T) {
	t.Helper()
	if b := host.Watch(host.Options{Cold: true})[trace.PageCacheInsertions]; b.Provenance != trace.Measured {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(b.Reason)
		}
		t.Skipf("SKIPPED: %s; run it as root", b.Reason)
	}
}

// The kernel tells what a cold run brought in, page by page and request by request,
// of this file alone, and that a warm one brought in nothing.
func TestTheKernelTellsOfARun(t *testing.T) {
	traced(t)
	const size, page = 16<<20 + 4097, 4096
	whole := float64((size + page - 1) / page)
	src := newSource(t, size)
	for _, p := range available(t) {
		if p.Source == transfer.FromSocket || p.Path == "direct" || p.Path == "compress" { // which read no file, or in their own way
			continue
		}
		for _, cold := range []bool{true, false} {
			out, run := measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src, Cold: cold})
			c := run.CountsAt(len(run.Events))
			pages, bytes := c.Count(trace.PageCacheInsertions), c.Count(trace.DiskReadBytes)
			want := whole
			if !cold {
				want = 0
			}
			if pages.Value != want || bytes.Value != want*page || pages.Provenance != trace.Measured || bytes.Provenance != trace.Measured {
				t.Errorf("%s, cold %v: %+v pages came into the page cache, %+v bytes from the disk; want %v pages", p.Path, cold, pages, bytes, want)
			}
			if n := c.Count(trace.DiskReads).Value; cold != (n > 0) || n != c.Count(trace.DMATransfers).Value {
				t.Errorf("%s, cold %v: %v disk reads, %v transfers", p.Path, cold, n, c.Count(trace.DMATransfers).Value)
			}
			// An interrupt may tell of several reads that are done.
			if irq := c.Count(trace.Interrupts); irq.Known() && (cold != (irq.Value > 0) || irq.Value > c.Count(trace.DiskReads).Value || irq.Provenance != trace.Measured) {
				t.Errorf("%s, cold %v: %+v interrupts told of %v reads", p.Path, cold, irq, c.Count(trace.DiskReads).Value)
			}
			for _, n := range out.Notes {
				if n.Key == host.NoteLost {
					t.Errorf("%s, cold %v: %v events were lost", p.Path, cold, n.Args)
				}
			}
		}
	}
}

// A run that is to leave the tracepoints alone says so of what only they tell.
func TestUntracedRunsSayWhatTheyDoNotKnow(t *testing.T) {
	src := newSource(t, 1<<20)
	p, _ := transfer.Lookup("sendfile")
	_, run := measure(t, host.Options{Program: p, Size: 1 << 20, Chunk: 64 << 10, Source: src, Untraced: true})
	for _, name := range []trace.CountName{trace.PageCacheInsertions, trace.DiskReads} {
		if c := run.CountsAt(len(run.Events)).Count(name); c.Known() || c.Reason == "" {
			t.Errorf("%s is %+v, want unavailable with a reason", name, c)
		}
	}
}

// Of a warm file that somebody drops after the run began, the kernel tells what left
// and that it came again.
func TestPagesThatLeaveDuringAWarmRun(t *testing.T) {
	traced(t)
	const size, page = 1 << 20, 4096
	src := newSource(t, size)
	if err := src.Sync(); err != nil { // what is dirty cannot leave
		t.Fatal(err)
	}
	p, _ := transfer.Lookup("read-write")
	out, run := measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src, Fault: lookingAt(func(file int) {
		if err := unix.Fadvise(file, 0, 0, unix.FADV_DONTNEED); err != nil {
			t.Error(err)
		}
	})})
	c := run.CountsAt(len(run.Events))
	left, again := c.Count(trace.PageCacheEvictions), c.Count(trace.PageCacheInsertions)
	if left.Value != size/page || left.Provenance != trace.Measured || out.Absent(true) != size/page {
		t.Errorf("%+v pages left, %d may have been absent; want %d", left, out.Absent(true), size/page)
	}
	if again.Value != left.Value || c.Count(trace.DiskReadBytes).Value != size {
		t.Errorf("%v pages came again, %v bytes from the disk", again.Value, c.Count(trace.DiskReadBytes).Value)
	}
	told := false
	for _, n := range out.Notes {
		told = told || n.Key == host.NoteReclaimed
	}
	if !told {
		t.Errorf("no note says so: %v", out.Notes)
	}
}
