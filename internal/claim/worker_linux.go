package claim

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// startOn starts a process on one processor, counted from 1; 0 is any: a child has
// the processors of the thread that made it.
func startOn(cmd *exec.Cmd, cpu int) error {
	if cpu == 0 {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var old unix.CPUSet
	if err := unix.SchedGetaffinity(0, &old); err != nil {
		return os.NewSyscallError("sched_getaffinity", err)
	}
	if err := bindTo(cpu - 1); err != nil {
		return err
	}
	defer func() { _ = unix.SchedSetaffinity(0, &old) }()
	return cmd.Start()
}

// endGently asks a process to end.
func endGently(p *os.Process) error { return p.Signal(unix.SIGTERM) }

// bindTo binds the calling thread to a processor, counted from 0.
func bindTo(cpu int) error {
	var one unix.CPUSet
	one.Set(cpu)
	return os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &one))
}

// processors are those that this process may run on, counted from 0.
func processors() (out []int) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return []int{0}
	}
	for cpu := range 1024 {
		if set.IsSet(cpu) {
			out = append(out, cpu)
		}
	}
	return out
}

// work does what a worker is asked for.
func work(ctx context.Context, kind string, request []byte, progress func(done, total int64)) (any, error) {
	switch kind {
	case "switches":
		return worked(request, func(a asked) (any, error) { return switches(ctx, a, progress) })
	case "crowd":
		return worked(request, func(c crowd) (any, error) { return c.measure() })
	case "partner":
		return worked(request, partner)
	case "neighbour":
		return worked(request, func(a asked) (any, error) { return neighbour(ctx, a, progress) })
	case "chased":
		return worked(request, func(c chased) (any, error) { return c.measure(ctx, progress) })
	case "headroom":
		return worked(request, func(a asked) (any, error) { return headroom(ctx, a, progress) })
	case "leftover":
		return worked(request, func(l leftover) (any, error) { return l.measure(ctx, progress) })
	}
	return nil, fmt.Errorf("there is no measurement %q", kind)
}

func worked[T any](request []byte, f func(T) (any, error)) (any, error) {
	var r T
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	return f(r)
}

// threadCPU is the calling thread's processor time in ns, processCPU the
// process's.
func threadCPU() int64  { return clock(unix.CLOCK_THREAD_CPUTIME_ID) }
func processCPU() int64 { return clock(unix.CLOCK_PROCESS_CPUTIME_ID) }

func clock(id int32) int64 {
	var t unix.Timespec
	if unix.ClockGettime(id, &t) != nil {
		return 0
	}
	return t.Nano()
}

// firstTwo are the processor that is measured and another one, or -1.
func firstTwo() (one, other int) {
	all := processors()
	slices.Sort(all)
	if len(all) == 1 {
		return all[0], -1
	}
	return all[0], all[1]
}
