package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// timeout(1) signals a command and then its group: that is one wish to stop, not two. The
// report is printed, and nothing stays in the kernel.
func TestARepeatedSignalIsOneWish(t *testing.T) {
	attachable(t)
	sleep := exec.Command("sleep", "60")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sleep.Process.Kill(); _ = sleep.Wait() })
	c := exec.Command(os.Args[0], "attach", "--pid", fmt.Sprint(sleep.Process.Pid), "--for", "1m")
	c.Env = append(os.Environ(), "COPYSCOPE_TEST_MAIN=1")
	var stdout strings.Builder
	c.Stdout = &stdout
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), "watching process") {
			continue
		}
		for range 30 { // it takes longer than that to take the watch down
			_ = c.Process.Signal(syscall.SIGTERM)
			time.Sleep(time.Millisecond)
		}
	}
	_ = c.Wait()
	if code := c.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(stdout.String(), "nothing that was seen went") {
		t.Errorf("exit code %d, %v: %q", code, c.ProcessState, stdout.String())
	}
	for _, tracefs := range []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"} {
		left, err := filepath.Glob(fmt.Sprintf("%s/instances/copyscope-%d-*", tracefs, c.Process.Pid))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}
