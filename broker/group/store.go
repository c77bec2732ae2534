package group

import (
	"context"
	"errors"
	"fmt"

	"copyscope/broker/statelog"
)

// Store keeps the groups' records (record.go) in the order in which they came.
type Store interface {
	statelog.Log
	// Partition is the one that has the group's records.
	Partition(group string) int
	// AppendPending stores records of one group in the producer's transaction,
	// all or none.
	AppendPending(group string, by statelog.Producer, records []Record) error
}

// Record is one record of the store. A nil value is a tombstone.
type Record = statelog.Record

// load brings the stored records into an empty coordinator.
func (c *Coordinator) load(ctx context.Context) error {
	err := c.store.Replay(ctx, func(r statelog.Replayed) error {
		c.tidy.Wrote(r.Record)
		if r.End != statelog.Open {
			c.endPending(r.Partition, r.Producer.ID, r.End == statelog.Committed)
			return nil
		}
		r.Key = append([]byte(nil), r.Key...)
		if r.Value != nil {
			r.Value = append([]byte{}, r.Value...)
		}
		return c.apply(r.Record, r.Producer)
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, g := range c.groups {
		if g.state == Empty && g.modern == nil && len(g.offsets) == 0 && len(g.open) == 0 && g.protocolType == "" {
			delete(c.groups, id)
			continue
		}
		c.bytes.Add(groupBytes(id))
		g.awake()
	}
	return nil
}

// awake begins the sessions of members that were stored. The shortest may end
// while the others are begun.
func (g *Group) awake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.modern != nil {
		g.modern.awake()
	}
	for _, m := range g.members {
		m.synced = true
		g.c.bytes.Add(m.size())
		g.heard(m)
	}
	if g.state == Stable && g.leader == "" { // it became a classic group, and nobody led it since
		g.prepare()
	}
}

// batchBytes is about how much is stored at once, where it need not be all or
// none.
const batchBytes = 1 << 20

// tidyUp writes what lives anew, if it is time.
func (c *Coordinator) tidyUp() {
	if err := c.tidyIfDue(); err != nil && !errors.Is(err, ErrClosed) {
		c.cfg.Log.Error("the stored consumer groups could not be written anew; they stay as they are", "error", err)
	}
}

func (c *Coordinator) tidyIfDue() error {
	return c.tidy.IfDue(c.store, func() (live int64, err error) {
		for _, g := range c.all() {
			if c.closed.Load() {
				return live, ErrClosed // what was written anew is there twice, which is no harm
			}
			n, err := g.rewrite()
			if err != nil {
				return live, fmt.Errorf("group %q: %w", g.id, err)
			}
			live += n
		}
		return live, nil
	})
}

// rewrite stores what is known of the group once more.
func (g *Group) rewrite() (bytes int64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var batch []Record
	var inBatch int64
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := g.c.store.Append(g.id, batch)
		bytes += inBatch
		batch, inBatch = nil, 0
		return err
	}
	add := func(r Record) error {
		batch, inBatch = append(batch, r), inBatch+r.Size()
		if inBatch < batchBytes {
			return nil
		}
		return flush()
	}
	if g.modern != nil {
		for _, r := range g.modern.records() {
			if err == nil {
				err = add(r)
			}
		}
	} else if g.state == Stable || g.state == Empty && g.protocolType != "" {
		err = add(g.record())
	} else if g.state != Empty && g.state != Dead {
		// In a rebalance: what was stored before it is not known any more. The
		// end of the rebalance stores the new generation; until then, after a
		// restart, the members join anew.
		err = add(groupTombstone(g.id))
	}
	for at, o := range g.offsets {
		if err != nil {
			break
		}
		err = add(offsetRecord(g.id, at, o))
	}
	if err == nil {
		err = flush()
	}
	if err != nil {
		return bytes, err
	}
	pending, err := g.rewriteOpen()
	return bytes + pending, err
}
