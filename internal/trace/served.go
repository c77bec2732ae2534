package trace

import "time"

// Served summarises one transfer that the broker's fetch path made: what the
// serving kernel reports instead of an event per step. All its figures are
// measured; [Served.Counts] derives others from them.
//
// Above a rate the broker tells transfers in sums: Stands is then how many
// others there were by this path in the second of Began, Bytes, SocketBytes, Dur and the calls are added up,
// Began is that of the first, and what differs from one to the next (Seq, topic,
// partition, client, chunk) is zero. So the sum over all that is told is exact.
type Served struct {
	// Seq numbers the transfers of this process from 1.
	Seq int64 `json:"seq"`
	// Stands is how many transfers this stands for.
	Stands int64 `json:"stands"`
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
	// Err is what stopped the transfer, or empty. Of a sum it is the last one's
	// that was stopped.
	Err string `json:"error,omitempty"`
}
