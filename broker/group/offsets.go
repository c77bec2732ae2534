package group

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"copyscope/broker/statelog"
)

// TopicPartition names a partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// Offset is what a group has committed for a partition: the offset that it reads
// next.
type Offset struct {
	Offset      int64
	LeaderEpoch int32 // -1: not told
	Metadata    string
	Committed   time.Time

	order int64 // of two offsets of a partition the one that was stored later counts
}

// maxCommitBytes bounds the names and metadata of one commit, which is stored as
// one batch. Each partition's record has the group's id, so a small request of a
// group with a long one could otherwise take hundreds of megabytes. Kafka's bound
// is the batch's, max.message.bytes of __consumer_offsets.
const maxCommitBytes = 8 << 20

// Commit stores offsets, all or none. Who commits without being a member has the
// generation -1 and no member id; that is possible while the group has no
// members.
func (c *Coordinator) Commit(who Identity, offsets map[TopicPartition]Offset) error {
	if err := checkID(who.Group); err != nil {
		return err
	}
	return c.commit(who, offsets, statelog.NoProducer)
}

func (c *Coordinator) commit(who Identity, offsets map[TopicPartition]Offset, by statelog.Producer) error {
	var g *Group
	if who.Generation < 0 {
		var err error
		if g, err = c.findOrMake(who.Group); err != nil {
			return err
		}
	} else if g = c.find(who.Group); g == nil {
		if who.Old || by.ID >= 0 {
			return ErrGeneration
		}
		return fmt.Errorf("%w: %.100q", ErrNotFound, who.Group)
	}
	err := g.commit(who, offsets, by)
	if err != nil || len(offsets) == 0 {
		c.forget(g) // if it was made for nothing
	}
	return err
}

// commit lets go of the lock, which is held.
func (g *Group) commit(who Identity, offsets map[TopicPartition]Offset, by statelog.Producer) error {
	defer g.mu.Unlock()
	var err error
	switch {
	case g.modern != nil && by.ID >= 0:
		err = g.modern.mayCommitPending(who, offsets)
	case g.modern != nil:
		err = g.modern.mayCommit(who, offsets)
	case by.ID >= 0:
		err = g.mayCommitPending(who)
	default:
		err = g.mayCommit(who)
	}
	if err != nil || len(offsets) == 0 {
		return err
	}
	records, err := g.offsetRecords(offsets)
	if err != nil {
		return err
	}
	if by.ID >= 0 {
		return g.storePending(by, offsets, records)
	}
	if err := g.c.append(g.id, records); err != nil {
		return err
	}
	order := g.c.order.Add(1)
	for at, o := range offsets {
		o.order = order
		g.offsets[at] = o
	}
	return nil
}

// mayCommit says whether somebody may commit now; a member was heard of by it.
func (g *Group) mayCommit(who Identity) error {
	if g.state == Empty && who.Generation < 0 {
		return nil
	}
	m, err := g.check(who)
	if err != nil {
		return err
	}
	g.heard(m)
	if g.state == CompletingRebalance {
		return ErrRebalance
	}
	return nil
}

// offsetRecords are the records of offsets, which get the time.
func (g *Group) offsetRecords(offsets map[TopicPartition]Offset) ([]Record, error) {
	var bytes int64
	for at, o := range offsets {
		bytes += int64(len(g.id) + len(at.Topic) + len(o.Metadata))
	}
	if bytes > maxCommitBytes {
		return nil, fmt.Errorf("%w: the offsets take %d bytes, at most %d are possible", ErrCommitSize, bytes, maxCommitBytes)
	}
	records := make([]Record, 0, len(offsets))
	now := g.c.cfg.Now()
	for at, o := range offsets {
		if o.Committed.IsZero() {
			o.Committed = now
			offsets[at] = o
		}
		records = append(records, offsetRecord(g.id, at, o))
	}
	return records, nil
}

// MetadataFits says whether metadata of an offset is not too long to be stored.
func (c *Coordinator) MetadataFits(metadata string) bool { return len(metadata) <= c.cfg.MaxMetadata }

// Committed are the offsets of a group, of all partitions or of those asked for;
// what was never committed is not in it.
func (c *Coordinator) Committed(id string) map[TopicPartition]Offset {
	g := c.find(id)
	if g == nil {
		return nil
	}
	defer g.mu.Unlock()
	out := make(map[TopicPartition]Offset, len(g.offsets))
	for at, o := range g.offsets {
		out[at] = o
	}
	return out
}

// DeleteOffsets forgets offsets. Those of topics that the group's members are
// subscribed to stay (KIP-496); each partition has its own answer. A group that
// has none left stays until that is looked at.
func (c *Coordinator) DeleteOffsets(id string, partitions []TopicPartition) (map[TopicPartition]error, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	g := c.find(id)
	if g == nil {
		return nil, ErrNotFound
	}
	defer g.mu.Unlock()
	return g.deleteOffsets(partitions)
}

func (g *Group) deleteOffsets(partitions []TopicPartition) (map[TopicPartition]error, error) {
	if g.state != Empty && g.protocolType != consumers {
		return nil, ErrNotEmpty
	}
	inUse, known := g.subscribed()
	answers := map[TopicPartition]error{}
	var gone []TopicPartition
	for _, at := range partitions {
		if _, again := answers[at]; again {
			continue
		}
		answers[at] = nil
		if !known || inUse[at.Topic] {
			answers[at] = ErrSubscribed
		} else if _, ok := g.offsets[at]; ok || g.isPending(at) {
			gone = append(gone, at)
		}
	}
	return answers, g.dropOffsets(gone)
}

// dropOffsets forgets offsets, as far as that is stored.
func (g *Group) dropOffsets(gone []TopicPartition) error {
	for len(gone) > 0 {
		var records []Record
		for bytes := int64(0); len(records) < len(gone) && bytes < batchBytes; {
			r := offsetTombstone(g.id, gone[len(records)])
			bytes += r.Size()
			records = append(records, r)
		}
		if err := g.c.append(g.id, records); err != nil {
			return err
		}
		for _, at := range gone[:len(records)] {
			g.dropOffset(at)
		}
		gone = gone[len(records):]
	}
	return nil
}

// expireOffsets forgets offsets that were not needed for so long (KIP-211;
// GroupMetadata.removeExpiredOffsets): those of a group that has had no members,
// those that somebody without a group committed, and those of topics that no
// consumer of a group is subscribed to. A group that has neither members nor
// offsets is at its end.
func (g *Group) expireOffsets(now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	inUse, known := g.subscribed()
	if g.state != Empty && (g.state != Stable || !known) { // a group of type Consumer knows its topics
		return nil
	}
	old := now.Add(-g.c.cfg.Retention)
	var gone []TopicPartition
	for at, o := range g.offsets {
		last := o.Committed
		if g.state == Empty && g.protocolType != "" && g.since.After(last) {
			last = g.since
		}
		if !inUse[at.Topic] && last.Before(old) && !g.isPending(at) {
			gone = append(gone, at)
		}
	}
	if err := g.dropOffsets(gone); err != nil {
		return err
	}
	if !g.vacant() || len(g.offsets) > 0 || len(g.open) > 0 || len(g.pending) > 0 {
		return nil
	}
	if g.modern != nil {
		return g.dropModern()
	}
	if g.protocolType != "" {
		if err := g.c.append(g.id, []Record{groupTombstone(g.id)}); err != nil {
			return err
		}
		g.protocolType = ""
	}
	return nil
}

// Topics are those of which offsets are committed, by name.
func (c *Coordinator) Topics() []string {
	named := map[string]bool{}
	for _, g := range c.all() {
		g.mu.Lock()
		for _, at := range g.inAny(func(TopicPartition) bool { return true }) {
			named[at.Topic] = true
		}
		g.mu.Unlock()
	}
	return slices.Sorted(maps.Keys(named))
}

// TopicsDeleted forgets the offsets of topics that are no more.
func (c *Coordinator) TopicsDeleted(names []string) {
	for _, g := range c.all() {
		g.mu.Lock()
		err := g.dropOffsets(g.inAny(func(at TopicPartition) bool { return slices.Contains(names, at.Topic) }))
		g.mu.Unlock()
		if err != nil {
			c.cfg.Log.Error("offsets of a deleted topic could not be forgotten", "group", g.id, "error", err)
		}
	}
}

// InOrder are the partitions of offsets by topic and number.
func InOrder(offsets map[TopicPartition]Offset) []TopicPartition {
	all := make([]TopicPartition, 0, len(offsets))
	for at := range offsets {
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b TopicPartition) int {
		if c := strings.Compare(a.Topic, b.Topic); c != 0 {
			return c
		}
		return int(a.Partition) - int(b.Partition)
	})
	return all
}
