package txn

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Description is a transactional id as DescribeTransactions tells it.
type Description struct {
	ID         string
	State      State
	Producer   Producer
	Timeout    time.Duration
	Started    int64 // ms since 1970, -1: no transaction yet
	Partitions []TopicPartition
}

// Describe tells of one transactional id.
func (c *Coordinator) Describe(id string) (Description, error) {
	if err := checkID(id); err != nil {
		return Description{}, err
	}
	t := c.find(id)
	if t == nil {
		return Description{}, fmt.Errorf("%w: %.100q", ErrNotFound, id)
	}
	defer t.mu.Unlock()
	return t.describe(), nil
}

func (t *transaction) describe() Description {
	return Description{ID: t.id, State: t.state, Producer: t.producer, Timeout: t.timeout, Started: t.started, Partitions: t.inOrder()}
}

// List tells of all transactional ids, by name, without their partitions.
func (c *Coordinator) List() (all []Description) {
	for _, t := range c.all() {
		t.mu.Lock()
		if !t.dead {
			all = append(all, Description{ID: t.id, State: t.state, Producer: t.producer, Timeout: t.timeout, Started: t.started})
		}
		t.mu.Unlock()
	}
	return all
}

// counters are since the coordinator was opened.
type counters struct {
	committed, aborted, timedOut, fenced atomic.Int64
}

func (c *counters) ended(as State) {
	if as == PrepareCommit {
		c.committed.Add(1)
		return
	}
	c.aborted.Add(1)
}

// Stats is what was counted since the coordinator was opened: the transactions
// that ended, and of the aborted ones those that took too long and those whose
// producer was fenced by another. ByState has the transactional ids.
type Stats struct {
	Committed, Aborted, TimedOut, Fenced int64
	ByState                              map[State]int
}

// Stats tells what was counted.
func (c *Coordinator) Stats() Stats {
	s := Stats{Committed: c.counted.committed.Load(), Aborted: c.counted.aborted.Load(), TimedOut: c.counted.timedOut.Load(), Fenced: c.counted.fenced.Load(), ByState: map[State]int{}}
	c.mu.Lock()
	all := make([]*transaction, 0, len(c.byID))
	for _, t := range c.byID {
		all = append(all, t)
	}
	c.mu.Unlock()
	for _, t := range all {
		t.mu.Lock()
		if !t.dead {
			s.ByState[t.state]++
		}
		t.mu.Unlock()
	}
	return s
}
