package copyprofile_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"golang.org/x/sys/unix"

	"copyscope/internal/copyprofile"
	"copyscope/internal/trace"
)

// profiled is the profile of a process while f runs. Where this user may not, the test
// is skipped, with the reason; CI runs as root.
func profiled(t *testing.T, o copyprofile.Options, f func()) (*profile.Profile, copyprofile.Summary) {
	t.Helper()
	type result struct {
		p   *profile.Profile
		s   copyprofile.Summary
		err error
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	begun, done := make(chan bool), make(chan result)
	o.Begun = func() { close(begun) }
	go func() {
		p, s, err := copyprofile.Profile(ctx, o)
		done <- result{p, s, err}
	}()
	select {
	case r := <-done:
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(r.err)
		}
		t.Skipf("SKIPPED: %v; run it as root", r.err)
	case <-begun:
	}
	f()
	cancel()
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	if r.s.Lost != 0 {
		t.Errorf("%d records lost", r.s.Lost)
	}
	return r.p, r.s
}

// fileBytes is the size of the file that servers serve.
const fileBytes = 64 << 20

// server builds the program of testdata and starts it with a file to serve, one way or
// the other.
func server(t *testing.T, way string) (pid int, address, file string) {
	t.Helper()
	dir := t.TempDir()
	file, exe := filepath.Join(dir, "file"), filepath.Join(dir, "fileserver")
	if err := os.WriteFile(file, make([]byte, fileBytes), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", exe, "testdata/fileserver/main.go")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := exec.Command(exe, file, way)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return c.Process.Pid, strings.TrimSpace(line), file
}

// download pauses once, so that the server's descriptors are open for a while.
func download(t *testing.T, address string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	first, err := io.CopyN(io.Discard, c, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(400 * time.Millisecond)
	if rest, err := io.Copy(io.Discard, c); first+rest != fileBytes || err != nil {
		t.Fatalf("%d bytes received, %v", first+rest, err)
	}
}

// under is the sum of a sample type's values of the stacks that have a function, and of
// all stacks.
func under(p *profile.Profile, kind int, function string) (in, all int64) {
	for _, s := range p.Sample {
		all += s.Value[kind]
		if slices.ContainsFunc(s.Location, func(l *profile.Location) bool { return l.Line[0].Function.Name == function }) {
			in += s.Value[kind]
		}
	}
	return in, all
}

// A server that copies through a buffer has the file's bytes twice under the function
// that does it, with the file and the connection as labels, and go tool pprof names it.
func TestACopyingServer(t *testing.T) {
	pid, address, file := server(t, "copying")
	p, s := profiled(t, copyprofile.Options{PIDs: []int{pid}}, func() { download(t, address) })
	in, all := under(p, copyprofile.CopiedBytes, "main.copyThrough")
	t.Logf("%d bytes copied under main.copyThrough of %d, the file has %d", in, all, fileBytes)
	if in < 2*fileBytes*95/100 || in > 2*fileBytes || all != s.Totals.CopiedBytes {
		t.Errorf("%d bytes copied under main.copyThrough, %d in all, %d in the summary; want about %d", in, all, s.Totals.CopiedBytes, 2*fileBytes)
	}
	if lent, _ := under(p, copyprofile.Descriptors, "main.copyThrough"); lent != 0 {
		t.Errorf("%d bytes lent, want none", lent)
	}
	if s.Provenance["copied_bytes"] != trace.Derived || s.Provenance["syscalls"] != trace.Measured || s.Processes != 1 {
		t.Errorf("%+v", s)
	}
	if got := s.Calls["read"]; got.CopiedBytes != fileBytes || got.Copies != fileBytes>>16 {
		t.Errorf("read: %+v, want %d bytes in %d copies", got, fileBytes, fileBytes>>16)
	}
	for _, want := range [][3]string{{"read", "from_name", file}, {"read", "from", "file"}, {"write", "to", "socket"}, {"write", "to_name", "tcp " + address}} {
		if !labelled(p, want[0], want[1], want[2]) {
			t.Errorf("no sample of %s has the label %s=%s", want[0], want[1], want[2])
		}
	}
	source, err := filepath.Abs("testdata/fileserver/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Function {
		if f.Name == "main.copyThrough" && f.Filename != source {
			t.Errorf("main.copyThrough is in %s, want %s", f.Filename, source)
		}
	}
	top := topOf(t, p, "copied_bytes")
	if !strings.Contains(top, "main.copyThrough") || !strings.Contains(top, "Type: copied_bytes") {
		t.Errorf("go tool pprof -top:\n%s", top)
	}
	flame, err := copyprofile.FlameTree(p, "copied_bytes")
	if err != nil || flame.Value != all || !has(flame, "main.copyThrough", in) {
		t.Errorf("%v, the flame tree has %d, want %d, and main.copyThrough with %d", err, flame.Value, all, in)
	}
}

// labelled says whether a sample of a syscall has a label.
func labelled(p *profile.Profile, syscall, name, value string) bool {
	return slices.ContainsFunc(p.Sample, func(s *profile.Sample) bool {
		return slices.Contains(s.Label["syscall"], syscall) && slices.Contains(s.Label[name], value)
	})
}

// has says whether a flame tree has a function with a value.
func has(f *copyprofile.Flame, name string, value int64) bool {
	return f.Name == name && f.Value == value || slices.ContainsFunc(f.Children, func(c *copyprofile.Flame) bool { return has(c, name, value) })
}

// topOf is what go tool pprof prints of a profile.
func topOf(t *testing.T, p *profile.Profile, index string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "copies.pb.gz")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Write(f), f.Close()); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "tool", "pprof", "-top", "-cum", "-sample_index="+index, name).CombinedOutput()
	if err != nil {
		t.Fatalf("go tool pprof: %v\n%s", err, out)
	}
	return string(out)
}

// The same with io.Copy lends the file, and copies none of it.
func TestAServerThatLends(t *testing.T) {
	pid, address, file := server(t, "lending")
	p, s := profiled(t, copyprofile.Options{PIDs: []int{pid}}, func() { download(t, address) })
	if copied, all := under(p, copyprofile.CopiedBytes, "main.copyPlain"); copied != 0 || all > 1000 {
		t.Errorf("%d bytes copied under main.copyPlain, %d in all, want none", copied, all)
	}
	if lent, _ := under(p, copyprofile.Descriptors, "main.copyPlain"); lent != fileBytes {
		t.Errorf("%d bytes lent under main.copyPlain, want %d", lent, fileBytes)
	}
	if s.Calls["sendfile"].Descriptors != fileBytes {
		t.Errorf("%+v", s.Calls)
	}
	for _, want := range [][2]string{{"from", "file"}, {"from_name", file}, {"to", "socket"}, {"to_name", "tcp " + address}} {
		if !labelled(p, "sendfile", want[0], want[1]) {
			t.Errorf("no sample of sendfile has the label %s=%s", want[0], want[1])
		}
	}
	if top := topOf(t, p, "descriptors"); !strings.Contains(top, "main.copyPlain") {
		t.Errorf("go tool pprof -top:\n%s", top)
	}
}

// sizedFiles makes files whose names are numbers, and their sizes 1000 more.
func sizedFiles(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for k := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(k)), make([]byte, 1000+k), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// namedRightly is how many of those files, each read once, are named in a profile.
func namedRightly(t *testing.T, p *profile.Profile, dir string) (named int) {
	t.Helper()
	for _, s := range p.Sample {
		var k int64
		if len(s.Label["from_name"]) == 0 || filepath.Dir(s.Label["from_name"][0]) != dir {
			continue
		}
		if _, err := fmt.Sscan(filepath.Base(s.Label["from_name"][0]), &k); err != nil {
			t.Fatal(err)
		}
		if named++; s.Value[copyprofile.CopiedBytes] != 1000+k {
			t.Errorf("file %d, of %d bytes, has %d copied", k, 1000+k, s.Value[copyprofile.CopiedBytes])
		}
	}
	return named
}

// What a descriptor stood for is told of files that are opened and closed one after
// another with the same number: rightly, or not at all if it was closed too soon.
func TestFilesThatTakeTurns(t *testing.T) {
	const files = 100
	dir := sizedFiles(t, files)
	p, _ := profiled(t, copyprofile.Options{PIDs: []int{os.Getpid()}}, func() {
		buf := make([]byte, 4096)
		for k := range files {
			fd, err := unix.Open(filepath.Join(dir, fmt.Sprint(k)), unix.O_RDONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := unix.Read(fd, buf); n != 1000+k {
				t.Errorf("%d bytes read, %v", n, err)
			}
			if k%4 == 0 {
				time.Sleep(30 * time.Millisecond)
			}
			unix.Close(fd)
		}
	})
	named := namedRightly(t, p, dir)
	if named < files/8 {
		t.Errorf("%d of %d files are named, want at least those that stayed open for a while", named, files)
	}
	t.Logf("%d of %d files are named", named, files)
}

// A file is closed on one processor, whose ring has much to read, and the next one, with
// the same number, is read on another: that ring may tell of the call in a round in which
// the other has not told yet that the file before was closed.
func TestFilesThatTakeTurnsOnTwoProcessors(t *testing.T) {
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		t.Fatal(err)
	}
	if !may.IsSet(0) || !may.IsSet(1) {
		t.Skip("SKIPPED: it takes the processors 0 and 1")
	}
	const files = 100
	dir := sizedFiles(t, files)
	on := func(cpu int) {
		var set unix.CPUSet
		set.Set(cpu)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			t.Error(err)
		}
	}
	p, _ := profiled(t, copyprofile.Options{PIDs: []int{os.Getpid()}}, func() {
		zero, err := unix.Open("/dev/zero", unix.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(zero)
		var over atomic.Bool
		var busy sync.WaitGroup
		defer busy.Wait()
		defer over.Store(true)
		busy.Go(func() {
			runtime.LockOSThread() // and ends with it
			on(0)
			for b := make([]byte, 1); !over.Load(); {
				for range 50 {
					_, _ = unix.Read(zero, b)
				}
				for began := time.Now(); time.Since(began) < 500*time.Microsecond; {
				}
			}
		})
		var turns sync.WaitGroup
		defer turns.Wait()
		turns.Go(func() {
			runtime.LockOSThread()
			buf := make([]byte, 4096)
			for k := range files {
				on(0)
				fd, err := unix.Open(filepath.Join(dir, fmt.Sprint(k)), unix.O_RDONLY, 0)
				if err != nil {
					t.Error(err)
					return
				}
				on(1)
				if n, err := unix.Read(fd, buf); n != 1000+k {
					t.Errorf("%d bytes read, %v", n, err)
				}
				if k%2 == 0 {
					time.Sleep(25 * time.Millisecond) // it is looked at
				}
				on(0)
				unix.Close(fd)
			}
		})
	})
	namedRightly(t, p, dir)
}

// Children are in the profile if they are followed, those that were there and those that
// begin, and not otherwise.
func TestChildrenAreFollowed(t *testing.T) {
	for _, follow := range []bool{false, true} {
		t.Run(fmt.Sprint(follow), func(t *testing.T) {
			// A shell with a child that waits for a line, and then begins another.
			c := exec.Command("sh", "-c", `(read line; dd if=/dev/zero of=/dev/null bs=1000 count=7 2>/dev/null; true); echo done; read line`)
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { in.Close(); _ = c.Wait() }()
			time.Sleep(100 * time.Millisecond) // until the child waits
			_, s := profiled(t, copyprofile.Options{PIDs: []int{c.Process.Pid}, Follow: follow}, func() {
				fmt.Fprintln(in)
				if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
					t.Error(err)
				}
			})
			if got := s.Calls["read"].CopiedBytes >= 7000; got != follow {
				t.Errorf("a child's reads are in the profile: %t, want %t; %+v", got, follow, s)
			}
			if got := s.Processes > 2; got != follow {
				t.Errorf("%d processes", s.Processes)
			}
		})
	}
}

// A process that ends ends its profile, which says so; one that is gone is an error.
func TestAProcessThatEnds(t *testing.T) {
	c := exec.Command("sh", "-c", "read line; exit 0")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, s := profiled(t, copyprofile.Options{PIDs: []int{c.Process.Pid}, For: 20 * time.Second}, func() {
		in.Close()
		time.Sleep(time.Second)
	})
	if time.Since(began) > 10*time.Second || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "ended while it was watched") {
		t.Errorf("after %v: %v", time.Since(began), s.Notes)
	}
	_ = c.Wait()
	if _, _, err := copyprofile.Profile(t.Context(), copyprofile.Options{PIDs: []int{c.Process.Pid}}); !errors.Is(err, unix.ESRCH) || !strings.Contains(err.Error(), fmt.Sprint(c.Process.Pid)) {
		t.Errorf("%v, want ESRCH and the process's number", err)
	}
}
