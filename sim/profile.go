package sim

import (
	"cmp"
	"fmt"
	"sort"
	"strings"

	"copyscope/internal/trace"
	"copyscope/sim/disk"
)

// Rate is a speed in bytes per second.
type Rate int64

// time is how long n bytes take at the rate.
func (r Rate) time(n int64) trace.Ns {
	if n <= 0 {
		return 0
	}
	// In two steps: n may be terabytes and must not overflow.
	whole, rest := n/int64(r), n%int64(r)
	return trace.Ns(whole*1e9 + rest*1e9/int64(r))
}

// Profile holds the costs of the modelled hardware. Times are orders of
// magnitude that let a reader compare; of a transfer's counts those of
// interrupts and context switches depend on them. [ShippedCosts] says where each
// figure is from.
type Profile struct {
	Name string

	// ModeSwitch is one crossing between user and kernel mode: tens to a few
	// hundred ns on current CPUs, by their mitigations.
	ModeSwitch trace.Ns
	// ContextSwitch is the scheduler's: 1 to 3 µs for threads with a small
	// working set (lmbench, lat_ctx).
	ContextSwitch trace.Ns
	// InterruptTime is taking an interrupt and running its handler.
	InterruptTime trace.Ns
	// FaultTime is a minor page fault, with what it maps around it.
	FaultTime trace.Ns
	// CommandTime is telling a device what to do: a few uncached writes.
	CommandTime trace.Ns
	// LookupTime is finding a page in the page cache.
	LookupTime trace.Ns
	// EvictTime is what taking a page out of the page cache costs, FlushTime how
	// long the disk needs to empty its own cache.
	EvictTime, FlushTime trace.Ns
	// PacketTime is the protocol's work for one segmentation unit of up to
	// 64 KiB.
	PacketTime trace.Ns
	// SegmentTime is what the kernel adds for each packet that it must cut
	// itself (skb_segment, net/core/skbuff.c) and hand to the device.
	SegmentTime trace.Ns
	// VethTime is what the kernel does for each segment that goes through a veth device,
	// in however many packets: to the peer's queue, up to its socket in the same
	// processor's softirq (veth_xmit, drivers/net/veth.c; process_backlog,
	// net/core/dev.c), whose acknowledgement comes back at once (__tcp_ack_snd_check,
	// net/ipv4/tcp_input.c).
	VethTime trace.Ns
	// ReferenceTime is taking one page reference, PinTime pinning one page of
	// user memory (get_user_pages, mm/gup.c).
	ReferenceTime, PinTime trace.Ns
	// QueueTime is taking one page out of a socket's receive queue: giving its
	// memory back, to another processor's cache often, and its part of the
	// acknowledgements (tcp_eat_recv_skb and tcp_cleanup_rbuf, net/ipv4/tcp.c). The
	// shipped profiles leave it out.
	QueueTime trace.Ns
	// InsertTime is bringing one page into the page cache: memory for it, its
	// place in the file's tree, its part of a request to the disk
	// (page_cache_ra_unbounded, mm/readahead.c). The shipped profiles leave it out.
	InsertTime trace.Ns
	// Calls are what a call of each kind takes beside its mode switches and what
	// it does for bytes, pages and packets: locks, checks, wake-ups. The shipped
	// profiles leave them out.
	Calls CallTimes
	// CoalesceTime is how long the card waits for more to tell of before it
	// interrupts (ethtool(8), tx-usecs and rx-usecs).
	CoalesceTime trace.Ns

	// CopyRate is the CPU copying memory, PIORate the CPU carrying words to or
	// from a device over the bus (PIO mode 4: 16.7 MB/s, ATA-3).
	CopyRate, PIORate Rate
	// SendCopyRate is the CPU copying the program's memory into the socket, where
	// its own caches often hold the source; 0 is CopyRate.
	SendCopyRate Rate
	// ReceiveCopyRate is the CPU copying out of a socket what another processor has
	// just written; 0 is CopyRate.
	ReceiveCopyRate Rate
	// ReaderRate is how fast the receiver on loopback takes bytes, with what it does
	// with them; 0 is as fast as they are copied. The lab's receiver hashes them.
	ReaderRate Rate
	// MemoryRate is what the memory carries for processors and devices together;
	// a copy needs twice its bytes of it. 0 is no bound.
	MemoryRate Rate
	// EncryptRate is AES-128-GCM with the CPU's instructions for it,
	// CompressRate gzip at the level of web servers.
	EncryptRate, CompressRate Rate

	// Disk is what kind of disk it is; empty is one that takes one command at a
	// time and has neither head nor channels. DiskLatency is from the command to
	// the first byte: of a hard disk the average seek and half a turn. DiskRate is
	// what follows, of a hard disk on its outer tracks.
	Disk        DiskKind
	DiskLatency trace.Ns
	DiskRate    Rate
	// NICRate is the line's speed; the DMA engine keeps up with it.
	NICRate Rate
}

// DiskKind is a kind of disk, whose timing is that of package disk.
type DiskKind string

const (
	PlainDisk DiskKind = ""
	HDD       DiskKind = "hdd"
	SSD       DiskKind = "ssd"
	NVMe      DiskKind = "nvme"
)

// drive is the profile's disk, new. The textbook's has neither head nor
// channels.
func (p Profile) drive(model Model) (disk.Drive, error) {
	kind := p.Disk
	if model == Textbook {
		kind = PlainDisk
	}
	switch kind {
	case HDD:
		h := disk.DefaultHDD()
		h.AverageSeek = p.DiskLatency - trace.Ns(60e9/h.RPM/2)
		h.OuterRate, h.InnerRate = int64(p.DiskRate), int64(p.DiskRate)/2
		return h.New()
	case SSD, NVMe:
		f := disk.DefaultSSD()
		if kind == NVMe {
			f = disk.DefaultNVMe()
		}
		f.Latency, f.Rate = p.DiskLatency, int64(p.DiskRate)
		return f.New()
	case PlainDisk:
		return &disk.Disk{Latency: p.DiskLatency, Rate: int64(p.DiskRate)}, nil
	}
	return nil, fmt.Errorf("profile %q: disk %q: use hdd, ssd, nvme or nothing", p.Name, p.Disk)
}

// cpu is the part that every shipped profile shares.
var cpu = Profile{
	ModeSwitch: 100, ContextSwitch: 2_000, InterruptTime: 1_000, FaultTime: 700, CommandTime: 300,
	LookupTime: 25, PacketTime: 1_500, SegmentTime: 250, VethTime: 4_500, ReferenceTime: 20, PinTime: 60, EvictTime: 100, FlushTime: 50_000, CoalesceTime: 50_000,
	CopyRate: 8_000_000_000, MemoryRate: 51_200_000_000, // two channels of DDR4-3200, JESD79-4
	PIORate: 16_700_000, EncryptRate: 3_000_000_000, CompressRate: 100_000_000,
}

// CallTimes are times of calls by their kind: Receive is a read(2) of a socket,
// SpliceReceive a splice(2) out of one, Send the sendto(2) of a send by reference
// together with the calls that await its completion.
type CallTimes struct {
	Read, Receive, Write, Sendfile, Splice, SpliceReceive, Tee, Send, Ring trace.Ns
}

// of is the time of a call by its form, and its name as strace prints it.
func (c *CallTimes) of(f form, syscall string) trace.Ns {
	switch f {
	case spanReadSocket:
		return c.Receive
	case spanSpliceReceive:
		return c.SpliceReceive
	}
	switch syscall {
	case "read", "pread64":
		return c.Read
	case "write":
		return c.Write
	case "sendfile":
		return c.Sendfile
	case "splice":
		return c.Splice
	case "tee":
		return c.Tee
	case "sendto":
		return c.Send
	case "io_uring_enter":
		return c.Ring
	}
	return 0
}

// sendCopy is how long the CPU copies n bytes of the program's memory into the
// socket, receiveCopy how long the other way.
func (p *Profile) sendCopy(n int64) trace.Ns    { return cmp.Or(p.SendCopyRate, p.CopyRate).time(n) }
func (p *Profile) receiveCopy(n int64) trace.Ns { return cmp.Or(p.ReceiveCopyRate, p.CopyRate).time(n) }

// CostError is a cost that cannot be. Cost is its name in files.
type CostError struct{ Profile, Cost, Text string }

func (e *CostError) Error() string { return fmt.Sprintf("profile %q: %s", e.Profile, e.Text) }

// Check names the first cost that cannot be, in a [*CostError].
func (p *Profile) Check() error {
	for _, c := range p.Costs() {
		switch {
		case c.Time != nil && *c.Time < 0:
			return &CostError{p.Name, c.Name, fmt.Sprintf("%s takes %d ns; use 0 or more", c.Title, *c.Time)}
		case c.Rate != nil && *c.Rate <= 0 && c.Rate != &p.SendCopyRate && c.Rate != &p.ReceiveCopyRate && c.Rate != &p.ReaderRate && c.Rate != &p.MemoryRate, c.Rate != nil && *c.Rate < 0:
			return &CostError{p.Name, c.Name, fmt.Sprintf("the %s rate is %d bytes per second; use 1 or more", c.Title, *c.Rate)}
		}
	}
	return nil
}

// disks: seek plus half a rotation and outer-track rate of a 7200 rpm desktop
// drive; SATA 3's 6 Gbit/s less its coding, with a flash read's latency; a
// PCIe 4 ×4 NVMe drive.
var disks = map[string]struct {
	latency trace.Ns
	rate    Rate
}{
	"hdd":  {12_660_000, 180_000_000}, // 8.5 ms seek + 4.16 ms half rotation
	"ssd":  {90_000, 550_000_000},
	"nvme": {70_000, 6_000_000_000},
}

// nics: line rates in bytes per second.
var nics = map[string]Rate{"1g": 125_000_000, "10g": 1_250_000_000, "100g": 12_500_000_000}

// DefaultProfile is the profile of a run that names none.
const DefaultProfile = "nvme-10g"

// LookupProfile finds a profile by its name, disk and network card joined by a
// hyphen, for example "hdd-1g". The empty name is the default.
func LookupProfile(name string) (Profile, error) {
	if name == "" {
		name = DefaultProfile
	}
	kind, nic, _ := strings.Cut(name, "-")
	d, okDisk := disks[kind]
	n, okNIC := nics[nic]
	if !okDisk || !okNIC {
		return Profile{}, fmt.Errorf("profile %q: use one of %s", name, strings.Join(ProfileNames(), ", "))
	}
	p := cpu
	p.Name, p.Disk, p.DiskLatency, p.DiskRate, p.NICRate = name, DiskKind(kind), d.latency, d.rate, n
	return p, nil
}

// ProfileNames lists the shipped profiles.
func ProfileNames() []string {
	var names []string
	for d := range disks {
		for n := range nics {
			names = append(names, d+"-"+n)
		}
	}
	sort.Strings(names)
	return names
}
