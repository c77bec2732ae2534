package copysample

import "time"

// Options say whom to sample.
type Options struct {
	// Threads are thread numbers, gettid(2); or Process is a process with all its
	// threads and those that it begins.
	Threads []int
	Process int
	// Every is the processor time between samples; 0 is [DefaultEvery].
	Every time.Duration
}

// DefaultEvery is how far apart samples are: some thousand in a second of processor
// time, no multiple of the timer tick.
const DefaultEvery = 997 * time.Microsecond
