package trace

import "time"

// Appended summarises one batch that a producer sent for a partition: what the
// storage engine reports instead of an event per step. All its figures are
// measured; [Appended.Counts] derives others from them.
//
// Above a rate the broker tells appends in sums, as it does with [Served].
type Appended struct {
	// Seq numbers the appends of this process from 1.
	Seq int64 `json:"seq"`
	// Stands is how many appends this stands for.
	Stands int64 `json:"stands"`
	// Began is the wall-clock time at which the check of the batch began, Dur how
	// long it took until it could be acknowledged, waiting for other appends and,
	// where the topic asks for it, for the disk included.
	Began time.Time `json:"began"`
	Dur   Ns        `json:"dur_ns"`

	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Client    string `json:"client"`

	// Engine is the topic's way to append: write or mmap.
	Engine string `json:"engine"`
	// Bytes and Records were stored: none of a duplicate or of a batch that was
	// refused.
	Bytes   int64 `json:"bytes"`
	Records int64 `json:"records"`
	// Duplicates is how many batches an idempotent producer had sent before.
	Duplicates int64 `json:"duplicates"`
	// SyscallsByName counts the syscalls that put the batch into the segment, by
	// name. What makes a new segment, and what forces the log to the disk for many
	// appends at once, is not among them.
	SyscallsByName map[string]int64 `json:"syscalls_by_name"`
	// Err is why the batch was refused, or empty. Of a sum it is the last one's
	// that was.
	Err string `json:"error,omitempty"`
}
