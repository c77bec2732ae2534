package disk_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"copyscope/internal/trace"
	"copyscope/sim/disk"
)

func must(t *testing.T, d disk.Drive, err error) disk.Drive {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func hdd(t *testing.T) disk.Drive {
	t.Helper()
	d, err := disk.DefaultHDD().New()
	return must(t, d, err)
}

func flash(t *testing.T, f disk.Flash) disk.Drive {
	t.Helper()
	d, err := f.New()
	return must(t, d, err)
}

func drives(t *testing.T) map[string]disk.Drive {
	return map[string]disk.Drive{
		"hdd": hdd(t), "ssd": flash(t, disk.DefaultSSD()), "nvme": flash(t, disk.DefaultNVMe()),
		"plain": &disk.Disk{Latency: 70_000, Rate: 6_000_000_000},
	}
}

const (
	page   = 4096
	second = trace.Ns(1e9)
)

// near checks a figure within a share of what is wanted.
func near(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if got < want*(1-share) || got > want*(1+share) {
		t.Errorf("%s: %.4g, want %.4g within %.0f %%", what, got, want, share*100)
	}
}

// TestIdleRead: a single command on an idle drive takes what its data sheet
// says.
func TestIdleRead(t *testing.T) {
	for name, want := range map[string][2]trace.Ns{
		"ssd": {90_000, 128 << 10 * 1000 / 550}, "nvme": {70_000, 128 << 10 / 6}, "plain": {70_000, 128 << 10 / 6},
	} {
		begin, end := drives(t)[name].Start(5*second, 1<<30, 128<<10, false)
		if begin-5*second != want[0] || end-begin != want[1] {
			t.Errorf("%s: begins after %d ns and moves for %d, want %d and %d", name, begin-5*second, end-begin, want[0], want[1])
		}
	}
}

// TestRandomReadsOfAHardDisk: on average a seek and half a turn.
func TestRandomReadsOfAHardDisk(t *testing.T) {
	d, p := hdd(t), disk.DefaultHDD()
	dice := rand.New(rand.NewPCG(1, 2))
	now := trace.Ns(0)
	const n = 5000
	for range n {
		_, now = d.Start(now, dice.Int64N(p.Bytes/page)*page, page, false)
	}
	near(t, "random read in ns", float64(now)/n, float64(p.AverageSeek)+60e9/7200/2, 0.1)
}

// TestNextTrack: a seek to a near track takes little more than settling and at
// most a turn, one across the disk not twice the average.
func TestNextTrack(t *testing.T) {
	p := disk.DefaultHDD()
	turn := 60 * second / 7200
	for _, q := range []struct {
		to          int64
		least, most trace.Ns
	}{
		{1_600_000, p.TrackSeek, p.TrackSeek + 100_000 + turn},
		{p.Bytes - page, p.AverageSeek * 3 / 2, p.AverageSeek*2 + turn},
		{page * 2, 0, turn},
	} {
		d := hdd(t)
		_, end := d.Start(0, 0, page, false)
		begin, _ := d.Start(end, q.to, page, false)
		if took := begin - end; took < q.least || took > q.most {
			t.Errorf("from 0 to %d: %d ns, want %d to %d", q.to, took, q.least, q.most)
		}
	}
}

// TestSequential: what goes on where the last ended comes at the zone's rate,
// late or not.
func TestSequential(t *testing.T) {
	p := disk.DefaultHDD()
	for _, q := range []struct {
		from int64
		rate float64
	}{{0, float64(p.OuterRate)}, {p.Bytes - 1<<30, float64(p.InnerRate)}} {
		d := hdd(t)
		_, first := d.Start(0, q.from, page, false)
		now := first
		const n = 4096
		for k := range int64(n) {
			begin, end := d.Start(now, q.from+page+k*128<<10, 128<<10, false)
			if begin != now {
				t.Fatalf("from %d, command %d: begins %d ns late", q.from, k, begin-now)
			}
			now = end
		}
		near(t, fmt.Sprintf("rate from %d in bytes/s", q.from), n*128<<10/(float64(now-first)/1e9), q.rate, 0.02)
		if begin, _ := d.Start(now+second, q.from+page+n*128<<10, page, false); begin != now+second {
			t.Errorf("a late continuation waits %d ns", begin-now-second)
		}
	}
}

// TestWholeDisk: one command over all zones moves at the mean rate.
func TestWholeDisk(t *testing.T) {
	p := disk.DefaultHDD()
	begin, end := hdd(t).Start(0, 0, p.Bytes, false)
	mean := 0.0 // seconds: the same tracks at each rate
	for x := range 1000 {
		mean += float64(p.OuterRate) - float64(p.OuterRate-p.InnerRate)*(float64(x)+.5)/1000
	}
	near(t, "seconds for the whole disk", float64(end-begin)/1e9, float64(p.Bytes)/(mean/1000), 0.03)
}

// random keeps depth commands of a page under way and returns how many end per
// second.
func random(d disk.Drive, depth, n int, write bool) float64 {
	dice := rand.New(rand.NewPCG(3, 4))
	ends := make([]trace.Ns, depth)
	now := trace.Ns(0)
	for range n {
		k := 0
		for i, e := range ends { // the next goes out when the first of them ends
			if e < ends[k] {
				k = i
			}
		}
		now = max(now, ends[k])
		_, ends[k] = d.Start(now, dice.Int64N(1<<28)*page, page, write)
	}
	return float64(n) / (float64(now) / 1e9)
}

// TestQueueDepth: more commands at a time, more of them a second, until the
// channels are full, or the link, or the queue.
func TestQueueDepth(t *testing.T) {
	for _, q := range []struct {
		name string
		f    disk.Flash
	}{{"ssd", disk.DefaultSSD()}, {"nvme", disk.DefaultNVMe()}} {
		before := 0.0
		most := min(float64(q.f.Channels)*1e9/float64(q.f.Latency), float64(q.f.Rate)/page)
		for depth := 1; depth <= q.f.Channels; depth *= 2 {
			got := random(flash(t, q.f), depth, 20_000, false)
			if got < before*1.3 || got > most {
				t.Errorf("%s: depth %d: %.0f reads a second after %.0f at half of it, at most %.0f", q.name, depth, got, before, most)
			}
			before = got
		}
		near(t, q.name+": one by one", random(flash(t, q.f), 1, 1000, false), 1e9/(float64(q.f.Latency)+page*1e9/float64(q.f.Rate)), 0.01)
		near(t, q.name+": full", random(flash(t, q.f), 16*q.f.Channels, 100_000, false), most, 0.25)
	}
	// More than the queue holds is no faster, and a short queue is slow.
	f := disk.DefaultNVMe()
	f.Depth = 4
	near(t, "a queue of four", random(flash(t, f), 64, 20_000, false), random(flash(t, f), 4, 20_000, false), 0.02)
}

// TestSequentialFlash: large commands side by side fill the link.
func TestSequentialFlash(t *testing.T) {
	for name, f := range map[string]disk.Flash{"ssd": disk.DefaultSSD(), "nvme": disk.DefaultNVMe()} {
		d := flash(t, f)
		var ends [8]trace.Ns
		const n = 4000
		for k := range int64(n) {
			_, ends[k%8] = d.Start(ends[k%8], k<<17, 1<<17, false)
		}
		near(t, name+": bytes/s", n*float64(1<<17)/(float64(ends[(n-1)%8])/1e9), float64(f.Rate), 0.1)
	}
}

// TestBusyChannel: a command waits for the page on a channel that is busy, and
// what lies on others is as fast as ever.
func TestBusyChannel(t *testing.T) {
	f := disk.DefaultSSD()
	d := flash(t, f)
	d.Start(0, f.StripeBytes, page, false)
	other := d.Clone()
	_, end := d.Start(0, 0, 2*f.StripeBytes, false)
	if want := 2*f.Latency + trace.Ns(f.StripeBytes*1e9/f.Rate); end < want || end > want+10 {
		t.Errorf("ends at %d, want %d: the page of the busy channel comes last", end, want)
	}
	if begin, _ := other.Start(10_000, 2*f.StripeBytes, page, false); begin != 10_000+f.Latency {
		t.Errorf("on an idle channel data moves at %d, want %d", begin, 10_000+f.Latency)
	}
	if _, end := other.Start(10_000, 100*f.StripeBytes, int64(3*f.Channels)*f.StripeBytes, false); end < 3*f.Latency {
		t.Errorf("three pages of each channel end at %d, before they can be read", end)
	}
}

// TestWriteAcknowledged: a write does not wait for the flash.
func TestWriteAcknowledged(t *testing.T) {
	f := disk.DefaultNVMe()
	begin, end := flash(t, f).Start(1000, 0, page, true)
	if begin != 1000 || end != 1000+page/6+f.WriteLatency {
		t.Errorf("moves from %d, ends at %d; want 1000, %d", begin, end, 1000+page/6+f.WriteLatency)
	}
}

type command struct {
	at    trace.Ns
	off   int64
	n     int64
	write bool
}

func commands(seed uint64, n int) (out []command) {
	dice := rand.New(rand.NewPCG(seed, 5))
	c := command{}
	for range n {
		c.at += trace.Ns(dice.Int64N(2) * dice.Int64N(200_000))
		if dice.IntN(3) > 0 {
			c.off = dice.Int64N(1<<26) * page
		} else {
			c.off += c.n
		}
		c.n = dice.Int64N(40) * page
		c.write = dice.IntN(4) == 0
		out = append(out, c)
	}
	return out
}

// TestProperties: for random commands no data moves before its command or in
// less time than the link takes, what one link moves does not overlap, a flush
// ends last, the same commands get the same answers, and a clone goes on as the
// original does, without a trace in it.
func TestProperties(t *testing.T) {
	for seed := range uint64(10) {
		again := drives(t)
		for name, d := range drives(t) {
			var last trace.Ns
			type moved struct{ from, to trace.Ns }
			var all []moved
			var copied disk.Drive
			for k, c := range commands(seed, 600) {
				if k == 300 {
					copied = d.Clone()
					stray := d.Clone()
					stray.Start(c.at, 1<<35, 1<<24, true)
				}
				begin, end := d.Start(c.at, c.off, c.n, c.write)
				if b, e := again[name].Start(c.at, c.off, c.n, c.write); b != begin || e != end {
					t.Fatalf("%s, seed %d: %d–%d, the second time %d–%d", name, seed, begin, end, b, e)
				}
				if copied != nil {
					if b, e := copied.Start(c.at, c.off, c.n, c.write); b != begin || e != end {
						t.Fatalf("%s, seed %d: %d–%d, the clone has %d–%d", name, seed, begin, end, b, e)
					}
				}
				if begin < c.at || end < begin {
					t.Fatalf("%s, seed %d: at %d: %d–%d", name, seed, c.at, begin, end)
				}
				if c.n == 0 {
					if end < last {
						t.Fatalf("%s, seed %d: a flush ends at %d, a command before it at %d", name, seed, end, last)
					}
					continue
				}
				last = max(last, end)
				link := end
				if c.write {
					switch name {
					case "ssd":
						link -= disk.DefaultSSD().WriteLatency
					case "nvme":
						link -= disk.DefaultNVMe().WriteLatency
					}
				}
				for _, m := range all[max(0, len(all)-100):] {
					if begin < m.to && m.from < link {
						t.Fatalf("%s, seed %d, command %d: %d–%d moves during %d–%d", name, seed, k, begin, link, m.from, m.to)
					}
				}
				all = append(all, moved{begin, link})
			}
		}
	}
}

// TestImpossibleDisks: each figure that cannot be is named.
func TestImpossibleDisks(t *testing.T) {
	h := disk.DefaultHDD()
	h.RPM = 0
	if _, err := h.New(); err == nil || err.Error() != "hard disk: the rpm is 0; use 1 or more" {
		t.Errorf("said %v", err)
	}
	f := disk.DefaultSSD()
	f.Channels = -1
	if _, err := f.New(); err == nil || err.Error() != "flash drive: the number of channels is -1; use 1 to 65536" {
		t.Errorf("said %v", err)
	}
}

func BenchmarkStart(b *testing.B) {
	h, _ := disk.DefaultHDD().New()
	s, _ := disk.DefaultSSD().New()
	n, _ := disk.DefaultNVMe().New()
	for _, q := range []struct {
		name string
		d    disk.Drive
	}{{"hdd", h}, {"ssd", s}, {"nvme", n}} {
		b.Run(q.name, func(b *testing.B) {
			b.ReportAllocs()
			at := trace.Ns(0)
			for i := range b.N {
				_, end := q.d.Start(at, int64(i)*7919%(1<<28)*page, 32*page, i&3 == 0)
				at = max(at, end-200_000)
			}
		})
	}
}
