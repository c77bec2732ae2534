package txn

import (
	"time"

	"copyscope/broker/statelog"
)

// abortTimedOut aborts the transactions that take longer than their producers
// said, and fences those (TransactionCoordinator.abortTimedOutTransactions).
func (c *Coordinator) abortTimedOut() {
	for _, t := range c.all() {
		if c.abortIfTimedOut(t, c.cfg.Now()) {
			c.complete(t)
		}
	}
}

func (c *Coordinator) abortIfTimedOut(t *transaction, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dead || t.state != Ongoing || now.Sub(t.begun) <= t.timeout {
		return false
	}
	if err := c.keep(t, t.fenced(now)); err != nil {
		return false // it is logged; the next look tries again
	}
	c.cfg.Log.Info("a transaction that took too long is aborted", "transactional_id", t.id, "producer_id", t.producer.ID, "timeout", t.timeout)
	c.counted.timedOut.Add(1)
	return true
}

// expire forgets the transactional ids that were not used for so long
// (TransactionStateManager.removeExpiredTransactionalIds).
func (c *Coordinator) expire() {
	now := c.cfg.Now()
	for _, t := range c.all() {
		if c.expireIfOld(t, now) {
			c.forget(t)
		}
	}
}

func (c *Coordinator) expireIfOld(t *transaction, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dead || t.state == Ongoing || t.state.preparing() || now.Sub(t.used) < c.cfg.Expiration {
		return false
	}
	r := tombstone(t.id)
	if err := c.store.Append(t.id, []statelog.Record{r}); err != nil {
		c.cfg.Log.Error("a transactional id could not be expired", "transactional_id", t.id, "error", err)
		return false
	}
	c.tidy.Wrote(r)
	t.dead = true
	return true
}
