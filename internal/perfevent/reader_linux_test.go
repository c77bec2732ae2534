package perfevent_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/perfevent"
	"copyscope/internal/tracepoint"
)

// open opens events. Where this user may not, the test is skipped, with the reason; CI
// runs as root.
func open(t *testing.T, o perfevent.Options) *perfevent.Reader {
	t.Helper()
	if o.RingBytes == 0 {
		o.RingBytes = 1 << 20
	}
	r, err := perfevent.Open(o)
	if err != nil {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: %v; run it as root", err)
	}
	t.Cleanup(r.Close)
	return r
}

func begin(t *testing.T, r *perfevent.Reader) {
	t.Helper()
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
}

// rest ends a reader and returns what it has, which must be in order.
func rest(t *testing.T, r *perfevent.Reader) []perfevent.Record {
	t.Helper()
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	out := r.Read()
	for i := 1; i < len(out); i++ {
		if out[i].At < out[i-1].At {
			t.Fatalf("a record at %d after %d", out[i].At, out[i-1].At)
		}
	}
	return out
}

// burn uses processor time of the calling thread.
func burn(d time.Duration) (sum uint64) {
	for until := threadCPU() + d; threadCPU() < until; {
		for i := range uint64(10_000) {
			sum += i * i
		}
	}
	return sum
}

func threadCPU() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano())
}

func monotonic() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano()
}

// A thread's samples stand for the processor time that it used, and lie within the time
// in which it did; what another thread used is not among them.
func TestTheClockTellsAThreadsTime(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := open(t, perfevent.Options{Threads: []int{unix.Gettid()}, Events: []perfevent.Event{perfevent.CPUClock(time.Millisecond, perfevent.KernelChain|perfevent.UserChain)}})
	other := make(chan uint64)
	begin(t, r)
	before, cpu := monotonic(), threadCPU()
	go func() { other <- burn(100 * time.Millisecond) }()
	burn(200 * time.Millisecond)
	used, after := threadCPU()-cpu, monotonic()
	got := rest(t, r)
	<-other
	var told time.Duration
	inUser := 0
	for _, s := range got {
		told += time.Duration(s.Period)
		if int(s.TID) != unix.Gettid() || int(s.PID) != os.Getpid() {
			t.Fatalf("a sample of thread %d of process %d, want %d of %d", s.TID, s.PID, unix.Gettid(), os.Getpid())
		}
		if s.At < before || s.At > after+int64(time.Millisecond) {
			t.Errorf("a sample at %d, want from %d to %d", s.At, before, after)
		}
		if len(s.User) > 1 {
			inUser++
		}
	}
	if told < used*7/10 || told > used*13/10 {
		t.Errorf("%d samples stand for %v, the thread used %v", len(got), told, used)
	}
	if inUser < len(got)/2 {
		t.Errorf("of %d samples %d have a chain of user code", len(got), inUser)
	}
	if r.Lost() != 0 {
		t.Errorf("%d lost", r.Lost())
	}
}

// calls are the events of dup(2), the end of it with call chains, and the field of the
// result.
func calls(t *testing.T) (events []perfevent.Event, ret tracepoint.Field) {
	t.Helper()
	points, err := tracepoint.LoadAll("raw_syscalls:sys_enter", "raw_syscalls:sys_exit")
	if err != nil {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: %v; run it as root", err)
	}
	exit := points["raw_syscalls:sys_exit"]
	if ret, err = exit.Field("ret"); err != nil {
		t.Fatal(err)
	}
	filter := fmt.Sprintf("id == %d", unix.SYS_DUP)
	return []perfevent.Event{
		perfevent.Tracepoint("raw_syscalls:sys_enter", points["raw_syscalls:sys_enter"].ID, filter, 0),
		perfevent.Tracepoint("raw_syscalls:sys_exit", exit.ID, filter, perfevent.UserChain),
	}, ret
}

// Every call that the filter lets through is seen once, at its entry and its return,
// with its result, by events that share a ring and have different data.
func TestEveryHitOfATracepointIsSeen(t *testing.T) {
	events, ret := calls(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := open(t, perfevent.Options{Threads: []int{unix.Gettid()}, Events: events})
	begin(t, r)
	const n = 100
	for range n {
		_, _ = unix.Dup(-1)
		_ = unix.Getpid()
	}
	var seen [2]int
	for i, s := range rest(t, r) {
		if s.Event != i%2 {
			t.Fatalf("record %d is of event %d, want entries and returns by turns", i, s.Event)
		}
		seen[s.Event]++
		if s.Event == 0 {
			if len(s.User) > 0 {
				t.Errorf("an entry has a chain %x, and was not to", s.User)
			}
			continue
		}
		if got := ret.Int(s.Raw); got != -int64(unix.EBADF) {
			t.Errorf("dup(-1) returned %d", got)
		}
		if !called(s.User, "TestEveryHitOfATracepointIsSeen") || len(s.Kernel) > 0 {
			t.Errorf("the chain of user code is %x, of the kernel's %x; want this test in the first, and no second", s.User, s.Kernel)
		}
	}
	if seen != [2]int{n, n} || r.Lost() != 0 {
		t.Errorf("%v seen and %d lost of %d calls", seen, r.Lost(), n)
	}
}

// called says whether a function of this program is in a call chain of it.
func called(chain []uint64, name string) bool {
	for _, pc := range chain {
		if f := runtime.FuncForPC(uintptr(pc)); f != nil && strings.HasSuffix(f.Name(), name) {
			return true
		}
	}
	return false
}

// What finds no room is counted, so that seen and lost are all.
func TestLostRecordsAreCounted(t *testing.T) {
	events, _ := calls(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := open(t, perfevent.Options{Threads: []int{unix.Gettid()}, Events: events[:1], RingBytes: os.Getpagesize()})
	begin(t, r)
	const n = 1000
	for range n {
		_, _ = unix.Dup(-1)
	}
	seen := len(rest(t, r))
	if seen == 0 || r.Lost() == 0 || int64(seen)+r.Lost() != n {
		t.Errorf("%d seen and %d lost of %d calls", seen, r.Lost(), n)
	}
}

// A ring that is emptied in time is used again and again, over its end too, and tells
// each call once, in order; what has just come is told first.
func TestARingIsUsedAgain(t *testing.T) {
	events, ret := calls(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	arrived := 0
	r := open(t, perfevent.Options{Threads: []int{unix.Gettid()}, Events: events, RingBytes: os.Getpagesize(), Arrived: func(fresh []perfevent.Record) { arrived += len(fresh) }})
	begin(t, r)
	const rounds, each = 200, 7 // some 2 KB
	var got []perfevent.Record
	for round := range rounds {
		for range each {
			_, _ = unix.Dup(-1)
		}
		got = append(got, r.Read()...)
		if arrived != 2*each*(round+1) {
			t.Fatalf("%d records had come after round %d, want %d", arrived, round, 2*each*(round+1))
		}
	}
	got = append(got, rest(t, r)...)
	if len(got) != 2*each*rounds || r.Lost() != 0 {
		t.Errorf("%d records and %d lost, want %d", len(got), r.Lost(), 2*each*rounds)
	}
	for i, s := range got {
		if s.Event != i%2 || i > 0 && s.At < got[i-1].At || s.Event == 1 && ret.Int(s.Raw) != -int64(unix.EBADF) {
			t.Fatalf("record %d is of event %d at %d with result %d", i, s.Event, s.At, ret.Int(s.Raw))
		}
	}
}

// Events go on to threads that begin later, and to child processes if that is asked
// for; a program that such a process begins is told.
func TestEventsGoOn(t *testing.T) {
	for _, c := range []struct {
		inherit  perfevent.Inherit
		children bool
	}{{perfevent.NewThreads, false}, {perfevent.NewProcesses, true}} {
		t.Run(fmt.Sprint(c.inherit), func(t *testing.T) {
			events, _ := calls(t)
			r := open(t, perfevent.Options{Threads: threads(t), Inherit: c.inherit, Events: events})
			begin(t, r)
			thread := make(chan int32)
			go func() {
				runtime.LockOSThread() // and ends with it, so it is a new one or will be replaced by one
				_, _ = unix.Dup(-1)
				thread <- int32(unix.Gettid())
			}()
			id := <-thread
			child := exec.Command("sh", "-c", "exec 5>&1 6>&5; true")
			if err := child.Run(); err != nil {
				t.Fatal(err)
			}
			inThread, exec := false, false
			for _, s := range rest(t, r) {
				inThread = inThread || s.TID == id && !s.Exec
				exec = exec || s.Exec && int(s.PID) == child.Process.Pid
				if !c.children && int(s.PID) != os.Getpid() {
					t.Errorf("a record of process %d", s.PID)
				}
			}
			if !inThread || exec != c.children {
				t.Errorf("seen in a new thread: %t, a child's program: %t, want true, %t", inThread, exec, c.children)
			}
		})
	}
}

func threads(t *testing.T) (out []int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscan(e.Name(), &n); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// A thread that is gone is an error that says so, unless others are there.
func TestAThreadThatIsGone(t *testing.T) {
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	gone := child.Process.Pid
	clock := []perfevent.Event{perfevent.CPUClock(time.Millisecond, 0)}
	open(t, perfevent.Options{Threads: []int{unix.Gettid()}, Events: clock}) // or skip
	_, err := perfevent.Open(perfevent.Options{Threads: []int{gone}, Events: clock, RingBytes: 4096})
	if !errors.Is(err, unix.ESRCH) || !strings.Contains(err.Error(), fmt.Sprint(gone)) {
		t.Errorf("%v, want ESRCH and the thread's number", err)
	}
	r := open(t, perfevent.Options{Threads: []int{gone, unix.Gettid()}, Events: clock})
	if len(r.Gone()) != 1 || r.Gone()[0] != gone {
		t.Errorf("gone are %v, want %d", r.Gone(), gone)
	}
}

// asNobody makes the test binary a process without privileges.
const asNobody = "COPYSCOPE_TEST_PERF_AS_NOBODY"

// A user who may not is told the kernel's setting, and the command that lets them.
func TestAUserWhoMayNotIsToldWhy(t *testing.T) {
	if os.Getenv(asNobody) != "" {
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(65534), syscall.Setuid(65534)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err := perfevent.Open(perfevent.Options{Threads: []int{os.Getppid()}, RingBytes: 4096, Events: []perfevent.Event{perfevent.CPUClock(time.Millisecond, perfevent.KernelChain)}})
		fmt.Println(errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM), err)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root becomes another user; run it as root")
	}
	child := exec.Command(os.Args[0], "-test.run", "^TestAUserWhoMayNotIsToldWhy$", "-test.v")
	child.Env = append(os.Environ(), asNobody+"=1")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"true perf_event_open(2)", "as user 65534", "kernel.perf_event_paranoid=", "sudo sysctl -w kernel.perf_event_paranoid=1"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
