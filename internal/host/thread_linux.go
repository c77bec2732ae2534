package host

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// deafTo are the signals that a measuring thread does not take: SIGURG, by
// which Go's runtime preempts, and those that a terminal or another process
// sends. Each would end a blocking transfer early; other threads take them.
// Faults (SIGBUS, SIGSEGV) must stay open: a blocked fault ends the process.
var deafTo = []unix.Signal{unix.SIGURG, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGCHLD,
	unix.SIGWINCH, unix.SIGALRM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGPROF, unix.SIGIO, unix.SIGCONT}

// lockThread binds the goroutine to its thread and makes that deaf to signals
// until the returned function is called from the same goroutine.
func lockThread() (unlock func(), err error) {
	runtime.LockOSThread()
	var block, old unix.Sigset_t
	word := int(unsafe.Sizeof(block.Val[0])) * 8
	for _, s := range deafTo {
		block.Val[(int(s)-1)/word] |= 1 << ((int(s) - 1) % word)
	}
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &block, &old); err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	return func() {
		if unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil) == nil {
			runtime.UnlockOSThread()
		} // else the thread ends with its goroutine
	}, nil
}
