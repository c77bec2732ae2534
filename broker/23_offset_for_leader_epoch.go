package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.OffsetForLeaderEpoch, 2, 4, whole(offsetForLeaderEpoch)) }

// OffsetForLeaderEpoch, API key 23, versions 2 to 4: where a leader epoch ends,
// so that a reader can tell whether the log was cut behind its back (KIP-320).
// The epochs are those of a directory that Kafka wrote, or the one, 0, in which
// this broker leads for good.
//
// Ignored: replica id. Source: OffsetForLeaderEpochRequest.json.
func offsetForLeaderEpoch(ctx context.Context, c *connection, req *kmsg.OffsetForLeaderEpochRequest, resp *kmsg.OffsetForLeaderEpochResponse) error {
	for _, t := range req.Topics {
		out := kmsg.NewOffsetForLeaderEpochResponseTopic()
		out.Topic = t.Topic
		in := c.b.topics.get(t.Topic)
		for _, p := range t.Partitions {
			if err := ctx.Err(); err != nil {
				return err
			}
			of := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			of.Partition, of.LeaderEpoch, of.EndOffset = p.Partition, -1, -1
			held, code := in.lookup(p.Partition)
			if held != nil {
				code = checkLeaderEpoch(held, p.CurrentLeaderEpoch)
			}
			if of.ErrorCode = code; code == codeNone {
				of.LeaderEpoch, of.EndOffset = held.EpochEnd(p.LeaderEpoch)
			}
			out.Partitions = append(out.Partitions, of)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return nil
}
