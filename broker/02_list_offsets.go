package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
)

// ListOffsets, API key 2, versions 1 to 6: the offset for a timestamp in ms,
// or for the special ones below. Versions from 7 on add further special ones.
//
// Ignored: replica id, isolation level. Source: ListOffsetsRequest.json.
func listOffsets(c *connection, req *kmsg.ListOffsetsRequest, resp *kmsg.ListOffsetsResponse) {
	for _, t := range req.Topics {
		out := kmsg.NewListOffsetsResponseTopic()
		out.Topic = t.Topic
		in := c.b.topics.get(t.Topic)
		for _, p := range t.Partitions {
			out.Partitions = append(out.Partitions, c.b.listOffset(in, p))
		}
		resp.Topics = append(resp.Topics, out)
	}
}

const (
	timestampLatest   = -1 // the offset that the next record gets
	timestampEarliest = -2 // the first offset
)

func (b *Broker) listOffset(t *topic, p kmsg.ListOffsetsRequestTopicPartition) kmsg.ListOffsetsResponseTopicPartition {
	out := kmsg.NewListOffsetsResponseTopicPartition()
	out.Partition = p.Partition
	if t == nil || t.partition(p.Partition) == nil {
		out.ErrorCode = codeUnknownTopic
		return out
	}
	if out.ErrorCode = checkLeaderEpoch(p.CurrentLeaderEpoch); out.ErrorCode != codeNone {
		return out
	}
	in := t.partition(p.Partition)
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
