package clusterview

import (
	"time"

	"github.com/prometheus/procfs"
)

// processorTime is what a process's threads took, in user and kernel code; it grows in
// ticks of 10 ms (proc_pid_stat(5)).
func processorTime(pid int) (time.Duration, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0, err
	}
	s, err := p.Stat()
	if err != nil {
		return 0, err
	}
	return time.Duration(s.CPUTime() * float64(time.Second)), nil
}
