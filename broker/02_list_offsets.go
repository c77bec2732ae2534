package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
)

func init() { register(kmsg.ListOffsets, 1, 11, whole(listOffsets)) }

// ListOffsets, API key 2, versions 1 to 11: the offset for a timestamp in ms,
// or for the special ones below, each from a version on.
//
// A partition is looked up once: named again in one request it gets
// INVALID_REQUEST, as a search by timestamp may read a whole batch (Kafka:
// duplicatePartitions in KafkaApis.scala).
//
// For readers of what is committed (isolation level 1) the log ends at the last
// stable offset. Ignored: replica id, timeout (no offset is far away). Source:
// ListOffsetsRequest.json, KIP-734 (-3), KIP-405 (-4), KIP-1005 (-5), KIP-1023 (-6).
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
			out.Partitions = append(out.Partitions, c.b.listOffset(req.Version, in, p, req.IsolationLevel == readCommitted))
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
	timestampLatest        = -1 // the offset that the next record gets
	timestampEarliest      = -2 // the first offset
	timestampMax           = -3 // of the record with the latest timestamp
	timestampEarliestLocal = -4 // the first offset on this broker's disk: all are
	timestampLatestTiered  = -5 // the last offset in another tier: there is none
	timestampPendingUpload = -6 // the first offset that another tier lacks: there is none, as with Kafka where no tier is enabled
)

// specialSince is from which version on a special timestamp is known.
var specialSince = map[int64]int16{timestampLatest: 1, timestampEarliest: 1, timestampMax: 7, timestampEarliestLocal: 8, timestampLatestTiered: 9, timestampPendingUpload: 11}

func (b *Broker) listOffset(version int16, t *topic, p kmsg.ListOffsetsRequestTopicPartition, committed bool) kmsg.ListOffsetsResponseTopicPartition {
	out := kmsg.NewListOffsetsResponseTopicPartition()
	out.Partition = p.Partition
	in, code := t.lookup(p.Partition)
	if in == nil {
		out.ErrorCode = code
		return out
	}
	if out.ErrorCode = checkLeaderEpoch(in, p.CurrentLeaderEpoch); out.ErrorCode != codeNone {
		return out
	}
	if since, ok := specialSince[p.Timestamp]; p.Timestamp < 0 && (!ok || version < since) {
		out.ErrorCode = codeUnsupportedVersion // Kafka: KafkaApis.handleListOffsetRequest
		return out
	}
	at, found, err := offsetAt(in, p.Timestamp, committed)
	if err != nil {
		out.ErrorCode = t.failure(b.log, err, p.Partition)
		return out
	}
	if found {
		out.Offset, out.Timestamp, out.LeaderEpoch = at.Offset, at.Timestamp, in.EpochAt(at.Offset)
	}
	return out
}

// offsetAt finds the offset for a timestamp; found is false if there is none, or,
// for readers of what is committed, if it is not stable (UnifiedLog.fetchOffsetByTimestamp,
// Partition.fetchOffsetForTimestamp).
func offsetAt(in *log.Partition, timestamp int64, committed bool) (at log.Stamped, found bool, err error) {
	low, next := in.Offsets()
	if committed {
		next = min(next, in.LastStable())
	}
	switch timestamp {
	case timestampLatest:
		return log.Stamped{Offset: next, Timestamp: -1}, true, nil
	case timestampEarliest, timestampEarliestLocal:
		return log.Stamped{Offset: low, Timestamp: -1}, true, nil
	case timestampLatestTiered, timestampPendingUpload:
		return log.Stamped{}, false, nil
	case timestampMax:
		at, found, err = in.AtMaxTime()
	default:
		at, found, err = in.AtTime(timestamp)
	}
	return at, found && at.Offset < next, err
}
