package copyprofile

import (
	"time"

	"copyscope/internal/trace"
)

// Options say whom to profile.
type Options struct {
	// PIDs are the processes, at least one. Each must be there at the beginning.
	PIDs []int
	// Follow takes in the processes that they have begun and will begin, but not the one
	// that makes the profile.
	Follow bool
	// For is how long; 0 means until the context ends.
	For time.Duration
	// Begun, if it is not nil, is called when every call is seen from then on.
	Begun func()
}

// The sample types of a profile, by the index of their values.
const (
	CopiedBytes = iota // by the CPU, derived
	Copies             // calls that copied, derived
	Syscalls           // calls that move bytes, measured
	Descriptors        // bytes lent by reference, derived
)

// types are the sample types' names and units.
var types = [][2]string{CopiedBytes: {"copied_bytes", "bytes"}, Copies: {"copies", "count"}, Syscalls: {"syscalls", "count"}, Descriptors: {"descriptors", "bytes"}}

// Summary is the profile without the stacks.
type Summary struct {
	Schema int `json:"schema"`
	// PIDs are the processes that were asked for.
	PIDs []int `json:"pids"`
	// Processes is how many processes made calls.
	Processes int   `json:"processes"`
	For       int64 `json:"for_ns"`

	Totals Totals            `json:"totals"`
	Calls  map[string]Totals `json:"calls"` // by the syscall's name
	// Provenance says how each of the totals is known.
	Provenance map[string]trace.Provenance `json:"provenance"`

	// Lost records found no room, so that all totals are too small.
	Lost int64 `json:"lost"`
	// Notes are sentences about what is not in the profile.
	Notes []string `json:"notes,omitempty"`
}

// Totals are sums of some calls.
type Totals struct {
	CopiedBytes int64 `json:"copied_bytes"`
	Copies      int64 `json:"copies"`
	Syscalls    int64 `json:"syscalls"`
	// Failed of them returned an error.
	Failed      int64 `json:"failed"`
	Descriptors int64 `json:"descriptors"`
}

func (t *Totals) add(e effect, failed bool) {
	t.Syscalls++
	if failed {
		t.Failed++
	}
	t.CopiedBytes += e.copied
	if e.copied > 0 {
		t.Copies++
	}
	t.Descriptors += e.lent
}

// effect is what one call did with payload, in bytes.
type effect struct{ copied, lent int64 }
