package host

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"
)

// Sampler reads procfs and computes rates between one call and the next.
type Sampler struct {
	root   string
	fs     procfs.FS
	disks  blockdevice.FS
	clock  func() time.Time
	before *reading

	connections func() []net.Conn
	followed    map[net.Conn]int // with the number that it is known by
	numbered    int
}

// NewSampler reads under procRoot (empty means /proc), and takes the time from
// clock (nil means [time.Now], whose monotonic reading makes intervals real).
func NewSampler(procRoot string, clock func() time.Time) (*Sampler, error) {
	if procRoot == "" {
		procRoot = procfs.DefaultMountPoint
	}
	if clock == nil {
		clock = time.Now
	}
	fs, err := procfs.NewFS(procRoot)
	if err != nil {
		return nil, fmt.Errorf("sample the host: %w; mount proc there: mount -t proc proc %s", err, procRoot)
	}
	disks, err := blockdevice.NewFS(procRoot, procRoot) // what it reads in /sys is not asked for
	if err != nil {
		return nil, fmt.Errorf("sample the host: %w; mount proc there: mount -t proc proc %s", err, procRoot)
	}
	return &Sampler{root: procRoot, fs: fs, disks: disks, clock: clock, followed: map[net.Conn]int{}}, nil
}

// Follow makes the samples tell of TCP connections of this process: those that
// list gives each time. It may give none, and may not be called while a sample
// is taken.
func (s *Sampler) Follow(list func() []net.Conn) { s.connections = list }

// Sample reads everything once. A file that cannot be read makes its figures
// unavailable; it is an error only if none can.
func (s *Sampler) Sample() (Sample, error) {
	now := newReading(s.clock())
	for _, part := range []struct {
		file string
		read func(*reading) error
	}{
		{"stat", s.stat}, {"interrupts", s.interrupts}, {"softirqs", s.softirqs},
		{"meminfo", s.meminfo}, {"vmstat", s.vmstat},
		{"pressure/cpu", s.pressure("cpu")}, {"pressure/memory", s.pressure("memory")},
		{"pressure/io", s.pressure("io")}, {"pressure/irq", s.pressure("irq")},
		{"diskstats", s.diskstats}, {"net/dev", s.netDev}, {"net/snmp", s.paired("net/snmp")}, {"net/netstat", s.paired("net/netstat")},
		{"self/stat", s.self(selfStat)}, {"self/status", s.self(selfStatus)}, {"self/smaps_rollup", s.self(selfSmaps)},
		{"self/task", s.self(s.selfTask)}, {"self/io", s.self(selfIO)},
		{tcpInfo, s.sockets},
	} {
		if err := part.read(now); err != nil {
			now.failed[part.file] = err
		}
	}
	if len(now.values) == 0 {
		return Sample{}, fmt.Errorf("sample the host: nothing under %s can be read: %w", s.root, now.failed["stat"])
	}
	sample := between(s.before, now)
	s.before = now
	return sample, nil
}

// open opens a file under the root of procfs.
func (s *Sampler) open(file string) (*os.File, error) { return os.Open(filepath.Join(s.root, file)) }
