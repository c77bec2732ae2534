package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.DescribeTransactions, 0, 0, whole(describeTransactions)) }

// DescribeTransactions, API key 65, version 0: transactional ids, each once; one
// that is named again gets INVALID_REQUEST, as its partitions can take thousands
// of times the bytes of its name. Source: DescribeTransactionsRequest.json
// (KIP-664).
func describeTransactions(ctx context.Context, c *connection, req *kmsg.DescribeTransactionsRequest, resp *kmsg.DescribeTransactionsResponse) error {
	named := map[string]bool{}
	for _, id := range req.TransactionalIDs {
		if err := ctx.Err(); err != nil {
			return err
		}
		out := kmsg.NewDescribeTransactionsResponseTransactionState()
		out.TransactionalID = id
		if named[id] {
			out.ErrorCode = codeInvalidRequest
		} else if d, err := c.b.txns.Describe(id); err != nil {
			out.ErrorCode = codeOf(err)
		} else {
			out.State, out.ProducerID, out.ProducerEpoch = d.State.String(), d.Producer.ID, d.Producer.Epoch
			out.TimeoutMillis, out.StartTimestamp = int32(d.Timeout.Milliseconds()), d.Started
			for _, at := range d.Partitions {
				if n := len(out.Topics); n == 0 || out.Topics[n-1].Topic != at.Topic {
					topic := kmsg.NewDescribeTransactionsResponseTransactionStateTopic()
					topic.Topic = at.Topic
					out.Topics = append(out.Topics, topic)
				}
				last := &out.Topics[len(out.Topics)-1]
				last.Partitions = append(last.Partitions, at.Partition)
			}
		}
		named[id] = true
		resp.TransactionStates = append(resp.TransactionStates, out)
	}
	return nil
}
