// Package statelog is what the coordinators of groups and of transactions have in
// common: their state is records with keys, in the order in which they were
// stored; the last one of a key counts, and one without a value takes the key
// away. Kafka keeps them in __consumer_offsets and __transaction_state.
package statelog

import (
	"context"
	"sync"
)

// Record is one record of a coordinator. A nil value is a tombstone.
type Record struct{ Key, Value []byte }

// Replayed is a stored record, or the end of a transaction in which records were
// stored.
type Replayed struct {
	Record
	// Partition of the log in which it is.
	Partition int
	// Producer wrote the record in a transaction, or a transaction of it ended;
	// ProducerID is -1 for records of none.
	Producer
	End Outcome
}

// Producer is who writes in a transaction.
type Producer struct {
	ID    int64
	Epoch int16
}

// NoProducer is of records that belong to no transaction.
var NoProducer = Producer{ID: -1, Epoch: -1}

// Outcome is how a transaction ended in a partition.
type Outcome int8

const (
	Open Outcome = iota // no end: a record
	Committed
	Aborted
)

// Mark is a place in each of the partitions of a log.
type Mark []int64

// Log keeps records in the order in which they came.
type Log interface {
	// Append stores records of one owner (a group, a transactional id), all or
	// none, and returns when they are acknowledged.
	Append(owner string, records []Record) error
	// Replay visits all records and ends of transactions. What they alias is
	// valid during the visit.
	Replay(ctx context.Context, visit func(Replayed) error) error
	// End marks the place behind the last record.
	End() Mark
	// Trim forgets what lies before the mark, when what lies behind it is on the
	// disk.
	Trim(Mark) error
}

// Size is what the record takes in a batch, about.
func (r Record) Size() int64 {
	const overhead = 12
	return int64(len(r.Key)+len(r.Value)) + overhead
}

// SizeOf is what the records take.
func SizeOf(records []Record) (n int64) {
	for _, r := range records {
		n += r.Size()
	}
	return n
}

// Tidying counts what was stored since the live records were last written.
//
// Kafka compacts the topic. Here the live records are written once more, behind
// all others, and what lies before them is cut off. Each owner's are written
// under its lock, so nothing newer comes before them; and nothing is cut before
// all are on the disk, so that an end at any moment leaves at least one copy.
type Tidying struct {
	mu    sync.Mutex
	bytes int64 // stored since
	live  int64 // bytes of the live records at that time
	busy  bool
	asked bool // somebody was told to tidy, and it was not done yet

	running sync.Mutex // held while what lives is written anew
}

// TidyFrom is after how many bytes what lives is written anew at the soonest: less is
// not worth the work.
const TidyFrom = 8 << 20

// batchOverhead is what a batch takes besides its records (Kafka's message format 2:
// the header of a record batch). What is stored at once is one.
const batchOverhead = 61

// Wrote says whether the caller is to see that it is tidied. If that fails,
// nobody else is told so: the next look for what is old tries it again.
func (t *Tidying) Wrote(records ...Record) (tidyNow bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes += batchOverhead + SizeOf(records)
	tidyNow = t.due() && !t.asked
	t.asked = t.asked || tidyNow
	return tidyNow
}

func (t *Tidying) due() bool { return t.bytes >= max(TidyFrom, 4*t.live) }

// begin says whether it is time, and that the caller does it.
func (t *Tidying) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy || !t.due() {
		return false
	}
	t.busy = true
	return true
}

func (t *Tidying) end(live int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy = false
	if err == nil {
		t.bytes, t.live, t.asked = 0, live, false
	}
}

// IfDue writes what lives anew, if it is time: rewrite does it and returns how
// much that was.
func (t *Tidying) IfDue(log Log, rewrite func() (live int64, err error)) error {
	if !t.begin() {
		return nil
	}
	t.running.Lock()
	defer t.running.Unlock()
	mark := log.End()
	live, err := rewrite()
	if err == nil {
		err = log.Trim(mark)
	}
	t.end(live, err)
	return err
}

// Apart runs f while nothing is written anew.
func (t *Tidying) Apart(f func() error) error {
	t.running.Lock()
	defer t.running.Unlock()
	return f()
}
