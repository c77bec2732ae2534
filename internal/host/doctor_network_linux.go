package host

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// inNewNetwork runs f on a thread in a network namespace of its own. The
// thread ends with the goroutine, and the namespace with the thread.
func inNewNetwork(f func() finding) finding {
	found := make(chan finding)
	go onSpareThread(func() {
		err := unix.Unshare(unix.CLONE_NEWNET)
		switch {
		case err == nil:
			found <- f()
		case errors.Is(err, unix.EPERM):
			found <- missing("unshare(CLONE_NEWNET) needs CAP_SYS_ADMIN: "+err.Error(), "sudo copyscope doctor")
		default:
			found <- notHere("unshare(CLONE_NEWNET): " + err.Error())
		}
	})
	return <-found
}

// onSpareThread runs f on a thread that ends when f returns: it is locked and
// never unlocked, so that no other goroutine gets it. The process's first
// thread would not end: Go keeps it, and /proc/self/net shows its namespace. If
// this goroutine is on that one, it holds it while f runs on another.
func onSpareThread(f func()) {
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

func tryNamespaces(context.Context) finding {
	return inNewNetwork(func() finding { return active("a network namespace was made and left") })
}

// ethtoolValue is struct ethtool_value, include/uapi/linux/ethtool.h.
type ethtoolValue struct{ command, data uint32 }

// tryEthtool switches an offload of the loopback device in a namespace of its
// own, where nobody notices.
func tryEthtool(context.Context) finding {
	f := inNewNetwork(func() finding {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return missing("socket: "+err.Error(), "")
		}
		defer unix.Close(fd)
		const getGSO, setGSO = unix.ETHTOOL_GGSO, unix.ETHTOOL_SGSO
		if _, err := ethtool(fd, "lo", ethtoolValue{setGSO, 0}); err != nil {
			return notHere("ethtool cannot switch segmentation offload of lo: " + err.Error())
		}
		if v, err := ethtool(fd, "lo", ethtoolValue{getGSO, 0}); err != nil || v != 0 {
			return notHere(fmt.Sprintf("ethtool switched segmentation offload of lo off, but reads %d (%v)", v, err))
		}
		return active("segmentation offload of a namespace's lo was switched off")
	})
	if f.status != Active && f.status != NotHere {
		f.why = "needs a network namespace to try it in: " + f.why
	}
	return f
}

func ethtool(fd int, device string, v ethtoolValue) (uint32, error) {
	ifr, err := unix.NewIfreq(device)
	if err != nil {
		return 0, err
	}
	// struct ifreq with a pointer in its union, which x/sys/unix keeps to
	// itself for ethtool_value.
	var raw struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [24 - unsafe.Sizeof(uintptr(0))]byte
	}
	copy(raw.name[:], ifr.Name())
	raw.data = unsafe.Pointer(&v)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&raw))); errno != 0 {
		return 0, errno
	}
	return v.data, nil
}

func tryKTLS(context.Context) finding {
	net, err := openLoopback()
	if err != nil {
		return missing(err.Error(), "")
	}
	defer net.close()
	err = unix.SetsockoptString(net.send, unix.IPPROTO_TCP, unix.TCP_ULP, "tls")
	switch {
	case err == nil:
		return active("setsockopt TCP_ULP tls: it works")
	case errors.Is(err, unix.ENOENT):
		return missing("setsockopt TCP_ULP tls: the module is not loaded", "sudo modprobe tls")
	}
	return notHere("setsockopt TCP_ULP tls: " + err.Error())
}

func tryIOUring(context.Context) finding {
	var params [120]byte // struct io_uring_params, include/uapi/linux/io_uring.h
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	switch errno {
	case 0:
		unix.Close(int(fd))
		return active("io_uring_setup(2) made a ring")
	case unix.EPERM:
		return missing("io_uring_setup(2): "+errno.Error(), "sudo sysctl -w kernel.io_uring_disabled=0")
	}
	return notHere("io_uring_setup(2): " + errno.Error())
}
