package host

import (
	"fmt"
	"maps"

	"github.com/prometheus/procfs"
)

// stat reads /proc/stat. The times are taken from the lines of the processors
// and not from their sum: that one counts what a processor did before it was
// switched off, and idle times jump when one is (get_idle_time,
// fs/proc/stat.c).
func (s *Sampler) stat(r *reading) error {
	st, err := s.fs.Stat()
	if err != nil {
		return err
	}
	for n, c := range st.CPU {
		cpu := fmt.Sprintf("cpu%d", n)
		// Guest time is in user and nice already (account_guest_time,
		// kernel/sched/cputime.c).
		busy := c.User + c.Nice + c.System + c.IRQ + c.SoftIRQ + c.Steal
		for field, v := range map[string]float64{
			"user": c.User + c.Nice, "system": c.System, "irq": c.IRQ, "softirq": c.SoftIRQ, "steal": c.Steal,
			"iowait": c.Iowait, "idle": c.Idle, "busy": busy, cpuTotal.field: busy + c.Iowait + c.Idle,
		} {
			r.add(key{"stat", field}, cpu, v)
		}
	}
	for field, v := range map[string]float64{
		"online": float64(len(st.CPU)), "procs_running": float64(st.ProcessesRunning),
		"ctxt": float64(st.ContextSwitches), "intr": float64(st.IRQTotal),
	} {
		r.values[key{"stat", field}] = v
	}
	return nil
}

func (s *Sampler) interrupts(r *reading) error {
	f, err := s.open("interrupts")
	if err != nil {
		return err
	}
	defer f.Close()
	all, err := parseInterrupts(f)
	if err != nil {
		return err
	}
	r.interrupts = mostFrequent(all)
	r.values[key{"interrupts", "shown"}] = float64(len(r.interrupts))
	for _, shown := range r.interrupts {
		r.each[key{"interrupts", shown.id}] = maps.Clone(all[shown.id].byCPU)
	}
	return nil
}

// softirqs reads how often each processor handled deferred interrupts. The file
// has a column for every processor that could ever be there.
func (s *Sampler) softirqs(r *reading) error {
	all, err := s.fs.Softirqs()
	if err != nil {
		return err
	}
	for field, byCPU := range map[string][]uint64{"NET_RX": all.NetRx, "NET_TX": all.NetTx, "BLOCK": all.Block} {
		for n, v := range byCPU {
			r.add(key{"softirqs", field}, fmt.Sprintf("cpu%d", n), float64(v))
		}
	}
	return nil
}

// pressure reads for how long tasks waited for a resource, in µs
// (Documentation/accounting/psi.rst). "full" of the processors is not told of a
// whole system: it is 0 by definition since Linux 5.13, and not there before.
func (s *Sampler) pressure(resource string) func(*reading) error {
	return func(r *reading) error {
		st, err := s.fs.PSIStatsForResource(resource)
		if err != nil {
			return err
		}
		for field, line := range map[string]*procfs.PSILine{"some": st.Some, "full": st.Full} {
			if line != nil {
				r.values[key{"pressure/" + resource, field}] = float64(line.Total)
			}
		}
		return nil
	}
}
