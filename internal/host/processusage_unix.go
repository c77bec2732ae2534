//go:build unix

package host

import (
	"syscall"
	"time"
)

// ReadProcessUsage is what this process has used since it began, by
// getrusage(2), whose times are finer than the ticks of /proc/self/stat.
func ReadProcessUsage() (ProcessUsage, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return ProcessUsage{}, err
	}
	return ProcessUsage{
		CPU:      time.Duration(syscall.TimevalToNsec(u.Utime) + syscall.TimevalToNsec(u.Stime)),
		Switches: int64(u.Nvcsw) + int64(u.Nivcsw),
	}, nil
}
