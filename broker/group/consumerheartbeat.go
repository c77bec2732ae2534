package group

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"copyscope/broker/assignor"
	"copyscope/broker/consumerrecord"
)

// ConsumerHeartbeat is what a member of a group of type Consumer says. What is
// nil is as it was.
type ConsumerHeartbeat struct {
	Group, Member  string
	Epoch          int32 // 0 joins, -1 leaves, -2 leaves to come back
	Instance, Rack *string
	// Rebalance is how long the member may take to give partitions up; below 0:
	// as it was.
	Rebalance time.Duration
	Names     []string
	// Expression is a regular expression of more names; an empty one ends it.
	Expression *string
	Assignor   *string
	// Owned are the partitions that it has.
	Owned assignor.Partitions
	// ClientID and ClientHost are told to who describes the group.
	ClientID, ClientHost string
	patternBytes         int64 // that Expression takes in memory, about
	// BringsID: members make their ids themselves (from version 1 on).
	BringsID bool
}

// joins says whether the member comes, or comes again from the beginning.
func (h *ConsumerHeartbeat) joins() bool { return h.Epoch == 0 }

// whole says whether the member tells all of itself: then it is told all, too.
func (h *ConsumerHeartbeat) whole() bool {
	return h.Rebalance >= 0 && (h.Names != nil || h.Expression != nil) && h.Owned != nil
}

// ConsumerAnswer is the answer. Assigned is nil if it is what it was.
type ConsumerAnswer struct {
	Err      error
	Member   string
	Epoch    int32
	Interval time.Duration // until it is to be heard of again
	Assigned map[assignor.TopicID][]int32
}

// check is GroupCoordinatorService.throwIfConsumerGroupHeartbeatRequestIsInvalid.
func (c *Coordinator) check(h *ConsumerHeartbeat) error {
	if err := checkID(h.Group); err != nil {
		return err
	}
	invalid := func(what string, args ...any) error {
		return fmt.Errorf("%w: "+what, append([]any{ErrRequest}, args...)...)
	}
	switch {
	case h.Member == "" && (h.BringsID || !h.joins()):
		return invalid("the member id is empty")
	case h.Instance != nil && *h.Instance == "":
		return invalid("the group instance id is empty")
	case h.Rack != nil && *h.Rack == "":
		return invalid("the rack id is empty")
	case h.Epoch < left:
		return invalid("the member epoch is %d, which is below -2", h.Epoch)
	case h.Epoch == left && h.Instance == nil:
		return invalid("who leaves to come back (epoch -2) needs a group instance id")
	case h.joins() && h.Rebalance < 0:
		return invalid("who joins needs a rebalance timeout")
	case h.joins() && (h.Owned == nil || len(h.Owned) > 0):
		return invalid("who joins has no partitions yet; an empty list of them is needed")
	case h.joins() && h.Names == nil && h.Expression == nil:
		return invalid("who joins needs topic names or a regular expression")
	case h.Assignor != nil && !slices.Contains(c.cfg.Assignors, *h.Assignor):
		return fmt.Errorf("%w: %.100q; there are %s", ErrAssignor, *h.Assignor, strings.Join(c.cfg.Assignors, ", "))
	}
	for _, name := range slices.Concat(h.Names, []string{h.Member, h.ClientID}, told(h.Instance), told(h.Rack)) {
		if len(name) > longestName {
			return fmt.Errorf("%w: one has %d bytes, at most %d are possible", ErrName, len(name), longestName)
		}
	}
	return nil
}

func told(s *string) []string {
	if s == nil {
		return nil
	}
	return []string{*s}
}

// ConsumerHeartbeat lets a member join, tells it what it is to read, and hears
// what it has given up; it never waits.
func (c *Coordinator) ConsumerHeartbeat(h ConsumerHeartbeat) ConsumerAnswer {
	refused := func(err error) ConsumerAnswer { return ConsumerAnswer{Err: err} }
	if err := c.check(&h); err != nil {
		return refused(err)
	}
	if h.Expression != nil && *h.Expression != "" {
		p, err := compile(*h.Expression)
		if err != nil {
			return refused(err)
		}
		h.patternBytes = p.bytes
	}
	if c.closed.Load() {
		return refused(ErrClosed)
	}
	var g *Group
	if h.joins() {
		var err error
		if g, err = c.findOrMake(h.Group); err != nil {
			return refused(err)
		}
	} else if g = c.find(h.Group); g == nil {
		return refused(fmt.Errorf("%w: %.100q", ErrNotFound, h.Group))
	}
	answer := g.consumerHeartbeat(&h)
	if answer.Err != nil {
		c.forget(g) // if it was made for nothing
	}
	return answer
}

// consumerHeartbeat lets go of the lock, which is held.
func (g *Group) consumerHeartbeat(h *ConsumerHeartbeat) ConsumerAnswer {
	defer g.mu.Unlock()
	if g.modern == nil && !h.joins() {
		return ConsumerAnswer{Err: fmt.Errorf("%w: %.100q is a classic group", ErrNotFound, g.id)}
	}
	if h.Epoch < 0 {
		return g.modern.departs(h)
	}
	if g.modern != nil {
		return g.modern.hears(g.modern.change(), h)
	}
	ch, err := g.upgrade()
	if err != nil {
		return ConsumerAnswer{Err: err}
	}
	g.modern = ch.mg
	answer := ch.mg.hears(ch, h)
	if answer.Err != nil {
		g.modern = nil
	}
	return answer
}

// hears is of a member that joins or is there, with a change that may have begun.
func (mg *modernGroup) hears(ch *change, h *ConsumerHeartbeat) ConsumerAnswer {
	m, err := ch.memberOf(h)
	if err != nil {
		ch.revert()
		return ConsumerAnswer{Err: err}
	}
	had := m.assigned
	changed, err := ch.update(m, h)
	if err != nil {
		ch.revert()
		return ConsumerAnswer{Err: err}
	}
	if err := ch.follow(changed); err != nil {
		ch.revert()
		return ConsumerAnswer{Err: err}
	}
	if mg.epoch > mg.targetEpoch {
		ch.retarget()
	}
	was := currentDone{epoch: m.epoch, state: m.state, revoking: m.revoking}
	ch.reconcile(m, h.Owned)
	if err := ch.done(); err != nil {
		return ConsumerAnswer{Err: err}
	}
	mg.heard(m)
	if was.epoch != m.epoch || was.state != m.state || !maps.Equal(was.revoking, m.revoking) {
		mg.mustRevoke(m)
	}
	answer := ConsumerAnswer{Member: m.id, Epoch: m.epoch, Interval: mg.g.c.cfg.ConsumerInterval}
	if h.joins() || h.whole() || !maps.Equal(had, m.assigned) {
		answer.Assigned = byTopic(m.assigned)
	}
	return answer
}

func byTopic[V any](partitions map[assignor.Partition]V) map[assignor.TopicID][]int32 {
	out := map[assignor.TopicID][]int32{}
	for _, p := range slices.SortedFunc(maps.Keys(partitions), assignor.Compare) {
		out[p.Topic] = append(out[p.Topic], p.Number)
	}
	return out
}

// memberOf is who is heard of; a new one is added.
func (ch *change) memberOf(h *ConsumerHeartbeat) (*modernMember, error) {
	mg := ch.mg
	if h.Instance != nil {
		return ch.staticOf(h, mg.members[mg.instances[*h.Instance]])
	}
	m := mg.members[h.Member]
	switch {
	case m != nil && h.joins():
		return m, nil // it did not get the answer, or begins again
	case m != nil:
		return m, m.checkEpoch(h)
	case !h.joins():
		return nil, fmt.Errorf("%w: %.100q", ErrUnknownMember, h.Member)
	}
	return ch.newcomer(h)
}

// staticOf is the static member that is heard of (KIP-345). One that comes back
// with another member id takes the place of the one before, if that has left, or
// speaks the classic protocol, in which static members do not leave.
func (ch *change) staticOf(h *ConsumerHeartbeat, known *modernMember) (*modernMember, error) {
	switch {
	case known == nil && h.joins():
		return ch.newcomer(h)
	case known == nil:
		return nil, fmt.Errorf("%w: nobody is %.100q", ErrUnknownMember, *h.Instance)
	case known.id == h.Member && h.joins():
		return known, nil
	case known.id == h.Member:
		return known, known.checkEpoch(h)
	case !h.joins():
		return nil, fmt.Errorf("%w: %.100q is member %q", ErrFenced, *h.Instance, known.id)
	case known.epoch != left && known.classic == nil:
		return nil, fmt.Errorf("%w: %.100q is member %q, which is still there", ErrUnreleased, *h.Instance, known.id)
	}
	id := h.Member
	if id == "" {
		id = madeID()
	}
	return ch.replace(known, id)
}

// replace puts a member with a new id in the place of one of the same instance:
// it has what that had.
func (ch *change) replace(known *modernMember, id string) (*modernMember, error) {
	m := *known
	m.id, m.epoch, m.previous, m.bytes, m.session, m.revoke = id, 0, 0, 0, alarm{}, nil
	m.assigned, m.revoking, m.state = nil, nil, settled
	if mg := ch.mg; mg.members[m.id] != nil {
		return nil, fmt.Errorf("%w: member %.100q is another instance", ErrFenced, m.id)
	}
	assigned := known.assigned
	ch.remove(known)
	if err := ch.add(&m); err != nil {
		return nil, err
	}
	ch.mg.hold(&m, assigned, nil)
	ch.put(consumerrecord.KindMember, m.id, m.memberValue())
	if m.target != nil {
		ch.put(consumerrecord.KindTarget, m.id, m.targetValue())
	}
	ch.took = &m
	return &m, nil
}

func (ch *change) newcomer(h *ConsumerHeartbeat) (*modernMember, error) {
	if most := ch.mg.g.c.cfg.ConsumerMembers; len(ch.mg.members) >= most {
		return nil, fmt.Errorf("%w: it has %d members, which is its limit", ErrFull, len(ch.mg.members))
	}
	m := &modernMember{id: h.Member, instance: h.Instance}
	if m.id == "" {
		m.id = madeID()
	}
	if ch.mg.members[m.id] != nil {
		return nil, fmt.Errorf("%w: member %.100q is there without this instance", ErrFenced, m.id)
	}
	ch.fresh = m
	return m, ch.add(m)
}

// madeID is an id for who brings none, of the form of Kafka's (Uuid.toString).
func madeID() string {
	var id [16]byte
	rand.Read(id[:])
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// checkEpoch says whether the member is where we think it is
// (GroupMetadataManager.throwIfConsumerGroupMemberEpochIsInvalid). It may be one
// epoch behind, if it did not get our answer: then what it owns is of what it was
// assigned.
func (m *modernMember) checkEpoch(h *ConsumerHeartbeat) error {
	fenced := func(why string) error {
		return fmt.Errorf("%w: it is in epoch %d, member %.100q in %d, %s", ErrFencedEpoch, h.Epoch, m.id, m.epoch, why)
	}
	switch {
	case h.Epoch == m.epoch:
		return nil
	case h.Epoch > m.epoch:
		return fenced("which is before it")
	case h.Epoch != m.previous || h.Owned == nil:
		return fenced("which is too far ahead")
	}
	for p := range h.Owned {
		if _, has := m.assigned[p]; !has {
			return fenced("and it owns partitions that it was not assigned")
		}
	}
	return nil
}

// update takes what the member tells of itself, and says whether what it is
// subscribed to changed.
func (ch *change) update(m *modernMember, h *ConsumerHeartbeat) (subscription bool, err error) {
	next := *m
	next.classic = nil
	if ch.took == m { // what it does not tell is not as it was: it was another
		next.rack, next.names, next.pattern, next.patternBytes, next.assignor = nil, nil, "", 0, ""
	}
	next.clientID, next.clientHost = h.ClientID, h.ClientHost
	if h.Rack != nil {
		next.rack = h.Rack
	}
	if h.Rebalance >= 0 {
		next.rebalance = h.Rebalance
	}
	if h.Names != nil {
		next.names = slices.Compact(slices.Sorted(slices.Values(h.Names)))
	}
	if h.Expression != nil {
		next.pattern, next.patternBytes = *h.Expression, h.patternBytes
	}
	if h.Assignor != nil {
		next.assignor = *h.Assignor
	}
	isNew := ch.fresh == m
	if !isNew && string(next.memberValue()) == string(m.memberValue()) {
		return false, nil
	}
	subscription = isNew || m.pattern != next.pattern || !slices.Equal(m.names, next.names)
	ch.edit(m)
	m.clientID, m.clientHost, m.rack, m.rebalance = next.clientID, next.clientHost, next.rack, next.rebalance
	m.names, m.pattern, m.patternBytes, m.assignor, m.classic = next.names, next.pattern, next.patternBytes, next.assignor, nil
	if err := ch.count(m); err != nil {
		return false, err
	}
	ch.put(consumerrecord.KindMember, m.id, m.memberValue())
	if subscription {
		ch.raise()
	}
	return subscription, nil
}

// departs is of a member that leaves.
func (mg *modernGroup) departs(h *ConsumerHeartbeat) ConsumerAnswer {
	m := mg.members[h.Member]
	if h.Instance != nil {
		m = mg.members[mg.instances[*h.Instance]]
		if m != nil && m.id != h.Member {
			return ConsumerAnswer{Err: fmt.Errorf("%w: %.100q is member %q", ErrFenced, *h.Instance, m.id)}
		}
	}
	if m == nil {
		return ConsumerAnswer{Err: fmt.Errorf("%w: %.100q", ErrUnknownMember, h.Member)}
	}
	answer := ConsumerAnswer{Member: m.id, Epoch: h.Epoch, Interval: mg.g.c.cfg.ConsumerInterval}
	if h.Epoch == gone {
		answer.Err = mg.leave(m)
		return answer
	}
	ch := mg.change()
	ch.edit(m)
	m.epoch, m.state = left, settled // its partitions wait for it, until its session ends
	ch.mg.hold(m, m.assigned, nil)
	answer.Err = ch.done()
	if answer.Err == nil {
		mg.mustRevoke(m) // it need not any more
	}
	return answer
}
