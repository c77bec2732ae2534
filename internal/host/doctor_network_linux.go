package host

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"copyscope/internal/labnet"
)

// inNewNetwork runs f on a thread in a network namespace of its own. The
// thread ends with the goroutine, and the namespace with the thread.
func inNewNetwork(f func() finding) finding {
	found := make(chan finding)
	go labnet.OnSpareThread(func() {
		err := unix.Unshare(unix.CLONE_NEWNET)
		switch {
		case err == nil:
			found <- f()
		case errors.Is(err, unix.EPERM):
			found <- missing("unshare(CLONE_NEWNET) needs CAP_SYS_ADMIN: "+err.Error(), asRoot("doctor"))
		default:
			found <- notHere("unshare(CLONE_NEWNET): " + err.Error())
		}
	})
	return <-found
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

// tryLabNetwork makes the whole network, and sends a byte over it.
func tryLabNetwork(context.Context) finding {
	n, err := labnet.Open(labnet.Options{SG: false})
	if err == nil {
		defer n.Close()
		var c *labnet.Conn
		if c, err = n.Connect(0); err == nil {
			unix.Close(c.Send)
			unix.Close(c.Recv)
			return active("two namespaces were joined by veth devices without scatter-gather, a connection was made between them, and all removed")
		}
	}
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return missing(err.Error(), asRoot("doctor"))
	}
	if errors.Is(err, unix.EOPNOTSUPP) {
		return missing(err.Error(), "sudo modprobe veth")
	}
	return notHere(err.Error())
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
	case errors.Is(err, unix.ENOENT) && hasModule("tls"):
		return missing("setsockopt TCP_ULP tls: the module is not loaded", "sudo modprobe tls")
	case errors.Is(err, unix.ENOENT):
		return notHere("setsockopt TCP_ULP tls: it is not loaded, and this kernel has no such module (CONFIG_TLS)")
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
