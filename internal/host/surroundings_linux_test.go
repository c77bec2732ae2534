package host_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/host"
)

// A machine's file system, as far as the doctor looks at it.
const (
	machineMounts   = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
	containerMounts = "500 400 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A,upperdir=/var/lib/docker/overlay2/x/diff,workdir=/var/lib/docker/overlay2/x/work\n"
	plainStatus     = "Name:\tcopyscope\nCapEff:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t0\n"
	heldStatus      = "Name:\tcopyscope\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n"
	firstPID        = "pid:[4026531836]"
	anotherPID      = "pid:[4026532198]"
)

func TestSurroundings(t *testing.T) {
	for _, c := range []struct {
		name                      string
		files                     map[string]string // beside those of every machine
		pid, users, mounts, state string
		container                 string
		users2, held              bool
	}{
		{name: "a machine", pid: firstPID, users: "         0          0 4294967295\n", mounts: machineMounts, state: plainStatus},
		{name: "a machine whose root was made of an image", files: map[string]string{"/.dockerenv": ""}, pid: firstPID, users: "0 0 4294967295", mounts: machineMounts, state: plainStatus},
		{name: "docker", files: map[string]string{"/.dockerenv": ""}, pid: anotherPID, users: "0 0 4294967295", mounts: containerMounts, state: heldStatus, container: "docker", held: true},
		{name: "rootless podman", files: map[string]string{"/run/.containerenv": ""}, pid: anotherPID, users: "0 1000 1\n1 100000 65536", mounts: machineMounts, state: plainStatus, container: "podman", users2: true},
		{name: "by its control group", files: map[string]string{"/proc/1/cgroup": "0::/kubepods.slice/cri-1\n"}, pid: anotherPID, users: "0 0 4294967295", mounts: machineMounts, state: plainStatus, container: "kubepods"},
		{name: "of an unknown kind", pid: anotherPID, users: "0 0 4294967295", mounts: machineMounts, state: plainStatus, container: "container"},
		{name: "that shares the machine's processes", pid: firstPID, users: "0 0 4294967295", mounts: containerMounts, state: heldStatus, container: "docker", held: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			write := func(file, text string) {
				file = filepath.Join(root, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for file, text := range c.files {
				write(file, text)
			}
			write("/proc/42/mountinfo", c.mounts)
			write("/proc/42/status", c.state)
			write("/proc/42/uid_map", c.users)
			for link, to := range map[string]string{"/proc/self": "42", "/proc/42/ns/pid": c.pid} {
				os.MkdirAll(filepath.Dir(filepath.Join(root, link)), 0o700)
				if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
					t.Fatal(err)
				}
			}
			s := host.LookAround(root)
			if s.Container != c.container || s.UserNamespace != c.users2 || s.NoNewPrivileges != c.held || s.Seccomp != c.held {
				t.Errorf("%+v, want container %q, user namespace %v, held %v", s, c.container, c.users2, c.held)
			}
			if (s.Container == "") != (len(s.Signs) == 0) {
				t.Errorf("container %q by the signs %q", s.Container, s.Signs)
			}
			if may := slices.Contains(s.Capabilities, "cap_sys_admin"); may == c.held {
				t.Errorf("capabilities %v", s.Capabilities)
			}
		})
	}
}

// What would enable a layer fits where the process stands.
func TestRemediesFitTheSurroundings(t *testing.T) {
	checks := []host.Check{
		{ID: "tracefs", Status: host.Missing, Why: "mkdir: permission denied", Enable: "sudo copyscope doctor"},
		{ID: "thread-samples", Status: host.Active}, {ID: "kernel-names", Status: host.NotHere, Why: "no names"},
		{ID: "alias", Status: host.Active}, {ID: "clock", Status: host.Active}, {ID: "thread-clock", Status: host.Active},
	}
	for _, c := range []struct {
		name   string
		around host.Surroundings
		want   string
	}{
		{"a machine", host.Surroundings{}, "sudo copyscope doctor | sudo setcap cap_sys_admin,cap_dac_override+ep"},
		{"no new privileges", host.Surroundings{NoNewPrivileges: true}, "sudo copyscope doctor"},
		{"docker", host.Surroundings{Container: "docker", NoNewPrivileges: true}, "docker run --user root --cap-add SYS_ADMIN"},
		{"podman", host.Surroundings{Container: "podman"}, "sudo podman run --user root"},
	} {
		t.Run(c.name, func(t *testing.T) {
			layers := map[string]host.Layer{}
			for _, l := range host.LayersOf(checks, c.around) {
				layers[l.ID] = l
			}
			l := layers["tracepoints"]
			if got := strings.Join(l.Enable, " | "); !strings.HasPrefix(got, c.want) || l.Status != host.Missing || l.Why != "mkdir: permission denied" {
				t.Errorf("%+v, want it enabled by %s…", l, c.want)
			}
			for id, status := range map[string]host.Status{"samples": host.Partly, "alias": host.Active, "procfs": host.NotHere, "syscalls": host.Active} {
				if layers[id].Status != status {
					t.Errorf("%s is %s, want %s: %+v", id, layers[id].Status, status, layers[id])
				}
			}
		})
	}
}
