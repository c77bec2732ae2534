//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dirVariable names the run's directory to the process in the namespace, and
// says by being there that it is in one.
const dirVariable = "COPYSCOPE_SERVERS_DIR"

func inside() bool { return os.Getenv(dirVariable) != "" }

// childFailed is the error that the process in the namespace has printed.
type childFailed struct{ error }

func (c *childFailed) Unwrap() error { return c.error }

// reenter runs this program once more, in a new network namespace. The
// namespace ends with the last process in it.
func reenter(ctx context.Context, dir string, o options) error {
	if os.Geteuid() != 0 {
		if o.ci {
			return errors.New("a network namespace and tracing need root, and this user is not; run it as root")
		}
		fmt.Println("SKIPPED: a network namespace and tracing need root, and this user is not; run it as root: sudo go run ./servers")
		return nil
	}
	c := exec.CommandContext(ctx, "/proc/self/exe", os.Args[1:]...)
	c.Env = append(os.Environ(), dirVariable+"="+dir)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGTERM}
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = time.Minute
	if err := c.Run(); err != nil {
		return &childFailed{fmt.Errorf("in a network namespace: %w", err)}
	}
	return nil
}

// tcpBuffer is the size in bytes that a TCP socket of the namespace may queue:
// more than any row sends at once, so that a send never ends short.
const tcpBuffer = 512 << 20

// ownNetwork brings up the loopback of the namespace and sets its TCP
// (Documentation/networking/ip-sysctl.rst): Reno does not pace, as bbr does, and
// is the one that every namespace may choose (tcp_set_default_congestion_control,
// net/ipv4/tcp_cong.c).
func ownNetwork() error {
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
	for _, s := range []struct{ name, value string }{
		{"tcp_congestion_control", "reno"},
		{"tcp_wmem", fmt.Sprintf("4096 %d %d", tcpBuffer, tcpBuffer)},
		{"tcp_rmem", fmt.Sprintf("4096 %d %d", tcpBuffer, tcpBuffer)},
	} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+s.name, []byte(s.value), 0o644); err != nil {
			return fmt.Errorf("set the namespace's %s to %q: %w", s.name, s.value, err)
		}
	}
	return nil
}
