package broker

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
	"copyscope/broker/txn"
)

func init() { register(kmsg.TxnOffsetCommit, 0, 5, whole(txnOffsetCommit)) }

// TxnOffsetCommit, API key 28, versions 0 to 5: offsets of a group that count
// when the producer's transaction commits. From version 3 on the member and its
// generation are checked (KIP-447); from 5 on the group's partition is added to
// the transaction (KIP-890), before by AddOffsetsToTxn. Partitions that are not
// there, or whose metadata is too long, have their own code; all others are
// stored together, before the answer. Source: TxnOffsetCommitRequest.json.
func txnOffsetCommit(_ context.Context, c *connection, req *kmsg.TxnOffsetCommitRequest, resp *kmsg.TxnOffsetCommitResponse) error {
	a := c.b.accepting()
	for _, t := range req.Topics {
		out := kmsg.NewTxnOffsetCommitResponseTopic()
		out.Topic = t.Topic
		in, code := c.b.named(t.Topic, topicID{})
		for _, p := range t.Partitions {
			of := kmsg.NewTxnOffsetCommitResponseTopicPartition()
			of.Partition = p.Partition
			of.ErrorCode = a.take(in, code, p.Partition, p.Offset, p.LeaderEpoch, p.Metadata, len(resp.Topics), len(out.Partitions))
			out.Partitions = append(out.Partitions, of)
		}
		resp.Topics = append(resp.Topics, out)
	}
	if len(a.offsets) == 0 {
		return nil
	}
	code := c.b.commitPending(req, a.offsets)
	for _, at := range a.answers {
		resp.Topics[at.topic].Partitions[at.partition].ErrorCode = code
	}
	return nil
}

// commitPending stores the offsets in the producer's transaction.
func (b *Broker) commitPending(req *kmsg.TxnOffsetCommitRequest, offsets map[group.TopicPartition]group.Offset) int16 {
	if req.Group == "" {
		return codeInvalidGroupID
	}
	at, err := b.offsetsOf(req.Group)
	if err != nil {
		return b.groupCode(err, req.Group)
	}
	by := txn.Producer{ID: req.ProducerID, Epoch: req.ProducerEpoch}
	missing, done, err := b.txns.Write(req.TransactionalID, by, []txn.TopicPartition{at}, versionOf(req.Version, offsetsAdd))
	if err != nil {
		return b.writeCode(err, req.TransactionalID)
	}
	defer done()
	if len(missing) > 0 {
		return notAdded(req.Version, offsetsAbort)
	}
	who := group.Identity{Group: req.Group, Member: req.MemberID, Instance: req.InstanceID, Generation: req.Generation}
	if err := b.groups.CommitPending(who, by, offsets); err != nil {
		return b.groupCode(fmt.Errorf("transactional id %.100q: %w", req.TransactionalID, err), req.Group)
	}
	return codeNone
}
