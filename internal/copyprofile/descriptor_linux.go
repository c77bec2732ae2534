package copyprofile

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// The kinds of descriptors. gone had been closed before it could be looked at.
const (
	fileKind   = "file"
	socketKind = "socket"
	pipeKind   = "pipe"
	otherKind  = "other"
	goneKind   = "gone"
)

// descriptor is what a descriptor of a process stands for.
type descriptor struct {
	kind string
	name string // path or address
	// flags are those that it is open with, of a file or a pipe (open(2)).
	flags int
}

func (d descriptor) direct() bool { return d.kind == fileKind && d.flags&unix.O_DIRECT != 0 }

// descriptors looks up what descriptors stand for. What it finds is good for a short
// while, as processes close and open.
type descriptors struct {
	found map[[2]int]descriptor // by process and number
	names map[uint64]string     // of sockets, by inode
	asked time.Time
}

func newDescriptors() *descriptors {
	return &descriptors{found: map[[2]int]descriptor{}, names: map[uint64]string{}}
}

// forget is to be called now and then.
func (d *descriptors) forget() { clear(d.found) }

func (d *descriptors) lookUp(pid, fd int) descriptor {
	key := [2]int{pid, fd}
	out, ok := d.found[key]
	if !ok {
		out = d.look(pid, fd)
		d.found[key] = out
	}
	return out
}

func (d *descriptors) look(pid, fd int) descriptor {
	link := fmt.Sprintf("/proc/%d/fd/%d", pid, fd)
	var st unix.Stat_t
	name, err := os.Readlink(link)
	if err == nil {
		err = unix.Stat(link, &st)
	}
	if err != nil {
		return descriptor{kind: goneKind}
	}
	out := descriptor{kind: otherKind, name: name}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		out.kind = fileKind
	case unix.S_IFSOCK:
		return descriptor{kind: socketKind, name: d.socket(pid, st.Ino)}
	case unix.S_IFIFO:
		out.kind = pipeKind
	default:
		return out
	}
	out.flags = openFlags(pid, fd)
	return out
}

// openFlags are in /proc/PID/fdinfo/FD, in octal (proc_pid_fdinfo(5)).
func openFlags(pid, fd int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, fd))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "flags:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(value), 8, 64)
			return int(n)
		}
	}
	return 0
}

const (
	// askAgain is how often at the most a process's connections are listed.
	askAgain = 500 * time.Millisecond
	// maxSockets bounds what is kept of them.
	maxSockets = 1 << 16
)

// socket names a TCP connection by the side that stays: where the process listens, its
// own address, else the peer's.
func (d *descriptors) socket(pid int, inode uint64) string {
	if name, ok := d.names[inode]; ok {
		return name
	}
	if time.Since(d.asked) >= askAgain {
		d.asked = time.Now()
		d.list(pid)
	}
	if name, ok := d.names[inode]; ok {
		return name
	}
	return "socket"
}

// tcpListen is the state of a socket that listens (TCP_LISTEN,
// include/net/tcp_states.h).
const tcpListen = 10

// list reads the connections of the process's network namespace.
func (d *descriptors) list(pid int) {
	fs, err := procfs.NewFS(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		return
	}
	if len(d.names) > maxSockets {
		clear(d.names)
	}
	for _, read := range []func() (procfs.NetTCP, error){fs.NetTCP, fs.NetTCP6} {
		connections, err := read()
		if err != nil {
			continue
		}
		listens := map[uint64]bool{}
		for _, c := range connections {
			if c.St == tcpListen {
				listens[c.LocalPort] = true
			}
		}
		for _, c := range connections {
			ip, port := c.RemAddr, c.RemPort
			if listens[c.LocalPort] {
				ip, port = c.LocalAddr, c.LocalPort
			}
			d.names[c.Inode] = "tcp " + net.JoinHostPort(ip.String(), strconv.FormatUint(port, 10))
		}
	}
}
