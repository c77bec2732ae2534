package broker

import (
	"errors"

	"copyscope/broker/log"
	"copyscope/broker/txn"
)

// txnCode is Kafka's code for an error of the transaction coordinator, as the
// version of a request is told it: those before fencedSince do not know
// PRODUCER_FENCED (KIP-588).
func (b *Broker) txnCode(err error, version, fencedSince int16, id string) int16 {
	code := codeLogged(b.log, err, "transactional_id", id)
	if code == codeProducerFenced && version < fencedSince {
		return codeProducerEpoch
	}
	return code
}

// writeCode is the code for who writes in a transaction and is refused by the
// coordinator (AddPartitionsToTxnManager.scala). Who is fenced learns it as from
// the partition.
func (b *Broker) writeCode(err error, id string) int16 { return b.txnCode(err, 0, 1, id) }

// produceCode is that for a producer (ReplicaManager.handleProduceAppend). One
// that does not add partitions by writing to them does not try again for a
// transaction that still ends, but it does for replicas that lag.
func (b *Broker) produceCode(err error, version int16, id string) int16 {
	code := b.writeCode(err, id)
	switch {
	case code == codeNotCoordinator, code == codeCoordinatorNotAvailable,
		code == codeConcurrentTransactions && version < produceAdds:
		return codeNotEnoughReplicas
	}
	return code
}

const (
	// produceAdds is from which version on producing adds the partition to the
	// transaction, produceAborts from which one on a producer knows that it is
	// to abort (KIP-890).
	produceAdds, produceAborts = 12, 11
	// offsetsAdd and offsetsAbort are the same of TxnOffsetCommit.
	offsetsAdd, offsetsAbort = 5, 4
)

// versionOf is the protocol that a request of the version speaks.
func versionOf(version, adds int16) txn.Version {
	if version >= adds {
		return txn.V2
	}
	return txn.V0
}

// notAdded is the code for writing to a partition that is not in the transaction.
func notAdded(version, aborts int16) int16 {
	if version >= aborts {
		return codeTransactionAbortable
	}
	return codeInvalidTxnState
}

// errTransactionalID: records of a transaction, and no transactional id.
var errTransactionalID = errors.New("records of a transaction need the transactional id of their producer")

// errProducers: a request has the records of several producers.
var errProducers = errors.New("a request has records of one producer's transaction")

// producerOf is who wrote a batch, if it is one of a transaction.
func producerOf(set []byte) (p txn.Producer, ok bool) {
	id, epoch, transactional := log.ProducerOf(set)
	return txn.Producer{ID: id, Epoch: epoch}, transactional
}
