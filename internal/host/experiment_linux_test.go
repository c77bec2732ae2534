package host_test

import (
	"context"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

const (
	testSize  = 64 << 20
	testChunk = 64 << 10
)

func newSource(t testing.TB, size int64) *host.Source {
	t.Helper()
	s, err := host.NewSource(context.Background(), t.TempDir(), size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func measure(t testing.TB, o host.Options) (*host.Outcome, *trace.Run) {
	t.Helper()
	run := &trace.Run{Path: o.Program.Path, Side: trace.Real, Payload: o.Size, Base: trace.Derived, Watch: host.Watch(o)}
	o.Recorder = run
	out, err := host.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return out, run
}

func TestRunMeasuresEachPath(t *testing.T) {
	src := newSource(t, testSize)
	const chunks = testSize / testChunk
	for path, want := range map[string]struct {
		calls  map[string]int64
		copied float64
	}{
		"read-write": {map[string]int64{"read": chunks, "write": chunks}, 2},
		"mmap-write": {map[string]int64{"mmap": 1, "write": chunks}, 1},
		"sendfile":   {map[string]int64{"sendfile": chunks}, 0},
		"splice":     {map[string]int64{"splice": 2 * chunks}, 0},
	} {
		t.Run(path, func(t *testing.T) {
			p, _ := transfer.Lookup(path)
			out, run := measure(t, host.Options{Program: p, Size: testSize, Chunk: testChunk, Source: src})
			c := run.Counter()
			for _, e := range run.Events {
				c.Add(e)
			}
			if !out.Intact() || out.Sent != testSize {
				t.Errorf("sent %d, received %d, hashes %x and %x", out.Sent, out.Received, out.FileHash, out.ReceivedHash)
			}
			if got := c.SyscallsByName(); len(got) != len(want.calls) {
				t.Errorf("calls %v, want %v", got, want.calls)
			}
			for name, n := range want.calls {
				if got := c.SyscallsByName()[name]; got != n {
					t.Errorf("%s: %d calls, want %d", name, got, n)
				}
			}
			if got := c.Count(trace.CPUCopiesPerByte); got.Value != want.copied || got.Provenance != trace.Derived {
				t.Errorf("CPU copies per byte %+v, want %v derived", got, want.copied)
			}
			if got := c.Count(trace.ReceiverCopiedBytes); got.Value != testSize {
				t.Errorf("receiver copied %v bytes, want %d", got.Value, testSize)
			}
			if got := c.Count(trace.PageFaults); got.Provenance != trace.Measured {
				t.Errorf("page faults %+v, want them measured", got)
			}
			if got := c.Count(trace.BytesSent); got.Value != testSize {
				t.Errorf("bytes sent %v, want %d", got.Value, testSize)
			}
		})
	}
}

// Go's runtime preempts by SIGURG, and a signal ends a blocking transfer early.
// Here every thread gets one again and again.
func TestRunIsDeafToTheRuntimesSignals(t *testing.T) {
	src := newSource(t, testSize)
	stop := make(chan struct{})
	var shots sync.WaitGroup
	shots.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Microsecond):
			}
			threads, err := os.ReadDir("/proc/self/task")
			if err != nil {
				t.Error(err)
				return
			}
			for _, thread := range threads {
				id, _ := strconv.Atoi(thread.Name())
				_ = unix.Tgkill(os.Getpid(), id, unix.SIGURG) // ESRCH: it ended meanwhile
			}
		}
	})
	defer shots.Wait()
	defer close(stop)
	for range 5 {
		for _, path := range []string{"read-write", "sendfile"} {
			p, _ := transfer.Lookup(path)
			out, _ := measure(t, host.Options{Program: p, Size: testSize, Chunk: testSize, Source: src})
			for _, n := range out.Notes {
				if n.Key == host.NoteShort {
					t.Fatalf("%s: %v calls were cut short", path, n.Args["calls"])
				}
			}
		}
	}
}

// Every host shall have the same congestion control where its user may: the
// kernel's default without pacing, else the one that is open to all.
func TestRunSaysWhatIsInForce(t *testing.T) {
	want := ""
	for _, name := range []string{"cubic", "reno"} {
		if mayUse(t, name) {
			want = name
			break
		}
	}
	if want == "" {
		t.Skip("this user may set neither cubic nor reno; load tcp_cubic or run as root")
	}
	inForce := ""
	p, _ := transfer.Lookup("sendfile")
	out, _ := measure(t, host.Options{Program: p, Size: 1 << 20, Chunk: 1 << 16, Source: newSource(t, 1<<20),
		Fault: func(k transfer.Kernel) transfer.Kernel {
			socket := int(k.(interface{ Socket() transfer.FD }).Socket())
			var err error
			if inForce, err = unix.GetsockoptString(socket, unix.IPPROTO_TCP, unix.TCP_CONGESTION); err != nil {
				t.Error(err)
			}
			return k
		}})
	if inForce != want || out.Congestion != want {
		t.Errorf("congestion control %q is in force and %q is reported, want %s", inForce, out.Congestion, want)
	}
	if len(out.Notes) == 0 || out.Notes[0].Key != host.NoteCongestion || out.Notes[0].Args["name"] != want {
		t.Errorf("notes %+v do not begin with the congestion control %s", out.Notes, want)
	}
}

// mayUse says whether this user may set a congestion control.
func mayUse(t *testing.T, congestion string) bool {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	return unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, congestion) == nil
}

// The witness reads the thread's usage less often in long runs; the totals must
// not suffer.
func TestLongRunsAreSampledAndExact(t *testing.T) {
	const size, chunk = 40 << 20, 1 << 10 // 40960 calls: more than records are kept
	p, _ := transfer.Lookup("mmap-write")
	src := newSource(t, size)
	out, run := measure(t, host.Options{Program: p, Size: size, Chunk: chunk, Source: src})
	long := run.CountsAt(len(run.Events))
	_, run = measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src})
	short := run.CountsAt(len(run.Events))

	keys := map[string]bool{}
	for _, n := range out.Notes {
		keys[n.Key] = true
	}
	if !keys[host.NoteSampled] || !keys[host.NotePaused] {
		t.Errorf("notes %+v do not tell of sampling and pauses", out.Notes)
	}
	if got := long.SyscallsByName()["write"]; got != size/chunk {
		t.Errorf("%d writes, want %d", got, size/chunk)
	}
	if got := long.Count(trace.ReceiverCopiedBytes).Value; got != size {
		t.Errorf("the receiver copied %v bytes, want %d", got, size)
	}
	cpu := long.Count(trace.CPUTime).Value
	if sum := float64(out.CPU); cpu < 0.5*sum || cpu > 1.1*sum {
		t.Errorf("the calls used %v ns, the thread %v ns", cpu, sum)
	}
	a, b := long.Count(trace.PageFaults).Value, short.Count(trace.PageFaults).Value
	if a < b || a > b+100 {
		t.Errorf("%v faults with %d byte chunks, %v with larger ones: the same mapping has the same faults", a, chunk, b)
	}
}
