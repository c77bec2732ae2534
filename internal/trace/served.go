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

	// Path is the program that ran. Why says why it is not the one that the topic
	// is configured for, or is empty.
	Path string `json:"path"`
	Why  string `json:"why,omitempty"`
	// Bytes are those of the payload, SocketBytes those that the socket took for
	// them: more, if the connection seals what it sends.
	Bytes       int64 `json:"bytes"`
	SocketBytes int64 `json:"socket_bytes"`
	Chunk       int   `json:"chunk"`
	// SyscallsByName counts the syscalls that the program made, by name.
	SyscallsByName map[string]int64 `json:"syscalls_by_name"`
	// Err is what stopped the transfer, or empty.
	Err string `json:"error,omitempty"`
}
