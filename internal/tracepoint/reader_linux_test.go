package tracepoint_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/tracepoint"
)

// load is a tracepoint. Where this user may not read it the test is skipped, with
// the reason; CI runs as root.
func load(t *testing.T, name string) *tracepoint.Event {
	t.Helper()
	events, err := tracepoint.LoadAll(name)
	if err != nil {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: %v; run it as root", err)
	}
	return events[name]
}

func open(t *testing.T, bytes int, events ...tracepoint.Wanted) *tracepoint.Reader {
	t.Helper()
	r, err := tracepoint.Open(bytes, events...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// hits are those of the calling thread.
func hits(t *testing.T, r *tracepoint.Reader) (own []tracepoint.Hit) {
	t.Helper()
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	all, err := r.Hits()
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for _, h := range all {
		if h.At < last {
			t.Fatalf("a hit at %d after %d", h.At, last)
		}
		last = h.At
		if h.Thread == int32(unix.Gettid()) {
			own = append(own, h)
		}
	}
	return own
}

const dup = unix.SYS_DUP

// Every call is seen, with its number and arguments, in the order in which they
// were made, and when.
func TestEveryHitIsSeen(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	enter, exit := load(t, "raw_syscalls:sys_enter"), load(t, "raw_syscalls:sys_exit")
	args, err := enter.Field("args")
	if err != nil {
		t.Fatal(err)
	}
	ret, err := exit.Field("ret")
	if err != nil {
		t.Fatal(err)
	}
	filter := fmt.Sprintf("id == %d", dup)
	r := open(t, 1<<20, tracepoint.Wanted{Event: enter, Filter: filter}, tracepoint.Wanted{Event: exit, Filter: filter})
	before := monotonic()
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	const calls = 5000
	for i := range calls {
		unix.Syscall(dup, uintptr(1_000_000+i), 0, 0) // EBADF
		if i%1000 == 0 {
			if err := r.Collect(); err != nil {
				t.Fatal(err)
			}
		}
	}
	after := monotonic()
	entered, returned := 0, 0
	for _, h := range hits(t, r) {
		if h.At < before || h.At > after {
			t.Fatalf("a hit at %d, the run was from %d to %d", h.At, before, after)
		}
		switch uint64(h.ID) {
		case enter.ID:
			if got := args.At(h.Raw, 0); got != int64(1_000_000+entered) {
				t.Fatalf("call %d has argument %d", entered, got)
			}
			entered++
		case exit.ID:
			if got := ret.Int(h.Raw); got != -int64(unix.EBADF) {
				t.Fatalf("call %d returned %d", returned, got)
			}
			returned++
		}
	}
	if lost, err := r.Lost(); err != nil || entered != calls || returned != calls || lost != 0 {
		t.Errorf("%d calls, %d returns, %d lost, %v; want %d of each", entered, returned, lost, err, calls)
	}
}

func monotonic() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano()
}

// What finds no room in the ring is counted.
func TestLostHitsAreCounted(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	enter := load(t, "raw_syscalls:sys_enter")
	r := open(t, 1, tracepoint.Wanted{Event: enter, Filter: fmt.Sprintf("id == %d", dup)})
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	const calls = 5000
	for range calls {
		unix.Syscall(dup, 1_000_000, 0, 0)
	}
	n := int64(len(hits(t, r)))
	if lost, err := r.Lost(); err != nil || n == 0 || lost == 0 || n+lost != calls {
		t.Errorf("%d hits and %d lost, %v, want %d in all", n, lost, err, calls)
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	enter := load(t, "raw_syscalls:sys_enter") // or nothing can be asked for
	for _, name := range []string{"net", "net:no_such_event", "../x:y"} {
		if _, err := tracepoint.LoadAll(name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that names it", name, err)
		}
	}
	if _, err := enter.Field("nothing"); err == nil {
		t.Error("a field that is none")
	}
	if _, err := tracepoint.Open(4096, tracepoint.Wanted{Event: enter, Filter: "nothing == 1"}); err == nil || !strings.Contains(err.Error(), "nothing == 1") {
		t.Errorf("a filter of a field that is none: %v", err)
	}
}
