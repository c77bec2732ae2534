package host

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// stateListen is TCP_LISTEN (include/net/tcp_states.h).
const stateListen = 10

// Listeners finds the processes that have listening TCP sockets, in every network
// namespace that this user may look into, but not this process itself. A socket is
// tied to its process by the inode that /proc/PID/fd and /proc/PID/net/tcp name
// (proc_pid_fd(5), proc_pid_net(5)); the table is read once for each namespace.
func Listeners() (Listening, error) {
	var out Listening
	fs, err := procfs.NewFS(procfs.DefaultMountPoint)
	if err != nil {
		return out, fmt.Errorf("who listens here: %w", err)
	}
	processes, err := fs.AllProcs()
	if err != nil {
		return out, fmt.Errorf("who listens here: %w", err)
	}
	tables := map[string]map[string]int{} // by namespace: link of a socket → port
	for _, p := range processes {
		if p.PID == os.Getpid() {
			continue
		}
		links, err := p.FileDescriptorTargets()
		if errors.Is(err, os.ErrPermission) {
			out.Hidden++
			continue
		}
		if err != nil || !slices.ContainsFunc(links, isSocket) {
			continue
		}
		namespace, err := os.Readlink(fmt.Sprintf("%s/%d/ns/net", procfs.DefaultMountPoint, p.PID))
		if err != nil {
			continue // it ended meanwhile
		}
		if tables[namespace] == nil {
			tables[namespace] = listeningSockets(p.PID)
		}
		var ports []int
		for _, link := range links {
			if port, listens := tables[namespace][link]; listens && !slices.Contains(ports, port) {
				ports = append(ports, port)
			}
		}
		if len(ports) == 0 {
			continue
		}
		slices.Sort(ports)
		name, err := p.Comm()
		if err != nil {
			continue
		}
		out.Processes = append(out.Processes, Listener{PID: p.PID, Name: name, Ports: ports})
	}
	slices.SortFunc(out.Processes, func(a, b Listener) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.PID, b.PID))
	})
	return out, nil
}

func isSocket(link string) bool { return strings.HasPrefix(link, "socket:") }

// listeningSockets are those of a process's network namespace, as the links in
// /proc/PID/fd have them.
func listeningSockets(pid int) map[string]int {
	out := map[string]int{}
	fs, err := procfs.NewFS(procfs.DefaultMountPoint + "/" + strconv.Itoa(pid))
	if err != nil {
		return out
	}
	//lint:ignore SA1019 netlink tells of the network namespace that this process is in, the files of the others too
	for _, read := range []func() (procfs.NetTCP, error){fs.NetTCP, fs.NetTCP6} {
		table, _ := read() // without IPv6 there is no tcp6
		for _, s := range table {
			if s.St == stateListen {
				out[fmt.Sprintf("socket:[%d]", s.Inode)] = int(s.LocalPort)
			}
		}
	}
	return out
}
