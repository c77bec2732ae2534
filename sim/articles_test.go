package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// sentence is an event in the words of the articles, or nothing if they leave it out.
func sentence(e trace.Event) string {
	if e.Phase != trace.Transfer {
		return ""
	}
	switch e.Kind {
	case trace.ModeSwitch:
		return e.Detail + " " + e.Syscall
	case trace.CPUCopy, trace.DMA, trace.PIO, trace.Descriptor:
		return fmt.Sprintf("%s %s→%s", e.Kind, e.From, e.To)
	case trace.DeviceCommand:
		return "command " + e.Detail
	case trace.Interrupt:
		return "interrupt " + string(e.Actor)
	case trace.CacheMiss, trace.CacheHit, trace.PageFault, trace.Wait:
		return string(e.Kind)
	}
	return ""
}

// The articles' stories come out in the textbook model, step by step and in order:
// the command before the transfer and the interrupt after it, one of each for the
// whole file; the descriptor before the card's DMA; no call that finds the end. Of a large file as
// of a small one: pipe and socket buffer hold all of it, and nobody waits for room.
func TestTheStoriesOfTheArticles(t *testing.T) {
	const (
		asked     = "cache-miss; command disk-read; wait; "
		byDMA     = asked + "dma disk→page-cache; interrupt disk; "
		byWords   = asked + "interrupt disk; pio disk→page-cache; "
		sent      = "command nic-send; dma socket-buffer→nic-ring; "
		gathered  = "command nic-send; dma page-cache→nic-ring; "
		copyBack  = "cpu-copy user-buffer→socket-buffer; "
		copyUp    = "cpu-copy page-cache→user-buffer; "
		copyDown  = "cpu-copy page-cache→socket-buffer; "
		intoPipe  = "descriptor page-cache→pipe; return splice; "
		fromPipe  = "enter splice; descriptor pipe→socket-buffer; "
		received  = "dma wire→socket-buffer; enter %s; wait; interrupt nic; "
		notReader = "return write; interrupt nic"
	)
	for _, row := range []struct {
		path, machine, want string
	}{
		{"read", "without DMA", "enter read; " + byWords + copyUp + "return read"},
		{"read-write", "without DMA", "enter read; " + byWords + copyUp + "return read; enter write; " + copyBack + "pio socket-buffer→nic-ring; return write"},
		{"read", "gathers", "enter read; " + byDMA + copyUp + "return read"},
		{"read-write", "gathers", "enter read; " + byDMA + copyUp + "return read; enter write; " + copyBack + sent + notReader},
		{"read-write", "warm", "enter read; cache-hit; " + copyUp + "return read; enter write; " + copyBack + sent + notReader},
		{"mmap-write", "gathers", "enter mmap; " + byDMA + "return mmap; enter write; cpu-copy user-mapping→socket-buffer; " + sent + notReader},
		{"sendfile", "does not gather", "enter sendfile; " + byDMA + copyDown + sent + "return sendfile; interrupt nic"},
		{"sendfile", "gathers", "enter sendfile; " + byDMA + "descriptor page-cache→socket-buffer; " + gathered + "return sendfile; interrupt nic"},
		{"sendfile", "warm", "enter sendfile; cache-hit; descriptor page-cache→socket-buffer; " + gathered + "return sendfile; interrupt nic"},
		{"splice", "does not gather", "enter splice; " + byDMA + intoPipe + fromPipe + copyDown + sent + "return splice; interrupt nic"},
		{"splice", "gathers", "enter splice; " + byDMA + intoPipe + fromPipe + gathered + "return splice; interrupt nic"},
		{"tee", "gathers", "enter splice; " + byDMA + intoPipe + "enter tee; descriptor pipe→pipe; return tee; " + fromPipe + gathered + "return splice; " +
			fromPipe + "command nic-send; return splice; dma page-cache→nic-ring; interrupt nic; interrupt nic"},
		{"relay-copy", "gathers", fmt.Sprintf(received, "read") + "cpu-copy socket-buffer→user-buffer; return read; enter write; " + copyBack + sent + notReader},
		{"relay-splice", "gathers", fmt.Sprintf(received, "splice") + "descriptor socket-buffer→pipe; return splice; " + fromPipe + sent + "return splice; interrupt nic"},
		{"direct", "warm", "enter read; command disk-read; wait; dma disk→user-buffer; interrupt disk; return read; enter write; " + copyBack + sent + notReader},
	} {
		for _, size := range []int64{64 << 10, 64 << 20} {
			c := sim.Config{Model: sim.Textbook, Net: sim.NIC, DMA: row.machine != "without DMA", Warm: row.machine == "warm", FileBytes: size}
			c.SG = row.machine == "gathers" || c.Warm
			var got []string
			for _, e := range run(t, row.path, c.FileBytes, c).Events {
				if s := sentence(e); s != "" {
					got = append(got, s)
				}
				if e.Kind == trace.Syscall && e.Phase == trace.Transfer && e.Ret == 0 && e.Syscall != "mmap" {
					t.Errorf("%s: %s moves nothing; the length is known", row.path, e.Syscall)
				}
			}
			if got := strings.Join(got, "; "); got != row.want {
				t.Errorf("%s, %s, %d bytes:\n got %s\nwant %s", row.path, row.machine, size, got, row.want)
			}
		}
	}
}

// What the articles put beside their table: the program's buffer, and how much less
// there is than with read and write, in per cent.
func TestBesideTheTextbookTable(t *testing.T) {
	const size = 64 << 20
	counts := func(path string, sg bool) func(trace.CountName) float64 {
		r := run(t, path, size, sim.Config{Model: sim.Textbook, Net: sim.NIC, DMA: true, SG: sg, FileBytes: size})
		c := r.CountsAt(len(r.Events))
		return func(name trace.CountName) float64 { return c.Count(name).Value }
	}
	classic := counts("read-write", true)
	for _, row := range []struct {
		path                             string
		sg                               bool
		buffer                           float64
		copies, cpu, switches, callsLess float64 // per cent
	}{
		{"read-write", true, size, 0, 0, 0, 0},
		{"mmap-write", true, 0, 25, 50, 0, 0},
		{"sendfile", false, 0, 25, 50, 50, 50},
		{"sendfile", true, 0, 50, 100, 50, 50},
		{"splice", false, 0, 25, 50, 0, 0},
		{"splice", true, 0, 50, 100, 0, 0},
	} {
		c := counts(row.path, row.sg)
		less := func(of func(func(trace.CountName) float64) float64) float64 {
			return 100 * (of(classic) - of(c)) / of(classic)
		}
		one := func(name trace.CountName) func(func(trace.CountName) float64) float64 {
			return func(c func(trace.CountName) float64) float64 { return c(name) }
		}
		all := func(c func(trace.CountName) float64) float64 { return c(trace.CPUCopies) + c(trace.DMATransfers) }
		if got := c(trace.UserBufferBytes); got != row.buffer {
			t.Errorf("%s: %v bytes of user buffer, want %v", row.path, got, row.buffer)
		}
		for what, pair := range map[string][2]float64{
			"copies": {less(all), row.copies}, "copies by the CPU": {less(one(trace.CPUCopies)), row.cpu},
			"mode switches": {less(one(trace.ModeSwitches)), row.switches}, "calls": {less(one(trace.Syscalls)), row.callsLess},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s, SG %v: %v %% fewer %s, want %v", row.path, row.sg, pair[0], what, pair[1])
			}
		}
	}
}

// mmap counts as a call; what is done before and after does not, and is listed apart.
func TestSetUpAndTearDownAreApart(t *testing.T) {
	for path, want := range map[string]struct{ counted, apart []string }{
		"mmap-write": {[]string{"mmap", "write"}, []string{"munmap"}},
		"splice":     {[]string{"splice", "splice"}, []string{"close", "close", "fcntl", "pipe2"}},
		"tee":        {[]string{"splice", "splice", "splice", "tee"}, []string{"close", "close", "close", "close", "fcntl", "fcntl", "pipe2", "pipe2"}},
		"sendfile":   {[]string{"sendfile"}, nil},
	} {
		r := run(t, path, 1<<20, sim.Config{Model: sim.Textbook, Net: sim.NIC, DMA: true, SG: true, FileBytes: 1 << 20})
		c := r.CountsAt(len(r.Events))
		names := func(calls map[string]int64) (out []string) {
			for name, n := range calls {
				out = append(out, slices.Repeat([]string{name}, int(n))...)
			}
			slices.Sort(out)
			return out
		}
		if got := names(c.SyscallsByName()); !slices.Equal(got, want.counted) {
			t.Errorf("%s counts %v, want %v", path, got, want.counted)
		}
		if got := names(c.SetupSyscallsByName()); !slices.Equal(got, want.apart) {
			t.Errorf("%s lists %v apart, want %v", path, got, want.apart)
		}
	}
}

// Wherever the file is in memory, the disk's copy by DMA is gone and nothing else
// is; who goes past the cache makes it as before.
func TestTheWarmCacheSavesTheDisksCopy(t *testing.T) {
	for _, path := range transfer.Paths() {
		program, _ := transfer.Lookup(path)
		transfers := func(warm bool) (n float64) {
			r := run(t, path, 1<<20, sim.Config{Model: sim.Textbook, Net: sim.NIC, DMA: true, SG: true, Warm: warm, FileBytes: 1 << 20})
			return r.CountsAt(len(r.Events)).Count(trace.DMATransfers).Value
		}
		want := float64(1)
		if path == "direct" || program.Source == transfer.FromSocket {
			want = 0
		}
		if saved := transfers(false) - transfers(true); saved != want {
			t.Errorf("%s: a warm cache saves %v transfers by DMA, want %v", path, saved, want)
		}
	}
}

// The articles' "a read of 32 KiB brings in the next 32 KiB too" is true where a disk
// is read ahead of by 128 KiB at the most; a larger maximum begins with more, and the
// window grows up to it.
func TestAReadOf32KiBBringsInAsMuchAgain(t *testing.T) {
	for most, want := range map[int64][][2]int64{
		128 << 10: {{0, 16}, {16, 32}, {48, 32}},
		512 << 10: {{0, 16}},
		1 << 20:   {{0, 32}, {32, 64}, {96, 128}},
		8 << 20:   {{0, 32}, {32, 128}, {160, 256}},
	} {
		settings := sim.DefaultSettings()
		settings.ReadaheadBytes = most
		r := run(t, "read", 32<<10, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 4 << 20, Settings: settings})
		if got := commands(r)[:len(want)]; !slices.Equal(got, want) {
			t.Errorf("at most %d KiB ahead: pages %v, want %v", most>>10, got, want)
		}
	}
}
