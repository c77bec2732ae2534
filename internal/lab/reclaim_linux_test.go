package lab_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

const (
	reclaimMemory = 64 << 20 // what the page cache may hold
	reclaimHot    = 8 << 20
	reclaimLarge  = 128 << 20
	reclaimPiece  = 1 << 20 // what is read of the large file at a time
)

// batch is how many pages may go astray on the host: those that somebody holds in
// a batch of his own when they are used (PAGEVEC_SIZE, include/linux/pagevec.h).
// They are off the lists then, and are not moved (folio_activate, mm/swap.c).
const batch = 31

// reclaimer uses a file, the hot one, in memory that is short. It has a mapping
// of that file at most.
type reclaimer interface {
	read(chunk int64) // the file from start to end by read(2)
	send(chunk int64) // the same by sendfile(2)
	mmap()
	reach() // reads a byte of every page of the mapping
	munmap()
	scan() // reads the next piece of the large file
}

// reclaims are ways to use a file, each before a scan of a large file, and
// whether all pages of the file stay in memory then, or none.
var reclaims = []struct {
	name   string
	use    func(reclaimer)
	scan   int64           // bytes of the large file
	during func(reclaimer) // after every piece of it
	stays  bool
}{
	{name: "read once", use: func(u reclaimer) { u.read(128 << 10) }, scan: 72 << 20},
	{name: "read once in steps of 1000 bytes", use: func(u reclaimer) { u.read(1000) }, scan: 72 << 20},
	{name: "read twice", use: func(u reclaimer) { u.read(128 << 10); u.read(128 << 10) }, scan: 72 << 20, stays: true},
	{name: "sent once", use: func(u reclaimer) { u.send(64 << 10) }, scan: 72 << 20},
	{name: "sent once in steps of 1000 bytes", use: func(u reclaimer) { u.send(1000) }, scan: 72 << 20, stays: true},
	{name: "sent twice", use: func(u reclaimer) { u.send(64 << 10); u.send(64 << 10) }, scan: 72 << 20, stays: true},
	{name: "read and sent", use: func(u reclaimer) { u.read(128 << 10); u.send(64 << 10) }, scan: 72 << 20, stays: true},
	{name: "mapped once", use: func(u reclaimer) { u.mmap(); u.reach(); u.reach(); u.munmap() }, scan: 72 << 20},
	{name: "mapped twice", use: func(u reclaimer) {
		u.mmap()
		u.reach()
		u.munmap()
		u.mmap()
		u.reach()
		u.munmap()
	}, scan: 72 << 20, stays: true},
	{name: "mapped and read", use: func(u reclaimer) { u.mmap(); u.reach(); u.munmap(); u.read(128 << 10) }, scan: 72 << 20, stays: true},
	{name: "mapped, a short scan", use: func(u reclaimer) { u.mmap(); u.reach() }, scan: 72 << 20, stays: true},
	{name: "mapped, a long scan", use: func(u reclaimer) { u.mmap(); u.reach() }, scan: reclaimLarge},
	{name: "mapped and reached all along", use: func(u reclaimer) { u.mmap(); u.reach() }, scan: reclaimLarge, during: reclaimer.reach, stays: true},
}

// Which uses keep a file in memory through a scan of a larger one is the same in
// the model and on this host.
func TestReclaimSparesWhatTheHostsSpares(t *testing.T) {
	if os.Getenv("COPYSCOPE_RECLAIM") != "" {
		reclaimOnHost(t)
		return
	}
	judge := func(t *testing.T, row int, left, astray int64) {
		t.Helper()
		const all = reclaimHot / sim.PageBytes
		want := int64(0)
		if reclaims[row].stays {
			want = all
		}
		if left < want-astray || left > want+astray {
			t.Errorf("%d of %d pages stayed, want %d", left, all, want)
		}
	}
	t.Run("model", func(t *testing.T) {
		for i, c := range reclaims {
			t.Run(c.name, func(t *testing.T) { judge(t, i, reclaimInModel(t, i), 0) })
		}
	})
	t.Run("host", func(t *testing.T) {
		group, files := reclaimGround(t)
		for i, c := range reclaims {
			t.Run(c.name, func(t *testing.T) { judge(t, i, reclaimInChild(t, i, group, files), batch) })
		}
	})
}

// reclaimInChild has a process of its own use the files, whose pages are the
// cgroup's then.
func reclaimInChild(t *testing.T, row int, group, files string) (left int64) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "left")
	child := exec.Command(os.Args[0], "-test.run", "^TestReclaimSparesWhatTheHostsSpares$")
	child.Env = append(os.Environ(), "COPYSCOPE_RECLAIM="+strconv.Itoa(row), "COPYSCOPE_RECLAIM_GROUP="+group, "COPYSCOPE_RECLAIM_FILES="+files, "COPYSCOPE_RECLAIM_OUT="+out)
	if told, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, told)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if left, err = strconv.ParseInt(string(text), 10, 64); err != nil {
		t.Fatal(err)
	}
	return left
}

// reclaim does what a row of the table says.
func reclaim(u reclaimer, row int) {
	c := reclaims[row]
	c.use(u)
	for at := int64(0); at < c.scan; at += reclaimPiece {
		u.scan()
		if c.during != nil {
			c.during(u)
		}
	}
}

// modelReclaimer is the linux model's.
type modelReclaimer struct {
	t          *testing.T
	k          *sim.Kernel
	hot, large sim.FileID
	scanned    transfer.FD // the large file
	mapping    transfer.Mem
}

func reclaimInModel(t *testing.T, row int) (left int64) {
	t.Helper()
	c := sim.MachineConfig()
	c.Profile, _ = sim.LookupProfile("")
	c.Net, c.SG, c.FileBytes, c.MemoryBytes = sim.NIC, true, reclaimHot, reclaimMemory
	log := trace.NewLog(trace.NewCounter(reclaimHot, trace.Modelled, nil), trace.LogOptions{Keep: 0})
	m, err := sim.New(c, log)
	if err != nil {
		t.Fatal(err)
	}
	u := &modelReclaimer{t: t, k: m.Kernel()}
	u.large = m.AddFile("large", reclaimLarge, 0)
	u.scanned = u.k.OpenFile(u.large)
	reclaim(u, row)
	m.Idle()
	before := log.Counter().Count(trace.DiskReadBytes).Value
	u.read(128 << 10) // what is gone comes from the disk once more
	m.Idle()
	return (reclaimHot - int64(log.Counter().Count(trace.DiskReadBytes).Value-before)) / sim.PageBytes
}

func (u *modelReclaimer) ok(err error) {
	u.t.Helper()
	if err != nil {
		u.t.Fatal(err)
	}
}

// run lets a program move the next bytes of a file that is open.
func (u *modelReclaimer) run(path string, in transfer.FD, bytes, chunk int64) {
	u.t.Helper()
	program, _ := transfer.Lookup(path)
	_, err := program.Send(u.k, transfer.Job{In: in, Out: u.k.Socket(), Bytes: bytes, Chunk: int(chunk), UsePosition: true})
	u.ok(err)
}

func (u *modelReclaimer) read(chunk int64) { u.run("read", u.k.OpenFile(u.hot), reclaimHot, chunk) }
func (u *modelReclaimer) send(chunk int64) {
	u.run("sendfile", u.k.OpenFile(u.hot), reclaimHot, chunk)
}
func (u *modelReclaimer) scan() { u.run("read", u.scanned, reclaimPiece, 128<<10) }

func (u *modelReclaimer) mmap() {
	var err error
	u.mapping, err = u.k.Mmap("mmap", u.k.OpenFile(u.hot), 0, reclaimHot)
	u.ok(err)
}
func (u *modelReclaimer) reach()  { u.ok(u.k.Touch("reach", u.mapping)) }
func (u *modelReclaimer) munmap() { u.ok(u.k.Munmap("munmap", u.mapping)) }

// hostReclaimer is a process in a memory cgroup. A call that fails ends it.
type hostReclaimer struct {
	hot, large, stat *os.File
	mapping          []byte
	sum              byte // of what was reached: the compiler must not leave it out
}

// reclaimGround is a memory cgroup of cgroup v1 with a limit, and a folder on
// a disk with the two files, of which nothing is in memory.
func reclaimGround(t *testing.T) (group, files string) {
	t.Helper()
	need := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Skipf("SKIPPED: %s: %v; run as root on Linux with the memory controller of cgroup v1", what, err)
		}
	}
	if text, err := os.ReadFile("/sys/kernel/mm/lru_gen/enabled"); err == nil && strings.TrimSpace(string(text)) != "0x0000" {
		need("two lists", fmt.Errorf("the multi-generational LRU is on"))
	}
	group = fmt.Sprintf("/sys/fs/cgroup/memory/copyscope-test-%d", os.Getpid())
	need("a memory cgroup", os.Mkdir(group, 0o700))
	t.Cleanup(func() { os.Remove(group) })
	need("its limit", os.WriteFile(filepath.Join(group, "memory.limit_in_bytes"), []byte(strconv.Itoa(reclaimMemory)), 0))
	files = t.TempDir()
	var fs unix.Statfs_t
	if err := unix.Statfs(files, &fs); err != nil || fs.Type == unix.TMPFS_MAGIC {
		need("files on a disk", fmt.Errorf("%s is in memory (%v)", files, err))
	}
	for name, bytes := range map[string]int64{"hot": reclaimHot, "large": reclaimLarge} {
		f, err := os.Create(filepath.Join(files, name))
		need("a file", err)
		piece := make([]byte, reclaimPiece)
		for at := int64(0); at < bytes; at += reclaimPiece {
			_, err := f.Write(piece)
			need("a file", err)
		}
		need("a file", f.Sync())
		need("a file", f.Close())
	}
	return group, files
}

// reclaimOnHost is what the child does.
func reclaimOnHost(t *testing.T) {
	row, err := strconv.Atoi(os.Getenv("COPYSCOPE_RECLAIM"))
	if err != nil {
		t.Fatal(err)
	}
	group, files := os.Getenv("COPYSCOPE_RECLAIM_GROUP"), os.Getenv("COPYSCOPE_RECLAIM_FILES")
	// On one processor: a page that is still in another's batch of new ones stays
	// inactive when it is used again (__lru_cache_activate_folio, mm/swap.c).
	runtime.LockOSThread()
	var one unix.CPUSet
	must(unix.SchedGetaffinity(0, &one))
	for cpu := len(one)*64 - 1; one.Count() > 1; cpu-- {
		one.Clear(cpu)
	}
	must(unix.SchedSetaffinity(0, &one))
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0); err != nil {
		t.Fatal(err)
	}
	cached := func(name string) int64 {
		p, err := host.LookAtFile(filepath.Join(files, name), 1)
		if err != nil || p.Tool == "" {
			t.Fatal(err, p.Reason)
		}
		return p.Cached
	}
	u := &hostReclaimer{hot: opened(files, "hot"), large: opened(files, "large"), stat: opened(group, "memory.stat")}
	for _, f := range []*os.File{u.hot, u.large} {
		must(unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED))
		// No readahead: with it a folio has many pages, which are used as one.
		must(unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_RANDOM))
	}
	if n := cached("hot") + cached("large"); n != 0 {
		t.Fatalf("%d pages are in memory before they are used", n)
	}
	reclaim(u, row)
	if err := os.WriteFile(os.Getenv("COPYSCOPE_RECLAIM_OUT"), []byte(strconv.FormatInt(cached("hot"), 10)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func opened(folder, name string) *os.File {
	f, err := os.Open(filepath.Join(folder, name))
	must(err)
	return f
}

func (u *hostReclaimer) read(chunk int64) {
	buf := make([]byte, chunk)
	for at := int64(0); at < reclaimHot; {
		n, err := u.hot.ReadAt(buf[:min(chunk, reclaimHot-at)], at)
		must(err)
		at += int64(n)
	}
}

func (u *hostReclaimer) send(chunk int64) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(err)
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	buf := make([]byte, chunk)
	for at := int64(0); at < reclaimHot; {
		n, err := unix.Sendfile(pair[0], int(u.hot.Fd()), &at, int(min(chunk, reclaimHot-at)))
		must(err)
		for n > 0 {
			got, err := unix.Read(pair[1], buf[:n])
			must(err)
			n -= got
		}
	}
}

func (u *hostReclaimer) mmap() {
	var err error
	u.mapping, err = unix.Mmap(int(u.hot.Fd()), 0, reclaimHot, unix.PROT_READ, unix.MAP_SHARED)
	must(err)
}

func (u *hostReclaimer) reach() {
	for i := 0; i < len(u.mapping); i += sim.PageBytes {
		u.sum += u.mapping[i]
	}
}

func (u *hostReclaimer) munmap() { must(unix.Munmap(u.mapping)) }

// scan has the cgroup's statistics brought up to date first, as reading them
// does: whether the inactive list is low is judged by them, and on their own they
// lag by seconds (prepare_scan_control, mm/vmscan.c;
// mem_cgroup_flush_stats_ratelimited, mm/memcontrol.c).
func (u *hostReclaimer) scan() {
	_, err := u.stat.ReadAt(make([]byte, 64<<10), 0)
	if err != io.EOF {
		must(err)
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(struct{ io.Reader }{u.large}, reclaimPiece), make([]byte, 128<<10))
	must(err)
}
