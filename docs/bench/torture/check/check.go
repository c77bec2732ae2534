// Package check judges a history of a broker's clients: whether what they were
// told, and what they read, can come of a log that keeps its promises.
package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"copyscope/docs/bench/torture/history"
)

// Durability is what of acknowledged records a power cut may take
// (docs/storage.md, "What is promised when").
type Durability struct {
	// Forced: an answer comes when its records are on the disk
	// (flush.messages=1), and readers see them then. A cut takes nothing.
	// Otherwise it may take the end of each partition, and what the coordinators
	// know.
	Forced bool
	// Age, unless it is zero, is when they are at the latest (flush.ms, and the
	// second to which it is kept).
	Age time.Duration
}

// Class is a kind of violation.
type Class string

const (
	Lost        Class = "LOST"        // acknowledged, and not there
	Duplicated  Class = "DUPLICATED"  // there twice, of who is promised once
	Reordered   Class = "REORDERED"   // a producer's records in another order
	Phantom     Class = "PHANTOM"     // there, and never sent
	Uncommitted Class = "UNCOMMITTED" // seen by a reader of what is committed: aborted, or open
	Half        Class = "HALF"        // a part of a committed transaction
	Gap         Class = "GAP"         // an offset that has nothing
	Changed     Class = "CHANGED"     // an offset that had something else before
	Backwards   Class = "BACKWARDS"   // a group's commit that was forgotten
	MarkBack    Class = "MARK-BACK"   // a partition's end, beginning or last stable offset that went back
	Hangs       Class = "HANGS"       // does not come to an end
	Unavailable Class = "UNAVAILABLE" // refuses for good what it should do
)

// Violation is what a broker that keeps its promises cannot do.
type Violation struct {
	Class Class  `json:"class"`
	Text  string `json:"text"`
	// Ops are the fewest operations that show it, by number.
	Ops []history.Op `json:"operations"`
}

func (v Violation) String() string {
	s := fmt.Sprintf("%s: %s", v.Class, v.Text)
	for _, o := range v.Ops {
		s += "\n    " + o.String()
	}
	return s
}

// most bounds the violations of a class that are told.
const most = 5

// judge holds a history to what it may be.
type judge struct {
	ops      []history.Op
	by       map[string]int   // produce operations, by record
	ends     map[string]int   // operations that end a transaction, by its name
	sent     map[string][]int // produce operations, by partition
	txns     []string         // transactions, in order
	members  map[string][]int // their produce operations
	cuts     []history.Op     // that may have taken something
	stops    []history.Op     // clean ones
	promised Durability
	parts    map[string]*partition
	forgiven map[int]bool // operations that told of what a cut may have taken
	found    []Violation
	told     map[Class]int
}

// Judge finds what is wrong, nothing if all is well.
func Judge(ops []history.Op, promised Durability) []Violation {
	j := &judge{ops: ops, by: map[string]int{}, ends: map[string]int{}, sent: map[string][]int{}, members: map[string][]int{}, promised: promised,
		parts: map[string]*partition{}, forgiven: map[int]bool{}, told: map[Class]int{}}
	for _, o := range ops {
		switch {
		case o.Kind == history.Produce:
			j.by[o.Value] = o.Number
			j.sent[o.At()] = append(j.sent[o.At()], o.Number)
			if o.Txn != "" {
				if j.members[o.Txn] == nil {
					j.txns = append(j.txns, o.Txn)
				}
				j.members[o.Txn] = append(j.members[o.Txn], o.Number)
			}
		case o.Kind == history.EndTxn:
			j.ends[o.Txn] = o.Number
		case o.Kind == history.Fault && o.Fault == history.PowerCut && !promised.Forced:
			j.cuts = append(j.cuts, o)
		case o.Kind == history.Fault && o.Fault == history.Stop && o.Outcome == history.OK:
			j.stops = append(j.stops, o)
		}
	}
	j.contents()
	j.order()
	j.transactions()
	j.groups()
	j.marks()
	return j.found
}

func (j *judge) wrong(class Class, shown []history.Op, format string, args ...any) {
	if j.told[class]++; j.told[class] > most {
		return
	}
	slices.SortFunc(shown, func(a, b history.Op) int { return cmp.Compare(a.Number, b.Number) })
	shown = slices.CompactFunc(shown, func(a, b history.Op) bool { return a.Number == b.Number })
	for i := range shown {
		shown[i].Records = nil // the text has the one that matters
	}
	j.found = append(j.found, Violation{class, fmt.Sprintf(format, args...), j.withFaults(shown)})
}

// withFaults adds the kills and cuts between the operations: what came between
// matters more than anything else.
func (j *judge) withFaults(shown []history.Op) []history.Op {
	if len(shown) < 2 {
		return shown
	}
	from, to := shown[0].Number, shown[len(shown)-1].Number
	for _, o := range j.ops {
		if o.Kind == history.Fault && o.Number > from && o.Number < to {
			shown = append(shown, o)
		}
	}
	slices.SortFunc(shown, func(a, b history.Op) int { return cmp.Compare(a.Number, b.Number) })
	return shown
}

// cutBetween says whether a cut that may take something came between two times.
func (j *judge) cutBetween(from, to time.Duration) bool {
	return slices.ContainsFunc(j.cuts, func(c history.Op) bool {
		return (c.Outcome == history.Open || c.Completed >= from) && c.Invoked <= to
	})
}
