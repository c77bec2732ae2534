package broker

import (
	"context"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.DeleteRecords, 0, 2, whole(deleteRecords)) }

// DeleteRecords, API key 21, versions 0 to 2: a partition's first offset moves
// up to the one given, or, for -1, to the next one. Segments that are wholly
// below go at once; the rest of one stays on the disk, out of reach. Each
// partition is answered once; the last offset given for it counts.
//
// Ignored: timeout. Source: DeleteRecordsRequest.json,
// ReplicaManager.deleteRecordsOnLocalLog.
func deleteRecords(ctx context.Context, c *connection, req *kmsg.DeleteRecordsRequest, resp *kmsg.DeleteRecordsResponse) error {
	at := map[string]map[int32]int64{}
	for _, t := range req.Topics {
		if at[t.Topic] == nil {
			at[t.Topic] = map[int32]int64{}
		}
		for _, p := range t.Partitions {
			at[t.Topic][p.Partition] = p.Offset
		}
	}
	for _, t := range req.Topics {
		offsets, left := at[t.Topic]
		if !left {
			continue // answered before
		}
		delete(at, t.Topic)
		out := kmsg.NewDeleteRecordsResponseTopic()
		out.Topic = t.Topic
		for _, n := range slices.Sorted(maps.Keys(offsets)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			p := kmsg.NewDeleteRecordsResponseTopicPartition()
			p.Partition = n
			p.LowWatermark, p.ErrorCode = c.b.deleteBefore(c.b.topics.get(t.Topic), n, offsets[n])
			out.Partitions = append(out.Partitions, p)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return nil
}

// deleteBefore is the partition's first offset from now on, or -1 and why not.
func (b *Broker) deleteBefore(t *topic, n int32, before int64) (low int64, code int16) {
	if t != nil && t.internal() {
		return -1, codeInvalidTopic
	}
	p, code := t.lookup(n)
	if p == nil {
		return -1, code
	}
	if !t.configs.Load().partition().Delete {
		return -1, codePolicyViolation
	}
	low, err := p.DeleteRecords(before)
	if err != nil {
		return -1, t.failure(b.log, err, n)
	}
	return low, codeNone
}
