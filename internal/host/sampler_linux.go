package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/procfs"
)

// Sampler reads procfs and computes rates between one call and the next.
type Sampler struct {
	root   string
	fs     procfs.FS
	clock  func() time.Time
	before *reading
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
	return &Sampler{root: procRoot, fs: fs, clock: clock}, nil
}

// Sample reads everything once. A file that cannot be read makes its figures
// unavailable; it is an error only if none can.
func (s *Sampler) Sample() (Sample, error) {
	now := newReading(s.clock())
	for _, part := range []struct {
		file string
		read func(*reading) error
	}{
		{"stat", s.stat}, {"meminfo", s.meminfo}, {"vmstat", s.vmstat}, {"net/dev", s.netDev},
		{"self/stat", s.selfStat}, {"self/status", s.selfStatus}, {"self/task", s.selfTask},
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

func (s *Sampler) stat(r *reading) error {
	st, err := s.fs.Stat()
	if err != nil {
		return err
	}
	c := st.CPUTotal
	// Guest time is in user and nice already (account_guest_time,
	// kernel/sched/cputime.c).
	total := c.User + c.Nice + c.System + c.Idle + c.Iowait + c.IRQ + c.SoftIRQ + c.Steal
	for field, v := range map[string]float64{
		"user": c.User + c.Nice, "system": c.System, "softirq": c.SoftIRQ, "iowait": c.Iowait, "idle": c.Idle, "total": total,
		"ctxt": float64(st.ContextSwitches), "intr": float64(st.IRQTotal),
		"net_rx": float64(st.SoftIRQ.NetRx), "net_tx": float64(st.SoftIRQ.NetTx),
	} {
		r.values[key{"stat", field}] = v
	}
	return nil
}

func (s *Sampler) meminfo(r *reading) error {
	m, err := s.fs.Meminfo()
	if err != nil {
		return err
	}
	for field, v := range map[string]*uint64{"Cached": m.CachedBytes, "Dirty": m.DirtyBytes, "Writeback": m.WritebackBytes} {
		if v != nil {
			r.values[key{"meminfo", field}] = float64(*v)
		}
	}
	return nil
}

func (s *Sampler) vmstat(r *reading) error {
	f, err := os.Open(filepath.Join(s.root, "vmstat"))
	if err != nil {
		return err
	}
	defer f.Close()
	all, err := parseVMStat(f)
	if err != nil {
		return err
	}
	for field, scale := range map[string]float64{"pgfault": 1, "pgmajfault": 1, "pgpgin": 1024} {
		if v, ok := all[field]; ok {
			r.values[key{"vmstat", field}] = float64(v) * scale
		}
	}
	return nil
}

func (s *Sampler) netDev(r *reading) error {
	devices, err := s.fs.NetDev()
	if err != nil {
		return err
	}
	var tx, rx float64
	for name, d := range devices {
		if name == "lo" {
			r.values[key{"net/dev", "lo_tx"}] = float64(d.TxBytes)
			r.values[key{"net/dev", "lo_rx"}] = float64(d.RxBytes)
			continue
		}
		tx += float64(d.TxBytes)
		rx += float64(d.RxBytes)
	}
	r.values[key{"net/dev", "tx"}], r.values[key{"net/dev", "rx"}] = tx, rx
	return nil
}

// userHz is the unit of the times in /proc/PID/stat: 1/100 s on every
// architecture that Go runs on (USER_HZ, include/asm-generic/param.h).
const userHz = 100

func (s *Sampler) selfStat(r *reading) error {
	p, err := s.fs.Self()
	if err != nil {
		return err
	}
	st, err := p.Stat()
	if err != nil {
		return err
	}
	r.values[key{"self/stat", "utime"}] = float64(st.UTime) / userHz
	r.values[key{"self/stat", "stime"}] = float64(st.STime) / userHz
	return nil
}

func (s *Sampler) selfStatus(r *reading) error {
	p, err := s.fs.Self()
	if err != nil {
		return err
	}
	st, err := p.NewStatus()
	if err != nil {
		return err
	}
	r.values[key{"self/status", "RssAnon"}] = float64(st.RssAnon)
	return nil
}

// selfTask reads each thread's status: the process's own one counts the
// context switches of the first thread alone.
func (s *Sampler) selfTask(r *reading) error {
	p, err := s.fs.Self()
	if err != nil {
		return err
	}
	tasks, err := procfs.NewFS(filepath.Join(s.root, strconv.Itoa(p.PID), "task"))
	if err != nil {
		return err
	}
	threads, err := tasks.AllProcs()
	if err != nil {
		return err
	}
	voluntary, involuntary := map[int]float64{}, map[int]float64{}
	for _, t := range threads {
		st, err := t.NewStatus()
		if errors.Is(err, os.ErrNotExist) {
			continue // it ended meanwhile
		}
		if err != nil {
			return err
		}
		voluntary[t.PID], involuntary[t.PID] = float64(st.VoluntaryCtxtSwitches), float64(st.NonVoluntaryCtxtSwitches)
	}
	r.threads[key{"self/task", "voluntary"}], r.threads[key{"self/task", "involuntary"}] = voluntary, involuntary
	return nil
}
