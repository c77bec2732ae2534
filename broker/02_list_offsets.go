package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
)

func init() { register(kmsg.ListOffsets, 1, 6, whole(listOffsets)) }

// ListOffsets, API key 2, versions 1 to 6: the offset for a timestamp in ms,
// or for the special ones below. Versions from 7 on add further special ones.
//
// A partition is looked up once: named again in one request it gets
// INVALID_REQUEST, as a search by timestamp may read a whole batch (Kafka:
// duplicatePartitions in KafkaApis.scala).
//
// Ignored: replica id, isolation level. Source: ListOffsetsRequest.json.
func listOffsets(ctx context.Context, c *connection, req *kmsg.ListOffsetsRequest, resp *kmsg.ListOffsetsResponse) error {
	named := map[partitionName]bool{}
	for _, t := range req.Topics {
		out := kmsg.NewListOffsetsResponseTopic()
		out.Topic = t.Topic
		in := c.b.topics.get(t.Topic)
		for _, p := range t.Partitions {
			if err := ctx.Err(); err != nil {
				return err
			}
			name := partitionName{t.Topic, p.Partition}
			if named[name] {
				again := kmsg.NewListOffsetsResponseTopicPartition()
				again.Partition, again.ErrorCode = p.Partition, codeInvalidRequest
				out.Partitions = append(out.Partitions, again)
				continue
			}
			named[name] = true
			out.Partitions = append(out.Partitions, c.b.listOffset(in, p))
		}
		resp.Topics = append(resp.Topics, out)
	}
	return nil
}

// partitionName names a partition across topics.
type partitionName struct {
	topic     string
	partition int32
}

const (
	timestampLatest   = -1 // the offset that the next record gets
	timestampEarliest = -2 // the first offset
)

func (b *Broker) listOffset(t *topic, p kmsg.ListOffsetsRequestTopicPartition) kmsg.ListOffsetsResponseTopicPartition {
	out := kmsg.NewListOffsetsResponseTopicPartition()
	out.Partition = p.Partition
	in, code := t.lookup(p.Partition)
	if in == nil {
		out.ErrorCode = code
		return out
	}
	if out.ErrorCode = checkLeaderEpoch(p.CurrentLeaderEpoch); out.ErrorCode != codeNone {
		return out
	}
	low, next := in.Offsets()
	var at log.Stamped
	found := true
	var err error
	switch {
	case p.Timestamp == timestampLatest:
		at = log.Stamped{Offset: next, Timestamp: -1}
	case p.Timestamp == timestampEarliest:
		at = log.Stamped{Offset: low, Timestamp: -1}
	case p.Timestamp < 0:
		out.ErrorCode = codeInvalidRequest
		return out
	default:
		at, found, err = in.AtTime(p.Timestamp)
	}
	if err != nil {
		out.ErrorCode = codeLogged(b.log, err, "topic", t.name, "partition", p.Partition)
		return out
	}
	if found {
		out.Offset, out.Timestamp, out.LeaderEpoch = at.Offset, at.Timestamp, 0
	}
	return out
}
