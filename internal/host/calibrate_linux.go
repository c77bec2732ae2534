package host

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
	"unsafe"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
)

// ProcessorName is the processor's model, or empty.
func ProcessorName() string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return ""
	}
	cpus, err := fs.CPUInfo()
	if err != nil || len(cpus) == 0 {
		return ""
	}
	return cpus[0].ModelName
}

// costRounds is how often each cost is measured; the medians count.
const costRounds = 7

// MeasureCosts measures them, the disk and the faults on a source of 1 MiB or
// more.
func MeasureCosts(ctx context.Context, src *Source) (c Costs, err error) {
	for _, m := range []struct {
		what    string
		measure func() (trace.Ns, error)
		into    *trace.Ns
	}{
		{"mode switch", modeSwitch, &c.ModeSwitch},
		{"context switch", contextSwitch, &c.ContextSwitch},
		{"page fault", func() (trace.Ns, error) { return minorFault(src) }, &c.Fault},
	} {
		var rounds []trace.Ns
		for range costRounds {
			if ctx.Err() != nil {
				return c, context.Cause(ctx)
			}
			n, err := apartly(m.measure)
			if err != nil {
				return c, fmt.Errorf("calibrate the %s: %w", m.what, err)
			}
			rounds = append(rounds, n)
		}
		slices.Sort(rounds)
		*m.into = rounds[len(rounds)/2]
	}
	if c.DiskLatency, c.DiskRate, err = disk(src); err != nil {
		c.NoDisk = err.Error()
	}
	return c, nil
}

// apartly runs f on a thread of its own, which ends with it: whatever f did to
// the thread is gone.
func apartly[T any](f func() (T, error)) (out T, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		out, err = f()
	}()
	<-done
	return out, err
}

func modeSwitch() (trace.Ns, error) {
	const calls = 50_000
	began := threadCPU()
	for range calls {
		unix.Getppid()
	}
	return (threadCPU() - began) / (2 * calls), nil
}

// contextSwitch binds itself and a partner to one processor.
func contextSwitch() (trace.Ns, error) {
	const rounds = 5_000
	var there, back [2]int
	if err := unix.Pipe2(there[:], unix.O_CLOEXEC); err != nil {
		return 0, os.NewSyscallError("pipe2", err)
	}
	defer unix.Close(there[0])
	defer unix.Close(there[1])
	if err := unix.Pipe2(back[:], unix.O_CLOEXEC); err != nil {
		return 0, os.NewSyscallError("pipe2", err)
	}
	defer unix.Close(back[0])
	defer unix.Close(back[1])
	one, err := bind()
	if err != nil {
		return 0, err
	}
	var b [1]byte
	pass := func(from, to int) error {
		if _, err := unix.Write(to, b[:]); err != nil {
			return os.NewSyscallError("write", err)
		}
		_, err := unix.Read(from, b[:])
		return os.NewSyscallError("read", err)
	}
	began := time.Now()
	for range rounds {
		if err := pass(there[0], there[1]); err != nil {
			return 0, err
		}
	}
	alone := time.Since(began)
	partner := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine, and so does its binding
		var b [1]byte
		err := unix.SchedSetaffinity(0, &one)
		for i := 0; i < rounds && err == nil; i++ {
			if _, err = unix.Read(there[0], b[:]); err == nil {
				_, err = unix.Write(back[1], b[:])
			}
		}
		partner <- err
	}()
	began = time.Now()
	for range rounds {
		if err := pass(back[0], there[1]); err != nil {
			return 0, err
		}
	}
	both := time.Since(began)
	if err := <-partner; err != nil {
		return 0, os.NewSyscallError("the other end of the pipes", err)
	}
	return max(trace.Ns(both-2*alone)/(2*rounds), 0), nil
}

// bind binds the thread to the processor that it runs on.
func bind() (one unix.CPUSet, err error) {
	var cpu uint32
	if _, _, errno := unix.Syscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); errno != 0 {
		return one, os.NewSyscallError("getcpu", errno)
	}
	one.Set(int(cpu))
	return one, os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &one))
}

// minorFault touches every page of a fresh mapping.
func minorFault(src *Source) (trace.Ns, error) {
	b, err := unix.Mmap(int(src.file.Fd()), 0, int(src.size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return 0, os.NewSyscallError("mmap", err)
	}
	defer func() { _ = unix.Munmap(b) }()
	m := openMeter()
	defer m.close()
	before, sum := m.read(), byte(0)
	for i := 0; i < len(b); i += os.Getpagesize() {
		sum += b[i]
	}
	used := m.read().minus(before)
	runtime.KeepAlive(sum)
	return used.cpu / trace.Ns(max(used.minorFaults, 1)), nil
}

// disk reads the source past the page cache: single pages far from each other,
// then large pieces one after the other.
func disk(src *Source) (latency trace.Ns, rate int64, err error) {
	if err := src.file.Sync(); err != nil {
		return 0, 0, err
	}
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", src.file.Fd()), unix.O_RDONLY|unix.O_DIRECT|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, 0, fmt.Errorf("open with O_DIRECT: %w", err)
	}
	defer unix.Close(fd)
	const small, large = 4 << 10, 1 << 20
	b, err := unix.Mmap(-1, 0, large, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS) // aligned
	if err != nil {
		return 0, 0, os.NewSyscallError("mmap", err)
	}
	defer func() { _ = unix.Munmap(b) }()
	pieces := src.size / large
	timed := func(n int, at func(i int64) int64) (time.Duration, error) {
		var times []time.Duration
		for i := range min(pieces, 64) {
			began := time.Now()
			if _, err := unix.Pread(fd, b[:n], at(i)); err != nil {
				return 0, fmt.Errorf("read with O_DIRECT: %w", err)
			}
			times = append(times, time.Since(began))
		}
		if len(times) == 0 {
			return 0, fmt.Errorf("the file has %d bytes; %d or more are needed", src.size, large)
		}
		slices.Sort(times)
		return times[len(times)/2], nil
	}
	// 37 is prime: every piece once, none after its neighbour.
	short, err := timed(small, func(i int64) int64 { return i * 37 % pieces * large })
	if err != nil {
		return 0, 0, err
	}
	long, err := timed(large, func(i int64) int64 { return i * large })
	if err != nil {
		return 0, 0, err
	}
	return trace.Ns(short), int64(float64(large-small) / max(long-short, time.Microsecond).Seconds()), nil
}
