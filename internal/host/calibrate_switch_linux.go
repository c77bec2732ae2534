package host

import (
	"io"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
)

// ModeSwitchCost is one crossing between user and kernel mode, in ns of processor
// time: half of what getppid(2) takes, which does nothing else.
func ModeSwitchCost() (float64, error) {
	const calls = 50_000
	began := threadCPU()
	for range calls {
		unix.Getppid()
	}
	return float64(threadCPU()-began) / (2 * calls), nil
}

// switchRounds is how often a token goes to and fro in one measurement.
const switchRounds = 2_000

// SwitchOptions are those of [SwitchCost].
type SwitchOptions struct {
	// WorkingSet is how many bytes of its own each side reads at each turn.
	WorkingSet int
	// Partner takes the other end of the pipes in the place of a thread: it calls
	// [Partner] with them and the set of processors, and returns what that did.
	Partner func(read, write *os.File, cpu int) (wait func() (trace.Ns, error), err error)
}

// SwitchCost is one change of threads on a processor, in ns of processor time: two
// that are bound to one processor pass a byte to and fro through pipes, less what
// the calls and the reading of the working set take without a switch. It binds
// the calling thread and leaves it so.
func SwitchCost(o SwitchOptions) (float64, error) {
	there, err := newPipe()
	if err != nil {
		return 0, err
	}
	defer there.close()
	back, err := newPipe()
	if err != nil {
		return 0, err
	}
	defer back.close()
	cpu, err := bind()
	if err != nil {
		return 0, err
	}
	mine := make([]byte, o.WorkingSet)
	for i := range mine {
		mine[i] = 1 // a page of its own, not the kernel's page of zeros
	}
	began := threadCPU()
	for range switchRounds {
		if err := pass(there.read, there.write, mine); err != nil {
			return 0, err
		}
	}
	alone := threadCPU() - began
	start := o.Partner
	if start == nil {
		start = partnerThread(o.WorkingSet)
	}
	wait, err := start(there.read, back.write, cpu)
	if err != nil {
		return 0, err
	}
	var theirs trace.Ns
	ended := make(chan error, 1)
	go func() {
		var failed error
		theirs, failed = wait()
		back.write.Close() // a token that does not come back is not waited for
		ended <- failed
	}()
	began = threadCPU()
	for range switchRounds {
		if err = pass(back.read, there.write, mine); err != nil {
			break
		}
	}
	mineToo := threadCPU() - began
	there.write.Close() // after an error nobody else would end the partner
	if failed := <-ended; failed != nil {
		err = failed // which is why the token did not come back
	}
	if err != nil {
		return 0, err
	}
	return max(float64(mineToo+theirs-2*alone)/(2*switchRounds), 0), nil
}

// partnerThread is the partner as a thread of this process.
func partnerThread(workingSet int) func(read, write *os.File, cpu int) (func() (trace.Ns, error), error) {
	return func(read, write *os.File, cpu int) (func() (trace.Ns, error), error) {
		type end struct {
			cpu trace.Ns
			err error
		}
		ended := make(chan end, 1)
		go func() {
			runtime.LockOSThread() // the thread ends with the goroutine, and so does its binding
			cpu, err := Partner(read, write, cpu, workingSet)
			ended <- end{cpu, err}
		}()
		return func() (trace.Ns, error) { e := <-ended; return e.cpu, e.err }, nil
	}
}

// Partner is the other side of [SwitchCost], on a locked thread: it sends each
// byte back and tells the processor time that this took.
func Partner(read, write *os.File, cpu, workingSet int) (trace.Ns, error) {
	var one unix.CPUSet
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return 0, os.NewSyscallError("sched_setaffinity", err)
	}
	theirs := make([]byte, workingSet)
	for i := range theirs {
		theirs[i] = 1
	}
	in, out := int(read.Fd()), int(write.Fd())
	var b [1]byte
	began := threadCPU()
	for range switchRounds {
		n, err := unix.Read(in, b[:])
		if err != nil {
			return 0, os.NewSyscallError("read", err)
		}
		if n == 0 {
			break
		}
		walk(theirs)
		if _, err := unix.Write(out, b[:]); err != nil {
			return 0, os.NewSyscallError("write", err)
		}
	}
	return threadCPU() - began, nil
}

// pass sends the token, waits for it, and reads the working set.
func pass(from, to *os.File, set []byte) error {
	var b [1]byte
	if _, err := unix.Write(int(to.Fd()), b[:]); err != nil {
		return os.NewSyscallError("write", err)
	}
	switch n, err := unix.Read(int(from.Fd()), b[:]); {
	case err != nil:
		return os.NewSyscallError("read", err)
	case n == 0:
		return io.ErrUnexpectedEOF
	}
	walk(set)
	return nil
}

// cacheLine is what a processor fetches at a time, on amd64 and most arm64.
const cacheLine = 64

// walk reads a byte of every cache line.
func walk(set []byte) {
	sum := byte(0)
	for i := 0; i < len(set); i += cacheLine {
		sum += set[i]
	}
	runtime.KeepAlive(sum)
}

// pipeFiles are the blocking ends of a pipe.
type pipeFiles struct{ read, write *os.File }

func newPipe() (p pipeFiles, err error) {
	var fd [2]int
	if err := unix.Pipe2(fd[:], unix.O_CLOEXEC); err != nil {
		return p, os.NewSyscallError("pipe2", err)
	}
	return pipeFiles{os.NewFile(uintptr(fd[0]), "pipe"), os.NewFile(uintptr(fd[1]), "pipe")}, nil
}

func (p pipeFiles) close() {
	p.read.Close()
	p.write.Close()
}

// bind binds the thread to the processor that it runs on.
func bind() (cpu int, err error) {
	var at uint32
	if _, _, errno := unix.Syscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&at)), 0, 0); errno != 0 {
		return 0, os.NewSyscallError("getcpu", errno)
	}
	var one unix.CPUSet
	one.Set(int(at))
	return int(at), os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &one))
}
