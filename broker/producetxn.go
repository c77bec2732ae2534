package broker

import (
	"fmt"
	"sync"

	"copyscope/broker/txn"
	"copyscope/broker/wire"
)

// inTransaction is what a produce request may write in its producer's
// transaction, which does not end before done.
type inTransaction struct {
	done    func()
	code    int16 // why no batch of a transaction is written, with err
	err     error
	asked   map[txn.TopicPartition]bool // the partitions, and whether they are in the transaction
	version int16                       // of the request
}

// inNone is of a request without batches of a transaction that could be written.
var inNone = &inTransaction{done: func() {}}

// writeInTransaction asks the coordinator for the request's batches of a
// transaction, together: they are one producer's (ReplicaManager
// .handleProduceAppend). From version 12 on the partitions are added to it
// (KIP-890); before, the producer has added them.
func (c *connection) writeInTransaction(r request, req wire.ProduceRequest) *inTransaction {
	in := inNone
	var by txn.Producer
	var partitions []txn.TopicPartition
	for _, t := range req.Topics {
		for _, p := range t.Partitions {
			who, transactional := producerOf(p.Records)
			if !transactional {
				continue
			}
			into, _ := c.b.named(t.Name, t.ID)
			if into.partition(p.Index) == nil || into.internal() {
				continue
			}
			if in == inNone {
				in = &inTransaction{done: func() {}, version: r.Version}
			}
			if len(partitions) > 0 && who != by {
				in.code, in.err = codeOf(errProducers), errProducers
				return in
			}
			by = who
			partitions = append(partitions, txn.TopicPartition{Topic: into.name, Partition: p.Index})
		}
	}
	switch {
	case len(partitions) == 0:
		return in
	case req.TransactionalID == nil:
		in.code, in.err = codeOf(errTransactionalID), errTransactionalID
		return in
	}
	missing, done, err := c.b.txns.Write(*req.TransactionalID, by, partitions, versionOf(r.Version, produceAdds))
	if err != nil {
		in.code, in.err = c.b.produceCode(err, r.Version, *req.TransactionalID), err
		return in
	}
	in.done, in.asked = sync.OnceFunc(done), make(map[txn.TopicPartition]bool, len(partitions))
	for _, at := range partitions {
		in.asked[at] = true
	}
	for _, at := range missing {
		in.asked[at] = false
	}
	return in
}

// refuses says why a batch is not written, if it belongs to a transaction.
func (in *inTransaction) refuses(t *topic, p wire.ProducePartition) (int16, error) {
	if _, transactional := producerOf(p.Records); !transactional {
		return codeNone, nil
	}
	if in.err != nil {
		return in.code, in.err
	}
	added, asked := in.asked[txn.TopicPartition{Topic: t.name, Partition: p.Index}]
	switch {
	case !asked:
		return codeUnknownTopic, fmt.Errorf("the partition was made while the request was looked at; send it again")
	case !added:
		return notAdded(in.version, produceAborts), fmt.Errorf("the partition was not added to the transaction")
	}
	return codeNone, nil
}
