package host

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// loopback is a blocking TCP connection of this host with itself.
type loopback struct {
	send, recv int
	// congestion is the congestion control in force at the sender.
	congestion string

	mu     sync.Mutex
	closed bool
}

// congestionWanted are the congestion controls to try: the kernel's default
// without pacing, then the one that every user may have.
var congestionWanted = []string{"cubic", "reno"}

// openLoopback connects. Sockets are made by hand: Go's are on the poller, and
// so non-blocking.
func openLoopback() (*loopback, error) {
	l := &loopback{send: -1, recv: -1}
	if err := l.connect(); err != nil {
		l.close()
		return nil, fmt.Errorf("loopback connection on 127.0.0.1: %w", err)
	}
	return l, nil
}

func (l *loopback) connect() error {
	listener, err := tcpSocket()
	if err != nil {
		return err
	}
	defer unix.Close(listener)
	if err := unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(listener, 1); err != nil {
		return os.NewSyscallError("listen", err)
	}
	address, err := unix.Getsockname(listener)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	if l.send, err = tcpSocket(); err != nil {
		return err
	}
	if err := unix.Connect(l.send, address); err != nil {
		return os.NewSyscallError("connect", err)
	}
	if l.recv, _, err = unix.Accept4(listener, unix.SOCK_CLOEXEC); err != nil {
		l.recv = -1
		return os.NewSyscallError("accept4", err)
	}
	l.congestion, err = unix.GetsockoptString(l.send, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	return os.NewSyscallError("getsockopt TCP_CONGESTION", err)
}

// tcpSocket makes a socket with the first congestion control that this user
// may set; an accepted socket takes over its listener's.
func tcpSocket() (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	for _, name := range congestionWanted {
		if unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, name) == nil {
			break
		}
	}
	return fd, nil
}

// finish tells the receiver that nothing more comes.
func (l *loopback) finish() { l.shutdown(l.send, unix.SHUT_WR) }

// abort wakes whoever blocks on the connection: sends fail with EPIPE, reads
// end.
func (l *loopback) abort() {
	l.shutdown(l.send, unix.SHUT_RDWR)
	l.shutdown(l.recv, unix.SHUT_RDWR)
}

func (l *loopback) shutdown(fd, how int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		_ = unix.Shutdown(fd, how) // ENOTCONN: the other end was faster
	}
}

func (l *loopback) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	for _, fd := range []int{l.send, l.recv} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}
