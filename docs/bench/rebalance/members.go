package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Timeouts of both protocols, Kafka's defaults.
const (
	sessionMs   = 45_000
	rebalanceMs = 300_000
)

// classicMember speaks JoinGroup, SyncGroup and Heartbeat.
type classicMember struct {
	s          *setup
	cl         *kgo.Client
	group, id  string
	generation int32
}

func classic(s *setup, cl *kgo.Client, group string) member {
	return &classicMember{s: s, cl: cl, group: group}
}

func (m *classicMember) run(ctx context.Context, tell func(standing)) error {
	for {
		owned, err := m.rejoin(ctx)
		if err != nil {
			return err
		}
		if owned >= 0 {
			tell(standing{true, m.generation, owned})
			if err := m.keep(ctx); err != nil {
				return err
			}
			tell(standing{})
		}
	}
}

// rejoin joins and takes what it is assigned; -1: another rebalance began.
func (m *classicMember) rejoin(ctx context.Context) (owned int, err error) {
	join := kmsg.NewPtrJoinGroupRequest()
	join.Group, join.SessionTimeoutMillis, join.RebalanceTimeoutMillis, join.MemberID, join.ProtocolType = m.group, sessionMs, rebalanceMs, m.id, "consumer"
	subscription := kmsg.NewConsumerMemberMetadata()
	subscription.Topics = m.s.names
	join.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: subscription.AppendTo(nil)}}
	joined, err := join.RequestWith(ctx, m.cl)
	if err != nil {
		return 0, err
	}
	m.id, m.generation = joined.MemberID, joined.Generation
	switch err := kerr.ErrorForCode(joined.ErrorCode); err {
	case nil:
	case kerr.MemberIDRequired, kerr.RebalanceInProgress:
		return -1, nil
	default:
		return 0, err
	}
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.Generation, sync.MemberID, sync.ProtocolType, sync.Protocol = m.group, joined.Generation, joined.MemberID, joined.ProtocolType, joined.Protocol
	sync.GroupAssignment = m.assign(joined)
	synced, err := sync.RequestWith(ctx, m.cl)
	if err != nil {
		return 0, err
	}
	if err := kerr.ErrorForCode(synced.ErrorCode); err == kerr.RebalanceInProgress {
		return -1, nil
	} else if err != nil {
		return 0, err
	}
	var a kmsg.ConsumerMemberAssignment
	if err := a.ReadFrom(synced.MemberAssignment); err != nil {
		return 0, err
	}
	for _, t := range a.Topics {
		owned += len(t.Partitions)
	}
	return owned, nil
}

// assign is the leader's work: partitions in turn.
func (m *classicMember) assign(joined *kmsg.JoinGroupResponse) (all []kmsg.SyncGroupRequestGroupAssignment) {
	if joined.LeaderID != joined.MemberID {
		return nil
	}
	to := make([]map[string][]int32, len(joined.Members))
	for i := range topics * partitions {
		at := i % len(to)
		if to[at] == nil {
			to[at] = map[string][]int32{}
		}
		name := m.s.names[i/partitions]
		to[at][name] = append(to[at][name], int32(i%partitions))
	}
	for i, other := range joined.Members {
		a := kmsg.NewConsumerMemberAssignment()
		for name, numbers := range to[i] {
			a.Topics = append(a.Topics, kmsg.ConsumerMemberAssignmentTopic{Topic: name, Partitions: numbers})
		}
		all = append(all, kmsg.SyncGroupRequestGroupAssignment{MemberID: other.MemberID, MemberAssignment: a.AppendTo(nil)})
	}
	return all
}

// keep sends heartbeats until a rebalance begins.
func (m *classicMember) keep(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(m.s.interval):
		}
		beat := kmsg.NewPtrHeartbeatRequest()
		beat.Group, beat.Generation, beat.MemberID = m.group, m.generation, m.id
		resp, err := beat.RequestWith(ctx, m.cl)
		if err != nil {
			return err
		}
		if err := kerr.ErrorForCode(resp.ErrorCode); err == kerr.RebalanceInProgress {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (m *classicMember) leave(ctx context.Context) error {
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group, req.MemberID = m.group, m.id
	req.Members = []kmsg.LeaveGroupRequestMember{{MemberID: m.id}}
	resp, err := req.RequestWith(ctx, m.cl)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(resp.ErrorCode)
}

// consumerMember speaks ConsumerGroupHeartbeat. What it is told to give up, it
// gives up at once, and says so at once.
type consumerMember struct {
	s         *setup
	cl        *kgo.Client
	group, id string
	epoch     int32
	owned     []kmsg.ConsumerGroupHeartbeatRequestTopic
}

func consumer(s *setup, cl *kgo.Client, group string) member {
	return &consumerMember{s: s, cl: cl, group: group, id: rand.Text(), owned: []kmsg.ConsumerGroupHeartbeatRequestTopic{}}
}

func (m *consumerMember) run(ctx context.Context, tell func(standing)) error {
	whole := true
	for {
		changed, err := m.beat(ctx, whole)
		if err != nil {
			return err
		}
		tell(standing{true, m.epoch, count(m.owned)})
		if whole = changed; changed {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(m.s.interval):
		}
	}
}

func (m *consumerMember) beat(ctx context.Context, whole bool) (changed bool, err error) {
	req := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	req.Group, req.MemberID, req.MemberEpoch = m.group, m.id, m.epoch
	if whole {
		req.RebalanceTimeoutMillis, req.SubscribedTopicNames, req.Topics = rebalanceMs, m.s.names, m.owned
	}
	resp, err := req.RequestWith(ctx, m.cl)
	if err != nil {
		return false, err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return false, fmt.Errorf("member %s in epoch %d: %w", m.id, m.epoch, err)
	}
	m.epoch = resp.MemberEpoch
	if resp.Assignment != nil {
		next := []kmsg.ConsumerGroupHeartbeatRequestTopic{}
		for _, t := range resp.Assignment.Topics {
			next = append(next, kmsg.ConsumerGroupHeartbeatRequestTopic{TopicID: t.TopicID, Partitions: t.Partitions})
		}
		changed = !slices.EqualFunc(next, m.owned, func(a, b kmsg.ConsumerGroupHeartbeatRequestTopic) bool {
			return a.TopicID == b.TopicID && slices.Equal(a.Partitions, b.Partitions)
		})
		m.owned = next
	}
	return changed, nil
}

func count(owned []kmsg.ConsumerGroupHeartbeatRequestTopic) (n int) {
	for _, t := range owned {
		n += len(t.Partitions)
	}
	return n
}

func (m *consumerMember) leave(ctx context.Context) error {
	req := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	req.Group, req.MemberID, req.MemberEpoch = m.group, m.id, -1
	resp, err := req.RequestWith(ctx, m.cl)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(resp.ErrorCode)
}
