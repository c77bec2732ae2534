package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"copyscope/internal/attach"
	"copyscope/internal/copyprofile"
	"copyscope/internal/host"
)

// attachable skips a test where processes cannot be watched; CI has all that it takes.
func attachable(t *testing.T) {
	t.Helper()
	if c := host.Attachable(context.Background()); c.Status != host.Active {
		unable(t, c.Why+"; "+c.Enable)
	}
}

func unable(t *testing.T, why string) {
	t.Helper()
	if os.Geteuid() == 0 && os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skipf("SKIPPED: %s", why)
}

// attachTo runs `copyscope attach --json` on a process, does something as soon as it is
// watched, and ends the watch, unless the process has ended by itself.
func attachTo(t *testing.T, pid int, f func(), more ...string) (r attach.Report) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	said, stderr := io.Pipe()
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "watching process") {
				f()
				time.Sleep(100 * time.Millisecond)
				cancel()
			}
		}
	}()
	var stdout strings.Builder
	args := append([]string{"attach", "--pid", strconv.Itoa(pid), "--for", "1m", "--json"}, more...)
	if code := run(ctx, args, &stdout, stderr); code != exitDone {
		t.Fatalf("exit code %d", code)
	}
	if err := json.Unmarshal([]byte(stdout.String()), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// A process that sends a file by io_uring: its requests are seen, all bytes of them,
// from the file to the socket.
func TestAttachSeesIOUring(t *testing.T) {
	attachable(t)
	if ok, why := host.Available("io-uring"); !ok {
		unable(t, why)
	}
	const bytes = 64 << 20
	c := exec.Command("sh", "-c", `read line; exec "$0" run io-uring --side real --no-tracepoints --size 64MiB --json`, os.Args[0])
	c.Env = append(os.Environ(), "COPYSCOPE_TEST_MAIN=1")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	r := attachTo(t, c.Process.Pid, func() {
		fmt.Fprintln(in, "go")
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	})
	sent := 0.0
	for _, p := range r.Paths {
		if p.Kind != "file-to-socket" || p.Technique != attach.IOUring {
			continue
		}
		sent += p.Bytes.Value
		if p.CPUCopiesPerByte.Value != 2 || p.Calls["io_uring READ"] == 0 || p.Calls["io_uring SEND"] == 0 {
			t.Errorf("%v copies per byte, %v", p.CPUCopiesPerByte, p.Calls)
		}
	}
	if sent < bytes {
		t.Errorf("%.0f bytes went from a file to a socket by io_uring, want %d: %s", sent, bytes, r.Sentence)
	}
}

// The copy profile that attach writes is one of pprof's, with the bytes under the
// function that copies them.
func TestAttachWritesACopyProfile(t *testing.T) {
	attachable(t)
	const bytes = 32 << 20
	dir := t.TempDir()
	file, exe, out := filepath.Join(dir, "file"), filepath.Join(dir, "fileserver"), filepath.Join(dir, "copies.pb.gz")
	if err := os.WriteFile(file, make([]byte, bytes), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", exe, "../../internal/copyprofile/testdata/fileserver/main.go")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	c := exec.Command(exe, file, "copying")
	said, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	address, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	attachTo(t, c.Process.Pid, func() {
		conn, err := net.Dial("tcp", strings.TrimSpace(address))
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if n, err := io.Copy(io.Discard, conn); n != bytes || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	}, "--pprof", out)
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := profile.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	kind := slices.IndexFunc(p.SampleType, func(v *profile.ValueType) bool { return v.Type == "copied_bytes" })
	if kind != copyprofile.CopiedBytes {
		t.Fatalf("copied_bytes is number %d of %v", kind, p.SampleType)
	}
	var copied int64
	for _, s := range p.Sample {
		if slices.ContainsFunc(s.Location, func(l *profile.Location) bool { return l.Line[0].Function.Name == "main.copyThrough" }) {
			copied += s.Value[kind]
		}
	}
	if copied < 2*bytes*95/100 || copied > 2*bytes {
		t.Errorf("%d bytes were copied under main.copyThrough, want about %d", copied, 2*bytes)
	}
}
