package txn

import (
	"fmt"
	"time"
)

// Init is how a producer takes its transactional id (InitProducerId): it gets a
// producer id and an epoch, and whoever had the id before is fenced. A
// transaction that goes on is aborted first, and the answer is ErrConcurrent:
// the producer asks again.
//
// expected is what a producer has that goes on after an error, or nil (KIP-360):
// who has an older epoch than the last one is fenced, and the answer to a call
// that was sent again is the same.
func (c *Coordinator) Init(id string, timeout time.Duration, expected *Producer) (Producer, error) {
	none := Producer{ID: noID, Epoch: noEpoch}
	if err := checkID(id); err != nil {
		return none, err
	}
	if timeout <= 0 || timeout > c.cfg.MaxTimeout {
		return none, fmt.Errorf("%w: %v; transaction.max.timeout.ms allows more than 0 up to %v", ErrTimeout, timeout, c.cfg.MaxTimeout)
	}
	t, err := c.findOrMake(id, timeout)
	if err != nil {
		return none, err
	}
	next, err := c.initialize(t, timeout, expected)
	if err == nil {
		err = c.keep(t, next)
	}
	made := t.producer.Epoch == noEpoch
	if err != nil && made {
		t.dead = true // nothing of it is stored
	}
	fenced, p := t.state == PrepareAbort && err == nil, t.producer
	t.mu.Unlock()
	switch {
	case err != nil:
		if made {
			c.forget(t)
		}
		return none, err
	case fenced:
		c.counted.fenced.Add(1)
		c.complete(t)
		return none, fmt.Errorf("%w: the transaction that went on is aborted", ErrConcurrent)
	}
	return p, nil
}

// initialize is TransactionCoordinator.prepareInitProducerIdTransit.
func (c *Coordinator) initialize(t *transaction, timeout time.Duration, expected *Producer) (next metadata, err error) {
	now := c.cfg.Now()
	if t.state.preparing() {
		return next, ErrConcurrent
	}
	if expected != nil && t.producer.Epoch != noEpoch && expected.ID != t.producer.ID &&
		!(expected.ID == t.previous && exhausted(expected.Epoch)) {
		return next, fmt.Errorf("%w: producer id %d is not that of the transactional id any more", ErrFenced, expected.ID)
	}
	if t.state == Ongoing {
		return t.fenced(now), nil
	}
	current := t.producer
	if exhausted(current.Epoch) && (expected == nil || expected.Epoch == current.Epoch) {
		id, err := c.cfg.NewProducerID()
		if err != nil {
			return next, err
		}
		last := int16(noEpoch)
		if expected != nil {
			last = current.Epoch
		}
		return t.initialized(Producer{ID: id, Epoch: 0}, last, timeout, now), nil
	}
	raised := Producer{ID: current.ID, Epoch: current.Epoch + 1}
	switch {
	case expected == nil:
		return t.initialized(raised, noEpoch, timeout, now), nil
	case current.Epoch == noEpoch || expected.Epoch == current.Epoch:
		return t.initialized(raised, current.Epoch, timeout, now), nil
	case expected.Epoch == t.lastEpoch:
		// It was sent again, and nobody else came in between: that would have
		// taken the last epoch away.
		return t.initialized(current, t.lastEpoch, timeout, now), nil
	}
	return next, fmt.Errorf("%w: epoch %d, the latest is %d", ErrFenced, expected.Epoch, current.Epoch)
}

// findOrMake is the transactional id, locked, made if it is missing; what is made
// has no epoch yet and is not stored.
func (c *Coordinator) findOrMake(id string, timeout time.Duration) (*transaction, error) {
	for {
		if t := c.find(id); t != nil {
			return t, nil
		}
		producer, err := c.cfg.NewProducerID()
		if err != nil {
			return nil, err
		}
		if err := c.make(id, producer, timeout); err != nil {
			return nil, err
		}
	}
}

func (c *Coordinator) make(id string, producer int64, timeout time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return ErrClosed
	case c.byID[id] != nil:
		return nil
	}
	if err := c.grow(idBytes(id)); err != nil {
		return err
	}
	now := c.cfg.Now()
	c.byID[id] = &transaction{id: id, metadata: metadata{producer: Producer{ID: producer, Epoch: noEpoch}, previous: noID, next: noID, lastEpoch: noEpoch,
		timeout: timeout, started: -1, updated: now.UnixMilli(), used: now}}
	return nil
}
