package attach_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"copyscope/internal/attach"
	"copyscope/internal/tracepoint"
)

// privileged skips a test where the kernel's tracepoints may not be read.
func privileged(t *testing.T) {
	t.Helper()
	events, err := tracepoint.LoadAll("raw_syscalls:sys_enter")
	if err == nil {
		var r *tracepoint.Reader
		if r, err = tracepoint.Open(4096, tracepoint.Wanted{Event: events["raw_syscalls:sys_enter"], Filter: "id == 1000"}); err == nil {
			r.Close()
		}
	}
	if err != nil {
		missing(t, err.Error())
	}
}

// watch watches processes during a load, and a moment longer. Nothing may be lost.
func watch(t *testing.T, o attach.Options, load func()) *attach.Report {
	t.Helper()
	r := watchLosing(t, o, load)
	if r.Lost != 0 {
		t.Errorf("%d records were lost", r.Lost)
	}
	return r
}

func watchLosing(t *testing.T, o attach.Options, load func()) *attach.Report {
	t.Helper()
	privileged(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ready := make(chan bool)
	o.Ready, o.For = func() { close(ready) }, time.Minute
	go func() {
		<-ready
		load()
		time.Sleep(100 * time.Millisecond)
		cancel()
	}()
	r, err := attach.Watch(ctx, o)
	if err != nil {
		close(ready)
		t.Fatal(err)
	}
	return r
}

// path is the path from a file to a socket.
func path(t *testing.T, r *attach.Report, file string) attach.Path {
	t.Helper()
	for _, p := range r.Paths {
		if p.From.Name == file && p.To.Kind == attach.Socket {
			return p
		}
	}
	t.Fatalf("no path from %s to a socket: %s", file, r.Sentence)
	return attach.Path{}
}

// sent checks what went from files to a port.
func sent(t *testing.T, r *attach.Report, file string, technique attach.Technique, bytes int64, copies float64) (calls map[string]int64) {
	t.Helper()
	total := 0.0
	calls = map[string]int64{}
	for _, p := range r.Paths {
		if p.Kind != "file-to-socket" {
			continue
		}
		total += p.Bytes.Value
		for name, n := range p.Calls {
			calls[name] += n
		}
		if p.Technique != technique || p.CPUCopiesPerByte.Value != copies || !strings.HasPrefix(p.To.Name, "tcp port ") {
			t.Errorf("%+v, want %s and %v copies per byte", p, technique, copies)
		}
	}
	if total != float64(bytes) {
		t.Errorf("%.0f bytes went from files to sockets, want %d", total, bytes)
	}
	if p := path(t, r, file); p.Bytes.Value != total {
		t.Errorf("%.0f of %.0f bytes are of %s, want all: %q", p.Bytes.Value, total, file, r.Notes)
	}
	return calls
}

const film = 64 << 20

// A Go server that copies a file to its answer: by sendfile, unless something hides
// that the answer can do that.
func TestGoServers(t *testing.T) {
	for _, r := range []struct {
		how       string
		technique attach.Technique
		copies    float64
		blocker   string
	}{
		{"plain", attach.Sendfile, 0, ""},
		{"wrapped", attach.ReadWrite, 2, "ReadFrom"},
		{"mapped", attach.MmapWrite, 1, "mapping"},
	} {
		t.Run(r.how, func(t *testing.T) {
			file := makeFile(t, film)
			s := startGo(t, r.how, file)
			report := watch(t, attach.Options{Processes: []int{s.pid}}, func() { get(t, "http://"+s.address, film, film) })
			p := path(t, report, file)
			if r.technique == attach.Sendfile {
				// net/http sends the first 512 bytes itself, to find out what they are.
				if got := p.Techniques[0]; got.Technique != attach.Sendfile || film-got.Bytes > 64<<10 || p.CPUCopiesPerByte.Value > 0.01 {
					t.Errorf("%+v, %v copies per byte", p.Techniques, p.CPUCopiesPerByte.Value)
				}
			} else if got := p.Bytes.Value; p.Technique != r.technique || math.Abs(got-film) > 8<<10 || math.Abs(p.CPUCopiesPerByte.Value-r.copies) > 0.01 {
				// The first 4 KiB go through a buffer of net/http, with the header.
				t.Errorf("%s, %.0f bytes, %v copies per byte", p.Technique, got, p.CPUCopiesPerByte.Value)
			}
			if !strings.Contains(p.Blocker, r.blocker) || (p.Blocker == "") != (r.blocker == "") {
				t.Errorf("the blocker is %q, want %q in it", p.Blocker, r.blocker)
			}
			if err := report.Expect(r.technique); err != nil {
				t.Error(err)
			}
			if err := report.Expect(attach.Splice); err == nil || !strings.Contains(err.Error(), string(r.technique)) {
				t.Errorf("expecting splice: %v", err)
			}
		})
	}
}

// A Go server that encrypts, and one that compresses: what is sent is not what was
// read, and that is why.
func TestWhatStandsInTheWay(t *testing.T) {
	for _, r := range []struct {
		how, scheme string
		technique   attach.Technique
		blocker     string
	}{{"tls", "https", attach.TLS, "TLS in user space"}, {"gzip", "http", attach.Compress, "compressed on the way"}} {
		t.Run(r.how, func(t *testing.T) {
			file := makeFile(t, film)
			s := startGo(t, r.how, file)
			report := watch(t, attach.Options{Processes: []int{s.pid}}, func() { get(t, r.scheme+"://"+s.address, film, film) })
			p := path(t, report, file)
			if share := p.Techniques[0]; share.Technique != r.technique || share.Share < 0.98 || !strings.Contains(p.Blocker, r.blocker) {
				t.Errorf("%+v, blocked by %q; want %s", p.Techniques, p.Blocker, r.technique)
			}
			if more := p.Bytes.Value > film; more != (r.technique == attach.TLS) || math.Abs(p.SourceBytes.Value-film) > film/10 { // what is read last is sent when all is over
				t.Errorf("%.0f bytes were sent and %.0f read of %d", p.Bytes.Value, p.SourceBytes.Value, film)
			}
		})
	}
}

// nginx, with sendfile off: what is read and written equals what strace counts in
// another run of the same load.
func TestNginxWithoutSendfile(t *testing.T) {
	const bytes, part = 256 << 20, 1 << 20 // a part fits into the socket's buffer, so no write is cut
	file := makeFile(t, bytes)
	s := startNginx(t, filepath.Dir(file), "sendfile off;")
	load := func() { get(t, "http://"+s.address+"/"+filepath.Base(file), part, bytes) }
	pids, err := attach.OfPort(port(t, s.address))
	if err != nil || len(pids) != 2 {
		t.Fatalf("%v, %v: want the master and its worker", pids, err)
	}
	r := watch(t, attach.Options{Processes: pids}, load)
	sent(t, r, file, attach.ReadWrite, bytes, 2)
	if !strings.Contains(r.Sentence, "nginx") || !strings.Contains(r.Sentence, "2 CPU copies per byte") || !strings.Contains(r.Advice, "sendfile on;") {
		t.Errorf("%q, %q", r.Sentence, r.Advice)
	}
	got := counts(r)
	if want := strace(t, pids, load, got); !maps.Equal(got, want) {
		t.Errorf("attach counts %v, strace %v", got, want)
	}
}

// nginx, with sendfile on: every byte of the file, and at most two calls for each
// part: one that sends it, one that finds that there is no more.
func TestNginxWithSendfile(t *testing.T) {
	const bytes, part = 256 << 20, 1 << 20
	file := makeFile(t, bytes)
	s := startNginx(t, filepath.Dir(file), "sendfile on;")
	pids, err := attach.OfPort(port(t, s.address))
	if err != nil {
		t.Fatal(err)
	}
	r := watch(t, attach.Options{Processes: pids}, func() { get(t, "http://"+s.address+"/"+filepath.Base(file), part, bytes) })
	p := path(t, r, file)
	calls := sent(t, r, file, attach.Sendfile, bytes, 0)
	if n := calls["sendfile"]; n < bytes/part || n > 2*bytes/part || len(calls) != 1 {
		t.Errorf("%v, want %d to %d of sendfile", calls, bytes/part, 2*bytes/part)
	}
	if r.Verdict.ZeroCopy == nil || !*r.Verdict.ZeroCopy || p.Blocker != "" {
		t.Errorf("%+v, %q", r.Verdict, p.Blocker)
	}
}

// counts are the calls of a report by name.
func counts(r *attach.Report) map[string]int64 {
	out := map[string]int64{}
	for name, n := range r.Calls {
		out[name] = n.Calls
	}
	return out
}

func port(t *testing.T, address string) int {
	t.Helper()
	_, text, _ := strings.Cut(address, ":")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// strace counts the named calls of processes during a load.
func strace(t *testing.T, pids []int, load func(), names map[string]int64) map[string]int64 {
	t.Helper()
	program, err := exec.LookPath("strace")
	if err != nil {
		missing(t, "strace is not installed")
	}
	out := filepath.Join(t.TempDir(), "counts")
	args := []string{"-c", "-f", "-o", out}
	for _, pid := range pids {
		args = append(args, "-p", strconv.Itoa(pid))
	}
	c := exec.Command(program, args...)
	attached, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 1<<12)
	for said := ""; strings.Count(said, "attached") < len(pids); {
		n, err := attached.Read(text)
		if err != nil {
			t.Fatalf("strace: %v: %s", err, said)
		}
		said += string(text[:n])
	}
	load()
	time.Sleep(100 * time.Millisecond)
	_ = c.Process.Signal(os.Interrupt)
	_ = c.Wait()
	table, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]int64{}
	for line := range strings.Lines(string(table)) {
		words := strings.Fields(line) // % time, seconds, usecs/call, calls, [errors,] syscall
		if len(words) < 5 {
			continue
		}
		name := words[len(words)-1]
		if _, asked := names[name]; !asked {
			continue
		}
		if _, err := fmt.Sscan(words[3], new(int64)); err == nil {
			n, _ := strconv.ParseInt(words[3], 10, 64)
			counted[name] = n
		}
	}
	return counted
}

// What cannot be watched is said, with what to do instead.
func TestWhatCannotBeWatched(t *testing.T) {
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	child := startSleep(t)
	for _, r := range []struct {
		pid  int
		want string
	}{
		{gone.Process.Pid, "there is none; ps -e"},
		{os.Getpid(), "this very copyscope"},
		{2, "a thread of the kernel"},
	} {
		if r.pid == 2 {
			if text, err := os.ReadFile("/proc/2/comm"); err != nil || strings.TrimSpace(string(text)) != "kthreadd" {
				continue // in a container
			}
		}
		_, err := attach.Watch(context.Background(), attach.Options{Processes: []int{r.pid}, For: time.Second})
		if err == nil || !strings.Contains(err.Error(), r.want) || !strings.Contains(err.Error(), strconv.Itoa(r.pid)) {
			t.Errorf("%d: %v, want %q in it", r.pid, err, r.want)
		}
	}
	if os.Geteuid() != 0 {
		_, err := attach.Watch(context.Background(), attach.Options{Processes: []int{child}, For: time.Second})
		if err != nil && !strings.Contains(err.Error(), "sudo copyscope attach --pid") {
			t.Errorf("as an ordinary user: %v", err)
		}
	}
	if _, err := attach.OfPort(1); err == nil || !strings.Contains(err.Error(), "port 1: no process listens there") {
		t.Errorf("port 1: %v", err)
	}
	for _, unit := range []string{"", "no-such-unit", "../x"} {
		if _, err := attach.OfUnit(unit); err == nil || !strings.Contains(err.Error(), strconv.Quote(unit)) {
			t.Errorf("unit %q: %v", unit, err)
		}
	}
}

// startSleep starts a process that does nothing.
func startSleep(t *testing.T) int {
	t.Helper()
	c := exec.Command("sleep", "60")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	return c.Process.Pid
}

// A process that ends while it is watched ends the watch, and what was seen is told.
func TestTheProcessEnds(t *testing.T) {
	privileged(t)
	file := makeFile(t, 1<<20)
	c := exec.Command("sh", "-c", "read line; exec cat "+file)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r, err := attach.Watch(context.Background(), attach.Options{Processes: []int{c.Process.Pid}, For: time.Minute, Ready: func() {
		fmt.Fprintln(in, "go")
		go c.Wait()
	}})
	if err != nil {
		t.Fatal(err)
	}
	if time.Since(began) > 20*time.Second {
		t.Error("the watch went on after the process had ended")
	}
	if !r.Processes[0].Ended || !strings.Contains(strings.Join(r.Notes, "\n"), "ended while it was watched") {
		t.Errorf("%+v, %q", r.Processes, r.Notes)
	}
	if r.Calls["read"] == nil || r.Calls["read"].Bytes < 1<<20 {
		t.Errorf("%v, want a read of all the file", counts(r))
	}
}

// Processes that a watched one starts are watched only if that is asked for.
func TestFollow(t *testing.T) {
	privileged(t)
	file := makeFile(t, 4<<20)
	for _, follow := range []bool{false, true} {
		c := exec.Command("sh", "-c", "read line; cat "+file+" | cat >/dev/null; read line")
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		r := watch(t, attach.Options{Processes: []int{c.Process.Pid}, Follow: follow}, func() {
			fmt.Fprintln(in, "go")
			time.Sleep(time.Second)
		})
		in.Close()
		_ = c.Wait()
		var bytes int64
		for _, n := range r.Calls {
			bytes += n.Bytes
		}
		if got := bytes >= 4<<20; got != follow {
			t.Errorf("follow %v: %d bytes were seen to move", follow, bytes)
		}
		if got := len(r.Processes) > 1; got != follow {
			t.Errorf("follow %v: processes %+v", follow, r.Processes)
		}
	}
}

// Children that exist when a watch begins are watched if that is asked for; else a watch
// that saw nothing names them, and what would watch them.
func TestFollowWatchesChildrenThatExist(t *testing.T) {
	privileged(t)
	file := makeFile(t, 4<<20)
	for _, follow := range []bool{false, true} {
		c := exec.Command("sh", "-c", "( echo up; read line; cat "+file+" | cat >/dev/null; read line ); true")
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
		if _, err := out.Read(make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
		family := attach.Family([]int{c.Process.Pid})
		if len(family) != 2 {
			t.Fatalf("the family of %d is %v, want a child besides", c.Process.Pid, family)
		}
		r := watch(t, attach.Options{Processes: []int{c.Process.Pid}, Follow: follow}, func() {
			fmt.Fprintln(in, "go")
			time.Sleep(time.Second)
		})
		in.Close()
		_ = c.Wait()
		var bytes int64
		for _, n := range r.Calls {
			bytes += n.Bytes
		}
		if got := bytes >= 4<<20; got != follow {
			t.Errorf("follow %v: %d bytes were seen to move: %+v", follow, bytes, r.Processes)
		}
		notes := strings.Join(r.Notes, "\n")
		child := family[0] + family[1] - c.Process.Pid
		named := strings.Contains(notes, strconv.Itoa(child)+" (sh)") && strings.Contains(notes, "--follow")
		if named == follow {
			t.Errorf("follow %v: notes %q", follow, notes)
		}
	}
}

// A unit is found by its control group, with the processes of the groups below it.
func TestOfUnit(t *testing.T) {
	root := "/sys/fs/cgroup"
	if _, err := os.Stat(filepath.Join(root, "systemd", "cgroup.procs")); err == nil {
		root = filepath.Join(root, "systemd") // version 1
	}
	unit := fmt.Sprintf("copyscope-test-%d.service", os.Getpid())
	below := filepath.Join(root, unit, "worker")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Skipf("SKIPPED: a control group of its own: %v; run it as root where control groups may be made", err)
	}
	t.Cleanup(func() {
		for range 50 { // until the processes have left it
			if os.Remove(below) == nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if err := os.Remove(filepath.Dir(below)); err != nil {
			t.Error(err)
		}
	})
	name := strings.TrimSuffix(unit, ".service")
	if _, err := attach.OfUnit(name); err == nil || !strings.Contains(err.Error(), "has no process") {
		t.Errorf("an empty unit: %v", err)
	}
	pids := []int{startSleep(t), startSleep(t)}
	for i, at := range []string{filepath.Dir(below), below} {
		if err := os.WriteFile(filepath.Join(at, "cgroup.procs"), []byte(strconv.Itoa(pids[i])), 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{name, unit} {
		got, err := attach.OfUnit(name)
		if err != nil || len(got) != 2 || got[0] != min(pids[0], pids[1]) || got[1] != max(pids[0], pids[1]) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, pids)
		}
	}
}

// A number that another process has got meanwhile is not taken for the process that
// was watched.
func TestAProcessNumberThatIsUsedAgain(t *testing.T) {
	privileged(t)
	const last = "/proc/sys/kernel/ns_last_pid" // the next process gets the number after it
	c := exec.Command("sleep", "60")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	pid, again := c.Process.Pid, false
	r := watch(t, attach.Options{Processes: []int{pid}}, func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		for range 50 {
			if err := os.WriteFile(last, []byte(strconv.Itoa(pid-1)), 0); err != nil {
				break
			}
			if again = startSleep(t) == pid; again {
				break
			}
		}
		time.Sleep(time.Second)
	})
	if !again {
		t.Skipf("SKIPPED: the number %d could not be used again: %s", pid, last)
	}
	if !r.Processes[0].Ended {
		t.Errorf("%+v, want it ended: another process has its number", r.Processes[0])
	}
}
