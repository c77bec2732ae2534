package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
)

func init() { register(kmsg.OffsetCommit, 2, 10, whole(offsetCommit)) }

// OffsetCommit, API key 8, versions 2 to 10; from 10 on topics are named by id.
// Partitions that are not there, or whose metadata is too long, have their own
// code; all others are stored together, before the answer. The generation is the
// member's epoch in a consumer group (KIP-848), whose members commit with version
// 9 or later.
//
// Ignored: retention time (versions 2 to 4; Kafka ignores it since KIP-211
// but for very old clients). Source: OffsetCommitRequest.json.
func offsetCommit(_ context.Context, c *connection, req *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse) error {
	a := c.b.accepting()
	for _, t := range req.Topics {
		out := kmsg.NewOffsetCommitResponseTopic()
		out.Topic, out.TopicID = t.Topic, t.TopicID
		in, code := c.b.named(t.Topic, t.TopicID)
		for _, p := range t.Partitions {
			of := kmsg.NewOffsetCommitResponseTopicPartition()
			of.Partition = p.Partition
			of.ErrorCode = a.take(in, code, p.Partition, p.Offset, p.LeaderEpoch, p.Metadata, len(resp.Topics), len(out.Partitions))
			out.Partitions = append(out.Partitions, of)
		}
		resp.Topics = append(resp.Topics, out)
	}
	err := c.b.groups.Commit(group.Identity{Group: req.Group, Member: req.MemberID, Instance: req.InstanceID, Generation: req.Generation, Old: req.Version < 9}, a.offsets)
	code := c.b.groupCode(err, req.Group)
	for _, at := range a.answers {
		resp.Topics[at.topic].Partitions[at.partition].ErrorCode = code
	}
	return nil
}
