package host_test

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// usedBeside lets a run tell what its sending thread used while the clock ran, by
// getrusage(2), the witness's own share included.
func usedBeside(t *testing.T, o *host.Options) (used func() unix.Rusage) {
	var before, after unix.Rusage
	o.Beside = func(int) (func(), error) {
		return func() {
			if err := unix.Getrusage(unix.RUSAGE_THREAD, &after); err != nil {
				t.Error(err)
			}
		}, unix.Getrusage(unix.RUSAGE_THREAD, &before)
	}
	return func() unix.Rusage {
		return unix.Rusage{Minflt: after.Minflt - before.Minflt, Majflt: after.Majflt - before.Majflt,
			Nvcsw: after.Nvcsw - before.Nvcsw, Nivcsw: after.Nivcsw - before.Nivcsw}
	}
}

// total is how many units the events stand for that f picks.
func total(run *trace.Run, f func(trace.Event) bool) (n int64) {
	for _, e := range run.Events {
		if f(e) {
			n += e.Units()
		}
	}
	return n
}

// Each fault of a mapping stands where it was met, with the page that it was about: of
// those that the thread took while the clock ran, all but what the runtime and the
// witness took themselves, which are few but in a process's first runs.
func TestFaultsOfAMappingAreToldOneByOne(t *testing.T) {
	traced(t)
	lacking(t, "exceptions:page_fault_kernel")
	const size, chunk, page, tries, few = 16 << 20, 1 << 20, 4096, 40, 8
	src := newSource(t, size)
	p, _ := transfer.Lookup("mmap-write")
	isFault := func(e trace.Event) bool { return e.Kind == trace.PageFault }
	inMapping := func(e trace.Event) bool { return isFault(e) && e.From == trace.UserMapping }
	for _, c := range []struct{ cold, touch bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		exact := false
		for try := 0; try < tries && !exact; try++ {
			o := host.Options{Program: p, Size: size, Chunk: chunk, Source: src, Cold: c.cold, Touch: c.touch}
			used := usedBeside(t, &o)
			_, run := measure(t, o)
			at := map[int64]bool{}
			for _, e := range run.Events {
				if !inMapping(e) {
					continue
				}
				wrong := e.To != trace.PageCache || e.Provenance != trace.Measured || e.Units() != 1 || e.Offset%page != 0 || e.Offset >= size || at[e.Offset]
				if by := map[bool]trace.Actor{true: trace.UserCode, false: trace.KernelCode}[c.touch]; wrong || e.Actor != by {
					t.Errorf("%+v: %+v, want another page, of %s", c, e, by)
				}
				if !c.touch && (e.Syscall != "write" || e.Line != "write" || e.Call == 0) || c.touch && e.Call != 0 {
					t.Errorf("%+v: the call of a fault is told as %+v", c, e)
				}
				at[e.Offset] = true
			}
			r := used()
			mapped, all := total(run, inMapping), total(run, isFault)
			major := total(run, func(e trace.Event) bool { return inMapping(e) && e.Detail == "major" })
			if all < mapped || all > r.Minflt+r.Majflt || major > r.Majflt || c.cold != (major > 0) || !c.cold && mapped != size/faultAround {
				t.Errorf("%+v: %d faults in the mapping, %d of them major, %d in all; the thread took %d minor and %d major ones",
					c, mapped, major, all, r.Minflt, r.Majflt)
			}
			exact = r.Minflt+r.Majflt-mapped <= few && major == r.Majflt
			t.Logf("%+v: %d in the mapping, %d in all, thread %d+%d", c, mapped, all, r.Minflt, r.Majflt)
		}
		if !exact {
			t.Errorf("%+v: none of %d runs told all of the mapping's faults but %d", c, tries, few)
		}
	}
}

// The scheduler's switches of the sending thread stand where they were made: of those
// that the thread made while the clock ran, all but what the witness itself did. A run
// in which that did nothing of the kind tells exactly as many.
func TestSwitchesAreToldOneByOne(t *testing.T) {
	traced(t)
	lacking(t, "sched:sched_switch")
	const size, tries = 32 << 20, 40
	p, _ := transfer.Lookup("read-write")
	for _, cold := range []bool{false, true} {
		src := newSource(t, size)
		exact := false
		for try := 0; try < tries && !exact; try++ {
			o := host.Options{Program: p, Size: size, Chunk: 1 << 20, Source: src, Cold: cold}
			used := usedBeside(t, &o)
			_, run := measure(t, o)
			by := map[string]int64{}
			for _, e := range run.Events {
				if e.Kind != trace.ContextSwitch {
					continue
				}
				by[e.Detail] += e.Units()
				if e.Provenance != trace.Measured || e.Actor != trace.Scheduler || e.N != 0 {
					t.Errorf("cold %v: a switch that is known by its number alone: %+v", cold, e)
				}
			}
			r := used()
			if by["voluntary"] > r.Nvcsw || by["involuntary"] > r.Nivcsw {
				t.Errorf("cold %v: %v switches; the thread made %d voluntary and %d involuntary ones", cold, by, r.Nvcsw, r.Nivcsw)
			}
			exact = by["voluntary"] == r.Nvcsw && r.Nvcsw > 0
			t.Logf("cold %v: %v, thread %d+%d", cold, by, r.Nvcsw, r.Nivcsw)
		}
		if !exact {
			t.Errorf("cold %v: none of %d runs told as many voluntary switches as the thread made", cold, tries)
		}
	}
}

// A thread that was preempted could have gone on, whatever state it was in: the bit
// above those that are reported says so (print fmt of sched_switch, "+").
func TestStatesTellWhoGaveTheProcessorUp(t *testing.T) {
	for _, c := range []struct {
		state  int64
		detail string
		disk   bool
	}{{0, "involuntary", false}, {0x100, "involuntary", false}, {1, "voluntary", false}, {2, "voluntary", true}, {0x80, "voluntary", false}} {
		if detail, disk := host.SwitchedBy(c.state); detail != c.detail || disk != c.disk {
			t.Errorf("state %#x: %s, for a disk %v; want %s, %v", c.state, detail, disk, c.detail, c.disk)
		}
	}
}

// The softirqs that run on top of the sending thread are told with the packets that
// were polled in them, within the calls.
func TestSoftirqsAreToldWithTheirPolls(t *testing.T) {
	traced(t)
	lacking(t, "irq:softirq_entry")
	lacking(t, "napi:napi_poll")
	const size = 8 << 20
	src := newSource(t, size)
	for _, path := range []string{"sendfile", "read"} {
		p, _ := transfer.Lookup(path)
		_, run := measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src})
		var softirqs, packets, polled int64
		for _, e := range run.Events {
			if e.Kind != trace.Compute || e.Actor != trace.KernelCode {
				continue
			}
			if e.Provenance != trace.Measured || e.Endpoint != trace.Sender {
				t.Errorf("%s: %+v", path, e)
			}
			switch e.Detail {
			case "softirq":
				softirqs++
				packets += e.N
				if e.Dur <= 0 {
					t.Errorf("%s: a softirq that took no time: %+v", path, e)
				}
			case "napi", "napi-full":
				polled += e.N
			}
		}
		if path == "read" {
			if softirqs+polled > 0 {
				t.Errorf("read sends nothing, yet %d softirqs, %d packets", softirqs, polled)
			}
			continue
		}
		if softirqs == 0 || polled == 0 || packets != polled {
			t.Errorf("%s: %d packets in %d softirqs, %d by polls", path, packets, softirqs, polled)
		}
	}
}

// Of long runs only the polls are told, which are fewer hits for each packet.
func TestSoftirqsOfLongRunsAreNotTold(t *testing.T) {
	traced(t)
	lacking(t, "irq:softirq_entry")
	lacking(t, "napi:napi_poll")
	const size = 33 << 20
	p, _ := transfer.Lookup("sendfile")
	_, run := measure(t, host.Options{Program: p, Size: size, Chunk: 1 << 20, Source: newSource(t, size)})
	told := map[string]int{}
	for _, e := range run.Events {
		told[e.Detail]++
	}
	if told["softirq"] > 0 || told["napi"]+told["napi-full"] == 0 {
		t.Errorf("%d softirqs and %d polls, want polls alone", told["softirq"], told["napi"]+told["napi-full"])
	}
}

// What a cold run's windows and misses tell of covers what came in, and counts nothing
// twice: it is the same as what a run sees that is not told of them.
func TestReadaheadWindowsCoverWhatComesIn(t *testing.T) {
	traced(t)
	lacking(t, "readahead:page_cache_ra_order")
	const size, page = 16<<20 + 4097, 4096
	src := newSource(t, size)
	for path, details := range map[string][]string{"sendfile": {"initial", "async"}, "mmap-write": {"around"}} {
		p, _ := transfer.Lookup(path)
		_, run := measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src, Cold: true})
		planned, seen := map[int64]bool{}, map[string]bool{}
		for _, e := range run.Events {
			if e.Kind != trace.CacheMiss && e.Kind != trace.Readahead {
				continue
			}
			for i := e.Offset / page; i < e.Offset/page+e.N; i++ {
				if e.Detail == "insert" && !planned[i] {
					t.Fatalf("%s: page %d came in before anybody asked for it", path, i)
				}
				if e.Detail != "insert" && planned[i] && path == "sendfile" { // a window around a fault may lie over another
					t.Fatalf("%s: page %d is told of twice: %+v", path, i, e)
				}
				planned[i] = planned[i] || e.Detail != "insert"
			}
			seen[e.Detail] = true
			if e.Detail != "insert" && (e.To != trace.PageCache || e.Provenance != trace.Measured || e.Bytes > e.N*page) {
				t.Errorf("%s: %+v", path, e)
			}
		}
		if n := (size + page - 1) / page; len(planned) != n {
			t.Errorf("%s: %d pages were planned, want %d", path, len(planned), n)
		}
		for _, d := range details {
			if !seen[d] {
				t.Errorf("%s: no window is %q: %v", path, d, seen)
			}
		}
		if got := run.CountsAt(len(run.Events)).Count(trace.PageCacheInsertions).Value; got != (size+page-1)/page {
			t.Errorf("%s: %v pages came in", path, got)
		}
	}
}

// A window in which a page is there already the kernel reads in two parts, and tells of
// the second by itself: it is the same window.
func TestAWindowInTwoPartsIsToldOnce(t *testing.T) {
	traced(t)
	lacking(t, "readahead:page_cache_ra_order")
	const size, page, there = 4 << 20, 4096, 40
	p, _ := transfer.Lookup("sendfile")
	src := newSource(t, size)
	_, run := measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src, Cold: true, Fault: lookingAt(func(file int) {
		again, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", file), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(again)
		if err := unix.Fadvise(again, 0, 0, unix.FADV_RANDOM); err != nil {
			t.Error(err)
		}
		if _, err := unix.Pread(again, make([]byte, page), there*page); err != nil {
			t.Error(err)
		}
	})})
	told := total(run, func(e trace.Event) bool { return e.Kind == trace.CacheMiss && e.Offset == there*page && e.N == 1 })
	windows := 0
	for _, e := range run.Events {
		if next := int64(there + 1); e.Kind == trace.Readahead && e.Detail != "insert" && e.Offset/page <= next && next < e.Offset/page+e.N {
			windows++
		}
	}
	if told != 1 || windows != 1 {
		t.Errorf("the page that was read before is told of %d times, the one behind it is in %d windows", told, windows)
	}
}
