package log

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Marker is the end of a producer's transaction in a partition. With the epoch that
// the producer has from then on it is of transaction version 2 (KIP-890).
type Marker struct {
	ProducerID       int64
	Epoch            int16
	CoordinatorEpoch int32
	Commit           bool
}

// EndTransaction appends the marker, a control batch of one record
// (EndTransactionMarker.java): its key is a version, 0, and whether it aborts or
// commits; its value is a version, 0, and the coordinator's epoch. A producer
// without an open transaction gets one, too.
//
// Errors: ErrProducerEpoch if the producer has a later epoch, ErrCoordinatorFenced
// if a later coordinator has written, and those of [Partition.AppendRecords].
func (p *Partition) EndTransaction(m Marker) (Appended, error) {
	if m.ProducerID < 0 {
		return Appended{}, fmt.Errorf("%w: a marker of producer %d", ErrInvalid, m.ProducerID)
	}
	kind := uint16(controlAbort)
	if m.Commit {
		kind = controlCommit
	}
	be := binary.BigEndian
	key := be.AppendUint16([]byte{0, 0}, kind)
	value := be.AppendUint32([]byte{0, 0}, uint32(m.CoordinatorEpoch))
	b := encodeRecords([]Record{{Key: key, Value: value, Timestamp: p.owner.options.Now().UnixMilli()}})
	be.PutUint16(b[atAttributes:], transactionalBit|controlBit)
	be.PutUint64(b[atProducerID:], uint64(m.ProducerID))
	be.PutUint16(b[atProducerEpoch:], uint16(m.Epoch))
	b.seal()
	return p.store(b, Appended{LogAppendTime: -1}, p.config.Load())
}

// ending is what a control batch says that ends a transaction.
type ending struct {
	commit      bool
	coordinator int32
}

// maxEndingBytes is far above the size of a control batch that ends a transaction.
const maxEndingBytes = 4 << 10

// endingOf reads the record of a control batch. It is nil if that ends no
// transaction; Kafka passes those, too.
func endingOf(b Batch) *ending {
	rest := b[HeaderBytes:]
	length, n := binary.Varint(rest)
	if n <= 0 || length < 0 || length > int64(len(rest)-n) {
		return nil
	}
	_, key, value, _, err := parseRecord(rest[n : n+int(length)])
	if err != nil {
		return nil
	}
	m, ok := ParseMarker(key, value)
	if !ok {
		return nil
	}
	return &ending{m.Commit, m.CoordinatorEpoch}
}

// ParseMarker reads the record of a control batch, whose producer it does not know;
// ok is false if that is no end of a transaction.
func ParseMarker(key, value []byte) (m Marker, ok bool) {
	kind, ok := controlType(key)
	if !ok || len(value) < 6 {
		return Marker{}, false
	}
	return Marker{CoordinatorEpoch: int32(binary.BigEndian.Uint32(value[2:])), Commit: kind == controlCommit}, true
}

// openTxn is a transaction that has no marker yet, and its first offset.
type openTxn struct{ producer, first int64 }

// endedTxn is a transaction that a marker ended: the offsets of its first record and
// of the marker.
type endedTxn struct{ first, last int64 }

// checkEnding holds a marker to what is known of its producer
// (ProducerAppendInfo.appendEndTxnMarker).
func (s *producers) checkEnding(h header) error {
	p := s.byID[h.producerID]
	if p == nil {
		return nil
	}
	if h.epoch < p.epoch {
		return fmt.Errorf("%w: a marker of producer %d has epoch %d, its latest is %d", ErrProducerEpoch, h.producerID, h.epoch, p.epoch)
	}
	if h.ending.coordinator < p.coordinator {
		return fmt.Errorf("%w: epoch %d ends a transaction of producer %d, epoch %d has written already", ErrCoordinatorFenced, h.ending.coordinator, h.producerID, p.coordinator)
	}
	return nil
}

// end accounts for a marker; ok says that it ended a transaction.
func (s *producers) end(h header) (ended endedTxn, ok bool) {
	if h.ending == nil {
		return endedTxn{}, false
	}
	p := s.of(h)
	p.coordinator, p.updated = h.ending.coordinator, h.maxTime
	first := p.openTxn
	p.openTxn = -1
	if first >= 0 {
		s.open = slices.DeleteFunc(s.open, func(o openTxn) bool { return o.producer == h.producerID })
	}
	return endedTxn{first, h.last()}, first >= 0
}

// unstable is the first offset of an open transaction, other than that of the
// producer left out; -1: none.
func (s *producers) unstable(leftOut int64) int64 {
	for _, o := range s.open {
		if o.producer != leftOut {
			return o.first
		}
	}
	return -1
}

// abortedBy is the entry of the transaction index for a batch that is about to be
// appended, if it aborts a transaction.
func (s *producers) abortedBy(h header) (AbortedTxn, bool) {
	if h.ending == nil || h.ending.commit {
		return AbortedTxn{}, false
	}
	p := s.byID[h.producerID]
	if p == nil || p.openTxn < 0 {
		return AbortedTxn{}, false
	}
	stable := s.unstable(h.producerID)
	if stable < 0 {
		stable = h.last() + 1
	}
	return AbortedTxn{h.producerID, p.openTxn, h.last(), stable}, true
}
