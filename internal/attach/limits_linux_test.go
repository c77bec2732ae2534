package attach_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/attach"
)

// Samples are taken if they are asked for; else the report says how to get them, and
// no figure is zero.
func TestSamplesAreAskedFor(t *testing.T) {
	privileged(t)
	for _, asked := range []bool{false, true} {
		c := exec.Command("sh", "-c", "read line; exec dd if=/dev/zero of=/dev/null bs=1M count=8000")
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		r := watch(t, attach.Options{Processes: []int{c.Process.Pid}, Samples: asked}, func() {
			fmt.Fprintln(in, "go")
			_ = c.Wait()
		})
		if got := r.CPU.Known(); got != asked || r.CopyCPU.Known() != asked || (r.Samples > 0) != asked {
			t.Errorf("asked %v: %+v, %+v, %d samples", asked, r.CPU, r.CopyCPU, r.Samples)
		}
		if !asked && (!strings.Contains(r.CPU.Reason, "--samples") || r.CopyCPU.Reason != r.CPU.Reason) {
			t.Errorf("the reasons are %q and %q", r.CPU.Reason, r.CopyCPU.Reason)
		}
	}
}

// What finds no room is counted, and the report says that it has a gap.
func TestLostRecordsAreShown(t *testing.T) {
	privileged(t)
	c := exec.Command("sh", "-c", "read line; exec dd if=/dev/zero of=/dev/null bs=1 count=50000")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	r := watchLosing(t, attach.Options{Processes: []int{c.Process.Pid}, RingBytes: 4096}, func() {
		fmt.Fprintln(in, "go")
		_ = c.Wait()
	})
	gap := fmt.Sprintf("%d records of the kernel found no room in its rings", r.Lost)
	if r.Lost == 0 || !strings.Contains(strings.Join(r.Notes, "\n"), gap) {
		t.Errorf("%d lost, notes %q", r.Lost, r.Notes)
	}
	if made := int64(100_000); r.Hits+r.Lost < 2*made || r.Calls["write"] == nil || r.Calls["write"].Calls >= made/2 {
		t.Errorf("%d read and %d lost of some %d; %v", r.Hits, r.Lost, 2*made, counts(r))
	}
}

// A connection that comes out of an accept(2) which a thread was blocked in before
// anybody watched is a connection, though it is gone before it can be looked up.
func TestAConnectionAcceptedByACallFromBefore(t *testing.T) {
	privileged(t)
	const bytes = 1 << 20
	file := makeFile(t, bytes)
	s := startGo(t, "blocking", file)
	for range 100 { // since it was asked whether it is there
		if inAccept(s.pid) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !inAccept(s.pid) {
		t.Fatal("the server is not in accept(2)")
	}
	r := watch(t, attach.Options{Processes: []int{s.pid}}, func() {
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if n, err := io.Copy(io.Discard, c); n != bytes || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
	sent(t, r, file, attach.ReadWrite, bytes, 2)
}

// inAccept says whether a thread of a process is blocked in accept(2), or accept4(2).
func inAccept(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid))
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		number, _, _ := strings.Cut(string(text), " ")
		if n, err := strconv.Atoi(number); err == nil && (n == unix.SYS_ACCEPT || n == unix.SYS_ACCEPT4) {
			return true
		}
	}
	return false
}
