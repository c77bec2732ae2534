package txn

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// End commits or aborts the producer's transaction (EndTxn): it is decided when
// it returns without an error, and its markers are written. Asked again, it
// answers the same. With the protocol V2 the producer goes on with the producer
// returned; with V0 with the one that it has.
func (c *Coordinator) End(id string, p Producer, commit bool, v Version) (Producer, error) {
	none := Producer{ID: noID, Epoch: noEpoch}
	t, err := c.of(id)
	if err != nil {
		return none, err
	}
	check := t.mayEnd
	if v >= V2 {
		check = t.mayEndRaising
	}
	again, err := check(p, commit)
	if err != nil || again {
		now := t.producer
		t.mu.Unlock()
		if err != nil {
			return none, err
		}
		return now, nil
	}
	next := int64(noID)
	if v >= V2 && exhausted(t.producer.Epoch) {
		next, err = c.cfg.NewProducerID()
	}
	if err == nil {
		err = c.keep(t, t.prepared(commit, v, next, c.cfg.Now()))
	}
	then := t.completed(c.cfg.Now()).producer
	t.mu.Unlock()
	if err != nil {
		return none, err
	}
	c.complete(t)
	return then, nil
}

// mayEnd is for clients that keep their epoch (TransactionCoordinator
// .endTransaction). again is the end that there was already.
func (t *transaction) mayEnd(p Producer, commit bool) (again bool, err error) {
	if err := t.mayAdd(p); err != nil {
		return false, err
	}
	switch {
	case t.state == Ongoing:
		return false, nil
	case t.state == CompleteCommit && commit, t.state == CompleteAbort && !commit:
		return true, nil
	}
	return false, t.cannotEnd(commit)
}

func (t *transaction) cannotEnd(commit bool) error {
	what := "abort"
	if commit {
		what = "commit"
	}
	return fmt.Errorf("%w: it is %s, and the producer wants to %s", ErrState, t.state, what)
}

// mayEndRaising is for clients whose epoch each end raises (TransactionCoordinator
// .endTransactionWithEpochBumpSupported). Who still has the epoch before is
// asking again; who has the current one begins anew, and may abort what has
// nothing in it:
//
//	               | abort              | commit
//	               | again   | current  | again   | current
//	Empty          | fenced  | raised   | fenced  | refused
//	CompleteAbort  | same    | raised   | refused | refused
//	CompleteCommit | refused | raised   | same    | refused
func (t *transaction) mayEndRaising(p Producer, commit bool) (again bool, err error) {
	overflown := t.previous == p.ID && p.Epoch == math.MaxInt16-1 && t.producer.Epoch == 0 && t.producer.ID != p.ID
	raised := t.producer.ID == p.ID && int(t.producer.Epoch) == int(p.Epoch)+1
	current := t.producer.Epoch == p.Epoch
	valid := current
	switch {
	case t.state.preparing():
		valid = raised
	case t.state.complete():
		valid = current || raised || overflown
	}
	switch {
	case t.producer.ID != p.ID && !overflown:
		return false, fmt.Errorf("%w: it has %d, not %d", ErrMapping, t.producer.ID, p.ID)
	case !valid:
		return false, fmt.Errorf("%w: the epoch is %d, not %d", ErrFenced, t.producer.Epoch, p.Epoch)
	case t.state.preparing():
		return false, ErrConcurrent
	}
	retried := raised || overflown
	switch {
	case t.state == Ongoing:
		return false, nil
	case retried && (t.state == CompleteCommit && commit || t.state == CompleteAbort && !commit):
		return true, nil
	case !retried && !commit:
		return false, nil // PrepareAbort with no partitions
	}
	return false, t.cannotEnd(commit)
}

// mostMarkerRetry bounds how long a marker waits to be tried again.
const mostMarkerRetry = 10 * time.Second

// complete writes the markers of a transaction that prepares, and then that it is
// complete. What cannot be written is tried again later: it was decided. A
// partition that refuses its marker is left as it is: a later epoch of the producer
// or of a coordinator has written there, which this transaction no longer concerns
// (TransactionMarkerRequestCompletionHandler.scala; Kafka sends no more markers
// then, and leaves the transactional id as it is until the coordinator moves, which
// this one never does). mu is not held.
func (c *Coordinator) complete(t *transaction) {
	t.mu.Lock()
	m, marked := t.metadata, t.marked
	t.mu.Unlock()
	if !m.state.preparing() {
		return
	}
	now := map[TopicPartition]bool{}
	marker := Marker{Producer: m.producer, CoordinatorEpoch: c.store.Epoch(t.id), Commit: m.state == PrepareCommit}
	var failed error
	t.appends.Lock()
	for _, at := range m.inOrder() {
		if marked[at] {
			now[at] = true
			continue
		}
		err := c.participants.End(at, marker)
		switch {
		case errors.Is(err, ErrRefused):
			c.cfg.Log.Error("a partition refuses the end of a transaction for good, and is left as it is; kafka-transactions.sh find-hanging shows whether one is open there, and abort ends it",
				"transactional_id", t.id, "topic", at.Topic, "partition", at.Partition, "state", m.state, "error", err)
		case err != nil:
			failed = fmt.Errorf("%s-%d: %w", at.Topic, at.Partition, err)
			continue
		}
		now[at] = true
	}
	t.appends.Unlock()

	t.mu.Lock()
	defer t.mu.Unlock()
	if failed == nil {
		failed = c.keep(t, t.completed(c.cfg.Now()))
	}
	if failed == nil {
		c.counted.ended(m.state)
		return
	}
	if t.marked == nil {
		c.cfg.Log.Warn("a transaction that was decided does not end everywhere yet; it is tried again", "transactional_id", t.id, "state", t.state, "error", failed)
	}
	t.marked = now
	t.retry = min(max(2*t.retry, c.cfg.MarkerRetry), mostMarkerRetry)
	c.later(t.retry, func() { c.complete(t) })
}
