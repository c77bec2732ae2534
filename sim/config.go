package sim

import "fmt"

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
)

// PageBytes is the modelled page size.
const PageBytes = 4096

// Config is everything that a run depends on.
type Config struct {
	Model Model
	Net   Net
	// DMA: the devices move bytes by themselves. Without it the CPU carries
	// every word (programmed I/O), and scatter-gather does not exist.
	DMA bool
	// SG: the network card gathers a packet from scattered pages.
	SG bool
	// Warm: the file is in the page cache when the run begins.
	Warm bool
	// FileBytes is the size of the file.
	FileBytes int64
	// HoldReader: the receiver reads only when told to ([Machine.Receive]).
	HoldReader bool
	Profile    Profile
	Settings   Settings
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
}

// DefaultSettings are the defaults of a current kernel: VM_READAHEAD_PAGES
// (include/linux/pagemap.h), pipe_max_size (fs/pipe.c), tcp_wmem's maximum
// (net/ipv4/tcp.c).
func DefaultSettings() Settings {
	return Settings{ReadaheadBytes: 128 << 10, PipeMaxBytes: 1 << 20, SendBufferBytes: 4 << 20}
}

func (c Config) check() error {
	switch {
	case c.Model != Textbook && c.Model != Linux:
		return fmt.Errorf("model %q: use textbook or linux", c.Model)
	case c.Net != NIC && c.Net != Loopback:
		return fmt.Errorf("net %q: use nic or loopback", c.Net)
	case c.Model == Textbook && c.Net != NIC:
		return fmt.Errorf("net %q: the textbook always sends through a network card; use nic", c.Net)
	case c.FileBytes <= 0:
		return fmt.Errorf("file of %d bytes: use 1 or more", c.FileBytes)
	}
	return nil
}
