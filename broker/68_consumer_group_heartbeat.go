package broker

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/assignor"
	"copyscope/broker/group"
)

func init() { register(kmsg.ConsumerGroupHeartbeat, 0, 1, consumerGroupHeartbeat) }

// ConsumerGroupHeartbeat, API key 68, versions 0 and 1 (KIP-848): a member of a
// consumer group joins, is heard of, leaves, and is told what it is to read. From
// version 1 on it makes its member id itself, and may be subscribed to a regular
// expression. Source: ConsumerGroupHeartbeatRequest.json.
func consumerGroupHeartbeat(c *connection, _ context.Context, r request) error {
	req, err := decode[*kmsg.ConsumerGroupHeartbeatRequest](r)
	if err != nil {
		return err
	}
	a := c.b.groups.ConsumerHeartbeat(group.ConsumerHeartbeat{
		Group: req.Group, Member: req.MemberID, Epoch: req.MemberEpoch, Instance: req.InstanceID, Rack: req.RackID,
		Rebalance: time.Duration(req.RebalanceTimeoutMillis) * time.Millisecond,
		Names:     req.SubscribedTopicNames, Expression: req.SubscribedTopicRegex, Assignor: req.ServerAssignor,
		Owned: owned(req.Topics), ClientID: r.ClientID, ClientHost: c.host(), BringsID: req.Version >= 1,
	})
	resp := req.ResponseKind().(*kmsg.ConsumerGroupHeartbeatResponse)
	if a.Err != nil {
		resp.ErrorCode, resp.ErrorMessage = c.b.groupCode(a.Err, req.Group), kmsg.StringPtr(a.Err.Error())
		return c.respond(r, resp)
	}
	resp.MemberID, resp.MemberEpoch, resp.HeartbeatIntervalMillis = &a.Member, a.Epoch, int32(a.Interval.Milliseconds())
	if a.Assigned != nil {
		to := kmsg.NewConsumerGroupHeartbeatResponseAssignment()
		for _, id := range topicsInOrder(a.Assigned) {
			t := kmsg.NewConsumerGroupHeartbeatResponseAssignmentTopic()
			t.TopicID, t.Partitions = id, a.Assigned[id]
			to.Topics = append(to.Topics, t)
		}
		resp.Assignment = &to
	}
	return c.respond(r, resp)
}

func topicsInOrder(of map[assignor.TopicID][]int32) []assignor.TopicID {
	return slices.SortedFunc(maps.Keys(of), func(a, b assignor.TopicID) int { return bytes.Compare(a[:], b[:]) })
}

// owned is nil if the member does not say what it owns.
func owned(topics []kmsg.ConsumerGroupHeartbeatRequestTopic) assignor.Partitions {
	if topics == nil {
		return nil
	}
	all := assignor.Partitions{}
	for _, t := range topics {
		for _, n := range t.Partitions {
			all[assignor.Partition{Topic: t.TopicID, Number: n}] = struct{}{}
		}
	}
	return all
}
