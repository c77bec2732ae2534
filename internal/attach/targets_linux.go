package attach

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// OfPort are the processes that listen at a TCP port: several, where workers share
// the socket.
func OfPort(port int) ([]int, error) {
	if port < 1 || port > 65535 {
		return nil, fmt.Errorf("port %d: ports are 1 to 65535", port)
	}
	fs, err := procfs.NewFS("/proc")
	if err != nil {
		return nil, err
	}
	listening := map[string]bool{} // as the links in /proc/PID/fd have it
	var others []string
	//lint:ignore SA1019 netlink would be a library more for one look at a table
	for _, read := range []func() (procfs.NetTCP, error){fs.NetTCP, fs.NetTCP6} {
		table, _ := read()
		for _, s := range table {
			if s.St != tcpListen {
				continue
			}
			if s.LocalPort == uint64(port) {
				listening[fmt.Sprintf("socket:[%d]", s.Inode)] = true
			}
			others = append(others, strconv.FormatUint(s.LocalPort, 10))
		}
	}
	if len(listening) == 0 {
		slices.Sort(others)
		return nil, fmt.Errorf("port %d: no process listens there (TCP, in this network namespace); there are: %s", port, list(slices.Compact(others)))
	}
	processes, err := fs.AllProcs()
	if err != nil {
		return nil, err
	}
	var out []int
	denied := false
	for _, p := range processes {
		links, err := p.FileDescriptorTargets()
		denied = denied || os.IsPermission(err)
		if slices.ContainsFunc(links, func(l string) bool { return listening[l] }) {
			out = append(out, p.PID)
		}
	}
	slices.Sort(out)
	if len(out) == 0 && denied {
		return nil, fmt.Errorf("port %d: the process that listens there belongs to another user, and user %d may not see it; run it as root: sudo copyscope attach --port %d", port, os.Geteuid(), port)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("port %d: a socket listens there, and no process that can be seen from here has it", port)
	}
	return out, nil
}

func list(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// cgroups are where a unit's control group may lie: version 2 and version 1.
var cgroups = []string{"/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"}

// OfUnit are the processes of a systemd unit, by its control group.
func OfUnit(unit string) ([]int, error) {
	if unit == "" || strings.ContainsAny(unit, "/\x00") || strings.HasPrefix(unit, ".") {
		return nil, fmt.Errorf("unit %q: write its name, such as nginx.service", unit)
	}
	name := unit
	if !strings.Contains(unit, ".") {
		name += ".service"
	}
	for _, root := range cgroups {
		for _, slice := range []string{"system.slice", "user.slice", ""} {
			at := filepath.Join(root, slice, name)
			if _, err := os.Stat(at); err == nil {
				return ofGroup(unit, at)
			}
		}
	}
	return nil, fmt.Errorf("unit %q: no control group %s below %s; systemctl status %s says whether it runs, and --pid or --port do without a unit", unit, name, cgroups[0], unit)
}

// ofGroup are the processes of a control group and those below it.
func ofGroup(unit, at string) (out []int, err error) {
	err = filepath.WalkDir(at, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.Name() != "cgroup.procs" {
			return nil // a group that goes while it is looked at has no processes
		}
		text, _ := os.ReadFile(path)
		for word := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
				out = append(out, pid)
			}
		}
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("unit %q: its control group %s has no process; start it, or write --pid", unit, at)
	}
	slices.Sort(out)
	return slices.Compact(out), err
}
