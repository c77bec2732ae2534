package group

import (
	"maps"
	"slices"
	"time"

	"copyscope/broker/assignor"
	"copyscope/broker/consumerrecord"
)

// The records of a group of type Consumer (package consumerrecord).

func modernRecord(group string, kind consumerrecord.Kind, of string, value []byte) Record {
	return Record{Key: consumerrecord.Key{Kind: kind, Group: group, Of: of}.Bytes(), Value: value}
}

func (m *modernMember) memberValue() []byte {
	v := consumerrecord.Member{Instance: m.instance, Rack: m.rack, ClientID: m.clientID, ClientHost: m.clientHost,
		Names: m.names, RebalanceMs: int32(m.rebalance.Milliseconds())}
	if m.pattern != "" {
		v.RegularExpression = &m.pattern
	}
	if m.classic != nil {
		v.Classic = &consumerrecord.ClassicMember{SessionMs: int32(m.classic.session.Milliseconds())}
		for _, p := range m.classic.protocols {
			v.Classic.Protocols = append(v.Classic.Protocols, consumerrecord.Protocol{Name: p.Name, Metadata: p.Metadata})
		}
	}
	if m.assignor != "" {
		v.Assignor = &m.assignor
	}
	return v.Bytes()
}

func (m *modernMember) currentValue() []byte {
	return consumerrecord.Current{Epoch: m.epoch, Previous: m.previous, State: int8(m.state),
		Assigned: m.assigned.stored(), Revoking: m.revoking.stored()}.Bytes()
}

func (h held) stored() (all []consumerrecord.TopicPartitions) {
	for _, p := range slices.SortedFunc(maps.Keys(h), assignor.Compare) {
		if n := len(all); n == 0 || all[n-1].Topic != p.Topic {
			all = append(all, consumerrecord.TopicPartitions{Topic: p.Topic})
		}
		last := &all[len(all)-1]
		last.Numbers, last.Epochs = append(last.Numbers, p.Number), append(last.Epochs, h[p])
	}
	return all
}

func heldOf(all []consumerrecord.TopicPartitions, epoch int32) held {
	h := held{}
	for _, t := range all {
		for i, n := range t.Numbers {
			h[assignor.Partition{Topic: t.Topic, Number: n}] = epoch
			if i < len(t.Epochs) {
				h[assignor.Partition{Topic: t.Topic, Number: n}] = t.Epochs[i]
			}
		}
	}
	return h
}

func (m *modernMember) targetValue() []byte {
	var v consumerrecord.Target
	for _, p := range slices.SortedFunc(maps.Keys(m.target), assignor.Compare) {
		if n := len(v.Partitions); n == 0 || v.Partitions[n-1].Topic != p.Topic {
			v.Partitions = append(v.Partitions, consumerrecord.TopicPartitions{Topic: p.Topic})
		}
		last := &v.Partitions[len(v.Partitions)-1]
		last.Numbers = append(last.Numbers, p.Number)
	}
	return v.Bytes()
}

func topicsValue(topics map[string]Topic) []byte {
	var v consumerrecord.Topics
	for _, name := range slices.Sorted(maps.Keys(topics)) {
		v.Topics = append(v.Topics, consumerrecord.Topic{ID: topics[name].ID, Name: name, Partitions: topics[name].Partitions})
	}
	return v.Bytes()
}

// records are all that the group has, in an order in which Kafka could have
// written them.
func (mg *modernGroup) records() (all []Record) {
	put := func(kind consumerrecord.Kind, of string, value []byte) {
		all = append(all, modernRecord(mg.g.id, kind, of, value))
	}
	members := mg.inOrder()
	for _, m := range members {
		put(consumerrecord.KindMember, m.id, m.memberValue())
	}
	for _, expression := range slices.Sorted(maps.Keys(mg.patterns)) {
		v := consumerrecord.RegularExpression{Topics: mg.patterns[expression].topics, Version: int64(mg.changes), TimestampMs: time.Now().UnixMilli()}
		put(consumerrecord.KindRegularExpression, expression, v.Bytes())
	}
	put(consumerrecord.KindTopics, "", topicsValue(mg.topics))
	put(consumerrecord.KindGroup, "", consumerrecord.Group{Epoch: mg.epoch}.Bytes())
	for _, m := range members {
		if m.target != nil {
			put(consumerrecord.KindTarget, m.id, m.targetValue())
		}
	}
	put(consumerrecord.KindTargetEpoch, "", consumerrecord.TargetEpoch{Epoch: mg.targetEpoch}.Bytes())
	for _, m := range members {
		put(consumerrecord.KindCurrent, m.id, m.currentValue())
	}
	return all
}

// tombstones take away what is stored of a group without members.
func (mg *modernGroup) tombstones() (all []Record) {
	put := func(kind consumerrecord.Kind, of string) { all = append(all, modernRecord(mg.g.id, kind, of, nil)) }
	for _, expression := range slices.Sorted(maps.Keys(mg.patterns)) {
		put(consumerrecord.KindRegularExpression, expression)
	}
	put(consumerrecord.KindTargetEpoch, "")
	put(consumerrecord.KindTopics, "")
	put(consumerrecord.KindGroup, "")
	return all
}
