package group

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

// upgrade makes a classic group one of type Consumer, as a member of that type
// joins. Its offsets stay.
func (g *Group) upgrade() error {
	if g.state != Empty {
		return g.upgradeWithMembers()
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
