package group

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"copyscope/broker/statelog"
)

// Offsets that are committed within a transaction (TxnOffsetCommit; KIP-98,
// KIP-447): they are stored at once, in the producer's transaction, and count
// when it commits (OffsetMetadataManager.java, pendingTransactionalOffsets and
// replayEndTransactionMarker).
//
// Which of two offsets of a partition counts is decided by which was stored
// later, not by which was committed later: an offset that somebody committed
// without a transaction, after one within it, stays.

// openTxn are the offsets of one group in a transaction that did not end.
type openTxn struct {
	epoch   int16
	offsets map[TopicPartition]Offset
	bytes   int64 // that it takes in memory, as they were counted
}

// opens are the groups of which offsets are in a producer's transaction, by
// producer id. Its lock is the innermost.
type opens struct {
	mu   sync.Mutex
	byID map[int64]map[*Group]struct{}
}

func (o *opens) add(producer int64, g *Group) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byID == nil {
		o.byID = map[int64]map[*Group]struct{}{}
	}
	if o.byID[producer] == nil {
		o.byID[producer] = map[*Group]struct{}{}
	}
	o.byID[producer][g] = struct{}{}
}

func (o *opens) of(producer int64) (groups []*Group) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for g := range o.byID[producer] {
		groups = append(groups, g)
	}
	return groups
}

func (o *opens) remove(producer int64, g *Group) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if delete(o.byID[producer], g); len(o.byID[producer]) == 0 {
		delete(o.byID, producer)
	}
}

// CommitPending stores offsets in the producer's transaction, all or none. That
// the transaction goes on is for the caller to see to, until it returns. A
// member is checked if one is named; a group whose members do not say who they
// are (before KIP-447) trusts them.
func (c *Coordinator) CommitPending(who Identity, by statelog.Producer, offsets map[TopicPartition]Offset) error {
	if err := checkID(who.Group); err != nil {
		return err
	}
	return c.commit(who, offsets, by)
}

// mayCommitPending is ClassicGroup.validateOffsetCommit for transactions: they
// go on in a rebalance, and are no sign of life.
func (g *Group) mayCommitPending(who Identity) error {
	if who.Generation < 0 && (g.state == Empty || who.Member == "" && who.Instance == nil) {
		return nil
	}
	_, err := g.check(who)
	return err
}

func (g *Group) storePending(by statelog.Producer, offsets map[TopicPartition]Offset, records []Record) error {
	bytes := pendingBytes(offsets)
	if err := g.c.grow(bytes); err != nil {
		return fmt.Errorf("%w: %w", ErrCommitSize, err)
	}
	if err := g.c.store.AppendPending(g.id, by, records); err != nil {
		g.c.grow(-bytes)
		return err
	}
	order := g.c.order.Add(1)
	for at, o := range offsets {
		o.order = order
		offsets[at] = o
	}
	g.hold(by, offsets)
	if g.c.tidy.Wrote(records...) {
		g.c.later(0, g.c.tidyUp)
	}
	return nil
}

// pendingBytes is what offsets in a transaction take in memory, about.
func pendingBytes(offsets map[TopicPartition]Offset) (n int64) {
	const overhead = 128
	for at, o := range offsets {
		n += int64(overhead + len(at.Topic) + len(o.Metadata))
	}
	return n
}

// hold keeps offsets, whose memory is counted, until the transaction ends.
func (g *Group) hold(by statelog.Producer, offsets map[TopicPartition]Offset) {
	txn := g.open[by.ID]
	if txn == nil {
		txn = &openTxn{offsets: map[TopicPartition]Offset{}}
		g.open[by.ID] = txn
		g.c.opens.add(by.ID, g)
	}
	txn.epoch = by.Epoch
	txn.bytes += pendingBytes(offsets)
	for at, o := range offsets {
		txn.offsets[at] = o
	}
}

// EndTransaction ends a producer's transaction in a partition of the store:
// write stores that it does. Offsets count, or are dropped, when it is stored.
func (c *Coordinator) EndTransaction(partition int, producer int64, commit bool, write func() error) error {
	// What lives is not written anew meanwhile: an offset that came behind the
	// end of its transaction would begin another, which nobody ends.
	return c.tidy.Apart(func() error {
		if err := write(); err != nil {
			return err
		}
		for _, g := range c.endPending(partition, producer, commit) {
			c.forget(g) // it may have had nothing else
		}
		return nil
	})
}

func (c *Coordinator) endPending(partition int, producer int64, commit bool) (ended []*Group) {
	for _, g := range c.opens.of(producer) {
		if c.store.Partition(g.id) != partition {
			continue
		}
		g.mu.Lock()
		g.endPending(producer, commit)
		g.mu.Unlock()
		ended = append(ended, g)
	}
	return ended
}

func (g *Group) endPending(producer int64, commit bool) {
	txn := g.open[producer]
	if txn == nil {
		return
	}
	delete(g.open, producer)
	g.c.opens.remove(producer, g)
	g.c.grow(-txn.bytes)
	if !commit {
		return
	}
	for at, o := range txn.offsets {
		if g.offsets[at].order < o.order {
			g.offsets[at] = o
		}
	}
}

// Pending says of which partitions a group has offsets in transactions that did
// not end.
func (c *Coordinator) Pending(id string) map[TopicPartition]bool {
	g := c.find(id)
	if g == nil {
		return nil
	}
	defer g.mu.Unlock()
	pending := map[TopicPartition]bool{}
	for _, txn := range g.open {
		for at := range txn.offsets {
			pending[at] = true
		}
	}
	return pending
}

func (g *Group) isPending(at TopicPartition) bool {
	for _, txn := range g.open {
		if _, ok := txn.offsets[at]; ok {
			return true
		}
	}
	return false
}

// inAny are the partitions with the property of which there are offsets, in
// transactions too, each once.
func (g *Group) inAny(has func(TopicPartition) bool) (all []TopicPartition) {
	seen := map[TopicPartition]bool{}
	add := func(offsets map[TopicPartition]Offset) {
		for at := range offsets {
			if !seen[at] && has(at) {
				seen[at] = true
				all = append(all, at)
			}
		}
	}
	add(g.offsets)
	for _, txn := range g.open {
		add(txn.offsets)
	}
	return all
}

// dropOffset forgets a partition's offset, and those in transactions: a
// tombstone that was stored is later than all of them.
func (g *Group) dropOffset(at TopicPartition) {
	delete(g.offsets, at)
	for id, txn := range g.open {
		if delete(txn.offsets, at); len(txn.offsets) == 0 {
			g.endPending(id, false)
		}
	}
}

// rewriteOpen stores the offsets of transactions that go on once more, behind
// the others, in their order. Those that would not count any more, since a later
// one was committed without a transaction, must not come behind it.
func (g *Group) rewriteOpen() (bytes int64, err error) {
	type pending struct {
		by    statelog.Producer
		at    TopicPartition
		order int64
	}
	var all []pending
	for id, txn := range g.open {
		for at, o := range txn.offsets {
			if g.offsets[at].order < o.order {
				all = append(all, pending{statelog.Producer{ID: id, Epoch: txn.epoch}, at, o.order})
			}
		}
	}
	slices.SortFunc(all, func(a, b pending) int { return cmp.Compare(a.order, b.order) })
	for len(all) > 0 {
		by := all[0].by
		var records []Record
		var size int64
		for len(all) > 0 && all[0].by == by && size < batchBytes {
			at := all[0].at
			r := offsetRecord(g.id, at, g.open[by.ID].offsets[at])
			records, size, all = append(records, r), size+r.Size(), all[1:]
		}
		if err := g.c.store.AppendPending(g.id, by, records); err != nil {
			return bytes, err
		}
		bytes += size
	}
	return bytes, nil
}
