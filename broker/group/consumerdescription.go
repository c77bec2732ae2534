package group

import (
	"slices"

	"copyscope/broker/assignor"
)

// ConsumerDescription is a group of type Consumer as ConsumerGroupDescribe tells
// it.
type ConsumerDescription struct {
	State              State
	Epoch, TargetEpoch int32
	Assignor           string
	Members            []ConsumerMember
}

// ConsumerMember is one of its members.
type ConsumerMember struct {
	ID                   string
	Instance, Rack       *string
	ClientID, ClientHost string
	Classic              bool // it speaks the classic protocol
	Epoch                int32
	Names                []string
	Expression           string // "" without
	// Assigned is what it has, Target what it is to have.
	Assigned, Target map[assignor.TopicID][]int32
}

// DescribeConsumers tells of one group; not ok if there is none, or it is a
// classic one.
func (c *Coordinator) DescribeConsumers(id string) (d ConsumerDescription, ok bool) {
	g := c.find(id)
	if g == nil {
		return d, false
	}
	defer g.mu.Unlock()
	mg := g.modern
	if mg == nil {
		return d, false
	}
	d = ConsumerDescription{State: mg.state(), Epoch: mg.epoch, TargetEpoch: mg.targetEpoch, Assignor: mg.preferred()}
	for _, m := range mg.inOrder() {
		d.Members = append(d.Members, ConsumerMember{ID: m.id, Instance: m.instance, Rack: m.rack, ClientID: m.clientID, ClientHost: m.clientHost,
			Classic: m.classic != nil, Epoch: m.epoch, Names: slices.Clone(m.names), Expression: m.pattern, Assigned: byTopic(m.assigned), Target: byTopic(m.target)})
	}
	return d, true
}
