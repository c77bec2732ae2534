package group

import "github.com/twmb/franz-go/pkg/kmsg"

// consumers is the protocol type of consumer groups, whose subscriptions can be
// read.
const consumers = "consumer"

// subscribed are the topics that the group's members read under its protocol.
// They are not known of another type's group, before the first generation, and if
// a member's subscription cannot be read: then any topic may be in use.
func (g *Group) subscribed() (topics map[string]bool, known bool) {
	if g.modern != nil {
		return g.modern.subscribed(), true
	}
	if len(g.members) == 0 {
		return nil, true
	}
	if g.protocolType != consumers || g.protocol == "" {
		return nil, false
	}
	topics = map[string]bool{}
	for _, m := range g.members {
		// ConsumerProtocolSubscription.json. It has no tagged fields, so kmsg
		// reads it in a time that its bytes bound.
		var s kmsg.ConsumerMemberMetadata
		if s.ReadFrom(m.metadata(g.protocol)) != nil {
			return nil, false
		}
		for _, t := range s.Topics {
			topics[t] = true
		}
	}
	return topics, true
}
