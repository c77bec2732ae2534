package group

import (
	"errors"
	"fmt"

	"copyscope/broker/assignor"
)

// mayCommit is ConsumerGroup.validateOffsetCommit: who commits is a member in its
// epoch, or, while nobody is in the group, somebody without. A member may be
// behind its epoch by what it has not heard of yet, for partitions that it has
// since then (KIP-1251): they were nobody else's.
func (mg *modernGroup) mayCommit(who Identity, of map[TopicPartition]Offset) error {
	if who.Generation < 0 && len(mg.members) == 0 {
		return nil
	}
	m := mg.members[who.Member]
	switch {
	case m == nil:
		return fmt.Errorf("%w: %.100q", ErrUnknownMember, who.Member)
	case m.classic != nil && who.Generation != m.epoch:
		return ErrGeneration
	case m.classic == nil && who.Old && who.Generation >= 0:
		return fmt.Errorf("%w: members of this group commit with version 9 or later", ErrOldRequest)
	case who.Generation == m.epoch:
		return nil
	}
	stale := fmt.Errorf("%w: it is %d, that of member %.100q is %d", ErrStaleEpoch, who.Generation, m.id, m.epoch)
	if who.Generation > m.epoch || who.Generation < 0 {
		return stale
	}
	for at := range of {
		since, has := m.since(assignor.Partition{Topic: mg.topics[at.Topic].ID, Number: at.Partition})
		if !has || who.Generation < since {
			return stale
		}
	}
	return nil
}

func (m *modernMember) since(p assignor.Partition) (epoch int32, has bool) {
	if epoch, has = m.assigned[p]; !has {
		epoch, has = m.revoking[p]
	}
	return epoch, has
}

// mayCommitPending is for transactions. Who does not say who it is, is trusted
// (before KIP-447).
func (mg *modernGroup) mayCommitPending(who Identity, of map[TopicPartition]Offset) error {
	if who.Generation < 0 && who.Member == "" && who.Instance == nil {
		return nil
	}
	err := mg.mayCommit(who, of)
	if errors.Is(err, ErrStaleEpoch) { // which producers do not know
		return fmt.Errorf("%w: %w", ErrGeneration, err)
	}
	return err
}

// MayFetch says whether a member may ask for its group's offsets (OffsetFetch
// from version 9 on). Who names no member may, and who asks of a group that is
// not there gets nothing.
func (c *Coordinator) MayFetch(id string, member *string, epoch int32) error {
	if member == nil && epoch < 0 {
		return nil
	}
	g := c.find(id)
	if g == nil {
		return nil
	}
	defer g.mu.Unlock()
	if g.modern == nil {
		return nil
	}
	m := g.modern.members[textOf(member)]
	switch {
	case m == nil:
		return fmt.Errorf("%w: %.100q", ErrUnknownMember, textOf(member))
	case m.classic != nil:
		return nil
	case m.epoch != epoch:
		return fmt.Errorf("%w: it is %d, that of member %.100q is %d", ErrStaleEpoch, epoch, m.id, m.epoch)
	}
	return nil
}
