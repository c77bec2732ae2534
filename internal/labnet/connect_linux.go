package labnet

import (
	"errors"
	"fmt"
	"os"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// congestionWanted are the congestion controls to try: the kernel's default without
// pacing, then the one that every user may have.
var congestionWanted = []string{"cubic", "reno"}

// Connect makes a connection from the sender's namespace to the receiver's, over a
// link, counted from 0.
func (n *Network) Connect(link int) (*Conn, error) {
	if link < 0 || link >= len(n.downstream) {
		return nil, fmt.Errorf("the lab network has %d links, and none of number %d", len(n.downstream), link)
	}
	return connect(n.sender, n.receiver, n.downstream[link].peerAt)
}

// ConnectUpstream makes one on which the receiver's namespace sends to the sender's,
// as a peer sends to a relay. The network must have been opened with Upstream.
func (n *Network) ConnectUpstream() (*Conn, error) {
	if n.upstream == nil {
		return nil, errors.New("the lab network has no upstream pair")
	}
	return connect(n.receiver, n.sender, n.upstream.at)
}

// connect makes the sockets in their namespaces, where they stay whichever thread
// uses them. They are blocking: Go's own are on the poller, and so are not.
func connect(from, to netns.NsHandle, at [4]byte) (c *Conn, err error) {
	c = &Conn{Send: -1, Recv: -1}
	listener := -1
	defer func() {
		unix.Close(listener)
		if err != nil {
			unix.Close(c.Send)
			unix.Close(c.Recv)
			c, err = nil, fmt.Errorf("a connection over the lab network: %w", err)
		}
	}()
	var address unix.Sockaddr
	err = within(to, func() (err error) {
		if listener, err = Socket(); err != nil {
			return err
		}
		if err := unix.Bind(listener, &unix.SockaddrInet4{Addr: at}); err != nil {
			return os.NewSyscallError("bind", err)
		}
		if err := unix.Listen(listener, 1); err != nil {
			return os.NewSyscallError("listen", err)
		}
		address, err = unix.Getsockname(listener)
		return os.NewSyscallError("getsockname", err)
	})
	if err != nil {
		return c, err
	}
	err = within(from, func() (err error) {
		if c.Send, err = Socket(); err != nil {
			return err
		}
		return os.NewSyscallError("connect", unix.Connect(c.Send, address))
	})
	if err != nil {
		return c, err
	}
	if c.Recv, _, err = unix.Accept4(listener, unix.SOCK_CLOEXEC); err != nil {
		c.Recv = -1
		return c, os.NewSyscallError("accept4", err)
	}
	c.Congestion, err = unix.GetsockoptString(c.Send, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	return c, os.NewSyscallError("getsockopt TCP_CONGESTION", err)
}

// Socket makes a TCP socket, where the calling thread is, with the first congestion
// control that this user may set; an accepted socket takes over its listener's.
func Socket() (int, error) {
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
