package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/txn"
)

func init() { register(kmsg.AddPartitionsToTxn, 0, 5, whole(addPartitionsToTxn)) }

// partitionsAdd is from which version on who adds partitions speaks
// transaction.version 2 (TransactionVersion.transactionVersionForAddPartitionsToTxn).
const partitionsAdd = 5

// AddPartitionsToTxn, API key 24, versions 0 to 5: a producer takes partitions
// into its transaction, all or none. If one of them is unknown, the others are
// told OPERATION_NOT_ATTEMPTED. From version 4 on a request has many producers'
// transactions; those are of other brokers, who may only ask whether partitions
// are in them (KIP-890). A transactional id that is named again gets
// INVALID_REQUEST. Source: AddPartitionsToTxnRequest.json,
// KafkaApis.handleAddPartitionsToTxnRequest.
func addPartitionsToTxn(ctx context.Context, c *connection, req *kmsg.AddPartitionsToTxnRequest, resp *kmsg.AddPartitionsToTxnResponse) error {
	if req.Version < 4 {
		topics := make([]kmsg.AddPartitionsToTxnRequestTransactionTopic, len(req.Topics))
		for i, t := range req.Topics {
			topics[i] = kmsg.AddPartitionsToTxnRequestTransactionTopic{Topic: t.Topic, Partitions: t.Partitions}
		}
		p := txn.Producer{ID: req.ProducerID, Epoch: req.ProducerEpoch}
		code := c.b.addToTransaction(req.Version, req.TransactionalID, p, topics, false)
		for _, t := range topics {
			out := kmsg.NewAddPartitionsToTxnResponseTopic()
			out.Topic = t.Topic
			for _, n := range t.Partitions {
				of := kmsg.NewAddPartitionsToTxnResponseTopicPartition()
				of.Partition, of.ErrorCode = n, code(t.Topic, n)
				out.Partitions = append(out.Partitions, of)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return nil
	}
	named := map[string]bool{}
	for _, t := range req.Transactions {
		if err := ctx.Err(); err != nil {
			return err
		}
		out := kmsg.NewAddPartitionsToTxnResponseTransaction()
		out.TransactionalID = t.TransactionalID
		p := txn.Producer{ID: t.ProducerID, Epoch: t.ProducerEpoch}
		code := func(string, int32) int16 { return codeInvalidRequest }
		if !named[t.TransactionalID] {
			named[t.TransactionalID] = true
			code = c.b.addToTransaction(req.Version, t.TransactionalID, p, t.Topics, t.VerifyOnly)
		}
		for _, of := range t.Topics {
			topic := kmsg.NewAddPartitionsToTxnResponseTransactionTopic()
			topic.Topic = of.Topic
			for _, n := range of.Partitions {
				one := kmsg.NewAddPartitionsToTxnResponseTransactionTopicPartition()
				one.Partition, one.ErrorCode = n, code(of.Topic, n)
				topic.Partitions = append(topic.Partitions, one)
			}
			out.Topics = append(out.Topics, topic)
		}
		resp.Transactions = append(resp.Transactions, out)
	}
	return nil
}

// addToTransaction adds the partitions, or only asks for them, and returns the
// code of each.
func (b *Broker) addToTransaction(version int16, id string, p txn.Producer, topics []kmsg.AddPartitionsToTxnRequestTransactionTopic, verifyOnly bool) func(topic string, n int32) int16 {
	var partitions []txn.TopicPartition
	unknown := map[txn.TopicPartition]bool{}
	for _, t := range topics {
		in := b.topics.get(t.Topic)
		for _, n := range t.Partitions {
			if _, code := in.lookup(n); code == codeUnknownTopic {
				unknown[txn.TopicPartition{Topic: t.Topic, Partition: n}] = true
				continue
			}
			partitions = append(partitions, txn.TopicPartition{Topic: in.name, Partition: n})
		}
	}
	if len(unknown) > 0 {
		return func(topic string, n int32) int16 {
			if unknown[txn.TopicPartition{Topic: topic, Partition: n}] {
				return codeUnknownTopic
			}
			return codeOperationNotAttempted
		}
	}
	missing := map[txn.TopicPartition]bool{}
	var err error
	if verifyOnly {
		var all []txn.TopicPartition
		all, err = b.txns.Verify(id, p, partitions)
		for _, at := range all {
			missing[at] = true
		}
	} else {
		err = b.txns.Add(id, p, partitions, versionOf(version, partitionsAdd))
	}
	code := b.txnCode(err, version, 2, id)
	return func(topic string, n int32) int16 {
		if missing[txn.TopicPartition{Topic: topic, Partition: n}] {
			return codeTransactionAbortable
		}
		return code
	}
}
