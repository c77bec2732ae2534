package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Who may not have the lab network that was asked for is told so once, whatever is
// asked for with it, beside the predictions that stand alone then; the call failed.
func TestWithoutALabNetworkARunFails(t *testing.T) {
	program, dir := nobodys(t)
	for _, r := range []struct {
		name, args string
		predicted  bool
	}{
		{"predicted and measured", "run sendfile --net veth", true},
		{"several paths and devices", "run read-write sendfile --net veth --sg on,off", true},
		{"every path", "run --all --net veth", true},
		{"measured alone", "run sendfile --side real --net veth", false},
		{"every path, measured alone", "run --all --side real --net veth", false},
		{"beside loopback, which can be had", "run sendfile --net loopback,veth", true},
		{"a curve", "sweep sendfile --side sim,real --net veth --chunk 32KiB..64KiB", false},
	} {
		t.Run(r.name, func(t *testing.T) {
			out, errs, status := asNobodyIn(t, dir, program, append(strings.Fields(r.args), "--size", "64KiB"))
			if status != exitFailed {
				t.Errorf("status %d, want %d", status, exitFailed)
			}
			const why = "no lab network"
			if n := strings.Count(out+errs, why+": "); n != 1 || !strings.Contains(errs, "copyscope: ") || !strings.Contains(errs, "run it with sudo") {
				t.Errorf("the reason is told %d times, want once, with what helps: %q", n, errs)
			}
			if strings.Contains(out, "not measurable: there is "+why+" here") != r.predicted {
				t.Errorf("predictions beside nothing: want %v\n%s", r.predicted, out)
			}
		})
	}
	out, _, status := asNobodyIn(t, dir, program, []string{"run", "sendfile", "--net", "veth", "--size", "64KiB", "--json"})
	var report struct {
		Unavailable []struct{ Path, Reason string }
		Compare     []struct{ Reason string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || status != exitFailed || len(report.Unavailable) != 1 || len(report.Compare) == 0 || report.Compare[0].Reason != report.Unavailable[0].Reason {
		t.Errorf("as JSON: status %d, %v, %d comparisons, %+v", status, err, len(report.Compare), report.Unavailable)
	}
}

// asNobodyIn runs a program in a directory as a user without rights.
func asNobodyIn(t *testing.T, dir, program string, args []string) (stdout, stderr string, status int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, args...)
	c.Dir, c.Env = dir, append(os.Environ(), "TMPDIR="+dir)
	if os.Geteuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Skipf("SKIPPED: %s cannot be run as another user: %v", program, err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}
