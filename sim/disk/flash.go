package disk

import (
	"fmt"
	"slices"

	"copyscope/internal/trace"
)

// Flash is what a data sheet says of a drive without moving parts.
type Flash struct {
	// Latency is from a read command to its first byte when the drive is idle:
	// a flash page is sensed and its code checked. WriteLatency is from the last
	// byte of a write to its acknowledgement: the drive's cache has it.
	Latency, WriteLatency trace.Ns
	// Rate is the link's in bytes per second, shared by all commands.
	Rate int64
	// Depth is how many commands the drive takes at a time; more wait at the
	// host.
	Depth int
	// Channels is how many flash pages are read side by side: one at a time
	// each.
	Channels int
	// StripeBytes is how many bytes lie on one channel before the next's
	// follow: a flash page.
	StripeBytes int64
}

// DefaultSSD is a SATA drive: 90 µs, 550 MB/s of the 600 that 6 Gbit/s leave
// after 8b/10b coding (Serial ATA revision 3), 32 commands (the tags of NCQ).
// Eight channels make 89,000 random reads a second, and 25 µs some 30,000 writes
// one by one: Samsung states up to 98,000 and 36,000 for its 870 EVO.
func DefaultSSD() Flash {
	return Flash{Latency: 90_000, WriteLatency: 25_000, Rate: 550_000_000, Depth: 32, Channels: 8, StripeBytes: 16 << 10}
}

// DefaultNVMe is a PCIe 4.0 ×4 drive: 70 µs, 6 GB/s of the link's 7.9, a queue
// of 1024 commands (io_queue_depth, drivers/nvme/host/pci.c; the NVMe standard
// allows 65,536). 64 flash dies at work make 914,000 random reads a second
// (Samsung states up to a million for its 980 PRO), and 16 µs some 60,000 writes
// one by one (stated for its 970 EVO Plus).
func DefaultNVMe() Flash {
	return Flash{Latency: 70_000, WriteLatency: 16_000, Rate: 6_000_000_000, Depth: 1024, Channels: 64, StripeBytes: 16 << 10}
}

// busy is a stretch of time in which the link moves data.
type busy struct{ from, to trace.Ns }

// flash is a drive at work.
type flash struct {
	Flash
	slots    []trace.Ns // a heap: when each place of the queue gets free
	channels []trace.Ns // when each gets free
	link     []busy     // in order, apart from each other; what is past is forgotten
	now      trace.Ns
	last     trace.Ns // when all that was begun has ended
}

// New is an idle drive.
func (f Flash) New() (Drive, error) {
	for _, q := range []struct {
		name        string
		value       int64
		least, most int64
	}{
		{"latency", int64(f.Latency), 0, 1e12}, {"write latency", int64(f.WriteLatency), 0, 1e12}, {"rate", f.Rate, 1, 1e15},
		{"queue depth", int64(f.Depth), 1, 65_536}, {"number of channels", int64(f.Channels), 1, 65_536}, {"stripe", f.StripeBytes, 512, 1 << 30},
	} {
		if q.value < q.least || q.value > q.most {
			return nil, fmt.Errorf("flash drive: the %s is %d; use %d to %d", q.name, q.value, q.least, q.most)
		}
	}
	return &flash{Flash: f, slots: make([]trace.Ns, f.Depth), channels: make([]trace.Ns, f.Channels)}, nil
}

// Start is Drive's: up to Depth commands are under way. A read begins when its
// pages are sensed, each on its channel, and the link is free; a write moves as
// soon as the link is free.
func (d *flash) Start(at trace.Ns, offset, n int64, write bool) (begin, end trace.Ns) {
	d.now = max(d.now, at)
	if n <= 0 {
		end = max(d.now, d.last)
		return end, end
	}
	admitted := max(d.now, d.slots[0])
	move := span(n, d.Rate)
	if write {
		begin = d.reserve(admitted, move)
		end = begin + move + d.WriteLatency
	} else {
		begin = d.reserve(d.sense(admitted, max(offset, 0), n, move), move)
		end = begin + move
	}
	d.occupy(end)
	d.last = max(d.last, end)
	return begin, end
}

// sense lets the channels read the command's flash pages, and is when the link
// may begin so that it need not stop in between.
func (d *flash) sense(at trace.Ns, offset, n int64, move trace.Ns) (ready trace.Ns) {
	first := offset / d.StripeBytes
	pages := (offset+n-1)/d.StripeBytes - first + 1
	ways := int64(d.Channels)
	var last trace.Ns
	for k := range min(pages, ways) { // each channel that has a part
		ch := &d.channels[(first+k)%ways]
		mine := (pages - k + ways - 1) / ways
		begun := max(at, *ch)
		*ch = begun + trace.Ns(mine)*d.Latency
		if k == 0 {
			ready = begun + d.Latency
		}
		last = max(last, *ch)
	}
	// The last page moves when it is there, those before it move meanwhile.
	return max(ready, last-(move-span(min(n, d.StripeBytes), d.Rate)))
}

// reserve finds the first time from `from` on when the link is free for so
// long, and takes it.
func (d *flash) reserve(from, long trace.Ns) trace.Ns {
	past := 0
	for past < len(d.link) && d.link[past].to <= d.now {
		past++
	}
	d.link = slices.Delete(d.link, 0, past)
	k := 0
	for ; k < len(d.link) && d.link[k].from-from < long; k++ {
		from = max(from, d.link[k].to)
	}
	b := busy{from, from + long}
	switch before, after := k > 0 && d.link[k-1].to == b.from, k < len(d.link) && d.link[k].from == b.to; {
	case before && after:
		d.link[k-1].to = d.link[k].to
		d.link = slices.Delete(d.link, k, k+1)
	case before:
		d.link[k-1].to = b.to
	case after:
		d.link[k].from = b.from
	default:
		d.link = slices.Insert(d.link, k, b)
	}
	return from
}

// occupy gives the place that gets free first to a command that ends then.
func (d *flash) occupy(end trace.Ns) {
	s := d.slots
	s[0] = end
	for i := 0; ; {
		c := 2*i + 1
		if c >= len(s) {
			return
		}
		if c+1 < len(s) && s[c+1] < s[c] {
			c++
		}
		if s[i] <= s[c] {
			return
		}
		s[i], s[c] = s[c], s[i]
		i = c
	}
}

// Clone is Drive's.
func (d *flash) Clone() Drive {
	c := *d
	c.slots, c.channels, c.link = slices.Clone(d.slots), slices.Clone(d.channels), slices.Clone(d.link)
	return &c
}
