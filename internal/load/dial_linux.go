package load

import (
	"context"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// tune sets the congestion control of a socket, as far as this user may: what
// paces itself by measured bandwidth (bbr) is slow and unsteady on loopback.
func tune(_, address string, raw syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return nil
	}
	return raw.Control(func(fd uintptr) {
		for _, name := range []string{"cubic", "reno"} {
			if unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, name) == nil {
				return
			}
		}
	})
}

// dialTCP connects; congestion is the congestion control in force at this end.
func dialTCP(ctx context.Context, address string) (conn *net.TCPConn, congestion string, err error) {
	dialer := net.Dialer{Control: tune}
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, "", err
	}
	conn = c.(*net.TCPConn)
	raw, err := conn.SyscallConn()
	if err == nil {
		raw.Control(func(fd uintptr) {
			congestion, _ = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
		})
	}
	return conn, congestion, nil
}

// gulp is how much must be there before the reader of a large answer is woken.
const gulp = 128 << 10

// gulper sets SO_RCVLOWAT, socket(7), to what a reader waits for. Otherwise it
// is woken for every packet, and waking it is what the sender's time goes into:
// whoever serves it would be measured by how fast the reader falls asleep.
func gulper(conn *net.TCPConn) func(n int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil
	}
	now := 1
	return func(n int) {
		want := 1
		if n >= gulp {
			want = gulp
		}
		if want == now {
			return
		}
		raw.Control(func(fd uintptr) {
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, want) == nil {
				now = want
			}
		})
	}
}
