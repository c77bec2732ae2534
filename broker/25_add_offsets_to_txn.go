package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/txn"
)

func init() { register(kmsg.AddOffsetsToTxn, 0, 4, whole(addOffsetsToTxn)) }

// AddOffsetsToTxn, API key 25, versions 0 to 4: a producer takes the partition
// that has a group's offsets into its transaction. Source:
// AddOffsetsToTxnRequest.json.
func addOffsetsToTxn(_ context.Context, c *connection, req *kmsg.AddOffsetsToTxnRequest, resp *kmsg.AddOffsetsToTxnResponse) error {
	at, err := c.b.offsetsOf(req.Group)
	if err == nil {
		err = c.b.txns.Add(req.TransactionalID, txn.Producer{ID: req.ProducerID, Epoch: req.ProducerEpoch}, []txn.TopicPartition{at}, txn.V0)
	}
	resp.ErrorCode = c.b.txnCode(err, req.Version, 2, req.TransactionalID)
	return nil
}

// offsetsOf is the partition that has a group's offsets. The topic is made if it
// is missing: a transaction needs a partition that can be ended.
func (b *Broker) offsetsOf(id string) (txn.TopicPartition, error) {
	all, err := b.offsets.made()
	if err != nil {
		return txn.TopicPartition{}, err
	}
	return txn.TopicPartition{Topic: offsetsTopic, Partition: int32(partitionOf(id, len(all)))}, nil
}
