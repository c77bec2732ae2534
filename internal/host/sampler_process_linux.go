package host

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/prometheus/procfs"
)

// self gives a reader this process.
func (s *Sampler) self(read func(procfs.Proc, *reading) error) func(*reading) error {
	return func(r *reading) error {
		p, err := s.fs.Self()
		if err != nil {
			return err
		}
		return read(p, r)
	}
}

func selfStat(p procfs.Proc, r *reading) error {
	st, err := p.Stat()
	if err != nil {
		return err
	}
	for field, v := range map[string]uint{
		"utime": st.UTime, "stime": st.STime, "minflt": st.MinFlt, "majflt": st.MajFlt, "num_threads": uint(st.NumThreads),
	} {
		r.values[key{"self/stat", field}] = float64(v)
	}
	return nil
}

func selfStatus(p procfs.Proc, r *reading) error {
	st, err := p.NewStatus()
	if err != nil {
		return err
	}
	r.values[key{"self/status", "RssAnon"}] = float64(st.RssAnon)
	r.values[key{"self/status", "RssFile"}] = float64(st.RssFile)
	return nil
}

// selfSmaps reads the share of this process in memory that it has together with
// others.
func selfSmaps(p procfs.Proc, r *reading) error {
	sum, err := p.ProcSMapsRollup()
	if err != nil {
		return err
	}
	r.values[key{"self/smaps_rollup", "Pss"}] = float64(sum.Pss)
	return nil
}

// selfIO reads the calls that read and wrote, and what of that went to disks.
func selfIO(p procfs.Proc, r *reading) error {
	io, err := p.IO()
	if err != nil {
		return err
	}
	for field, v := range map[string]uint64{"syscr": io.SyscR, "syscw": io.SyscW, "read_bytes": io.ReadBytes, "write_bytes": io.WriteBytes} {
		r.values[key{"self/io", field}] = float64(v)
	}
	return nil
}

// selfTask reads each thread's status: the process's own one counts the
// context switches of the first thread alone.
func (s *Sampler) selfTask(p procfs.Proc, r *reading) error {
	tasks, err := procfs.NewFS(filepath.Join(s.root, strconv.Itoa(p.PID), "task"))
	if err != nil {
		return err
	}
	threads, err := tasks.AllProcs()
	if err != nil {
		return err
	}
	for _, t := range threads {
		st, err := t.NewStatus()
		if errors.Is(err, os.ErrNotExist) {
			continue // it ended meanwhile
		}
		if err != nil {
			return err
		}
		id := strconv.Itoa(t.PID)
		r.add(key{"self/task", "voluntary"}, id, float64(st.VoluntaryCtxtSwitches))
		r.add(key{"self/task", "involuntary"}, id, float64(st.NonVoluntaryCtxtSwitches))
	}
	return nil
}
