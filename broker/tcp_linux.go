package broker

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sendMore sends bytes after which more follow at once (MSG_MORE, send(2)): they
// share a packet with it.
func sendMore(conn *net.TCPConn, b []byte) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	for len(b) > 0 {
		var n int
		var failed error
		err := raw.Write(func(fd uintptr) bool {
			n, failed = unix.SendmsgN(int(fd), b, nil, nil, unix.MSG_MORE|unix.MSG_NOSIGNAL)
			return failed != unix.EAGAIN
		})
		switch {
		case err != nil:
			return err
		case failed == unix.EINTR:
		case failed != nil:
			return os.NewSyscallError("sendmsg", failed)
		default:
			b = b[n:]
		}
	}
	return nil
}

// peerLeft waits until there is something to read, and says whether that is the
// end of the connection. It returns false when the read deadline passes.
func peerLeft(conn *net.TCPConn) (left bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if err == unix.EAGAIN || err == unix.EINTR {
			return false
		}
		left = err != nil || n == 0
		return true
	})
	return left
}

// tuneLoopback makes loopback connections alike on every host: cubic, or, where
// that is not allowed to this user, reno. What paces itself by measured
// bandwidth (bbr) is slow and unsteady there.
//
// A listener hands what it has on to its connections, and that is the place for
// it: a connection that began with bbr goes on pacing its packets by a timer
// when it has another algorithm (sk_pacing_status, net/ipv4/tcp_bbr.c and
// tcp_output.c). Where a listener is for all addresses, its loopback connections
// can only be told one by one, and keep that timer.
func tuneLoopback(conn syscall.Conn) (inForce string, err error) {
	for _, name := range []string{"cubic", "reno"} {
		err = control(conn, "set TCP_CONGESTION "+name, func(fd int) error {
			return unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, name)
		})
		if err == nil {
			return name, nil
		}
	}
	return "the host's default", err
}

// control runs f on the socket's descriptor.
func control(conn syscall.Conn, what string, f func(fd int) error) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	if inner != nil {
		return fmt.Errorf("%s: %w", what, inner)
	}
	return nil
}
