package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/txn"
)

// transactionsTopic holds the state of transactional ids, in Kafka's records
// (package txn). It is made when the first producer needs it.
const transactionsTopic = "__transaction_state"

// openTransactions brings the transactional ids back that the data directory has,
// and ends the transactions that were about to.
func openTransactions(ctx context.Context, b *Broker) (*txn.Coordinator, error) {
	d := b.cfg.Defaults
	store := &txnStore{stateStore{b: b, topic: transactionsTopic, partitions: propertyTxnPartitions, configs: keepsAll(d.get(propertyTxnSegment)), owner: "transactional id"}}
	ms := func(name string) time.Duration { return time.Duration(d.int(name)) * time.Millisecond }
	return txn.Open(ctx, store, participants{b}, txn.Config{
		MaxTimeout: ms(propertyTxnMaxTimeout), AbortCheck: ms(propertyTxnAbortCheck),
		Expiration: ms(propertyTxnExpiration), ExpireCheck: ms(propertyTxnExpiryCheck),
		NewProducerID: b.dir.producers.next, Log: b.log,
	})
}

// txnStore keeps the coordinator's records in the topic of transactions.
type txnStore struct{ stateStore }

var _ txn.Store = (*txnStore)(nil)

// Epoch is the leader epoch of the partition that has the transactional id.
func (s *txnStore) Epoch(id string) int32 {
	p, err := s.of(id)
	if err != nil {
		return 0
	}
	return p.Epoch()
}

// participants are the partitions of this broker.
type participants struct{ b *Broker }

var _ txn.Participants = participants{}

// End writes the marker. A topic or partition that is no more has nothing to
// end; one that is offline may come back; one where a later producer or
// coordinator has written stays so (as with Kafka: all but these is tried again).
func (all participants) End(at txn.TopicPartition, m txn.Marker) error {
	err := all.b.endTransaction(at, log.Marker{ProducerID: m.ID, Epoch: m.Epoch, CoordinatorEpoch: m.CoordinatorEpoch, Commit: m.Commit})
	switch {
	case errors.Is(err, errTopicUnknown):
		return nil
	case errors.Is(err, log.ErrProducerEpoch), errors.Is(err, log.ErrCoordinatorFenced):
		return fmt.Errorf("%w: %w", txn.ErrRefused, err)
	}
	return err
}

// endTransaction writes a marker in a partition: errTopicUnknown if there is none.
func (b *Broker) endTransaction(at txn.TopicPartition, m log.Marker) error {
	t := b.topics.get(at.Topic)
	p, code := t.lookup(at.Partition)
	switch code {
	case codeUnknownTopic:
		return fmt.Errorf("%w: %s-%d", errTopicUnknown, at.Topic, at.Partition)
	case codeStorage:
		return log.ErrOffline
	}
	write := func() error {
		_, err := p.EndTransaction(m)
		if err != nil && t.deleted.Load() {
			return fmt.Errorf("%w: %s-%d", errTopicUnknown, at.Topic, at.Partition)
		}
		return err
	}
	if at.Topic == offsetsTopic {
		return b.groups.EndTransaction(int(at.Partition), m.ProducerID, m.Commit, write)
	}
	return write()
}
