package claim

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// crowd is so many connections, each a pair of sockets, whose far ends are served
// by a thread each or by one thread with epoll(7). A driver sends a byte to some of
// them at a time and waits for the answers. All threads share one processor.
//
// It runs in a process of its own, whose threads make raw calls: a thread that
// waits keeps its place in Go's scheduler, so that the switches are the kernel's
// alone. That needs as many places as threads (GOMAXPROCS), and neither collector
// nor preemption.
type crowd struct {
	Connections int
	Epoll       bool
	CPU         int
	Rounds      int
	Requests    int // in a round
}

// crowdRound is one round, by request.
type crowdRound struct {
	// CPU is the processor time of all threads in ns, Switches how often the
	// scheduler changed threads.
	CPU, Switches float64
	// Syscalls were made by both sides.
	Syscalls float64
}

// together is how many connections have a byte to answer at a time.
const together = 64

// crowdEnv is the environment of a process of so many threads.
func crowdEnv(threads int) []string {
	return []string{"GOMAXPROCS=" + strconv.Itoa(threads+8), "GOGC=off", "GODEBUG=asyncpreemptoff=1"}
}

func (c crowd) measure() (out []crowdRound, err error) {
	debug.SetMaxThreads(c.Connections + 1000)
	pairs := make([][2]int, c.Connections)
	for i := range pairs {
		if pairs[i], err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return nil, fmt.Errorf("connection %d of %d: %w", i+1, c.Connections, os.NewSyscallError("socketpair", err))
		}
	}
	servers := make(chan error, c.Connections)
	ready := make(chan struct{}, c.Connections)
	n := c.Connections
	if c.Epoll {
		n = 1
		go func() { servers <- onProcessor(c.CPU, ready, func() error { return serveAll(pairs) }) }()
	} else {
		for _, p := range pairs {
			go func() { servers <- onProcessor(c.CPU, ready, func() error { return serveOne(p[1]) }) }()
		}
	}
	for range n {
		select {
		case <-ready:
		case err := <-servers:
			return nil, err
		case <-time.After(20 * time.Second):
			return nil, fmt.Errorf("the threads of %d connections did not begin within 20 s", c.Connections)
		}
	}
	drove := make(chan error, 1)
	go func() {
		drove <- onProcessor(c.CPU, nil, func() (err error) {
			out, err = c.drive(pairs)
			return err
		})
	}()
	return out, <-drove // the process ends, and its threads with it
}

// onProcessor runs f on a thread of its own that is bound to a processor.
func onProcessor(cpu int, ready chan<- struct{}, f func() error) error {
	runtime.LockOSThread()
	if err := bindTo(cpu); err != nil {
		return err
	}
	if ready != nil {
		ready <- struct{}{}
	}
	return f()
}

// drive sends and waits in rounds, the first of which is not told: it brings in
// what is used for the first time.
func (c crowd) drive(pairs [][2]int) (out []crowdRound, err error) {
	at := 0
	batch := min(together, len(pairs))
	for round := range c.Rounds + 1 {
		before, cpu := switchesSoFar(), processCPU()
		sent := 0
		for sent < c.Requests {
			for i := range batch {
				if err := rawByte(unix.SYS_WRITE, pairs[(at+i)%len(pairs)][0]); err != nil {
					return nil, err
				}
			}
			for i := range batch {
				if err := rawByte(unix.SYS_READ, pairs[(at+i)%len(pairs)][0]); err != nil {
					return nil, err
				}
			}
			at, sent = (at+batch)%len(pairs), sent+batch
		}
		r := crowdRound{CPU: float64(processCPU()-cpu) / float64(sent), Switches: float64(switchesSoFar()-before) / float64(sent), Syscalls: 4}
		if c.Epoll {
			r.Syscalls += float64(epollWaits.Swap(0)) / float64(sent)
		}
		if round > 0 {
			out = append(out, r)
		}
	}
	return out, nil
}

// rawByte reads or writes a byte; 0 bytes are the other end's leave.
func rawByte(call uintptr, fd int) error {
	for {
		n, errno := rawIO(call, fd)
		switch {
		case errno == unix.EINTR || errno == unix.EAGAIN:
		case errno != 0:
			return os.NewSyscallError("a byte of a connection", errno)
		case n == 0:
			return os.ErrClosed
		default:
			return nil
		}
	}
}

// serveOne answers the bytes of one connection.
func serveOne(fd int) error {
	for {
		if err := rawByte(unix.SYS_READ, fd); err != nil {
			return err
		}
		if err := rawByte(unix.SYS_WRITE, fd); err != nil {
			return err
		}
	}
}

// switchesSoFar are the context switches of all threads of the process, those that
// have ended included (getrusage(2), RUSAGE_SELF).
func switchesSoFar() int64 {
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return r.Nvcsw + r.Nivcsw
}

// possible is how many connections this process can have, and threads, with what
// bounds each.
func possible() (connections int, bound string, threads int, threadBound string) {
	var files unix.Rlimit
	connections, bound = 1<<20, ""
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &files) == nil {
		// The worker itself has a few, and so has Go.
		connections, bound = max(int(min(files.Max, 1<<21))-64, 2)/2, fmt.Sprintf("ulimit -n %d", files.Max)
	}
	threads, threadBound = 1<<20, ""
	lower := func(n int, why string) {
		if n < threads {
			threads, threadBound = n, why
		}
	}
	const spare = 200 // other threads of this user
	var procs unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NPROC, &procs) == nil && os.Geteuid() != 0 && procs.Max < 1<<30 {
		lower(int(procs.Max)-spare, fmt.Sprintf("ulimit -u %d", procs.Max))
	}
	for _, name := range []string{"/proc/sys/kernel/threads-max", "/proc/sys/kernel/pid_max"} {
		if n, ok := numberIn(name); ok {
			lower(n-spare, fmt.Sprintf("%s %d", name, n))
		}
	}
	if most, ok := numberIn("/sys/fs/cgroup/pids.max"); ok {
		used, _ := numberIn("/sys/fs/cgroup/pids.current")
		lower(most-used-spare, fmt.Sprintf("pids.max %d", most))
	}
	// A thread takes about 100 KiB: the kernel's stack, Go's two, its place in the
	// scheduler. Half of the memory that is free is not taken.
	if free, ok := availableMemory(); ok {
		lower(int(free/2/(100<<10)), fmt.Sprintf("%d MiB of free memory", free>>20))
	}
	return connections, bound, max(threads, 1), threadBound
}

func numberIn(name string) (int, bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return n, err == nil
}
