package txn

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/statelog"
)

// The records of __transaction_state, as Kafka writes them, so that its tools
// can read them (TransactionLogKey.json, version 0, and TransactionLogValue.json,
// versions 0 and 1). Version 1, which is written here, has tagged fields for
// what KIP-890 needs. A null value takes the transactional id away.
const (
	keyVersion   = 0
	valueVersion = 1
)

func recordKey(id string) []byte {
	k := kmsg.TxnMetadataKey{Version: keyVersion, TransactionalID: id}
	return k.AppendTo(nil)
}

func (m metadata) record(id string) statelog.Record {
	v := kmsg.NewTxnMetadataValue()
	v.Version, v.ProducerID, v.ProducerEpoch = valueVersion, m.producer.ID, m.producer.Epoch
	v.TimeoutMillis, v.State = int32(m.timeout.Milliseconds()), kmsg.TransactionState(m.state)
	v.LastUpdateTimestamp, v.StartTimestamp = m.updated, m.started
	v.PreviousProducerID, v.NextProducerID, v.ClientTransactionVersion = m.previous, m.next, int16(m.version)
	if m.state != Empty { // TransactionLog.valueToBytes: null there
		v.Topics = []kmsg.TxnMetadataValueTopic{}
	}
	for _, at := range m.inOrder() {
		if n := len(v.Topics); n == 0 || v.Topics[n-1].Topic != at.Topic {
			v.Topics = append(v.Topics, kmsg.TxnMetadataValueTopic{Topic: at.Topic})
		}
		last := &v.Topics[len(v.Topics)-1]
		last.Partitions = append(last.Partitions, at.Partition)
	}
	return statelog.Record{Key: recordKey(id), Value: v.AppendTo(nil)}
}

func tombstone(id string) statelog.Record { return statelog.Record{Key: recordKey(id)} }

// parseRecord reads a stored record; a nil metadata is a tombstone.
func parseRecord(r statelog.Record) (id string, m *metadata, err error) {
	if len(r.Key) < 2 {
		return "", nil, fmt.Errorf("a key of %d bytes", len(r.Key))
	}
	if v := binary.BigEndian.Uint16(r.Key); v != keyVersion {
		return "", nil, fmt.Errorf("a key of version %d, %d is known", v, keyVersion)
	}
	var k kmsg.TxnMetadataKey
	if err := k.ReadFrom(r.Key); err != nil {
		return "", nil, fmt.Errorf("its key: %w", err)
	}
	if r.Value == nil {
		return k.TransactionalID, nil, nil
	}
	if len(r.Value) < 2 {
		return "", nil, fmt.Errorf("transactional id %.100q: a value of %d bytes", k.TransactionalID, len(r.Value))
	}
	if v := binary.BigEndian.Uint16(r.Value); v > valueVersion {
		return "", nil, fmt.Errorf("transactional id %.100q: a value of version %d, 0 to %d are known", k.TransactionalID, v, valueVersion)
	}
	var v kmsg.TxnMetadataValue
	if err := v.ReadFrom(r.Value); err != nil {
		return "", nil, fmt.Errorf("transactional id %.100q: %w", k.TransactionalID, err)
	}
	m = &metadata{producer: Producer{ID: v.ProducerID, Epoch: v.ProducerEpoch}, previous: v.PreviousProducerID, next: v.NextProducerID, lastEpoch: noEpoch,
		timeout: time.Duration(v.TimeoutMillis) * time.Millisecond, state: State(v.State), started: v.StartTimestamp, updated: v.LastUpdateTimestamp,
		version: Version(v.ClientTransactionVersion)}
	if m.state < Empty || m.state > CompleteAbort || v.ProducerID < 0 || v.ProducerEpoch < 0 || v.TimeoutMillis < 0 {
		return "", nil, fmt.Errorf("transactional id %.100q: state %d, producer id %d, epoch %d and timeout %d ms cannot be", k.TransactionalID, v.State, v.ProducerID, v.ProducerEpoch, v.TimeoutMillis)
	}
	for _, t := range v.Topics {
		for _, n := range t.Partitions {
			if n < 0 || n == math.MaxInt32 {
				return "", nil, fmt.Errorf("transactional id %.100q: partition %d of topic %.100q cannot be", k.TransactionalID, n, t.Topic)
			}
			if m.partitions == nil {
				m.partitions = map[TopicPartition]struct{}{}
			}
			m.partitions[TopicPartition{t.Topic, n}] = struct{}{}
		}
	}
	return k.TransactionalID, m, nil
}
