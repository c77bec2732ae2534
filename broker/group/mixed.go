package group

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/assignor"
	"copyscope/broker/consumerrecord"
)

// A group of type Consumer can have members that speak the classic protocol,
// while its clients are changed one by one (KIP-848, online migration). Such a
// member joins, syncs and is heard of as in a classic group, but nobody waits for
// it, and it leads nothing: what it is assigned is the broker's. Its generation is
// its epoch. It says what it has in its subscription (KIP-429); an eager one has
// nothing when it joins.

// classicSide is what such a member has besides.
type classicSide struct {
	session   time.Duration
	protocols []Protocol
}

func (s *classicSide) size() (n int64) {
	for _, p := range s.protocols {
		n += int64(64 + len(p.Name) + len(p.Metadata))
	}
	return n
}

// sessionOf is how long the member may be silent.
func (mg *modernGroup) sessionOf(m *modernMember) time.Duration {
	if m.classic != nil {
		return m.classic.session
	}
	return mg.g.c.cfg.ConsumerSession
}

// subscriptionOf reads what consumers join with (ConsumerProtocolSubscription
// .json). It has no tagged fields, so kmsg reads it in a time that its bytes bound.
func subscriptionOf(protocols []Protocol) (s kmsg.ConsumerMemberMetadata, err error) {
	if len(protocols) == 0 {
		return s, fmt.Errorf("%w: no protocol is named", ErrProtocol)
	}
	if err := s.ReadFrom(protocols[0].Metadata); err != nil {
		return s, fmt.Errorf("%w: the subscription of %.100q cannot be read: %w", ErrProtocol, protocols[0].Name, err)
	}
	return s, nil
}

// partitionsNamed are partitions by topic id. Those that there are not are left out:
// a classic group's leader may assign what it likes, and a message names more of
// them than could be kept.
func (c *Coordinator) partitionsNamed(add func(put func(topic string, numbers []int32))) assignor.Partitions {
	all := assignor.Partitions{}
	add(func(topic string, numbers []int32) {
		if t, ok := c.cfg.Topics.Topic(topic); ok {
			for _, n := range numbers {
				if n >= 0 && n < t.Partitions {
					all[assignor.Partition{Topic: t.ID, Number: n}] = struct{}{}
				}
			}
		}
	})
	return all
}

func (c *Coordinator) ownedIn(s kmsg.ConsumerMemberMetadata) assignor.Partitions {
	return c.partitionsNamed(func(put func(string, []int32)) {
		for _, t := range s.OwnedPartitions {
			put(t.Topic, t.Partitions)
		}
	})
}

// convert makes a classic group with members, which are consumers, one of type
// Consumer: they have what they were assigned, in their generation.
func (g *Group) convert() (*modernGroup, error) {
	refused := func(why string) error {
		return fmt.Errorf("%w: %.100q is a classic group, and becomes no consumer group while it has members: %s", ErrNotFound, g.id, why)
	}
	switch {
	case !g.c.cfg.upgrades():
		return nil, refused("group.consumer.migration.policy")
	case g.protocolType != consumers:
		return nil, refused("they are of the type " + g.protocolType)
	case len(g.members) > g.c.cfg.ConsumerMembers:
		return nil, refused("they are too many")
	}
	mg := newModernGroup(g)
	mg.epoch, mg.targetEpoch = g.generation, g.generation
	for _, m := range g.inOrder() {
		s, err := subscriptionOf(m.protocols)
		if err != nil {
			return nil, refused(err.Error())
		}
		next := &modernMember{id: m.id, instance: m.instance, clientID: m.clientID, clientHost: m.clientHost, rebalance: m.rebalance,
			names: slices.Compact(slices.Sorted(slices.Values(s.Topics))), epoch: g.generation, previous: g.generation,
			classic: &classicSide{m.session, m.protocols}, target: assignor.Partitions{}}
		var a kmsg.ConsumerMemberAssignment
		if len(m.assignment) > 0 {
			if err := a.ReadFrom(m.assignment); err != nil {
				return nil, refused("an assignment cannot be read")
			}
		}
		if len(a.UserData) > 0 {
			return nil, refused("their assignor says more than partitions")
		}
		mg.members[m.id] = next
		if m.instance != nil {
			mg.instances[*m.instance] = m.id
		}
		next.target = g.c.partitionsNamed(func(put func(string, []int32)) {
			for _, t := range a.Topics {
				put(t.Topic, t.Partitions)
			}
		})
		has := held{}
		for p := range next.target {
			if mg.owners[p] == "" { // a leader could assign one twice
				has[p] = g.generation
			}
		}
		mg.hold(next, has, nil)
	}
	return mg, nil
}

// upgradeWithMembers converts the group. Its members are counted twice until its
// change is stored.
func (g *Group) upgradeWithMembers() (*change, error) {
	mg, err := g.convert()
	if err != nil {
		return nil, err
	}
	ch := mg.change()
	ch.records = append([]Record{groupTombstone(g.id)}, mg.records()...)
	members := mg.inOrder()
	for _, m := range members {
		m.bytes = m.size()
		g.c.bytes.Add(m.bytes)
		ch.undo = append(ch.undo, func() { g.c.grow(-m.bytes) })
	}
	ch.then = append(ch.then, g.endClassic, func() {
		for _, m := range members {
			if mg.members[m.id] == m {
				mg.heard(m)
			}
		}
		g.c.cfg.Log.Info("a classic group became a consumer group", "group", g.id, "members", len(mg.members))
	})
	return ch, nil
}

// onlyClassic says whether all members, and there are some, speak the classic
// protocol.
func (mg *modernGroup) onlyClassic() bool {
	for _, m := range mg.members {
		if m.classic == nil {
			return false
		}
	}
	return len(mg.members) > 0
}

// downgradeWithMembers makes the group a classic one again when the last member
// of the consumer protocol has left, or has come back with the classic one; the
// others join anew. Their generation is the group's epoch before that, so that they
// may still commit what they have read. What they have stays known, if another of
// the consumer protocol comes meanwhile; stored without a leader, the group is one
// that must rebalance.
func (mg *modernGroup) downgradeWithMembers(generation int32) {
	g := mg.g
	if g.modern != mg || !mg.onlyClassic() || !g.c.cfg.downgrades() || len(mg.members) > g.c.cfg.MaxMembers {
		return // as with more than group.max.size (GroupMetadataManager.validateOnlineDowngrade)
	}
	var records []Record
	for _, m := range mg.inOrder() {
		for _, kind := range []consumerrecord.Kind{consumerrecord.KindCurrent, consumerrecord.KindTarget, consumerrecord.KindMember} {
			records = append(records, modernRecord(g.id, kind, m.id, nil))
		}
		g.add(&member{id: m.id, instance: m.instance, clientID: m.clientID, clientHost: m.clientHost,
			session: m.classic.session, rebalance: m.rebalance, protocols: m.classic.protocols, assignment: mg.assignmentOf(m.assigned, m.revoking)})
	}
	led := g.leader
	g.state, g.generation, g.protocolType, g.protocol, g.leader = Stable, generation, consumers, g.vote(), ""
	records = append(append(records, mg.tombstones()...), g.record())
	if err := g.c.append(g.id, records); err != nil {
		g.members, g.instances = map[string]*member{}, map[string]string{}
		g.state, g.generation, g.protocolType, g.protocol = Empty, 0, "", ""
		g.c.cfg.Log.Error("that a consumer group is a classic one again could not be stored; it stays one", "group", g.id, "error", err)
		return
	}
	mg.stop()
	for _, m := range mg.members {
		g.c.grow(-m.bytes)
	}
	g.modern, g.leader = nil, led
	for _, m := range g.members {
		g.c.bytes.Add(m.size())
		g.heard(m)
	}
	g.prepare()
	g.c.cfg.Log.Info("a consumer group became a classic group", "group", g.id, "members", len(g.members))
}

// classicJoin is JoinGroup in a group of type Consumer. It does not wait.
func (mg *modernGroup) classicJoin(j Join) Joined {
	refused := func(err error) Joined { return Joined{Err: err, Member: j.Member, Generation: noGeneration} }
	s, err := subscriptionOf(j.Protocols)
	if err != nil || j.ProtocolType != consumers {
		return refused(fmt.Errorf("%w: the group's members are consumers", ErrProtocol))
	}
	common := mg.commonProtocol(j)
	if common == "" {
		return refused(fmt.Errorf("%w: its members share no protocol with this one", ErrProtocol))
	}
	ch := mg.change()
	m, err := ch.classicOf(&j)
	if err != nil {
		ch.revert()
		return refused(err)
	}
	names := slices.Compact(slices.Sorted(slices.Values(s.Topics)))
	changed := ch.fresh == m || !slices.Equal(names, m.names)
	ch.edit(m)
	m.clientID, m.clientHost, m.rebalance, m.names, m.pattern, m.patternBytes = j.ClientID, j.ClientHost, j.Rebalance, names, "", 0
	m.classic = &classicSide{j.Session, j.Protocols}
	if err := ch.count(m); err != nil {
		ch.revert()
		return refused(err)
	}
	ch.put(consumerrecord.KindMember, m.id, m.memberValue())
	if changed {
		ch.raise()
	}
	if err := ch.follow(changed); err != nil {
		ch.revert()
		return refused(err)
	}
	if mg.epoch > mg.targetEpoch {
		ch.retarget()
	}
	ch.reconcile(m, mg.g.c.ownedIn(s))
	if err := ch.done(); err != nil {
		return refused(err)
	}
	mg.heard(m)
	mg.mustRevoke(m)
	answer := Joined{Generation: m.epoch, ProtocolType: consumers, Protocol: common, Member: m.id}
	mg.downgradeWithMembers(m.epoch) // then it joins once more, as they all do
	return answer
}

// commonProtocol is the first of the member's that all classic members know.
func (mg *modernGroup) commonProtocol(j Join) string {
	for _, p := range j.Protocols {
		all := true
		for _, m := range mg.members {
			all = all && (m.classic == nil || m.id == j.Member || knows(m.classic.protocols, p.Name))
		}
		if all {
			return p.Name
		}
	}
	return ""
}

// classicOf is the member that joins; a new one is added, or takes the place of
// its instance (KIP-345).
func (ch *change) classicOf(j *Join) (*modernMember, error) {
	mg, g := ch.mg, ch.mg.g
	if j.Instance != nil {
		if known := mg.members[mg.instances[*j.Instance]]; known != nil {
			switch {
			case known.id == j.Member:
				return known, nil
			case j.Member != "":
				return nil, ErrFenced
			}
			return ch.replace(known, j.newID())
		}
	}
	if m := mg.members[j.Member]; m != nil {
		return m, nil
	}
	_, promised := g.pending[j.Member]
	switch {
	case j.Member != "" && !promised:
		return nil, fmt.Errorf("%w: %.100q", ErrUnknownMember, j.Member)
	case len(mg.members) >= g.c.cfg.ConsumerMembers:
		return nil, ErrFull
	}
	id := j.Member
	if id == "" {
		id = j.newID()
	}
	g.redeem(id)
	ch.fresh = &modernMember{id: id, instance: j.Instance}
	return ch.fresh, ch.add(ch.fresh)
}

// classicMember is the one that a request of the classic protocol is of.
func (mg *modernGroup) classicMember(who Identity) (*modernMember, error) {
	if who.Instance != nil {
		id, ok := mg.instances[*who.Instance]
		switch {
		case !ok:
			return nil, ErrUnknownMember
		case id != who.Member:
			return nil, ErrFenced
		}
	}
	m := mg.members[who.Member]
	switch {
	case m == nil || m.classic == nil:
		return nil, ErrUnknownMember
	case who.Generation != m.epoch:
		return nil, ErrGeneration
	}
	return m, nil
}

// classicSync is SyncGroup: it tells what is assigned.
func (mg *modernGroup) classicSync(s Sync) Synced {
	m, err := mg.classicMember(s.Identity)
	if err != nil {
		return Synced{Err: err}
	}
	protocol := textOf(s.Protocol)
	if s.ProtocolType != nil && *s.ProtocolType != consumers || s.Protocol != nil && !knows(m.classic.protocols, protocol) {
		return Synced{Err: ErrProtocol}
	}
	mg.heard(m)
	if mg.epoch > m.epoch && m.state != unrevoked {
		mg.mustJoin(m)
		return Synced{Err: ErrRebalance}
	}
	if protocol == "" {
		protocol = m.classic.protocols[0].Name
	}
	return Synced{ProtocolType: consumers, Protocol: protocol, Assignment: mg.assignmentOf(m.assigned)}
}

// assignmentOf is what members of the classic protocol are told that they have.
func (mg *modernGroup) assignmentOf(all ...held) []byte {
	names := map[assignor.TopicID]string{}
	for name, t := range mg.topics {
		names[t.ID] = name
	}
	a := kmsg.NewConsumerMemberAssignment()
	has := held{}
	for _, one := range all {
		maps.Copy(has, one)
	}
	for id, numbers := range byTopic(has) {
		if name, ok := names[id]; ok {
			a.Topics = append(a.Topics, kmsg.ConsumerMemberAssignmentTopic{Topic: name, Partitions: numbers})
		}
	}
	slices.SortFunc(a.Topics, func(a, b kmsg.ConsumerMemberAssignmentTopic) int { return strings.Compare(a.Topic, b.Topic) })
	return a.AppendTo(nil)
}

// classicHeartbeat is Heartbeat: a member that is behind the group, or can go
// further, is told to join again.
func (mg *modernGroup) classicHeartbeat(who Identity) error {
	m, err := mg.classicMember(who)
	if err != nil {
		return err
	}
	mg.heard(m)
	if mg.epoch > m.epoch || m.state == unrevoked || m.state == unreleased && !mg.waits(m) {
		mg.mustJoin(m)
		return ErrRebalance
	}
	return nil
}

// waits says whether others still have what the member is to have.
func (mg *modernGroup) waits(m *modernMember) bool {
	for p := range m.target {
		if owner, taken := mg.owners[p]; taken && owner != m.id {
			return true
		}
	}
	return false
}

// mustJoin begins the time in which a member that was told to must join again.
func (mg *modernGroup) mustJoin(m *modernMember) {
	if m.revoke != nil {
		return
	}
	m.revoke = &alarm{}
	m.revoke.in(mg.g, m.rebalance, func() {
		mg.g.c.cfg.Log.Info("a classic member of a consumer group did not join again in time", "group", mg.g.id, "member", m.id, "rebalance_timeout", m.rebalance)
		mg.fence(m)
	})
}
