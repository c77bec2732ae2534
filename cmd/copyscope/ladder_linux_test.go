package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// nobody is a user without any right, nor a group.
const nobody = 65534

// nobodys is a copy of this program that every user may execute, and a
// directory where every user may write.
func nobodys(t *testing.T) (program, dir string) {
	t.Helper()
	dir = t.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	program = filepath.Join(dir, "copyscope") // by which name TestMain knows what to be
	to, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return program, dir
}

// standing is where an unprivileged program may find itself.
type standing struct {
	name string
	// around is the command that makes the place and then runs "$@" in it; empty
	// for this very place. needsRoot: an ordinary user cannot make it.
	around    []string
	needsRoot bool
	// layers are the states that the doctor must find, lacks the checks that a
	// layer must lack, runs says whether transfers run, else why not.
	layers map[string]host.Status
	lacks  map[string]string
	runs   bool
	why    string
}

// own are the layers that need no privilege.
var own = map[string]host.Status{"alias": host.Active, "procfs": host.Active, "syscalls": host.Active}

const asNobody = "exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\""

var standings = []standing{
	{name: "an ordinary user", layers: own, runs: true},
	{name: "without proc", needsRoot: true, around: []string{"unshare", "--mount", "sh", "-c", "mount -t tmpfs none /proc && " + asNobody, "sh"},
		layers: map[string]host.Status{"syscalls": host.Active, "procfs": host.Partly}, lacks: map[string]string{"procfs": "procfs", "samples": "kernel-names"},
		why: "which needs /proc"},
	{name: "with hidepid", needsRoot: true, around: []string{"unshare", "--mount", "--pid", "--fork", "sh", "-c", "mount -t proc -o hidepid=2 proc /proc && " + asNobody, "sh"},
		layers: own, runs: true},
	{name: "in a user namespace", around: []string{"unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc"}, layers: own, runs: true},
	{name: "without a network", around: []string{"unshare", "--user", "--map-root-user", "--net"},
		layers: map[string]host.Status{"syscalls": host.Active, "procfs": host.Partly, "alias": host.Missing}, lacks: map[string]string{"procfs": "tcp-info", "alias": "alias"},
		why: "network is unreachable"},
}

// Each layer of the witness works without those above it: the program runs for
// real as a user without rights, in places where things are missing, and says
// what it cannot see and why.
func TestLadderWithoutPrivileges(t *testing.T) {
	program, dir := nobodys(t)
	for _, s := range standings {
		t.Run(s.name, func(t *testing.T) {
			if s.needsRoot && os.Geteuid() != 0 {
				t.Skip("SKIPPED: only root can make this place; run it as root")
			}
			asks := func(args ...string) (stdout, stderr string, status int) {
				t.Helper()
				return s.run(t, dir, append([]string{program}, args...))
			}
			if out, errs, status := asks("version"); status != 0 {
				if len(s.around) > 0 && !s.needsRoot && strings.Contains(errs, "unshare") {
					t.Skipf("SKIPPED: this host does not let a user make namespaces: %s", errs)
				}
				t.Fatalf("version: status %d, %s%s", status, out, errs)
			}
			out, errs, status := asks("doctor", "--json")
			if status != 0 {
				t.Fatalf("doctor: status %d, %s", status, errs)
			}
			report := s.checkDoctor(t, out)
			s.checkRuns(t, report, asks)
		})
	}
}

// run runs a command in the place as an ordinary user.
func (s standing) run(t *testing.T, dir string, command []string) (stdout, stderr string, status int) {
	t.Helper()
	command = append(slices.Clone(s.around), command...)
	c := exec.CommandContext(t.Context(), command[0], command[1:]...)
	c.Dir, c.Env = dir, append(os.Environ(), "TMPDIR="+dir)
	if os.Geteuid() == 0 && !s.needsRoot {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Skipf("SKIPPED: %s cannot be run: %v", command[0], err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// checkDoctor holds what the doctor says of the layers against what it should.
func (s standing) checkDoctor(t *testing.T, out string) (report host.Report) {
	t.Helper()
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	seen := map[string]host.Layer{}
	for _, l := range report.Layers {
		seen[l.ID] = l
		if (l.Status == host.Active) != (len(l.Lacks) == 0) || (l.Status == host.Active) != (l.Why == "") {
			t.Errorf("%+v: state, lacks and why do not fit", l)
		}
	}
	for id, status := range s.layers {
		if seen[id].Status != status {
			t.Errorf("layer %s is %s, want %s: %+v", id, seen[id].Status, status, seen[id])
		}
	}
	for id, check := range s.lacks {
		if !slices.Contains(seen[id].Lacks, check) {
			t.Errorf("layer %s lacks %v, want %s among them", id, seen[id].Lacks, check)
		}
	}
	// This user has no right to trace, so somebody must be told how to give it,
	// unless this kernel has nothing to trace with.
	switch l := seen["tracepoints"]; l.Status {
	case host.Active:
		t.Errorf("an ordinary user may use tracepoints: %+v", l)
	case host.Missing:
		if len(l.Enable) == 0 {
			t.Errorf("nothing would enable the tracepoints: %+v", l)
		}
	}
	if around := report.Surroundings; (len(s.around) > 0 && s.around[1] == "--user") != around.UserNamespace {
		t.Errorf("surroundings %+v", around)
	}
	return report
}

// checkRuns runs every path, or is told why none runs.
func (s standing) checkRuns(t *testing.T, report host.Report, asks func(...string) (string, string, int)) {
	t.Helper()
	if out, errs, status := asks("run", "sendfile", "--side", "sim", "--size", "64KiB", "--json"); status != 0 || !strings.Contains(out, `"modelled"`) {
		t.Errorf("a simulated run needs nothing, but: status %d, %s", status, errs)
	}
	if !s.runs {
		_, errs, status := asks("run", "sendfile", "--side", "real", "--size", "64KiB")
		if status != 1 || !strings.Contains(errs, s.why) {
			t.Errorf("status %d, %q; want 1 and %q", status, errs, s.why)
		}
		return
	}
	caches := "warm"
	if i := slices.IndexFunc(report.Checks, func(c host.Check) bool { return c.ID == "cold" }); i >= 0 && report.Checks[i].Status == host.Active {
		caches = "warm,cold"
	}
	out, errs, status := asks("run", "--all", "--side", "real", "--size", "1MiB", "--cache", caches, "--json")
	if status != 0 {
		t.Fatalf("run --all: status %d, %s", status, errs)
	}
	var result struct {
		Runs []struct {
			Path   string `json:"path"`
			Counts map[trace.CountName]struct {
				Value      *float64         `json:"value"`
				Provenance trace.Provenance `json:"provenance"`
				Reason     string           `json:"reason"`
			} `json:"counts"`
		} `json:"runs"`
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		t.Fatal(err)
	}
	ran := map[string]bool{}
	for _, r := range result.Runs {
		ran[r.Path] = true
		for name, c := range r.Counts {
			if (c.Value == nil) != (c.Reason != "") || (c.Value == nil) != (c.Provenance == trace.Unavailable) {
				t.Errorf("%s %s: %+v: value, provenance and reason do not fit", r.Path, name, c)
			}
		}
		for name, provenance := range map[trace.CountName]trace.Provenance{
			trace.Syscalls: trace.Measured, trace.BytesSent: trace.Measured, trace.PageFaults: trace.Measured, trace.ContextSwitches: trace.Measured,
			trace.WallTime: trace.Measured, trace.CPUTime: trace.Measured, trace.ModeSwitches: trace.Derived, trace.CPUCopies: trace.Derived,
		} {
			if got := r.Counts[name].Provenance; got != provenance {
				t.Errorf("%s %s is %s, want %s", r.Path, name, got, provenance)
			}
		}
		if p, _ := transfer.Lookup(r.Path); p.Source == transfer.FromSocket { // it reads no file
			continue
		}
		if c := r.Counts[trace.PageCacheInsertions]; c.Value != nil || !strings.Contains(c.Reason, "see copyscope doctor") {
			t.Errorf("%s: page-cache insertions %+v, want none, and the doctor named", r.Path, c)
		}
	}
	for _, path := range []string{"read-write", "mmap-write", "sendfile", "splice"} {
		if !ran[path] {
			t.Errorf("%s did not run", path)
		}
	}
}
