package attach_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/attach"
	"copyscope/internal/trace"
)

// kept makes a trace of the calls of a script, of which so many are kept.
func kept(t *testing.T, most int, script string) (*attach.Recent, *trace.Run) {
	t.Helper()
	var now int64
	recent := attach.NewRecent(most)
	l := attach.NewLedger(descriptors{now: &now, open: opened()})
	l.KeepCalls(recent)
	book(t, l, &now, script)
	got, err := recent.Trace([]attach.Process{{PID: 1, Name: "nginx"}})
	if err != nil {
		t.Fatal(err)
	}
	if got.TotalEvents != len(got.Run.Events) {
		t.Errorf("%d of %d events are kept, want all", len(got.Run.Events), got.TotalEvents)
	}
	return recent, got.Run
}

// spans are the calls of a run, as name(bytes).
func spans(run *trace.Run) (out []string) {
	for _, e := range run.Events {
		if e.Kind == trace.Syscall {
			out = append(out, fmt.Sprintf("%s(%d)", e.Syscall, e.Bytes))
		}
	}
	return out
}

// The newest calls are kept, those before them counted, and the trace says so.
func TestTheNewestCallsAreKept(t *testing.T) {
	script := "read 3 0x10000000 = 1\nread 3 0x10000000 = 2\nwrite 5 0x10000000 = 3\nsendfile 5 3 0 = 4\nread 3 0x10000000 = 5\n"
	for _, c := range []struct {
		most    int
		want    string
		dropped int64
	}{
		{9, "read(1) read(2) write(3) sendfile(4) read(5)", 0},
		{5, "read(1) read(2) write(3) sendfile(4) read(5)", 0},
		{4, "read(2) write(3) sendfile(4) read(5)", 1},
		{2, "sendfile(4) read(5)", 3},
		{1, "read(5)", 4},
		{0, "read(5)", 4}, // there is room for one
	} {
		recent, run := kept(t, c.most, script)
		if got := strings.Join(spans(run), " "); got != c.want || recent.Dropped() != c.dropped || recent.Len() != len(spans(run)) {
			t.Errorf("most %d: %s, %d dropped, %d kept; want %s, %d", c.most, got, recent.Dropped(), recent.Len(), c.want, c.dropped)
		}
		said := slices.ContainsFunc(run.Notes, func(n string) bool {
			return strings.Contains(n, fmt.Sprintf("%d before them were not kept", c.dropped))
		})
		if said != (c.dropped > 0) {
			t.Errorf("most %d: the notes are %q", c.most, run.Notes)
		}
	}
}

// What is kept becomes events by what the descriptors stand for, in the order of time,
// and what calls cannot tell is unavailable.
func TestKeptCallsBecomeEvents(t *testing.T) {
	_, run := kept(t, 100, `
		mmap 0 1048576 1 1 4 = 1879048192
		pread64 3 0x10000000 100 8192 = 4096
		write 5 0x10000000 = 4096
		sendfile 5 3 0 = 8192
		write 5 0x70000000 = 1000
		splice 3 0 8 0 = 4096
		splice 7 0 5 0 = 4096
		sendto 5 0x10000000 = -11
		write 99 0x10000000 = 7
		@2 recvfrom 6 0x20000000 = 300`)
	var got []string
	last := trace.Ns(0)
	for _, e := range run.Events {
		if e.At < last {
			t.Errorf("event %d is before the one before it", e.Seq)
		}
		last = e.At
		if e.Kind == trace.CPUCopy || e.Kind == trace.Descriptor {
			got = append(got, fmt.Sprintf("%s %s: %s > %s %d at %d", e.Syscall, e.Kind, e.From, e.To, e.Bytes, e.Offset))
		}
		if e.Kind == trace.Syscall && e.Syscall == "sendto" && (e.Ret != -1 || e.Errno != "EAGAIN") {
			t.Errorf("sendto returned %d %s", e.Ret, e.Errno)
		}
	}
	want := []string{
		"pread64 cpu-copy: page-cache > user-buffer 4096 at 8192", "write cpu-copy: user-buffer > socket-buffer 4096 at 0",
		"sendfile descriptor: page-cache > socket-buffer 8192 at 0", "write cpu-copy: user-mapping > socket-buffer 1000 at 0",
		"splice descriptor: page-cache > pipe 4096 at 0", "splice descriptor: pipe > socket-buffer 4096 at 0",
		"recvfrom cpu-copy: socket-buffer > user-buffer 300 at 0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the moves are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if want := []string{"nginx 1", "nginx 2"}; !slices.Equal(run.Threads, want) {
		t.Errorf("the threads are %q, want %q", run.Threads, want)
	}
	counts := run.CountsAt(len(run.Events)).Counts()
	if c := counts[trace.DMATransfers]; c.Known() || !strings.Contains(c.Reason, "system calls alone") {
		t.Errorf("DMA transfers: %+v", c)
	}
	// Descriptor 99 was closed before anybody looked: what it was is unknown, and so are the copies.
	if c := counts[trace.CPUCopies]; c.Known() || !strings.Contains(c.Reason, "1 calls moved bytes") {
		t.Errorf("copies: %+v", c)
	}
	if c := counts[trace.Syscalls]; c.Provenance != trace.Measured {
		t.Errorf("calls: %+v", c)
	}
}

// BenchmarkBook is what a call costs who reads: without and with being kept.
func BenchmarkBook(b *testing.B) {
	for _, r := range []*attach.Recent{nil, attach.NewRecent(2500)} {
		b.Run(fmt.Sprintf("kept=%v", r != nil), func(b *testing.B) {
			var now int64
			l := attach.NewLedger(descriptors{now: &now, open: opened()})
			l.KeepCalls(r)
			for b.Loop() {
				now += 1000
				l.Book(attach.Call{Process: 1, Thread: 1, Began: now - 500, At: now, Name: "pread64", Args: [6]uint64{3, 0x10000000, 4096}, Ret: 4096})
				l.Book(attach.Call{Process: 1, Thread: 1, Began: now - 500, At: now, Name: "write", Args: [6]uint64{5, 0x10000000, 4096}, Ret: 4096})
			}
		})
	}
}
