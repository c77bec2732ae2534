package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"copyscope/internal/attach"
	"copyscope/internal/export"
	"copyscope/internal/trace"
	"copyscope/web"
)

// startWaiting starts a shell that waits until it is released, and then does something;
// to release it is to wait for its end.
func startWaiting(t *testing.T, does string, args ...string) (pid int, release func()) {
	t.Helper()
	c := exec.Command("sh", append([]string{"-c", "read line; " + does}, args...)...)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c.Process.Pid, func() {
		fmt.Fprintln(in, "go")
		_ = c.Wait()
	}
}

// What attach -o writes is a trace of the newest calls, as export reads it.
func TestAttachWritesItsCalls(t *testing.T) {
	attachable(t)
	const blocks = 300
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	if err := os.WriteFile(from, make([]byte, blocks*4096), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, most := range []int{20_000, 50} {
		out := filepath.Join(dir, fmt.Sprintf("calls-%d.json", most))
		pid, release := startWaiting(t, `exec dd if="$0" of="$1" bs=4096`, from, filepath.Join(dir, "to"))
		attachTo(t, pid, release, "-o", out, "--calls", strconv.Itoa(most))
		file, err := os.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		written, err := export.Read(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		calls, copied := 0, int64(0)
		for _, e := range written.Events {
			switch {
			case e.Kind == trace.Syscall:
				calls++
			case e.Kind == trace.CPUCopy && e.From == trace.UserBuffer && e.To == trace.PageCache:
				copied += e.Bytes
			}
		}
		notes := strings.Join(written.Notes, "; ")
		if most == 50 {
			if calls != most || !strings.Contains(notes, "before them were not kept") {
				t.Errorf("%d calls, want %d: %s", calls, most, notes)
			}
		} else if calls < 2*blocks || copied < blocks*4096 || strings.Contains(notes, "not kept") {
			t.Errorf("%d calls, %d bytes written: %s", calls, copied, notes)
		}
	}
}

// What the pages have of a watch is the newest calls, at most as many as they asked for.
func TestThePageKeepsCallsOfAWatch(t *testing.T) {
	attachable(t)
	pid, release := startWaiting(t, "exec dd if=/proc/self/exe of=/dev/null bs=512 count=100")
	begin := sync.OnceFunc(func() { go release() })
	got, err := shownAttach{}.Watch(t.Context(), web.AttachWatch{Processes: []int{pid}, For: time.Minute, Calls: 40,
		Snapshot: func(*attach.Report) {}, Progress: func(int64, int64) { begin() }})
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	for _, e := range got.Trace.Events {
		if e.Kind == trace.Syscall {
			calls++
		}
	}
	if calls != 40 || !strings.Contains(strings.Join(got.Trace.Notes, "; "), "it has the newest 40 calls") {
		t.Errorf("%d calls are kept: %q", calls, got.Trace.Notes)
	}
}

// With descendants, both the report and the profile of a page's watch have what a child
// copies that is there already, once, and only then.
func TestThePageFollowsDescendants(t *testing.T) {
	attachable(t)
	for _, follow := range []bool{false, true} {
		const read = 100 * 512 // and as much is written
		c := exec.Command("sh", "-c", "(read line; dd if=/proc/self/exe of="+filepath.Join(t.TempDir(), "copy")+" bs=512 count=100 2>/dev/null); read line")
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // until its child waits
		begin := sync.OnceFunc(func() { fmt.Fprintln(in); in.Close(); go c.Wait() })
		got, err := shownAttach{}.Watch(t.Context(), web.AttachWatch{Processes: []int{c.Process.Pid}, For: time.Minute, Follow: follow, Calls: 1,
			Snapshot: func(*attach.Report) {}, Progress: func(int64, int64) { begin() }})
		if err != nil {
			t.Fatal(err)
		}
		if seen := len(got.Report.Processes) > 1; seen != follow {
			t.Errorf("followed: %t; watched were %+v", follow, got.Report.Processes)
		}
		copied := int64(0) // beside it, what the shell reads of its line and of programs
		if got.Stacks != nil {
			copied = got.Stacks.Bytes
		}
		if seen := copied >= 2*read; seen != follow || copied >= 2*2*read {
			t.Errorf("followed: %t; the profile has %+v %q", follow, got.Stacks, got.NoProfile)
		}
	}
}

// A watch without calls makes no trace, and says so.
func TestAttachHasNoCallsToWrite(t *testing.T) {
	attachable(t)
	c := exec.Command("sleep", "60")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	time.Sleep(200 * time.Millisecond) // until it sleeps
	out := filepath.Join(t.TempDir(), "calls.json")
	var stdout, stderr strings.Builder
	code := run(context.Background(), []string{"attach", "--pid", strconv.Itoa(c.Process.Pid), "--for", "300ms", "-o", out}, &stdout, &stderr)
	if _, err := os.Stat(out); err == nil || code != exitFailed || !strings.Contains(stderr.String(), "no call was seen") {
		t.Errorf("exit code %d, %v: %s", code, err, stderr.String())
	}
}
