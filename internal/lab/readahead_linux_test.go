package lab_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// readahead is what a sequential cold read made of a file.
type readahead struct {
	Pages int64 // put into the page cache
	Bytes int64 // read from the disk
	// Windows are the kernel's readahead requests, each as its first page and its
	// pages, cut at the end of the file.
	Windows [][2]int64
}

const (
	readaheadFile  = 64 << 20
	readaheadChunk = 64 << 10
)

// A cold sequential read of 64 MiB brings in the same pages by the same windows
// in the model and on this host, whatever read_ahead_kb says.
func TestReadaheadIsTheHosts(t *testing.T) {
	for _, kb := range []int64{32, 128, 8192} {
		t.Run(fmt.Sprintf("%d KiB", kb), func(t *testing.T) {
			dir, device, request := loopDisk(t, kb)
			traced := traceReadahead(t, filepath.Join(dir, "file"), device)
			model := modelReadahead(t, kb<<10, request)
			t.Logf("%d windows, %d pages, %d bytes", len(traced.Windows), traced.Pages, traced.Bytes)
			if traced.Pages != model.Pages || traced.Bytes != model.Bytes {
				t.Errorf("the host inserted %d pages and read %d bytes, the model %d and %d", traced.Pages, traced.Bytes, model.Pages, model.Bytes)
			}
			if !reflect.DeepEqual(traced.Windows, model.Windows) {
				t.Errorf("windows (page, pages)\nhost  %v\nmodel %v", traced.Windows, model.Windows)
			}
		})
	}
}

// modelReadahead is the linux model's.
func modelReadahead(t *testing.T, most, request int64) (r readahead) {
	t.Helper()
	c := sim.MachineConfig()
	c.Net, c.FileBytes = sim.NIC, readaheadFile
	c.Settings.ReadaheadBytes, c.Settings.RequestBytes = most, request
	c.Profile, _ = sim.LookupProfile("")
	log := trace.NewLog(trace.NewCounter(readaheadFile, trace.Modelled, nil), trace.LogOptions{Keep: -1})
	m, err := sim.New(c, log)
	if err != nil {
		t.Fatal(err)
	}
	k := m.Kernel()
	program, _ := transfer.Lookup("read")
	if _, err := program.Send(k, transfer.Job{In: k.File(), Bytes: readaheadFile, Chunk: readaheadChunk, UsePosition: true}); err != nil {
		t.Fatal(err)
	}
	m.Idle()
	var events []trace.Event
	for i := range log.Len() {
		events = append(events, log.Event(i))
	}
	r.Windows = windowsOf(events)
	count := log.Counter()
	r.Pages = int64(count.Count(trace.PageCacheInsertions).Value)
	r.Bytes = int64(count.Count(trace.DiskReadBytes).Value)
	return r
}

// windowsOf are the readahead windows of a run's events.
func windowsOf(events []trace.Event) (windows [][2]int64) {
	var asked trace.Event
	for _, e := range events {
		switch {
		case e.Kind == trace.CacheMiss:
			asked = e // the window begins with what was asked for
			windows = append(windows, [2]int64{e.Offset / sim.PageBytes, e.Units()})
		case e.Kind == trace.Readahead && e.Detail == "initial":
			windows[len(windows)-1][1] = asked.Units() + e.Units()
		case e.Kind == trace.Readahead && e.Detail != "insert":
			windows = append(windows, [2]int64{e.Offset / sim.PageBytes, e.Units()})
		}
	}
	return windows
}

// The timeline of a real run has the windows of the modelled one, in the same words.
func TestReadaheadWindowsOfARunAreTheModels(t *testing.T) {
	for _, c := range host.Doctor(t.Context()).Checks {
		if c.ID == "timeline" && c.Status != host.Active {
			t.Skipf("SKIPPED: %s", c.Why)
		}
	}
	const kb = 128
	dir, _, request := loopDisk(t, kb)
	program, _ := transfer.Lookup("read")
	o := host.Options{Program: program, Size: readaheadFile, Chunk: readaheadChunk, Cold: true, Dir: dir}
	run := &trace.Run{Path: program.Path, Side: trace.Real, Payload: o.Size, Base: trace.Derived, Watch: host.Watch(o)}
	o.Recorder = run
	if _, err := host.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	got, model := windowsOf(run.Events), modelReadahead(t, kb<<10, request)
	if !reflect.DeepEqual(got, model.Windows) {
		t.Errorf("windows (page, pages)\nhost  %v\nmodel %v", got, model.Windows)
	}
	if n := run.CountsAt(len(run.Events)).Count(trace.PageCacheInsertions); int64(n.Value) != model.Pages || n.Provenance != trace.Measured {
		t.Errorf("%+v pages came in, in the model %d", n, model.Pages)
	}
}

// loopDisk makes a file system with the file on a loop device of its own, and
// takes both away again. It also gives the device's number, as the kernel traces
// it, and how many bytes one of its commands moves.
func loopDisk(t *testing.T, readaheadKB int64) (dir, device string, request int64) {
	t.Helper()
	need := func(what string, err error) {
		t.Helper()
		if err == nil {
			return
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s: %v", what, err)
		}
		t.Skipf("SKIPPED: %s: %v; run as root on Linux with loop devices, mkfs.ext4 and tracefs", what, err)
	}
	run := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
		}
		need(name, err)
		return strings.TrimSpace(string(out))
	}
	if os.Geteuid() != 0 {
		need("a loop device", syscall.EPERM)
	}
	work := t.TempDir()
	image := filepath.Join(work, "image")
	need("an image", os.WriteFile(image, nil, 0o600))
	need("an image", os.Truncate(image, 4*readaheadFile))
	loop := run("losetup", "--find", "--show", image)
	t.Cleanup(func() { exec.Command("losetup", "--detach", loop).Run() })
	run("mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", loop)
	queue := filepath.Join("/sys/block", filepath.Base(loop), "queue")
	need("read_ahead_kb", os.WriteFile(filepath.Join(queue, "read_ahead_kb"), []byte(strconv.FormatInt(readaheadKB, 10)), 0))
	text, err := os.ReadFile(filepath.Join(queue, "max_sectors_kb"))
	need("max_sectors_kb", err)
	kb, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	need("max_sectors_kb", err)
	dir = filepath.Join(work, "disk")
	need("a mount point", os.Mkdir(dir, 0o700))
	need("mount", unix.Mount(loop, dir, "ext4", 0, ""))
	t.Cleanup(func() { unix.Unmount(dir, 0) })
	need("the file", os.WriteFile(filepath.Join(dir, "file"), make([]byte, readaheadFile), 0o600))
	need("unmount", unix.Unmount(dir, 0)) // so that nothing of it is cached
	need("mount", unix.Mount(loop, dir, "ext4", 0, ""))
	var st unix.Stat_t
	need("stat", unix.Stat(dir, &st))
	return dir, fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev)), kb << 10
}

// traceReadahead reads the file in chunks and listens to the kernel.
func traceReadahead(t *testing.T, file, device string) (r readahead) {
	t.Helper()
	root := t.TempDir()
	if err := unix.Mount("tracefs", root, "tracefs", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(root, unix.MNT_DETACH)
	instance := filepath.Join(root, "instances", fmt.Sprintf("copyscope-test-%d", os.Getpid()))
	if err := os.Mkdir(instance, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(instance)
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(instance, name), []byte(text), 0); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	put("buffer_size_kb", "32768")
	events := []string{"events/readahead/page_cache_ra_order/enable", "events/filemap/mm_filemap_add_to_page_cache/enable", "events/block/block_rq_issue/enable"}
	for _, e := range events {
		put(e, "1")
	}
	buf := make([]byte, readaheadChunk)
	for {
		n, err := unix.Read(int(f.Fd()), buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	for _, e := range events {
		put(e, "0")
	}
	told, err := os.Open(filepath.Join(instance, "trace"))
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	ino := strconv.FormatUint(st.Ino, 16)
	lines := bufio.NewScanner(told)
	for lines.Scan() {
		r.hear(lines.Text(), device, ino)
	}
	return r
}

// hear takes one line of a trace into account.
func (r *readahead) hear(line, device, ino string) {
	field := func(key string) int64 {
		_, rest, _ := strings.Cut(line, key+"=")
		rest, _, _ = strings.Cut(rest, " ")
		n, _ := strconv.ParseInt(rest, 10, 64)
		return n
	}
	const pages = readaheadFile / sim.PageBytes
	switch {
	case strings.Contains(line, "page_cache_ra_order:") && strings.Contains(line, "dev="+device+" ino="+ino+" "):
		if first := field("index"); first < pages {
			r.Windows = append(r.Windows, [2]int64{first, min(field("size"), pages-first)})
		}
	case strings.Contains(line, "add_to_page_cache:") && strings.Contains(line, "dev "+device+" ino "+ino+" "):
		r.Pages += 1 << field("order")
	case strings.Contains(line, "block_rq_issue: "+strings.Replace(device, ":", ",", 1)+" RA "):
		// device flags bytes () sector + sectors …; a file's reads have an A for
		// readahead, those of metadata have none.
		words := strings.Fields(line[strings.Index(line, "block_rq_issue:"):])
		if n, err := strconv.ParseInt(words[3], 10, 64); err == nil {
			r.Bytes += n
		}
	}
}
