package sim

import (
	"fmt"

	"copyscope/internal/trace"
)

// Model names an operating-system model.
type Model string

const (
	Textbook Model = "textbook"
	Linux    Model = "linux"
)

// Net is what the socket sends through.
type Net string

const (
	// NIC is a network card with a DMA engine.
	NIC Net = "nic"
	// Loopback is the kernel's loopback interface: no device, the receiver's
	// copy is made by the CPU.
	Loopback Net = "loopback"
	// Veth is a pair of virtual Ethernet devices, each in a network namespace: what
	// the sender's device gets, gathered or in linear packets as a card would, the
	// receiver's has at once. No DMA; the receiver's copy is made by the CPU.
	Veth Net = "veth"
)

// PageBytes is the modelled page size, that of x86-64 and of most arm64
// kernels.
const PageBytes = 4096

// Config is everything that a run depends on.
type Config struct {
	Model Model
	Net   Net
	// CPUs is how many processors the machine has, 1 or more. Interrupts go to
	// the last of them.
	CPUs int
	// DMA: the devices move bytes by themselves. Without it the CPU carries
	// every word (programmed I/O), and scatter-gather does not exist.
	DMA bool
	// SG: the network card, or the veth device, takes a packet that lies in scattered
	// pages.
	SG bool
	// TSO: the network card cuts large segments into packets by itself, which
	// takes scatter-gather (NETIF_F_TSO needs NETIF_F_SG, net/core/dev.c,
	// netdev_fix_features).
	TSO bool
	// MTU is the largest IP packet that the network card's wire carries, in
	// bytes.
	MTU int64
	// RingSlots is how many descriptors the card's ring has for what it sends; each
	// piece of a packet that lies elsewhere takes one.
	RingSlots int
	// Warm: the file is in the page cache when the run begins.
	Warm bool
	// CachedBytes: of a file that is not warm, so many bytes at its begin are.
	CachedBytes int64
	// FileBytes is the size of the file.
	FileBytes int64
	// HoldReader: the receiver reads only when told to ([Machine.Receive]).
	HoldReader bool
	// ReaderRate is how fast the receiver reads; 0 is as fast as it can.
	ReaderRate Rate
	// PeerCPUs is on how many processors of this machine the other ends of
	// connections over loopback and veth run; 0: each has one of its own.
	PeerCPUs int
	// LLCBytes is the size of the last-level cache; 0 leaves it, and the memory
	// bus, out of the model.
	LLCBytes int64
	// MemoryBytes is what the page cache may hold; 0 is all there is to hold.
	MemoryBytes int64
	// GzipPerMille is what is left of 1000 bytes of the file after gzip; 1000
	// or more for a file that does not compress. The default is that of the
	// text which real runs send.
	GzipPerMille int64
	Profile      Profile
	Settings     Settings
}

// MachineConfig is the machine of a run that says nothing else: one processor, a
// network card of Ethernet's MTU that gathers and cuts.
func MachineConfig() Config {
	return Config{Model: Linux, Net: NIC, CPUs: 1, DMA: true, SG: true, TSO: true, MTU: 1500, RingSlots: 1024, GzipPerMille: 311,
		Settings: DefaultSettings()}
}

// Settings are the kernel's tunables that the linux model follows.
type Settings struct {
	// ReadaheadBytes is the device's read_ahead_kb, in bytes.
	ReadaheadBytes int64
	// PipeMaxBytes is fs.pipe-max-size; PipeUnlimited says that the program may
	// exceed it (CAP_SYS_RESOURCE, pipe(7)).
	PipeMaxBytes  int64
	PipeUnlimited bool
	// SendBufferBytes is how much a socket queues before a writer blocks.
	SendBufferBytes int64
	// ReceiveBufferBytes is how much a socket holds for its reader before the
	// sender must wait.
	ReceiveBufferBytes int64
	// RequestBytes is the most that one disk command moves
	// (/sys/block/*/queue/max_sectors_kb).
	RequestBytes int64
	// Write-back (Documentation/admin-guide/sysctl/vm.rst): above
	// DirtyBackgroundBytes (dirty_background_ratio) the flusher writes, above
	// DirtyBytes (dirty_ratio) programs that write must wait for it; what is
	// dirty for DirtyExpire (dirty_expire_centisecs) is written at the next
	// WritebackInterval (dirty_writeback_centisecs).
	DirtyBackgroundBytes, DirtyBytes int64
	DirtyExpire, WritebackInterval   trace.Ns
}

// window is how much a peer on this host lets a sender have on the way: half of
// its receive buffer holds payload (tcp_win_from_space, include/net/tcp.h;
// TCP_DEFAULT_SCALING_RATIO).
func (s Settings) window() int64 { return s.ReceiveBufferBytes / 2 }

// DefaultSettings are the defaults of a current kernel: VM_READAHEAD_PAGES
// (include/linux/pagemap.h), pipe_max_size (fs/pipe.c), tcp_wmem's and
// tcp_rmem's maximum (net/ipv4/tcp.c), BLK_DEF_MAX_SECTORS_CAP
// (include/linux/blkdev.h); and a tenth and a fifth of 8 GiB, 30 s and 5 s
// (mm/page-writeback.c).
func DefaultSettings() Settings {
	return Settings{ReadaheadBytes: 128 << 10, PipeMaxBytes: 1 << 20, SendBufferBytes: 4 << 20, ReceiveBufferBytes: 6 << 20,
		RequestBytes: 1280 << 10, DirtyBackgroundBytes: 8 << 30 / 10, DirtyBytes: 8 << 30 / 5, DirtyExpire: 30e9, WritebackInterval: 5e9}
}

// maxCPUs is CONFIG_NR_CPUS' limit on x86-64 (arch/x86/Kconfig).
const maxCPUs = 8192

// minMemory is the least that a page cache is modelled with: 1 MiB.
const minMemory = 1 << 20

// minMTU is the least that IPv4 asks of a link (RFC 791).
const minMTU = 68

// FieldError is a field of a [Config] whose value cannot be.
type FieldError struct {
	// Field is the field's name; one of Settings or of the costs follows a dot.
	Field string
	Text  string
}

func (e *FieldError) Error() string { return e.Text }

func cannot(field, format string, args ...any) error {
	return &FieldError{field, fmt.Sprintf(format, args...)}
}

// Check names the first thing that a machine cannot be, as a [*FieldError] or
// as what is wrong with the profile.
func (c Config) Check() error {
	switch {
	case c.Model != Textbook && c.Model != Linux:
		return cannot("Model", "model %q: use textbook or linux", c.Model)
	case c.Net != NIC && c.Net != Loopback && c.Net != Veth:
		return cannot("Net", "net %q: use nic, loopback or veth", c.Net)
	case c.Model == Textbook && c.Net != NIC:
		return cannot("Net", "net %q: the textbook always sends through a network card; use nic", c.Net)
	case c.PeerCPUs < 0:
		return cannot("PeerCPUs", "%d processors for the other ends: use 0 for one each, or more", c.PeerCPUs)
	case c.FileBytes <= 0:
		return cannot("FileBytes", "file of %d bytes: use 1 or more", c.FileBytes)
	case c.CPUs < 1 || c.CPUs > maxCPUs:
		return cannot("CPUs", "%d CPUs: a machine has 1 to %d", c.CPUs, maxCPUs)
	case c.SG && !c.DMA && c.Net != Veth:
		return cannot("SG", "scatter-gather without DMA: gathering is something that a DMA engine does; switch DMA on or scatter-gather off")
	case c.TSO && !c.SG:
		return cannot("TSO", "TSO without scatter-gather: the card would have to gather what it cuts; switch scatter-gather on or TSO off")
	case c.MTU < minMTU || c.MTU > 65536:
		return cannot("MTU", "MTU of %d bytes: use %d to 65536", c.MTU, minMTU)
	case c.Warm && c.MemoryBytes > 0 && c.FileBytes > c.MemoryBytes:
		return cannot("FileBytes", "a warm file of %d bytes in a page cache of %d: make it cold or partly cached, or the memory larger", c.FileBytes, c.MemoryBytes)
	case c.RingSlots < 64:
		return cannot("RingSlots", "a ring of %d descriptors: use 64 or more", c.RingSlots)
	case c.CachedBytes < 0 || c.CachedBytes > c.FileBytes:
		return cannot("CachedBytes", "%d bytes cached of a file of %d: use 0 to %d", c.CachedBytes, c.FileBytes, c.FileBytes)
	case c.GzipPerMille < 1:
		return cannot("GzipPerMille", "%d per mille left by gzip: use 1 or more", c.GzipPerMille)
	case c.Settings.SendBufferBytes < 1 || c.Settings.ReceiveBufferBytes < 1:
		return cannot("Settings.SendBufferBytes", "socket buffers of %d and %d bytes: use 1 or more", c.Settings.SendBufferBytes, c.Settings.ReceiveBufferBytes)
	case c.Settings.PipeMaxBytes < PageBytes:
		return cannot("Settings.PipeMaxBytes", "pipes of at most %d bytes: use %d or more", c.Settings.PipeMaxBytes, PageBytes)
	case c.LLCBytes < 0 || c.LLCBytes > 0 && c.LLCBytes < 64<<10:
		return cannot("LLCBytes", "last-level cache of %d bytes: use 0 to leave it out, or %d or more", c.LLCBytes, 64<<10)
	case c.MemoryBytes < 0 || c.MemoryBytes > 0 && c.MemoryBytes < minMemory:
		return cannot("MemoryBytes", "memory of %d bytes for the page cache: use 0 for no bound, or %d or more", c.MemoryBytes, minMemory)
	case c.Settings.RequestBytes < PageBytes:
		return cannot("Settings.RequestBytes", "disk requests of at most %d bytes: use %d or more", c.Settings.RequestBytes, PageBytes)
	case c.Settings.DirtyBackgroundBytes < 0 || c.Settings.DirtyBytes < c.Settings.DirtyBackgroundBytes:
		return cannot("Settings.DirtyBytes", "dirty bytes of %d in the background and %d in all: use 0 or more, and no less in all", c.Settings.DirtyBackgroundBytes, c.Settings.DirtyBytes)
	case c.Settings.WritebackInterval <= 0 || c.Settings.DirtyExpire < 0:
		return cannot("Settings.WritebackInterval", "write-back every %d ns of what is older than %d ns: use 1 or more, and 0 or more", c.Settings.WritebackInterval, c.Settings.DirtyExpire)
	case c.Settings.ReadaheadBytes < 0:
		return cannot("Settings.ReadaheadBytes", "readahead of %d bytes: use 0 or more", c.Settings.ReadaheadBytes)
	}
	return c.Profile.Check()
}
