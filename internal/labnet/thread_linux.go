package labnet

import (
	"runtime"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// OnSpareThread runs f on a thread that ends when f returns, so that whatever f did
// to it is gone: the thread is locked and never unlocked, and no other goroutine
// gets it. It is to be called in a goroutine of its own. The process's first thread
// would not end: Go keeps it, and /proc/self/net shows its namespace. If this
// goroutine is on that one, it holds it while f runs on another.
func OnSpareThread(f func()) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer close(done)
		f()
	}()
	<-done
	runtime.UnlockOSThread()
}

// within runs f on a spare thread that is in a namespace.
func within(ns netns.NsHandle, f func() error) error {
	done := make(chan error)
	go OnSpareThread(func() {
		if err := netns.Set(ns); err != nil {
			done <- err
			return
		}
		done <- f()
	})
	return <-done
}

// newNamespace makes a namespace that its descriptor holds.
func newNamespace() (ns netns.NsHandle, err error) {
	done := make(chan struct{})
	go OnSpareThread(func() {
		defer close(done)
		ns, err = netns.New()
	})
	<-done
	if err != nil {
		ns = netns.None()
	}
	return ns, err
}
