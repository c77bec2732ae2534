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

	"copyscope/internal/memdev"
	"copyscope/internal/perfevent"
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
	does  memdev.Kind
	// at is when it was looked at, of CLOCK_MONOTONIC in ns.
	at int64
}

func (d descriptor) direct() bool { return d.kind == fileKind && d.flags&unix.O_DIRECT != 0 }

// descriptors looks up what descriptors stand for, and knows it until they are closed.
type descriptors struct {
	found map[[2]int]descriptor // by process and number
	names map[uint64]string     // of sockets, by inode
	asked time.Time
	took  time.Duration
}

func newDescriptors() *descriptors {
	return &descriptors{found: map[[2]int]descriptor{}, names: map[uint64]string{}}
}

// forget is to be called when calls that close may have been missed.
func (d *descriptors) forget() { clear(d.found) }

// leave is to be called when a process begins another program, which closes some.
func (d *descriptors) leave(pid int) {
	for key := range d.found {
		if key[0] == pid {
			delete(d.found, key)
		}
	}
}

func (d *descriptors) close(key [2]int) { delete(d.found, key) }

// distrust is to be called with when a descriptor was closed of late: what was looked
// at after that was perhaps another one already, or still the one that was being closed.
func (d *descriptors) distrust(key [2]int, closed int64) {
	if d.found[key].at > closed {
		delete(d.found, key)
	}
}

// lookUp says what a descriptor stood for at a call that has begun a moment ago. late
// says that it was closed since, or may have been.
func (d *descriptors) lookUp(key [2]int, late bool) descriptor {
	out, ok := d.found[key]
	if ok {
		return out
	}
	if late {
		return descriptor{kind: goneKind}
	}
	if out = d.look(key[0], key[1]); out.kind != goneKind {
		out.at = perfevent.Now()
		if len(d.found) > maxDescriptors {
			d.forget()
		}
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
		out.does = memdev.Of(&st)
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

// maxDescriptors bounds what is kept of descriptors, and of sockets.
const maxDescriptors = 1 << 16

// askAgain is how many times as long as it takes passes at least before connections are
// listed again.
const askAgain = 20

// socket names a TCP connection by the side that stays: where the process listens, its
// own address, else the peer's.
func (d *descriptors) socket(pid int, inode uint64) string {
	if name, ok := d.names[inode]; ok {
		return name
	}
	if time.Since(d.asked) >= askAgain*d.took {
		began := time.Now()
		d.list(pid)
		d.asked, d.took = time.Now(), time.Since(began)
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
	if len(d.names) > maxDescriptors {
		clear(d.names)
	}
	//lint:ignore SA1019 netlink tells of the network namespace that this process is in, the file of the other's
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
