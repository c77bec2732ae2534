package attach

import (
	"fmt"
	"time"
)

// Options say what is watched, and for how long.
type Options struct {
	// Processes are watched with all their threads.
	Processes []int
	For       time.Duration
	// Port is the TCP port that was asked about: the answer is of connections at it
	// alone. Processes that Processes start are watched then as with Follow, for a
	// server that is told to read its configuration again starts new workers. 0: none.
	Port int
	// Follow also watches the processes that they start, and their descendants that
	// exist already: the workers of a server's master.
	Follow bool
	// Samples also samples the clocks of Processes, for [Report.CPU] and
	// [Report.CopyCPU]. It costs them more than all the rest: the kernel sets a timer
	// each time that one of their threads gets a processor.
	Samples bool
	// RingBytes is the room for a processor's records; 0: as much as is good for a
	// process with 100,000 calls a second.
	RingBytes int
	// Recent keeps the newest calls themselves; nil: none, and nothing is spent on it. It
	// is read when the watch has ended.
	Recent *Recent
	// NoKernelTLS says why this host has no kernel TLS; empty: it has. Advice is by it.
	NoKernelTLS string
	// Ready is called once all threads are watched; it may be nil.
	Ready func()
	// Progress is told, some times a second, how far the watch is and what it has
	// seen; it may be nil.
	Progress func(elapsed time.Duration, calls, bytes int64)
	// Snapshot is given the report as it stands, some times a second, from the watching
	// goroutine: what it takes is taken from reading. Each report is its own; what the
	// processes are is as it was when they were last looked at. It may be nil.
	Snapshot func(*Report)
}

// target is how the command names a process that is to be watched: as it was asked for.
func (o Options) target(pid int) string {
	if o.Port != 0 {
		return fmt.Sprintf("--port %d", o.Port)
	}
	return fmt.Sprintf("--pid %d", pid)
}
