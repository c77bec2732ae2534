package copysample_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/copysample"
)

// begin samples the calling thread. Where this user may not, the test is skipped, with
// the reason; CI runs as root.
func begin(t *testing.T, o copysample.Options) *copysample.Sampler {
	t.Helper()
	s, err := copysample.Begin(o)
	if err != nil {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: %v; run it as root", err)
	}
	return s
}

func sampled(t *testing.T, o copysample.Options, f func()) copysample.Figures {
	t.Helper()
	s := begin(t, o)
	before := threadCPU()
	f()
	used := threadCPU() - before
	figures, err := s.End()
	if err != nil {
		t.Fatal(err)
	}
	if figures.Lost != 0 || figures.All.CPU != figures.All.Samples*figures.Every {
		t.Errorf("%+v: lost some, or samples stand for other times", figures)
	}
	if told := time.Duration(figures.All.CPU); len(o.Threads) == 1 && (told < used*7/10 || told > used*13/10) {
		t.Errorf("the samples stand for %v, the thread used %v", told, used)
	}
	return figures
}

func threadCPU() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano())
}

// file has so many bytes, in the page cache.
func file(t *testing.T, size int) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// Reading a file is copying to user memory for the most part, and nothing else; and a
// thread that computes copies nothing.
func TestReadingIsCopyingToUser(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f, buf := file(t, 8<<20), make([]byte, 1<<20)
	own := copysample.Options{Threads: []int{unix.Gettid()}}
	got := sampled(t, own, func() {
		for until := threadCPU() + 300*time.Millisecond; threadCPU() < until; {
			for off := int64(0); off < 8<<20; off += 1 << 20 {
				if _, err := unix.Pread(int(f.Fd()), buf, off); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	if got.ToUser.Samples*2 < got.Kernel.Samples || got.Copies != got.ToUser || got.Receiver.Samples != 0 {
		t.Errorf("%+v, want most of them copies to user memory and no others", got)
	}
	got = sampled(t, own, func() {
		for until := threadCPU() + 100*time.Millisecond; threadCPU() < until; {
		}
	})
	if got.All.Samples < 50 || got.Copies.Samples != 0 || got.Kernel.Samples > got.All.Samples {
		t.Errorf("%+v of a thread that computes", got)
	}
}

// quick keeps a connection from pacing, as bbr does over loopback.
func quick(t *testing.T, c net.Conn) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) {
		if err := unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic"); err != nil {
			t.Logf("cubic: %v", err)
		}
	})
}

// What one thread of a process sends is its copy, what another receives the receiver's:
// a process is sampled with all its threads, and those that it begins.
func TestSendingAndReceivingApart(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := sampled(t, copysample.Options{Process: os.Getpid()}, func() {
		received := make(chan int64)
		go func() {
			runtime.LockOSThread() // ends with it
			var n int64
			defer func() { received <- n }()
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			for buf := make([]byte, 1<<20); ; {
				m, err := c.Read(buf)
				n += int64(m)
				if err != nil {
					return
				}
			}
		}()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		quick(t, c)
		buf := make([]byte, 1<<20)
		for range 1024 {
			if _, err := c.Write(buf); err != nil {
				t.Error(err)
			}
		}
		c.Close()
		if n := <-received; n != 1024<<20 {
			t.Errorf("%d bytes received", n)
		}
	})
	if got.FromUser.Samples < 10 || got.Receiver.Samples < 10 || got.ToUser.Samples*10 > got.Receiver.Samples {
		t.Errorf("%+v, want copies from user memory and the receiver's, and hardly others", got)
	}
}

// Threads that a process begins while it is sampled are sampled too.
func TestNewThreadsAreSampled(t *testing.T) {
	s := begin(t, copysample.Options{Process: os.Getpid()})
	const threads, each = 40, 10 * time.Millisecond
	var all, done sync.WaitGroup
	all.Add(threads)
	for range threads { // more than there were
		done.Go(func() {
			runtime.LockOSThread() // and ends with it
			all.Done()
			all.Wait()
			for until := threadCPU() + each; threadCPU() < until; {
			}
		})
	}
	done.Wait()
	got, err := s.End()
	if err != nil || got.All.CPU < int64(threads*each)*7/10 {
		t.Errorf("%v, the samples stand for %v, want %v", err, time.Duration(got.All.CPU), threads*each)
	}
}

// A process or thread that is gone is an error that says so.
func TestWhoIsGone(t *testing.T) {
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	begin(t, copysample.Options{Process: os.Getpid()}).End() // or skip
	for _, o := range []copysample.Options{{Process: child.Process.Pid}, {Threads: []int{child.Process.Pid}}} {
		if _, err := copysample.Begin(o); !errors.Is(err, unix.ESRCH) || !strings.Contains(err.Error(), "gone") {
			t.Errorf("%+v: %v, want ESRCH", o, err)
		}
	}
}
