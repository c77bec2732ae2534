package clusterview

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/internal/batchview"
	"copyscope/web"
)

// Fetches of the pages and of the load.
const (
	// mostFetched bounds one fetch, in bytes; a first batch that is larger comes whole.
	mostFetched = 1 << 20
	// fetchWait is how long a broker may wait for bytes, in ms: of what is there it
	// has them at once.
	fetchWait = 500
)

// led is a partition and the broker that leads it.
type led struct {
	topic     string
	id        kadm.TopicID
	partition int32
	leader    *kgo.Broker
}

// leads finds a partition's leader.
func (v *View) leads(ctx context.Context, topic string, partition int32) (led, error) {
	if !named(topic) {
		return led{}, web.ErrNoTopic
	}
	m, err := v.admin.Metadata(ctx, topic)
	if err != nil {
		return led{}, err
	}
	t := m.Topics[topic]
	p, ok := t.Partitions[partition]
	switch {
	case t.Err != nil:
		return led{}, t.Err
	case !ok:
		return led{}, web.ErrNoTopic
	case p.Leader < 0:
		return led{}, kerr.LeaderNotAvailable
	}
	return led{topic, t.ID, partition, v.client.Broker(int(p.Leader))}, nil
}

// fetch asks for batches from an offset on, as a consumer that reads uncommitted
// records: control batches and those of open transactions are shown too. end is the
// partition's, in the leader's words.
func (l led) fetch(ctx context.Context, from int64) (set []byte, end int64, err error) {
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = fetchWait, 1, mostFetched
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = l.topic, l.id
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition, part.FetchOffset, part.PartitionMaxBytes = l.partition, from, mostFetched
	topic.Partitions = append(topic.Partitions, part)
	req.Topics = append(req.Topics, topic)
	// The connection may be one that the broker closed meanwhile, or lost at its end.
	answer, err := l.leader.RetriableRequest(ctx, req)
	if err != nil {
		return nil, 0, err
	}
	resp := answer.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, 0, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return nil, 0, fmt.Errorf("a fetch of %s-%d was answered with %d topics", l.topic, l.partition, len(resp.Topics))
	}
	p := resp.Topics[0].Partitions[0]
	return p.RecordBatches, p.HighWatermark, kerr.ErrorForCode(p.ErrorCode)
}

// Browse visits the batches of a partition as its leader sends them.
func (v *View) Browse(ctx context.Context, topic string, partition int32, from int64, visit func(web.StoredBatch) bool) error {
	c, cancel := within(ctx)
	defer cancel()
	l, err := v.leads(c, topic, partition)
	if err != nil {
		return asked(ctx, err)
	}
	for {
		set, end, err := l.fetch(c, from)
		if err != nil {
			return asked(ctx, err)
		}
		next, goOn := from, true
		log.BrowseFetched(set, func(b log.StoredBatch) bool {
			if b.Last < next { // before what was asked for, or told twice
				return true
			}
			next = b.Last + 1
			goOn = visit(batchview.Of(b))
			return goOn
		})
		// An answer without what comes next is the end, whatever its sender says of it.
		if !goOn || next == from || next >= end {
			return nil
		}
		from = next
	}
}

// OffsetAt finds the first record at or after a time.
func (v *View) OffsetAt(ctx context.Context, topic string, partition int32, ms int64) (int64, bool, error) {
	if !named(topic) {
		return 0, false, web.ErrNoTopic
	}
	c, cancel := within(ctx)
	defer cancel()
	all, err := v.admin.ListOffsetsAfterMilli(c, ms, topic)
	found, ok := all.Lookup(topic, partition)
	switch {
	case err != nil && !ok:
		return 0, false, asked(ctx, err)
	case !ok:
		return 0, false, web.ErrNoTopic
	case found.Err != nil:
		return 0, false, asked(ctx, found.Err)
	}
	// kadm gives the end, without a time, where no record is as late.
	return found.Offset, found.Timestamp >= 0 && found.Offset >= 0, nil
}

// behind is the offset behind the last batch of an answer; from if there is none.
func behind(set []byte, from int64) int64 {
	log.EachFetched(set, func(_, last int64) { from = max(from, last+1) })
	return from
}
