package host

import (
	"cmp"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// firstPIDNamespace is the machine's own, whose number is fixed
// (PROC_PID_INIT_INO, include/linux/proc_ns.h).
const firstPIDNamespace = "pid:[4026531836]"

// anyContainer is a container of a kind that nothing names.
const anyContainer = "container"

// containerFiles are files that a container's manager puts there.
var containerFiles = map[string]string{
	"/.dockerenv":        "docker",
	"/run/.containerenv": "podman",
	"/var/run/secrets/kubernetes.io/serviceaccount": "kubernetes",
}

// containerPaths are what control groups and root file systems of containers
// are named after; the groups are seen where the cgroup namespace is not the
// container's own.
var containerPaths = regexp.MustCompile(`docker|kubepods|libpod|lxc|containerd|crio`)

// capabilities are those that a witness uses, by bit
// (include/uapi/linux/capability.h).
var capabilities = map[uint]string{1: "cap_dac_override", 2: "cap_dac_read_search", 12: "cap_net_admin", 19: "cap_sys_ptrace", 21: "cap_sys_admin", 34: "cap_syslog", 38: "cap_perfmon", 39: "cap_bpf"}

// surroundings looks around under a root of the file system, empty for the real
// one; a test has its own.
func surroundings(root string) Surroundings {
	s := Surroundings{Capabilities: []string{}, program: thisProgram()}
	sign := func(container, of string) {
		if s.Container == "" || s.Container == anyContainer {
			s.Container = container
		}
		s.Signs = append(s.Signs, of)
	}
	// What is left of an image says nothing of what runs it: a virtual machine may
	// have a container's root. So files only name what is known otherwise.
	if of, err := os.Readlink(root + "/proc/self/ns/pid"); err == nil && of != firstPIDNamespace {
		sign(anyContainer, "a namespace of processes of its own, "+of)
	}
	if fs, err := procfs.NewFS(filepath.Join(root, "/proc")); err == nil {
		if p, err := fs.Self(); err == nil {
			s.mounts(p, sign)
			s.status(filepath.Join(root, "/proc", strconv.Itoa(p.PID), "status"))
		}
	}
	// The whole range of users is mapped to itself where there is no namespace
	// (user_namespaces(7)).
	users := strings.Fields(readText(root + "/proc/self/uid_map"))
	s.UserNamespace = len(users) > 0 && !slices.Equal(users, []string{"0", "0", "4294967295"})
	if s.Container == "" {
		return s
	}
	for _, file := range slices.Sorted(maps.Keys(containerFiles)) {
		if _, err := os.Lstat(filepath.Join(root, file)); err == nil {
			sign(containerFiles[file], file)
		}
	}
	if name := os.Getenv("container"); name != "" && root == "" { // systemd's convention
		sign(name, "$container")
	}
	for _, line := range strings.Split(readText(root+"/proc/1/cgroup"), "\n") {
		if name := containerPaths.FindString(line); name != "" {
			sign(name, "/proc/1/cgroup: "+line)
			break
		}
	}
	return s
}

// mounts looks at what the root of the file system is.
func (s *Surroundings) mounts(p procfs.Proc, sign func(container, of string)) {
	mounts, err := p.MountInfo()
	if err != nil {
		return
	}
	for _, m := range mounts {
		if m.MountPoint == "/" && m.FSType == "overlay" {
			sign(cmp.Or(containerPaths.FindString(m.SuperOptions["upperdir"]+m.SuperOptions["lowerdir"]), anyContainer), "the root file system is an overlay")
		}
	}
}

// status reads what /proc/PID/status says of rights, which procfs leaves out.
func (s *Surroundings) status(file string) {
	fields := map[string]string{}
	for line := range strings.Lines(readText(file)) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = strings.TrimSpace(value)
		}
	}
	s.NoNewPrivileges = fields["NoNewPrivs"] == "1"
	s.Seccomp = fields["Seccomp"] != "" && fields["Seccomp"] != "0"
	set, _ := strconv.ParseUint(fields["CapEff"], 16, 64)
	for _, bit := range slices.Sorted(maps.Keys(capabilities)) {
		if set&(1<<bit) != 0 {
			s.Capabilities = append(s.Capabilities, capabilities[bit])
		}
	}
}

// devices asks each network device what it does for those who send. Nobody
// needs a privilege to ask (dev_ethtool, net/ethtool/ioctl.c).
func devices() []Device {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	out := make([]Device, len(all))
	for i, d := range all {
		asked := func(command uint32) *bool {
			v, err := ethtool(fd, d.Name, ethtoolValue{command: command})
			if err != nil {
				return nil
			}
			on := v != 0
			return &on
		}
		out[i] = Device{Name: d.Name, SG: asked(unix.ETHTOOL_GSG), TSO: asked(unix.ETHTOOL_GTSO), GSO: asked(unix.ETHTOOL_GGSO)}
	}
	return out
}
