package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
)

// tracefsVar makes the test binary a process that mounts tracefs for itself
// alone, becomes the user in it, and prints what the doctor finds.
const tracefsVar = "COPYSCOPE_TEST_TRACEFS_USER"

const tracefs = "/sys/kernel/tracing"

// The tracepoint check tries what a witness would need: an insertion into the
// page cache with its data. Root may; another user is told what is in the way.
func TestDoctorTriesATracepointWithItsData(t *testing.T) {
	if user := os.Getenv(tracefsVar); user != "" {
		doctorWithTracefs(t, user)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("mounting tracefs needs root")
	}
	const tried = "filemap:mm_filemap_add_to_page_cache with its data"
	var st unix.Statfs_t
	if unix.Statfs(tracefs, &st) == nil && st.Type == unix.TRACEFS_MAGIC {
		t.Skipf("tracefs is mounted at %s already; to mount it again would change who may read it", tracefs)
	}
	other, reader, root := perfTracepoint(t, "other"), perfTracepoint(t, "reader"), perfTracepoint(t, "root")
	if root.Status == host.NotHere {
		t.Skipf("this kernel cannot: %s", root.Why)
	}
	if root.Status != host.Active || !strings.Contains(root.Why, tried) {
		t.Errorf("as root: %+v, want it active by trying %s", root, tried)
	}
	if paranoid() < 0 {
		t.Log("kernel.perf_event_paranoid is -1: every user may, and none is refused here")
	} else if reader.Status != host.Missing || !strings.Contains(reader.Why, tried) || reader.Enable != "sudo sysctl -w kernel.perf_event_paranoid=-1" {
		t.Errorf("as a user who may read tracefs: %+v, want it missing and the paranoid level -1 as the remedy", reader)
	}
	if other.Status != host.Missing || !strings.HasSuffix(other.Enable, "mode=755,gid=65534 "+tracefs) {
		t.Errorf("as a user who may not read tracefs: %+v, want a remount for the group as the remedy", other)
	}
}

// perfTracepoint is what the doctor finds as a user with tracefs mounted.
func perfTracepoint(t *testing.T, user string) host.Check {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run", "^TestDoctorTriesATracepointWithItsData$", "-test.v")
	child.Env = append(os.Environ(), tracefsVar+"="+user)
	child.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS} // mounts of its own, private
	out, err := child.CombinedOutput()
	if strings.Contains(string(out), "cannot mount tracefs") || err != nil && len(out) == 0 {
		t.Skipf("this process may not mount tracefs: %v %s", err, out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		var c host.Check
		if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &c) == nil && c.ID == "perf-tracepoint" {
			return c
		}
	}
	t.Fatalf("no finding in\n%s", out)
	return host.Check{}
}

func doctorWithTracefs(t *testing.T, user string) {
	options := map[string]string{"other": "mode=755,gid=0", "reader": "mode=755,gid=65534", "root": "mode=700,gid=0"}[user]
	// All mounts of tracefs are one and keep their options, so each is told.
	for _, flags := range []uintptr{0, unix.MS_REMOUNT} {
		if err := unix.Mount("tracefs", tracefs, "tracefs", flags, options); err != nil {
			t.Fatalf("cannot mount tracefs: %v", err)
		}
	}
	if user != "root" {
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(65534), syscall.Setuid(65534)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if user == "reader" {
		refusedForItsData(t)
	}
	for _, c := range host.Doctor(context.Background()).Checks {
		if b, err := json.Marshal(c); err == nil && c.ID == "perf-tracepoint" {
			os.Stdout.Write(append(b, '\n'))
		}
	}
}

// refusedForItsData: what the doctor opens is what a user without privilege may
// not have even in user mode, where counting is open to all at every level up
// to 2.
func refusedForItsData(t *testing.T) {
	text, err := os.ReadFile(tracefs + "/events/filemap/mm_filemap_add_to_page_cache/id")
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if err := host.OpenTracepoint(number); !errors.Is(err, unix.EPERM) && paranoid() >= 0 && paranoid() <= 2 {
		t.Errorf("with kernel.perf_event_paranoid=%d the tracepoint's data: %v, want EPERM", paranoid(), err)
	}
}

// paranoid is kernel.perf_event_paranoid; 3 and more refuse all, with EACCES.
func paranoid() int {
	text, _ := os.ReadFile("/proc/sys/kernel/perf_event_paranoid")
	level, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return level
}
