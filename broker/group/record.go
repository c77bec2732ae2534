package group

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/consumerrecord"
	"copyscope/broker/statelog"
)

// The records of __consumer_offsets, as Kafka writes them, so that its tools can
// read them (OffsetCommitKey.json and -Value, GroupMetadataKey.json and -Value).
// A key begins with its version, int16, which tells what it is: 0 and 1 an
// offset, 2 a classic group, others are of package consumerrecord. A null value
// takes away what the key names.
const (
	offsetKeyVersion   = 1
	offsetValueVersion = 3
	groupKeyVersion    = 2
	groupValueVersion  = 3
)

func offsetKey(group string, at TopicPartition) []byte {
	k := kmsg.OffsetCommitKey{Version: offsetKeyVersion, Group: group, Topic: at.Topic, Partition: at.Partition}
	return k.AppendTo(nil)
}

func offsetRecord(group string, at TopicPartition, o Offset) Record {
	v := kmsg.OffsetCommitValue{Version: offsetValueVersion, Offset: o.Offset, LeaderEpoch: o.LeaderEpoch, Metadata: o.Metadata, CommitTimestamp: o.Committed.UnixMilli()}
	return Record{Key: offsetKey(group, at), Value: v.AppendTo(nil)}
}

func offsetTombstone(group string, at TopicPartition) Record {
	return Record{Key: offsetKey(group, at)}
}

func groupKey(group string) []byte {
	k := kmsg.GroupMetadataKey{Version: groupKeyVersion, Group: group}
	return k.AppendTo(nil)
}

func groupTombstone(group string) Record { return Record{Key: groupKey(group)} }

// record is the group as it is stored: with its members and their assignments.
func (g *Group) record() Record {
	v := kmsg.GroupMetadataValue{Version: groupValueVersion, ProtocolType: g.protocolType, Generation: g.generation, CurrentStateTimestamp: time.Now().UnixMilli()}
	if len(g.members) > 0 {
		v.Protocol, v.Leader = &g.protocol, &g.leader
	} else {
		v.CurrentStateTimestamp = g.since.UnixMilli()
	}
	for _, m := range g.inOrder() {
		v.Members = append(v.Members, kmsg.GroupMetadataValueMember{MemberID: m.id, InstanceID: m.instance, ClientID: m.clientID, ClientHost: m.clientHost,
			RebalanceTimeoutMillis: int32(m.rebalance.Milliseconds()), SessionTimeoutMillis: int32(m.session.Milliseconds()),
			Subscription: m.metadata(g.protocol), Assignment: m.assignment})
	}
	return Record{Key: groupKey(g.id), Value: v.AppendTo(nil)}
}

// apply brings a stored record into the groups. They belong to nobody else yet.
func (c *Coordinator) apply(r Record, by statelog.Producer) error {
	if len(r.Key) < 2 {
		return fmt.Errorf("a key of %d bytes", len(r.Key))
	}
	switch version := binary.BigEndian.Uint16(r.Key); version {
	case 0, offsetKeyVersion:
		return c.applyOffset(r, by)
	case groupKeyVersion:
		return c.applyGroup(r)
	default:
		if consumerrecord.Known(int16(version)) {
			return c.applyModern(r)
		}
		return nil // of other kinds of groups
	}
}

func (c *Coordinator) stored(id string) *Group {
	if c.groups[id] == nil {
		c.groups[id] = newGroup(c, id)
	}
	return c.groups[id]
}

func (c *Coordinator) applyOffset(r Record, by statelog.Producer) error {
	var k kmsg.OffsetCommitKey
	if err := k.ReadFrom(r.Key); err != nil {
		return fmt.Errorf("key of an offset: %w", err)
	}
	g, at := c.stored(k.Group), TopicPartition{k.Topic, k.Partition}
	if r.Value == nil {
		g.dropOffset(at)
		return nil
	}
	var v kmsg.OffsetCommitValue
	v.LeaderEpoch = -1
	if err := v.ReadFrom(r.Value); err != nil {
		return fmt.Errorf("offset of group %q: %w", k.Group, err)
	}
	if v.Version < 3 {
		v.LeaderEpoch = -1
	}
	o := Offset{v.Offset, v.LeaderEpoch, v.Metadata, c.at(v.CommitTimestamp), c.order.Add(1)}
	if by.ID < 0 {
		g.offsets[at] = o
		return nil
	}
	one := map[TopicPartition]Offset{at: o}
	c.bytes.Add(pendingBytes(one))
	g.hold(by, one)
	return nil
}

func (c *Coordinator) applyGroup(r Record) error {
	var k kmsg.GroupMetadataKey
	if err := k.ReadFrom(r.Key); err != nil {
		return fmt.Errorf("key of a group: %w", err)
	}
	g := c.stored(k.Group)
	g.members, g.instances = map[string]*member{}, map[string]string{}
	g.state, g.generation, g.protocolType, g.protocol, g.leader = Empty, 0, "", "", ""
	if r.Value == nil {
		return nil
	}
	var v kmsg.GroupMetadataValue
	if err := v.ReadFrom(r.Value); err != nil {
		return fmt.Errorf("group %q: %w", k.Group, err)
	}
	g.modern = nil // a group is of one type
	g.generation, g.protocolType, g.since = v.Generation, v.ProtocolType, g.c.at(v.CurrentStateTimestamp)
	if v.Protocol == nil || len(v.Members) == 0 {
		return nil
	}
	g.state, g.protocol = Stable, *v.Protocol
	for _, s := range v.Members {
		m := &member{id: s.MemberID, instance: s.InstanceID, clientID: s.ClientID, clientHost: s.ClientHost,
			rebalance: time.Duration(s.RebalanceTimeoutMillis) * time.Millisecond, session: time.Duration(s.SessionTimeoutMillis) * time.Millisecond,
			protocols: []Protocol{{g.protocol, s.Subscription}}, assignment: s.Assignment}
		g.add(m)
	}
	if v.Leader != nil {
		g.leader = *v.Leader
	}
	return nil
}
