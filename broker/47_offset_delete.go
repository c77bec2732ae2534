package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
)

func init() { register(kmsg.OffsetDelete, 0, 0, whole(offsetDelete)) }

// OffsetDelete, API key 47, version 0: offsets of a group, but not of topics
// that its members are or, while that is not known, may be subscribed to
// (KIP-496). Source: OffsetDeleteRequest.json.
func offsetDelete(_ context.Context, c *connection, req *kmsg.OffsetDeleteRequest, resp *kmsg.OffsetDeleteResponse) error {
	var asked []group.TopicPartition
	for _, t := range req.Topics {
		for _, p := range t.Partitions {
			asked = append(asked, group.TopicPartition{Topic: t.Topic, Partition: p.Partition})
		}
	}
	answers, err := c.b.groups.DeleteOffsets(req.Group, asked)
	if resp.ErrorCode = c.b.groupCode(err, req.Group); err != nil {
		return nil
	}
	for _, t := range req.Topics {
		out := kmsg.NewOffsetDeleteResponseTopic()
		out.Topic = t.Topic
		in := c.b.topics.get(t.Topic)
		for _, p := range t.Partitions {
			of := kmsg.NewOffsetDeleteResponseTopicPartition()
			of.Partition = p.Partition
			if in == nil || p.Partition < 0 || int(p.Partition) >= len(in.all()) {
				of.ErrorCode = codeUnknownTopic
			} else {
				of.ErrorCode = c.b.groupCode(answers[group.TopicPartition{Topic: t.Topic, Partition: p.Partition}], req.Group)
			}
			out.Partitions = append(out.Partitions, of)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return nil
}
