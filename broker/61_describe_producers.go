package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.DescribeProducers, 0, 0, whole(describeProducers)) }

// DescribeProducers, API key 61, version 0: the idempotent producers that each
// partition knows, with the first offset of a transaction that is open there
// (KIP-664). A partition that is named again gets INVALID_REQUEST: it may have many.
// Source: DescribeProducersResponse.json.
func describeProducers(ctx context.Context, c *connection, req *kmsg.DescribeProducersRequest, resp *kmsg.DescribeProducersResponse) error {
	named := map[partitionName]bool{}
	for _, t := range req.Topics {
		out := kmsg.NewDescribeProducersResponseTopic()
		out.Topic = t.Topic
		in := c.b.topics.get(t.Topic)
		for _, number := range t.Partitions {
			if err := ctx.Err(); err != nil {
				return err
			}
			p := kmsg.NewDescribeProducersResponseTopicPartition()
			p.Partition = number
			of, code := in.lookup(number)
			name := partitionName{t.Topic, number}
			if named[name] {
				of, code = nil, codeInvalidRequest
			}
			named[name] = true
			p.ErrorCode = code
			if of != nil {
				for _, known := range of.Producers() {
					active := kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer()
					active.ProducerID, active.ProducerEpoch, active.LastSequence = known.ID, int32(known.Epoch), known.LastSequence
					active.LastTimestamp, active.CoordinatorEpoch, active.CurrentTxnStartOffset = known.Updated, known.CoordinatorEpoch, known.OpenTxn
					p.ActiveProducers = append(p.ActiveProducers, active)
				}
			}
			out.Partitions = append(out.Partitions, p)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return nil
}
