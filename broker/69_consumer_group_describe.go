package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/assignor"
)

func init() { register(kmsg.ConsumerGroupDescribe, 0, 1, whole(consumerGroupDescribe)) }

// Member types (ConsumerGroupDescribeResponse.json, from version 1 on).
const (
	memberOfClassic  = 0
	memberOfConsumer = 1
)

// ConsumerGroupDescribe, API key 69, versions 0 and 1 (KIP-848). A group that is
// not there, or is a classic one, gets GROUP_ID_NOT_FOUND. A group is described
// once: named again in one request it gets INVALID_REQUEST, as in DescribeGroups.
// Topics that are no more are left out. Source: ConsumerGroupDescribeRequest.json.
func consumerGroupDescribe(ctx context.Context, c *connection, req *kmsg.ConsumerGroupDescribeRequest, resp *kmsg.ConsumerGroupDescribeResponse) error {
	named := map[string]bool{}
	for _, id := range req.Groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		out := kmsg.NewConsumerGroupDescribeResponseGroup()
		out.Group = id
		switch {
		case id == "":
			out.ErrorCode, out.ErrorMessage = codeInvalidGroupID, kmsg.StringPtr("the group id is empty")
		case named[id]:
			out.ErrorCode, out.ErrorMessage = codeInvalidRequest, kmsg.StringPtr("the group is described already")
		default:
			c.b.describeConsumers(&out)
			if req.IncludeAuthorizedOperations && out.ErrorCode == codeNone {
				out.AuthorizedOperations = groupOperations
			}
		}
		named[id] = true
		resp.Groups = append(resp.Groups, out)
	}
	return nil
}

func (b *Broker) describeConsumers(out *kmsg.ConsumerGroupDescribeResponseGroup) {
	d, ok := b.groups.DescribeConsumers(out.Group)
	if !ok {
		out.ErrorCode, out.ErrorMessage = codeGroupIDNotFound, kmsg.StringPtr("there is no consumer group of the id")
		return
	}
	out.State, out.Epoch, out.AssignmentEpoch, out.AssignorName = string(d.State), d.Epoch, d.TargetEpoch, d.Assignor
	for _, m := range d.Members {
		of := kmsg.NewConsumerGroupDescribeResponseGroupMember()
		of.MemberID, of.InstanceID, of.RackID, of.MemberEpoch, of.MemberType = m.ID, m.Instance, m.Rack, m.Epoch, memberOfConsumer
		of.ClientID, of.ClientHost, of.SubscribedTopics = m.ClientID, m.ClientHost, m.Names
		if m.Classic {
			of.MemberType = memberOfClassic
		}
		if m.Expression != "" {
			of.SubscribedTopicRegex = &m.Expression
		}
		of.Assignment, of.TargetAssignment = b.assignment(m.Assigned), b.assignment(m.Target)
		out.Members = append(out.Members, of)
	}
}

func (b *Broker) assignment(of map[assignor.TopicID][]int32) kmsg.Assignment {
	out := kmsg.NewAssignment()
	for _, id := range topicsInOrder(of) {
		if in := b.topics.byID(id); in != nil {
			t := kmsg.NewAssignmentTopicPartition()
			t.Topic, t.TopicID, t.Partitions = in.name, id, of[id]
			out.TopicPartitions = append(out.TopicPartitions, t)
		}
	}
	return out
}
