package group

import "time"

// Policy says which groups with members become one of the other type as a member
// of it joins, or the last one leaves (group.consumer.migration.policy;
// ConsumerGroupMigrationPolicy.java). Empty groups always do.
type Policy string

const (
	Bidirectional Policy = "bidirectional"
	Upgrade       Policy = "upgrade"
	Downgrade     Policy = "downgrade"
	Disabled      Policy = "disabled"
)

func (c Config) upgrades() bool   { return c.Migration == Bidirectional || c.Migration == Upgrade }
func (c Config) downgrades() bool { return c.Migration == Bidirectional || c.Migration == Downgrade }

// upgrade is a classic group as one of type Consumer, as a member of that type
// joins. Its offsets stay. It is that once the first change, which the member's
// joining is, is stored: who is refused changes nothing.
func (g *Group) upgrade() (*change, error) {
	if g.state != Empty {
		return g.upgradeWithMembers()
	}
	ch := newModernGroup(g).change()
	if g.protocolType != "" {
		ch.records = []Record{groupTombstone(g.id)}
	}
	ch.then = append(ch.then, g.endClassic)
	return ch, nil
}

// endClassic forgets what a classic group has besides its offsets.
func (g *Group) endClassic() {
	g.cancelTimer()
	for id := range g.pending {
		g.redeem(id)
	}
	for _, m := range g.inOrder() {
		g.drop(m, ErrRebalance)
	}
	g.state, g.generation, g.protocolType, g.protocol, g.leader, g.grace = Empty, 0, "", "", "", time.Time{}
}

// dropModern forgets what is stored of a group of type Consumer that nobody is
// in.
func (g *Group) dropModern() error {
	if err := g.c.append(g.id, g.modern.tombstones()); err != nil {
		return err
	}
	g.c.grow(-g.modern.matched)
	g.modern = nil
	return nil
}

// expel takes a member of a group of type Consumer out by LeaveGroup, as
// administrators do (kafka-consumer-groups.sh, Admin
// .removeMembersFromConsumerGroup).
func (mg *modernGroup) expel(l Leaver) error {
	m := mg.members[l.Member]
	if l.Instance != nil {
		m = mg.members[mg.instances[*l.Instance]]
		if m != nil && l.Member != "" && l.Member != m.id {
			return ErrFenced
		}
	}
	if m == nil {
		return ErrUnknownMember
	}
	return mg.leave(m)
}
