//go:build linux

// Package ownnet runs a program in a network namespace of its own
// (network_namespaces(7)): servers and loads meet nobody else's, no port is taken,
// and the kernel removes the namespace when the last process in it has ended,
// whatever ended it.
package ownnet

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// FailedError is how the program in the namespace ended; it has said why itself.
type FailedError struct{ Err error }

func (e *FailedError) Error() string { return fmt.Sprintf("in a network namespace: %v", e.Err) }
func (e *FailedError) Unwrap() error { return e.Err }

// endLimit is how long the program may take to end after it was asked to.
const endLimit = time.Minute

// Reenter runs this program once more, with the same arguments and one more
// variable of the environment, in a new network namespace. It takes root. When ctx
// ends, the program is asked to end by SIGTERM, as it is when this one dies.
func Reenter(ctx context.Context, variable string) error {
	c := exec.CommandContext(ctx, "/proc/self/exe", os.Args[1:]...)
	c.Env = append(os.Environ(), variable)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGTERM}
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = endLimit
	if err := c.Run(); err != nil {
		return &FailedError{err}
	}
	return nil
}

// Up brings up the loopback of the namespace.
func Up() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("bring up the namespace's loopback: %w", err)
	}
	return nil
}

// SetTCP sets net.ipv4.NAME of the namespace
// (Documentation/networking/ip-sysctl.rst).
func SetTCP(name, value string) error {
	if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0o644); err != nil {
		return fmt.Errorf("set the namespace's %s to %q: %w", name, value, err)
	}
	return nil
}

// Congestion has every connection to 127.0.0.1 use a congestion control, by the
// attribute of its route (ip-route(8), congctl). The namespace's default could be
// only one that the host allows every user
// (tcp_set_default_congestion_control, net/ipv4/tcp_cong.c); a route's is free.
func Congestion(name string) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	route := &netlink.Route{
		LinkIndex: lo.Attrs().Index, Dst: &net.IPNet{IP: net.IPv4(127, 0, 0, 1).To4(), Mask: net.CIDRMask(32, 32)},
		Src: net.IPv4(127, 0, 0, 1), Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL, Scope: netlink.SCOPE_HOST,
		Protocol: unix.RTPROT_KERNEL, Congctl: name,
	}
	if err := netlink.RouteReplace(route); err != nil {
		return fmt.Errorf("ip route replace local 127.0.0.1 dev lo congctl %s: %w", name, err)
	}
	return nil
}

// Used is the congestion control of a connection that a server at 127.0.0.1
// accepts.
func Used() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return "", err
	}
	defer client.Close()
	accepted, err := l.Accept()
	if err != nil {
		return "", err
	}
	defer accepted.Close()
	raw, err := accepted.(*net.TCPConn).SyscallConn()
	if err != nil {
		return "", err
	}
	var name string
	var failed error
	if err := raw.Control(func(fd uintptr) {
		name, failed = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	}); err != nil {
		return "", err
	}
	return name, failed
}
