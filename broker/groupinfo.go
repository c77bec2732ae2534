package broker

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
)

// GroupInfo describes a consumer group.
type GroupInfo struct {
	ID string
	// Type is "classic", or "consumer" where the broker assigns (KIP-848); State is
	// under Kafka's names; Protocol is the assignor, "" between generations.
	Type, State, ProtocolType, Protocol string
	Members                             []MemberInfo
	Offsets                             []GroupOffset
}

// MemberInfo is one of a group's members. Names are the client's own words.
type MemberInfo struct {
	ID, ClientID, Host string
	// Instance is its group.instance.id, "" for none.
	Instance string
	// Assigned are the partitions, if Known: the members agree on a form that the
	// broker need not know.
	Assigned []AssignedTopic
	Known    bool
}

// AssignedTopic is what a member has of a topic.
type AssignedTopic struct {
	Topic      string
	Partitions []int32
}

// GroupOffset is what a group has committed of a partition.
type GroupOffset struct {
	Topic     string
	Partition int32
	// End is the offset that the partition's next record gets, if EndKnown.
	Committed, End int64
	EndKnown       bool
	At             time.Time
	Metadata       string
}

// Groups describes the groups by id, at most so many, and says how many there
// are.
func (b *Broker) Groups(most int) (all []GroupInfo, total int) {
	listed := b.groups.List()
	slices.SortFunc(listed, func(a, b group.Listed) int { return strings.Compare(a.ID, b.ID) })
	for _, g := range listed[:min(len(listed), most)] {
		if info, ok := b.Group(g.ID); ok {
			all = append(all, info)
		}
	}
	return all, len(listed)
}

// Group describes one group; not ok if there is none.
func (b *Broker) Group(id string) (info GroupInfo, ok bool) {
	if info, ok = b.consumerGroup(id); !ok {
		info, ok = b.classicGroup(id)
	}
	if ok {
		info.Offsets = b.groupOffsets(id)
	}
	return info, ok
}

func (b *Broker) consumerGroup(id string) (info GroupInfo, ok bool) {
	d, ok := b.groups.DescribeConsumers(id)
	if !ok {
		return info, false
	}
	info = GroupInfo{ID: id, Type: string(group.Consumer), State: string(d.State), ProtocolType: protocolOfConsumers, Protocol: d.Assignor}
	for _, m := range d.Members {
		of := MemberInfo{ID: m.ID, ClientID: m.ClientID, Host: m.ClientHost, Known: true}
		if m.Instance != nil {
			of.Instance = *m.Instance
		}
		for _, t := range b.assignment(m.Assigned).TopicPartitions {
			of.Assigned = append(of.Assigned, AssignedTopic{t.Topic, t.Partitions})
		}
		slices.SortFunc(of.Assigned, func(a, b AssignedTopic) int { return cmp.Compare(a.Topic, b.Topic) })
		info.Members = append(info.Members, of)
	}
	return info, true
}

func (b *Broker) classicGroup(id string) (info GroupInfo, ok bool) {
	d := b.groups.Describe(id)
	if d.State == group.Dead {
		return info, false
	}
	info = GroupInfo{ID: id, Type: string(group.Classic), State: string(d.State), ProtocolType: d.ProtocolType, Protocol: d.Protocol}
	for _, m := range d.Members {
		of := MemberInfo{ID: m.ID, ClientID: m.ClientID, Host: m.ClientHost}
		if m.Instance != nil {
			of.Instance = *m.Instance
		}
		of.Assigned, of.Known = assignedTo(d.ProtocolType, m.Assignment)
		info.Members = append(info.Members, of)
	}
	return info, true
}

func (b *Broker) groupOffsets(id string) (all []GroupOffset) {
	committed := b.groups.Committed(id)
	for _, at := range group.InOrder(committed) {
		o := committed[at]
		out := GroupOffset{Topic: at.Topic, Partition: at.Partition, Committed: o.Offset, At: o.Committed, Metadata: o.Metadata}
		if p := b.topics.get(at.Topic).partition(at.Partition); p != nil {
			_, out.End = p.Offsets()
			out.EndKnown = true
		}
		all = append(all, out)
	}
	return all
}

// protocolOfConsumers is the protocol type of consumers, whose assignments can be
// read.
const protocolOfConsumers = "consumer"

// assignedTo reads an assignment of the consumers' form
// (ConsumerProtocolAssignment.json), which has no tagged fields, so kmsg reads it
// in a time that its bytes bound.
func assignedTo(protocolType string, assignment []byte) (all []AssignedTopic, known bool) {
	var a kmsg.ConsumerMemberAssignment
	if protocolType != protocolOfConsumers || len(assignment) == 0 || a.ReadFrom(assignment) != nil {
		return nil, false
	}
	for _, t := range a.Topics {
		slices.Sort(t.Partitions)
		all = append(all, AssignedTopic{t.Topic, t.Partitions})
	}
	slices.SortFunc(all, func(a, b AssignedTopic) int { return cmp.Compare(a.Topic, b.Topic) })
	return all, true
}
