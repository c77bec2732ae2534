package host

import "copyscope/internal/trace"

// Costs are what some things take on this host, each measured by itself.
type Costs struct {
	// ModeSwitch is one crossing between user and kernel mode: half of what
	// getppid(2) takes, which does nothing else.
	ModeSwitch trace.Ns
	// ContextSwitch is one change of threads on a processor: two threads that are
	// bound to one pass a byte to and fro through pipes, less what the reads and
	// writes take without a switch.
	ContextSwitch trace.Ns
	// Fault is a minor page fault of a mapped file that is in the page cache.
	Fault trace.Ns
	// DiskLatency is a read of 4 KiB past the page cache (O_DIRECT), DiskRate what
	// a read of 1 MiB adds for each byte, in bytes per second. Both are 0 where
	// the file system has no such reads; NoDisk says why.
	DiskLatency trace.Ns
	DiskRate    int64
	NoDisk      string
}
