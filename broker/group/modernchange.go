package group

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"copyscope/broker/assignor"
	"copyscope/broker/consumerrecord"
)

// change is what a call does to a group: it is done in memory at once, stored
// when it is whole, and undone if it cannot be. The group is locked meanwhile.
type change struct {
	mg      *modernGroup
	records []Record
	undo    []func()
	then    []func()                      // once it is stored
	current map[*modernMember]currentDone // members whose place is to be stored
	raised  bool                          // the group's epoch was
	fresh   *modernMember                 // who is new
	took    *modernMember                 // who took the place of one of its instance
}

// currentDone is what a member was stored as, to see whether it changed.
type currentDone struct {
	epoch              int32
	state              progress
	assigned, revoking held
}

func (mg *modernGroup) change() *change {
	return &change{mg: mg, current: map[*modernMember]currentDone{}}
}

// edit lets a member be changed: if the change fails, it is what it was.
func (ch *change) edit(m *modernMember) {
	if _, again := ch.current[m]; again {
		return
	}
	was := *m
	ch.current[m] = currentDone{m.epoch, m.state, m.assigned, m.revoking}
	ch.undo = append(ch.undo, func() {
		ch.mg.hold(m, was.assigned, was.revoking)
		session, revoke := m.session, m.revoke
		*m = was
		m.session, m.revoke = session, revoke
	})
}

// add takes a member in, whose size is counted if there is room.
func (ch *change) add(m *modernMember) error {
	if err := ch.count(m); err != nil {
		return err
	}
	mg := ch.mg
	mg.members[m.id] = m
	if m.instance != nil {
		mg.instances[*m.instance] = m.id
	}
	ch.current[m] = currentDone{epoch: -1}
	ch.undo = append(ch.undo, func() { ch.forget(m) })
	return nil
}

func (ch *change) forget(m *modernMember) {
	ch.mg.hold(m, nil, nil)
	delete(ch.mg.members, m.id)
	if m.instance != nil && ch.mg.instances[*m.instance] == m.id {
		delete(ch.mg.instances, *m.instance)
	}
}

// remove takes a member out, with all that is stored of it.
func (ch *change) remove(m *modernMember) {
	was := *m
	ch.forget(m)
	delete(ch.current, m)
	ch.undo = append(ch.undo, func() {
		ch.mg.members[m.id] = m
		if m.instance != nil {
			ch.mg.instances[*m.instance] = m.id
		}
		ch.mg.hold(m, was.assigned, was.revoking)
	})
	for _, kind := range []consumerrecord.Kind{consumerrecord.KindCurrent, consumerrecord.KindTarget, consumerrecord.KindMember} {
		ch.tombstone(kind, m.id)
	}
	ch.then = append(ch.then, func() {
		m.quiet()
		ch.mg.g.c.grow(-m.bytes)
	})
}

// count brings what is counted of the member's memory up to date, as far as
// there is room.
func (ch *change) count(m *modernMember) error {
	by := m.size() - m.bytes
	if err := ch.mg.g.c.grow(by); err != nil {
		return err
	}
	m.bytes += by
	ch.undo = append(ch.undo, func() {
		m.bytes -= by
		ch.mg.g.c.grow(-by)
	})
	return nil
}

// raise begins a new epoch of the group, at most one in a change.
func (ch *change) raise() {
	if ch.raised {
		return
	}
	ch.raised = true
	ch.mg.epoch++
	ch.undo = append(ch.undo, func() { ch.mg.epoch-- })
	ch.put(consumerrecord.KindGroup, "", consumerrecord.Group{Epoch: ch.mg.epoch}.Bytes())
}

func (ch *change) put(kind consumerrecord.Kind, of string, value []byte) {
	ch.records = append(ch.records, modernRecord(ch.mg.g.id, kind, of, value))
}

func (ch *change) tombstone(kind consumerrecord.Kind, of string) { ch.put(kind, of, nil) }

// done stores the change, or undoes it.
func (ch *change) done() error {
	for _, m := range slices.SortedFunc(maps.Keys(ch.current), func(a, b *modernMember) int { return strings.Compare(a.id, b.id) }) {
		was := ch.current[m]
		if was.epoch != m.epoch || was.state != m.state || !maps.Equal(was.assigned, m.assigned) || !maps.Equal(was.revoking, m.revoking) {
			ch.put(consumerrecord.KindCurrent, m.id, m.currentValue())
		}
	}
	if len(ch.records) > 0 {
		if err := ch.mg.g.c.append(ch.mg.g.id, ch.records); err != nil {
			ch.revert()
			return err
		}
	}
	for m := range ch.current { // what is assigned is bounded by the partitions there are
		by := m.size() - m.bytes
		ch.mg.g.c.bytes.Add(by)
		m.bytes += by
	}
	matched := matchedBytes(ch.mg.patterns)
	ch.mg.g.c.bytes.Add(matched - ch.mg.matched)
	ch.mg.matched = matched
	for _, f := range ch.then {
		f()
	}
	return nil
}

func (ch *change) revert() {
	for _, f := range slices.Backward(ch.undo) {
		f()
	}
}

// heard begins the member's session timeout anew.
func (mg *modernGroup) heard(m *modernMember) {
	session := mg.sessionOf(m)
	m.session.in(mg.g, session, func() {
		mg.g.c.cfg.Log.Info("a member of a consumer group was not heard of in time", "group", mg.g.id, "member", m.id, "session_timeout", session)
		mg.fence(m)
	})
}

// mustRevoke begins the time in which the member must give up what it was told
// to, or ends it.
func (mg *modernGroup) mustRevoke(m *modernMember) {
	if m.state != unrevoked {
		if m.revoke != nil {
			m.revoke.stop()
			m.revoke = nil
		}
		return
	}
	if m.revoke == nil {
		m.revoke = &alarm{}
	}
	m.revoke.in(mg.g, m.rebalance, func() {
		mg.g.c.cfg.Log.Info("a member of a consumer group did not give up its partitions in time", "group", mg.g.id, "member", m.id, "rebalance_timeout", m.rebalance)
		mg.fence(m)
	})
}

// fenceAgain is after how long a member is tried to be taken out once more, if
// that could not be stored.
const fenceAgain = 5 * time.Second

// fence takes out a member that was not heard of.
func (mg *modernGroup) fence(m *modernMember) {
	if mg.g.modern != mg || mg.members[m.id] != m {
		return
	}
	if err := mg.leave(m); err != nil {
		mg.g.c.cfg.Log.Error("that a member of a consumer group is out could not be stored; it is tried again", "group", mg.g.id, "member", m.id, "error", err)
		m.session.in(mg.g, fenceAgain, func() { mg.fence(m) })
	}
}

// leave takes a member out; the next to be heard of finds a new epoch.
func (mg *modernGroup) leave(m *modernMember) error {
	ch, before := mg.change(), mg.epoch
	ch.remove(m)
	ch.raise()
	err := ch.follow(m.pattern != "")
	if err != nil {
		ch.revert()
	} else {
		err = ch.done()
	}
	if err != nil {
		return fmt.Errorf("member %q: %w", m.id, err)
	}
	if m.classic == nil {
		mg.downgradeWithMembers(before)
	}
	return nil
}

// retarget lets the assignor say what each member is to have.
func (ch *change) retarget() {
	mg := ch.mg
	name := mg.preferred()
	sizes, members := assignor.Topics{}, make([]assignor.Member, 0, len(mg.members))
	for _, t := range mg.topics {
		sizes[t.ID] = t.Partitions
	}
	for _, m := range mg.inOrder() {
		of := assignor.Member{ID: m.id, Topics: map[assignor.TopicID]bool{}, Has: m.target}
		if m.instance != nil {
			of.Instance = *m.instance
		}
		for t := range mg.reads(m) {
			of.Topics[t] = true
		}
		members = append(members, of)
	}
	target := assignor.Named(name)(members, sizes)
	for _, m := range mg.inOrder() {
		next := target[m.id]
		if m.target != nil && maps.Equal(m.target, next) {
			continue
		}
		ch.edit(m)
		m.target = next
		ch.put(consumerrecord.KindTarget, m.id, m.targetValue())
	}
	epoch, by := mg.targetEpoch, mg.assignor
	mg.targetEpoch, mg.assignor = mg.epoch, name
	ch.undo = append(ch.undo, func() { mg.targetEpoch, mg.assignor = epoch, by })
	ch.put(consumerrecord.KindTargetEpoch, "", consumerrecord.TargetEpoch{Epoch: mg.targetEpoch}.Bytes())
}

// preferred is the assignor that most members ask for, of equals the one that
// comes first among the broker's; if none asks, the first.
func (mg *modernGroup) preferred() string {
	votes := map[string]int{}
	for _, m := range mg.members {
		votes[m.assignor]++
	}
	best := mg.g.c.cfg.Assignors[0]
	for _, name := range mg.g.c.cfg.Assignors {
		if votes[name] > votes[best] {
			best = name
		}
	}
	return best
}
