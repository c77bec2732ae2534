package host

import "time"

// ProcessUsage is what this process has used since it began.
type ProcessUsage struct {
	// CPU is the processor time of all its threads, in user and kernel code.
	CPU time.Duration
	// Switches are the context switches of all its threads, voluntary or not.
	Switches int64
}
