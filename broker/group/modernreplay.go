package group

import (
	"fmt"
	"slices"
	"time"

	"copyscope/broker/assignor"
	"copyscope/broker/consumerrecord"
)

// applyModern brings a stored record of a group of type Consumer into it.
func (c *Coordinator) applyModern(r Record) error {
	k, err := consumerrecord.ReadKey(r.Key)
	if err != nil {
		return err
	}
	g := c.stored(k.Group)
	if r.Value == nil {
		g.unapply(k)
		return nil
	}
	if g.modern == nil {
		g.modern = newModernGroup(g)
	}
	if err := g.modern.apply(k, r.Value); err != nil {
		return fmt.Errorf("group %q: %w", k.Group, err)
	}
	return nil
}

func (g *Group) unapply(k consumerrecord.Key) {
	if g.modern == nil {
		return
	}
	m := g.modern.members[k.Of]
	switch k.Kind {
	case consumerrecord.KindGroup:
		g.modern = nil
	case consumerrecord.KindTopics:
		g.modern.topics = map[string]Topic{}
	case consumerrecord.KindRegularExpression:
		delete(g.modern.patterns, k.Of)
	case consumerrecord.KindMember:
		if m != nil {
			g.modern.change().forget(m)
		}
	case consumerrecord.KindTarget:
		if m != nil {
			m.target = nil
		}
	case consumerrecord.KindCurrent:
		if m != nil {
			g.modern.hold(m, nil, nil)
			m.epoch, m.previous, m.state = 0, 0, settled
		}
	}
}

// member is the stored one, which is made if a record of it comes first.
func (mg *modernGroup) member(id string) *modernMember {
	if mg.members[id] == nil {
		mg.members[id] = &modernMember{id: id}
	}
	return mg.members[id]
}

func (mg *modernGroup) apply(k consumerrecord.Key, value []byte) error {
	switch k.Kind {
	case consumerrecord.KindGroup:
		var v consumerrecord.Group
		err := v.Read(value)
		mg.epoch = v.Epoch
		return err
	case consumerrecord.KindTopics:
		var v consumerrecord.Topics
		err := v.Read(value)
		mg.topics = map[string]Topic{}
		for _, t := range v.Topics {
			mg.topics[t.Name] = Topic{t.ID, t.Partitions}
		}
		return err
	case consumerrecord.KindRegularExpression:
		var v consumerrecord.RegularExpression
		err := v.Read(value)
		mg.patterns[k.Of] = &pattern{topics: append([]string{}, v.Topics...)}
		return err
	case consumerrecord.KindTargetEpoch:
		var v consumerrecord.TargetEpoch
		err := v.Read(value)
		mg.targetEpoch = v.Epoch
		return err
	}
	return mg.applyToMember(mg.member(k.Of), k.Kind, value)
}

func (mg *modernGroup) applyToMember(m *modernMember, kind consumerrecord.Kind, value []byte) error {
	switch kind {
	case consumerrecord.KindMember:
		var v consumerrecord.Member
		err := v.Read(value)
		m.instance, m.rack, m.clientID, m.clientHost, m.names = v.Instance, v.Rack, v.ClientID, v.ClientHost, v.Names
		m.rebalance = time.Duration(v.RebalanceMs) * time.Millisecond
		m.pattern, m.assignor = textOf(v.RegularExpression), textOf(v.Assignor)
		if m.classic = nil; v.Classic != nil {
			m.classic = &classicSide{session: time.Duration(v.Classic.SessionMs) * time.Millisecond}
			for _, p := range v.Classic.Protocols {
				m.classic.protocols = append(m.classic.protocols, Protocol{p.Name, p.Metadata})
			}
		}
		if m.instance != nil {
			mg.instances[*m.instance] = m.id
		}
		return err
	case consumerrecord.KindTarget:
		var v consumerrecord.Target
		err := v.Read(value)
		m.target = assignor.Partitions{}
		for p := range heldOf(v.Partitions, 0) {
			m.target[p] = struct{}{}
		}
		return err
	}
	var v consumerrecord.Current
	err := v.Read(value)
	m.epoch, m.previous, m.state = v.Epoch, v.Previous, progress(v.State)
	mg.hold(m, heldOf(v.Assigned, v.Epoch), heldOf(v.Revoking, v.Epoch))
	return err
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// awake begins the times of members that were stored. The log could be of a
// broker with other assignors.
func (mg *modernGroup) awake() {
	mg.matched = matchedBytes(mg.patterns)
	mg.g.c.bytes.Add(mg.matched)
	for _, m := range mg.members {
		if !slices.Contains(mg.g.c.cfg.Assignors, m.assignor) {
			m.assignor = ""
		}
		if p, err := compile(m.pattern); err == nil {
			m.patternBytes = p.bytes
		}
		m.bytes = m.size()
		mg.g.c.bytes.Add(m.bytes)
		mg.heard(m)
		mg.mustRevoke(m)
	}
}
