package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/locale"
)

// What the doctor tells to type names a file that lasts, or go run where that made it.
func TestTheDoctorsRemediesCanBeTyped(t *testing.T) {
	program, dir := nobodys(t)
	for _, r := range []struct{ name, folder, asRoot, rights string }{
		{"of go run", "go-build2718281828/b001/exe", "go run -exec sudo ./cmd/copyscope doctor", "make build && sudo setcap "},
		{"beside the source", "my bin", "sudo '" + dir + "/my bin/copyscope' doctor", "sudo setcap "},
	} {
		t.Run(r.name, func(t *testing.T) {
			at := filepath.Join(dir, r.folder, "copyscope")
			if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Link(program, at); err != nil {
				t.Fatal(err)
			}
			report := doctorOf(t, func() (string, string, int) { return asNobodyIn(t, dir, at, []string{"doctor", "--json"}) })
			var all []string
			for _, c := range report.Checks {
				all = append(all, c.Enable)
			}
			for _, l := range report.Layers {
				all = append(all, l.Enable...)
			}
			if report.Surroundings.Container == "" && !slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, r.rights) }) {
				t.Errorf("no remedy begins with %q: %q", r.rights, all)
			}
			if !slices.Contains(all, r.asRoot) {
				t.Errorf("no remedy is %q: %q", r.asRoot, all)
			}
			for _, s := range all {
				if strings.Contains(s, "go-build") || strings.Contains(s, "sudo copyscope") {
					t.Errorf("a remedy names what is not there: %q", s)
				}
			}
		})
	}
}

// doctorOf is what a doctor prints as JSON.
func doctorOf(t *testing.T, run func() (stdout, stderr string, status int)) (r host.Report) {
	t.Helper()
	out, errs, status := run()
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 {
		t.Fatalf("status %d, %v, %s", status, err, errs)
	}
	return r
}

// The doctor shows what kill -9 left, and how to be rid of it: what it finds and may
// remove is removed, as by the next attach.
func TestTheDoctorTellsWhatKilledRunsLeft(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: what a run leaves behind takes rights to make; run it as root")
	}
	program, dir := nobodys(t)
	const dead = 1 << 22 // PID_MAX_LIMIT, include/linux/threads.h: no process has it
	free, read := fmt.Sprintf("copyscope-%d-1", dead), fmt.Sprintf("copyscope-%d-2", dead)
	// A process that reads keeps an instance from being removed.
	reader := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c",
		"mount -t tracefs none /sys/kernel/tracing 2>/dev/null; cd /sys/kernel/tracing/instances && mkdir $0 $1 && exec 3< $1/trace_pipe && echo ready && read wait; exec 3<&-; rmdir $0 $1 2>/dev/null", free, read)
	in, err := reader.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := reader.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Start(); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	ended := false
	end := func() {
		if !ended {
			ended = true
			in.Close()
			reader.Wait()
		}
	}
	t.Cleanup(end)
	if ready, _ := io.ReadAll(io.LimitReader(out, 5)); string(ready) != "ready" {
		end()
		t.Skip("SKIPPED: no tracing instance can be made here")
	}
	deserted, held := brokersFolder(t, dir, "1"), brokersFolder(t, dir, "2")
	lock, err := os.Open(filepath.Join(held, ".lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	leftovers := func() host.Check {
		t.Helper()
		report := doctorOf(t, func() (string, string, int) {
			c := exec.CommandContext(t.Context(), program, "doctor", "--json")
			c.Env = append(os.Environ(), "TMPDIR="+dir)
			out, err := c.Output()
			return string(out), fmt.Sprint(err), c.ProcessState.ExitCode()
		})
		at := slices.IndexFunc(report.Checks, func(c host.Check) bool { return c.ID == "leftovers" })
		if at < 0 {
			t.Fatal("no check of what is left")
		}
		return report.Checks[at]
	}
	c := leftovers()
	for _, want := range []string{"are removed now: " + free + ";", "killed runs left tracing instances (" + read + ")", "the next attach", "temporary data directory: " + deserted} {
		if c.Status != host.Missing || !strings.Contains(c.Why, want) {
			t.Errorf("%s: %q, want %q in it", c.Status, c.Why, want)
		}
	}
	if zh := locale.New(locale.Chinese).Sentence(c.Why); strings.Contains(zh, "killed") || strings.Contains(zh, "besides") || !strings.Contains(zh, read) {
		t.Errorf("in Chinese: %q", zh)
	}
	if !strings.HasSuffix(c.Enable, "sudo rmdir /sys/kernel/tracing/instances/"+read+" && rm -r "+deserted) {
		t.Errorf("the remedy is %q", c.Enable)
	}
	if strings.Contains(c.Why+c.Enable, held) {
		t.Errorf("a directory that a broker holds is told as left: %+v", c)
	}
	end()
	if err := os.RemoveAll(deserted); err != nil {
		t.Fatal(err)
	}
	if c := leftovers(); c.Status != host.Active || c.Enable != "" || strings.Contains(c.Why, "killed runs left") || strings.Contains(c.Why, deserted) {
		t.Errorf("after the remedy: %+v", c)
	}
}

// brokersFolder makes a folder such as a broker without --data keeps its records in.
func brokersFolder(t *testing.T, dir, name string) string {
	t.Helper()
	at := filepath.Join(dir, host.DataPrefix+name)
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(at, ".lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}
