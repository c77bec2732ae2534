package host

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

func (s *Sampler) meminfo(r *reading) error {
	m, err := s.fs.Meminfo()
	if err != nil {
		return err
	}
	for field, v := range map[string]*uint64{
		"MemAvailable": m.MemAvailableBytes, "Cached": m.CachedBytes, "Dirty": m.DirtyBytes, "Writeback": m.WritebackBytes,
		"AnonPages": m.AnonPagesBytes, "Mapped": m.MappedBytes,
	} {
		if v != nil {
			r.values[key{"meminfo", field}] = float64(*v)
		}
	}
	return nil
}

// vmstatSums are fields that kernels split, each with the names that add up to
// it. Those of one list that the kernel does not have are not there to be
// added; if it has none of them, the next list is tried.
//
//   - pgsteal: pages reclaimed. By khugepaged since Linux 6.2 and for
//     memory.reclaim since 6.14, which direct reclaim counted before.
//   - workingset_refault: pages of the page cache that were read once more soon
//     after they had been evicted. Apart from anonymous memory since Linux 5.9.
var vmstatSums = map[string][][]string{
	"pgsteal":            {{"pgsteal_kswapd", "pgsteal_direct", "pgsteal_khugepaged", "pgsteal_proactive"}},
	"workingset_refault": {{"workingset_refault_file"}, {"workingset_refault"}},
}

func (s *Sampler) vmstat(r *reading) error {
	f, err := s.open("vmstat")
	if err != nil {
		return err
	}
	defer f.Close()
	all, err := parseVMStat(f)
	if err != nil {
		return err
	}
	for _, field := range []string{"pgfault", "pgmajfault", "pgpgin", "pgpgout"} {
		if v, ok := all[field]; ok {
			r.values[key{"vmstat", field}] = float64(v)
		}
	}
	for field, lists := range vmstatSums {
		for _, list := range lists {
			list = slices.DeleteFunc(slices.Clone(list), func(name string) bool { _, ok := all[name]; return !ok })
			if len(list) == 0 {
				continue
			}
			sum := 0.0
			for _, name := range list {
				sum += float64(all[name])
			}
			r.values[key{"vmstat", field}] = sum
			break
		}
	}
	return nil
}

var errNoDisk = errors.New("it lists no disk: this container or machine has none of its own")

// diskstats reads what each disk did. Partitions are part of their disk, and
// memory or loop devices that were never used are left out.
func (s *Sampler) diskstats(r *reading) error {
	all, err := s.disks.ProcDiskstats()
	if err != nil {
		return err
	}
	whole := map[string]bool{}
	for _, d := range all {
		whole[d.DeviceName] = true
	}
	shown := 0
	for _, d := range all {
		if disk, ok := partitionOf(d.DeviceName); ok && whole[disk] {
			continue
		}
		if memory := strings.HasPrefix(d.DeviceName, "loop") || strings.HasPrefix(d.DeviceName, "ram") || strings.HasPrefix(d.DeviceName, "zram"); memory && d.ReadIOs+d.WriteIOs == 0 {
			continue
		}
		shown++
		for field, v := range map[string]uint64{
			"reads": d.ReadIOs, "writes": d.WriteIOs, "read": d.ReadSectors, "written": d.WriteSectors, "busy": d.IOsTotalTicks,
		} {
			r.add(key{"diskstats", field}, d.DeviceName, float64(v))
		}
	}
	if shown == 0 {
		return errNoDisk
	}
	return nil
}

// partitions are named after their disk: sda1 of sda, nvme0n1p1 of nvme0n1
// (disk_name, block/partitions/core.c).
var partitions = regexp.MustCompile(`^(?:(.*[0-9])p|(.*[^0-9]))[0-9]+$`)

func partitionOf(device string) (disk string, ok bool) {
	m := partitions.FindStringSubmatch(device)
	if m == nil {
		return "", false
	}
	return m[1] + m[2], true
}

func (s *Sampler) netDev(r *reading) error {
	devices, err := s.fs.NetDev()
	if err != nil {
		return err
	}
	for name, d := range devices {
		if name == "lo" {
			r.values[key{"net/dev", "lo_tx"}] = float64(d.TxBytes)
			r.values[key{"net/dev", "lo_rx"}] = float64(d.RxBytes)
			continue
		}
		r.add(key{"net/dev", "tx"}, name, float64(d.TxBytes))
		r.add(key{"net/dev", "rx"}, name, float64(d.RxBytes))
	}
	return nil
}

// paired reads a file of the network's counters.
func (s *Sampler) paired(file string) func(*reading) error {
	return func(r *reading) error {
		f, err := s.open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		all, err := parsePaired(f)
		if err != nil {
			return err
		}
		for _, rule := range figureRules {
			if v, ok := all[rule.key.field]; ok && rule.key.file == file {
				r.values[rule.key] = v
			}
		}
		return nil
	}
}
