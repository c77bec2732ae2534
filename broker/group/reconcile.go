package group

import "copyscope/broker/assignor"

// reconcile takes a member as far towards the target as it can go now
// (CurrentAssignmentBuilder.java). owned is what it says that it has; nil: it
// says nothing of it.
//
// A partition never has two owners: one that a member is to give up is its own
// until it says that it has not got it any more, and others get it only then.
func (ch *change) reconcile(m *modernMember, owned assignor.Partitions) {
	switch m.state {
	case settled:
		if m.epoch == ch.mg.targetEpoch {
			return
		}
	case unrevoked:
		if owns(owned, m.revoking) {
			return
		}
	}
	ch.edit(m)
	kept, revoke := held{}, held{}
	for p, since := range m.assigned {
		if _, to := m.target[p]; to {
			kept[p] = since
		} else {
			revoke[p] = since
		}
	}
	if len(revoke) > 0 && owns(owned, revoke) {
		ch.mg.hold(m, kept, revoke)
		m.previous, m.state = m.epoch, unrevoked
		return
	}
	m.state = settled
	for p := range m.target {
		if _, has := kept[p]; has {
			continue
		}
		if owner, taken := ch.mg.owners[p]; taken && owner != m.id {
			m.state = unreleased
			continue
		}
		kept[p] = ch.mg.targetEpoch
	}
	ch.mg.hold(m, kept, nil)
	m.previous, m.epoch = m.epoch, ch.mg.targetEpoch
}

// owns says whether a member may have one of the partitions: it does if it says
// nothing.
func owns(owned assignor.Partitions, of held) bool {
	if owned == nil {
		return true
	}
	for p := range of {
		if _, has := owned[p]; has {
			return true
		}
	}
	return false
}
