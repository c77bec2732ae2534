package txn

import "fmt"

// Add takes partitions into the producer's transaction, all or none, and begins
// it if none goes on (AddPartitionsToTxn, AddOffsetsToTxn).
func (c *Coordinator) Add(id string, p Producer, partitions []TopicPartition, v Version) error {
	t, err := c.of(id)
	if err != nil {
		return err
	}
	defer t.mu.Unlock()
	return c.add(t, p, partitions, v)
}

// mayAdd is what holds for who adds partitions and for who writes. mu is held.
func (t *transaction) mayAdd(p Producer) error {
	switch {
	case t.producer.ID != p.ID || t.producer.Epoch == noEpoch:
		return fmt.Errorf("%w: it has %d, not %d", ErrMapping, t.producer.ID, p.ID)
	case t.producer.Epoch != p.Epoch:
		return fmt.Errorf("%w: the epoch is %d, not %d", ErrFenced, t.producer.Epoch, p.Epoch)
	case t.state.preparing():
		return ErrConcurrent
	}
	return nil
}

func (c *Coordinator) add(t *transaction, p Producer, partitions []TopicPartition, v Version) error {
	if err := t.mayAdd(p); err != nil {
		return err
	}
	if t.state == Ongoing && t.hasAll(partitions) {
		return nil
	}
	return c.keep(t, t.with(partitions, v, c.cfg.Now()))
}

// Verify says which of the partitions are not in the producer's transaction
// (AddPartitionsToTxn of a broker that only asks).
func (c *Coordinator) Verify(id string, p Producer, partitions []TopicPartition) (missing []TopicPartition, err error) {
	t, err := c.of(id)
	if err != nil {
		return nil, err
	}
	defer t.mu.Unlock()
	return t.verify(p, partitions)
}

func (t *transaction) verify(p Producer, partitions []TopicPartition) (missing []TopicPartition, err error) {
	if err := t.mayAdd(p); err != nil {
		return nil, err
	}
	for _, at := range partitions {
		if _, ok := t.partitions[at]; !ok {
			missing = append(missing, at)
		}
	}
	return missing, nil
}

// Write lets the producer append to partitions in its transaction: until done is
// called, which must be if there is no error, the transaction does not end in
// them. Which of them are not in it is told (missing), or, with the protocol V2,
// they are added to it.
//
// Kafka, where coordinator and partition are two machines, has verification
// guards for the same (KIP-890).
func (c *Coordinator) Write(id string, p Producer, partitions []TopicPartition, v Version) (missing []TopicPartition, done func(), err error) {
	if err := checkID(id); err != nil {
		return nil, nil, err
	}
	c.mu.Lock()
	t := c.byID[id]
	c.mu.Unlock()
	if t == nil {
		return nil, nil, fmt.Errorf("%w: there is no transactional id %.100q", ErrMapping, id)
	}
	t.appends.RLock()
	t.mu.Lock()
	switch {
	case t.dead:
		err = fmt.Errorf("%w: there is no transactional id %.100q", ErrMapping, id)
	case v >= V2:
		err = c.add(t, p, partitions, v)
	default:
		missing, err = t.verify(p, partitions)
	}
	t.mu.Unlock()
	if err != nil {
		t.appends.RUnlock()
		return nil, nil, err
	}
	return missing, t.appends.RUnlock, nil
}
