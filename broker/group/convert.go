package group

import "fmt"

// upgrade makes a classic group one of type Consumer, as a member of that type
// joins. Its offsets stay. One with members is not changed while it runs
// (group.consumer.migration.policy): they have to leave first.
func (g *Group) upgrade() error {
	if g.state != Empty {
		return fmt.Errorf("%w: %.100q is a classic group with %d members; it becomes a consumer group once they have left", ErrNotFound, g.id, len(g.members))
	}
	for id := range g.pending {
		g.redeem(id)
	}
	if g.protocolType != "" {
		if err := g.c.append(g.id, []Record{groupTombstone(g.id)}); err != nil {
			return err
		}
		g.protocolType, g.generation = "", 0
	}
	g.modern = newModernGroup(g)
	return nil
}

// downgrade makes a group of type Consumer a classic one, as a member of that
// type joins and nobody is in it. Its offsets stay.
func (g *Group) downgrade() error {
	if g.modern == nil {
		return nil
	}
	if n := len(g.modern.members); n > 0 {
		return fmt.Errorf("%w: the group has %d members of the consumer protocol; it becomes a classic group once they have left", ErrProtocol, n)
	}
	return g.dropModern()
}

// dropModern forgets what is stored of a group of type Consumer that nobody is
// in.
func (g *Group) dropModern() error {
	if err := g.c.append(g.id, g.modern.tombstones()); err != nil {
		return err
	}
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
