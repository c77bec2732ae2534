package claim

import (
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// epollWaits counts the calls of epoll_wait(2).
var epollWaits atomic.Int64

// serveAll answers the bytes of all connections from one thread.
func serveAll(pairs [][2]int) error {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	defer unix.Close(ep)
	for _, p := range pairs {
		e := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(p[1])}
		if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, p[1], &e); err != nil {
			return os.NewSyscallError("epoll_ctl", err)
		}
	}
	events := make([]unix.EpollEvent, together)
	for {
		forever := -1
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(ep), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), uintptr(forever), 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return os.NewSyscallError("epoll_pwait", errno)
		}
		epollWaits.Add(1)
		for _, e := range events[:n] {
			if err := rawByte(unix.SYS_READ, int(e.Fd)); err != nil {
				return err
			}
			if err := rawByte(unix.SYS_WRITE, int(e.Fd)); err != nil {
				return err
			}
		}
	}
}

// rawIO is read(2) or write(2) of one byte that Go's scheduler is not told of.
func rawIO(call uintptr, fd int) (int, unix.Errno) {
	var b [1]byte
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), 1)
	return int(n), errno
}

// availableMemory is MemAvailable of /proc/meminfo in bytes.
func availableMemory() (int64, bool) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, false
	}
	m, err := fs.Meminfo()
	if err != nil || m.MemAvailableBytes == nil {
		return 0, false
	}
	return int64(*m.MemAvailableBytes), true
}
