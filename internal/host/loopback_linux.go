package host

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"copyscope/internal/labnet"
)

// connection is a blocking TCP connection of this host with itself, over loopback
// or over the lab network.
type connection struct {
	send, recv int
	// congestion is the congestion control in force at the sender.
	congestion string

	mu     sync.Mutex
	closed bool
}

// openLoopback connects over loopback. Sockets are made by hand: Go's are on the poller, and
// so non-blocking.
func openLoopback() (*connection, error) {
	l := &connection{send: -1, recv: -1}
	if err := l.connect(); err != nil {
		l.close()
		return nil, fmt.Errorf("loopback connection on 127.0.0.1: %w", err)
	}
	return l, nil
}

func (l *connection) connect() error {
	listener, err := labnet.Socket()
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
	if l.send, err = labnet.Socket(); err != nil {
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

// finish tells the receiver that nothing more comes.
func (l *connection) finish() { l.shutdown(l.send, unix.SHUT_WR) }

// abort wakes whoever blocks on the connection: sends fail with EPIPE, reads
// end.
func (l *connection) abort() {
	l.shutdown(l.send, unix.SHUT_RDWR)
	l.shutdown(l.recv, unix.SHUT_RDWR)
}

func (l *connection) shutdown(fd, how int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		_ = unix.Shutdown(fd, how) // ENOTCONN: the other end was faster
	}
}

func (l *connection) close() {
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
