package log

import "encoding/binary"

// Marker is the end of a producer's transaction in a partition.
type Marker struct {
	ProducerID       int64
	Epoch            int16
	CoordinatorEpoch int32
	Commit           bool
}

// EndTransaction appends the marker.
func (p *Partition) EndTransaction(m Marker) (Appended, error) {
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
