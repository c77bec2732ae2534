package trace

import "time"

// Served summarises one transfer that the broker's fetch path made: what the
// serving kernel reports instead of an event per step.
type Served struct {
	// Seq numbers the transfers of this process from 1.
	Seq int64 `json:"seq"`
	// Began is the wall-clock time at which the transfer began, Dur how long it
	// took, waiting for the reader included.
	Began time.Time `json:"began"`
	Dur   Ns        `json:"dur_ns"`

	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Client    string `json:"client"`

	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Chunk int    `json:"chunk"`
	// SyscallsByName counts the syscalls that the program made, by name.
	SyscallsByName map[string]int64 `json:"syscalls_by_name"`
	// Err is what stopped the transfer, or empty.
	Err string `json:"error,omitempty"`
}
