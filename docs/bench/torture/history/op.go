// Package history is what clients did to a broker and what they were told, in the
// manner of Jepsen: each operation has the time of its invocation, and that of its
// completion with what came of it.
package history

import (
	"fmt"
	"strings"
	"time"
)

// Kind is what an operation does.
type Kind string

const (
	Produce     Kind = "produce"         // one record
	EndTxn      Kind = "end-transaction" // asks to commit or abort
	Read        Kind = "read"            // what a consumer was given of a partition at once
	Scan        Kind = "scan"            // a whole partition, from its first offset
	Commit      Kind = "commit-offset"   // of a group
	FetchOffset Kind = "fetch-offset"    // asks which offset a group has committed
	ListOffsets Kind = "list-offsets"    // asks where a partition begins and ends
	Fault       Kind = "fault"           // what was done to the broker
)

// Outcome is what came of an operation.
type Outcome string

const (
	Open    Outcome = ""        // it goes on
	OK      Outcome = "ok"      // it was done
	Fail    Outcome = "fail"    // it was not done, and will not be
	Unknown Outcome = "unknown" // it was done, or not, or will be
)

// Promise is what a producer may expect of its records.
type Promise string

const (
	AtLeastOnce Promise = "at-least-once" // without an id: tries again, and may store twice
	Once        Promise = "once"          // idempotent
	InTxn       Promise = "transaction"   // once, if its transaction commits
)

// What a fault was.
const (
	Kill     = "kill"       // SIGKILL: what the kernel has stays
	PowerCut = "power-cut"  // and what was not forced to the disk may be gone
	Stop     = "clean-stop" // SIGTERM, which ended well
	Pause    = "pause"      // SIGSTOP and SIGCONT
)

// Op is an operation. Which fields are set goes by its kind.
type Op struct {
	Number    int           `json:"op"`
	Kind      Kind          `json:"kind"`
	Worker    string        `json:"worker"`
	Invoked   time.Duration `json:"invoked_ns"`   // since the history began
	Completed time.Duration `json:"completed_ns"` // 0: it goes on
	Outcome   Outcome       `json:"outcome,omitempty"`
	Error     string        `json:"error,omitempty"`

	Topic     string `json:"topic,omitempty"`
	Partition int32  `json:"partition"`
	// Offset is the one that a record got, or that a group commits or is told;
	// -1 is none.
	Offset int64 `json:"offset"`

	// Of produce: the record, which no other has, and what it was promised; its
	// transaction, whose transactional id makes it, and whether it is to commit.
	Value   string  `json:"value,omitempty"`
	Promise Promise `json:"promise,omitempty"`
	Txn     string  `json:"transaction,omitempty"`
	TxnID   string  `json:"transactional_id,omitempty"`
	Commits bool    `json:"commits,omitempty"`

	Group string `json:"group,omitempty"`

	// Of reads and scans: Committed is the isolation level. A scan has all from
	// Start to before End; Final is a scan when nothing is under way any more.
	Committed bool     `json:"read_committed,omitempty"`
	Final     bool     `json:"final,omitempty"`
	Start     int64    `json:"start,omitempty"`
	End       int64    `json:"end,omitempty"`
	Records   []Record `json:"records,omitempty"`

	// Of list-offsets and reads: high watermark and last stable offset.
	High   int64 `json:"high_watermark,omitempty"`
	Stable int64 `json:"last_stable,omitempty"`

	Fault string `json:"fault,omitempty"`
}

// Record is one as it was read.
type Record struct {
	Offset int64  `json:"offset"`
	Value  string `json:"value,omitempty"`
	Marker bool   `json:"marker,omitempty"` // it ends a transaction, and has no value
}

// At names the partition.
func (o Op) At() string { return fmt.Sprintf("%s-%d", o.Topic, o.Partition) }

// String is the operation in a line, without what it read.
func (o Op) String() string {
	var s strings.Builder
	until := "…"
	if o.Outcome != Open {
		until = fmt.Sprintf("%.6f", o.Completed.Seconds())
	}
	fmt.Fprintf(&s, "#%d [%.6f to %s s] %s %s", o.Number, o.Invoked.Seconds(), until, o.Worker, o.Kind)
	switch o.Kind {
	case Produce:
		fmt.Fprintf(&s, " %s %s (%s)", o.At(), o.Value, o.Promise)
		if o.Txn != "" {
			fmt.Fprintf(&s, " in %s of %s", o.Txn, o.TxnID)
		}
		if o.Outcome == OK {
			fmt.Fprintf(&s, " at offset %d", o.Offset)
		}
	case EndTxn:
		fmt.Fprintf(&s, " %s of %s, commits: %t", o.Txn, o.TxnID, o.Commits)
	case Read, Scan:
		fmt.Fprintf(&s, " %s, read_committed: %t, from %d to before %d", o.At(), o.Committed, o.Start, o.End)
	case Commit, FetchOffset:
		fmt.Fprintf(&s, " %s %s: %d", o.Group, o.At(), o.Offset)
	case ListOffsets:
		fmt.Fprintf(&s, " %s: first %d, high watermark %d, last stable %d", o.At(), o.Start, o.High, o.Stable)
	case Fault:
		s.WriteString(" " + o.Fault)
	}
	if o.Outcome != Open {
		s.WriteString(" " + string(o.Outcome))
	}
	if o.Error != "" {
		fmt.Fprintf(&s, " (%s)", o.Error)
	}
	return s.String()
}
