package broker

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// cork sets TCP_CORK, tcp(7): while it is on, only full packets leave.
func cork(conn net.Conn, on bool) error {
	value := 0
	if on {
		value = 1
	}
	return control(plainTCP(conn), "set TCP_CORK", func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_CORK, value)
	})
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
