package broker

import (
	"fmt"
	"net"
	"os"

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
func tuneLoopback(conn *net.TCPConn) (inForce string, err error) {
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

// control runs f on the connection's descriptor.
func control(conn *net.TCPConn, what string, f func(fd int) error) error {
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
