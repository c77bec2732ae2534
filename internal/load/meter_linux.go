package load

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// clockTicks is USER_HZ, in which proc(5) counts processor time: 100 a second
// on every architecture that Go runs on.
const clockTicks = 100

func usageOf(pid int) (u usage, err error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return u, err
	}
	stat, err := p.Stat()
	if err != nil {
		return u, err
	}
	u.cpu = time.Duration(stat.UTime+stat.STime) * (time.Second / clockTicks)
	threads, err := procfs.AllThreads(pid)
	if err != nil {
		return u, err
	}
	for _, t := range threads {
		s, err := t.NewStatus()
		if err != nil {
			continue // it has just ended
		}
		u.voluntary += float64(s.VoluntaryCtxtSwitches)
		u.involuntary += float64(s.NonVoluntaryCtxtSwitches)
	}
	status, err := p.NewStatus()
	u.rss, u.rssAnon = float64(status.VmRSS), float64(status.RssAnon)
	return u, err
}

// ownCPU is the user and system time of this process since it began.
func ownCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func rssAnonOf(pid int) (float64, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0, err
	}
	s, err := p.NewStatus()
	return float64(s.RssAnon), err
}

// listenerOf finds the process that listens at the address.
func listenerOf(address string) (pid int, reason string) {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return 0, err.Error()
	}
	if !isLocal(at.IP) {
		return 0, fmt.Sprintf("%s is on another host", address)
	}
	inodes := map[string]bool{}
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, err.Error()
	}
	//lint:ignore SA1019 netlink would be a library more for one look at a table
	for _, read := range []func() (procfs.NetTCP, error){fs.NetTCP, fs.NetTCP6} {
		sockets, _ := read() // without IPv6 there is no tcp6
		for _, s := range sockets {
			const listening = 0x0a // TCP_LISTEN, include/net/tcp_states.h
			if s.St == listening && int(s.LocalPort) == at.Port {
				inodes[fmt.Sprintf("socket:[%d]", s.Inode)] = true
			}
		}
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && inodes[to] {
			pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(link))))
			return pid, ""
		}
	}
	return 0, fmt.Sprintf("no process that we may look into listens at %s; name it with --server-pid", address)
}

func isLocal(ip net.IP) bool {
	if ip.IsLoopback() {
		return true
	}
	addresses, _ := net.InterfaceAddrs()
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
			return true
		}
	}
	return false
}

// descriptorsOf is how many descriptors the process has open.
func descriptorsOf(pid int) (int, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0, err
	}
	return p.FileDescriptorsLen()
}
