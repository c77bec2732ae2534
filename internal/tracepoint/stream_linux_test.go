package tracepoint_test

import (
	"fmt"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/tracepoint"
)

// watchDup opens a reader that sees every call of dup(2).
func watchDup(t *testing.T) (*tracepoint.Reader, tracepoint.Field) {
	t.Helper()
	enter := load(t, "raw_syscalls:sys_enter")
	args, err := enter.Field("args")
	if err != nil {
		t.Fatal(err)
	}
	return open(t, 1<<20, tracepoint.Wanted{Event: enter, Filter: fmt.Sprintf("id == %d", dup)}), args
}

// A stream passes each hit once, in the order of time, whatever processor it was
// made on and however often the rings are emptied meanwhile.
func TestAStreamPassesEachHitOnce(t *testing.T) {
	r, args := watchDup(t)
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	const threads, calls = 4, 3000
	done := make(chan bool)
	for n := range threads {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for i := range calls {
				unix.Syscall(dup, uintptr(1_000_000*(n+1)+i), 0, 0) // EBADF
			}
			done <- true
		}()
	}
	next, last := map[int64]int64{}, int64(0)
	take := func(h tracepoint.Hit) {
		if h.At < last {
			t.Fatalf("a hit at %d after one at %d", h.At, last)
		}
		last = h.At
		arg := args.At(h.Raw, 0)
		thread, i := arg/1_000_000, arg%1_000_000
		if thread < 1 || thread > threads {
			return // of somebody else
		}
		if i != next[thread] {
			t.Fatalf("thread %d: call %d came where %d was due", thread, i, next[thread])
		}
		next[thread]++
	}
	for running := threads; running > 0; {
		select {
		case <-done:
			running--
		default:
		}
		if err := r.Stream(false, take); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	if err := r.Stream(true, take); err != nil {
		t.Fatal(err)
	}
	for n := int64(1); n <= threads; n++ {
		if next[n] != calls {
			t.Errorf("thread %d: %d calls, want %d", n, next[n], calls)
		}
	}
}

// Only the hits of the threads that were named are seen, and with FollowForks those
// of what they start.
func TestOnlyThreadsAndWhatTheyStart(t *testing.T) {
	for _, follow := range []bool{false, true} {
		t.Run(fmt.Sprint(follow), func(t *testing.T) {
			enter := load(t, "raw_syscalls:sys_enter")
			r := open(t, 1<<20, tracepoint.Wanted{Event: enter})
			if follow {
				if err := r.FollowForks(); err != nil {
					t.Fatal(err)
				}
			}
			// A shell that waits for a line, and then starts another program.
			c := exec.Command("sh", "-c", "read line; /bin/true; :")
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			gone := 1 << 22 // no thread has this number
			if err := r.OnlyThreads(gone, c.Process.Pid); err != nil {
				t.Fatal(err)
			}
			if err := r.Begin(); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(in, "go")
			if err := c.Wait(); err != nil {
				t.Fatal(err)
			}
			if err := r.End(); err != nil {
				t.Fatal(err)
			}
			seen := map[int32]bool{}
			if err := r.Stream(true, func(h tracepoint.Hit) { seen[h.Thread] = true }); err != nil {
				t.Fatal(err)
			}
			if !seen[int32(c.Process.Pid)] {
				t.Error("nothing of the thread itself")
			}
			if others := len(seen) - 1; follow && others != 1 || !follow && others != 0 {
				t.Errorf("%d other threads were seen: %v", others, seen)
			}
		})
	}
}
