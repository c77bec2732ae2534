package log

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// Replayed is a stored record of the broker's own, with what is known of the
// transaction that it belongs to. One with Control ends a transaction, by Commit
// or abort.
type Replayed struct {
	Record
	Offset          int64
	ProducerID      int64 // -1: none
	Epoch           int16
	Transactional   bool
	Control, Commit bool
}

// ReplayAll visits all records that are there, control records too, until visit
// returns an error. What a record aliases is valid during the visit.
func (p *Partition) ReplayAll(ctx context.Context, visit func(Replayed) error) error {
	low, _ := p.Offsets()
	return p.eachBatch(ctx, low, func(b Batch, h header) error {
		return eachRecord(b, h, func(offset int64, r Record) error {
			if offset < low {
				return nil
			}
			all := Replayed{Record: r, Offset: offset, ProducerID: h.producerID, Epoch: h.epoch,
				Transactional: h.attributes&transactionalBit != 0, Control: h.attributes&controlBit != 0}
			if all.Control {
				kind, ok := controlType(r.Key)
				if !ok {
					return nil // of a later Kafka: Kafka passes it, too
				}
				all.Commit = kind == controlCommit
			}
			return visit(all)
		})
	})
}

// Types of control records (ControlRecordType.java): a key is the version, int16,
// and the type, int16.
const (
	controlAbort  = 0
	controlCommit = 1
)

// controlType is that of an end of a transaction.
func controlType(key []byte) (kind int16, ok bool) {
	if len(key) < 4 {
		return 0, false
	}
	kind = int16(binary.BigEndian.Uint16(key[2:]))
	return kind, kind == controlAbort || kind == controlCommit
}

// replayBytes are read at once.
const replayBytes = 256 << 10

// eachBatch visits the batches from the one that holds the offset on, until those
// are over that were there when it began.
func (p *Partition) eachBatch(ctx context.Context, from int64, visit func(Batch, header) error) error {
	_, next := p.Offsets()
	var b []byte
	for from < next {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := p.Read(from, replayBytes, true)
		if err != nil {
			return err
		}
		if r.Bytes == 0 {
			r.Release()
			return nil
		}
		b = grow(b, int(r.Bytes))
		_, err = r.ReadAt(b, 0)
		r.Release()
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrStorage, p.dir, err)
		}
		h := parseHeader(b)
		// The place of a batch that was appended a moment ago was known without its
		// header, which no checksum covers.
		if err := h.check(); err != nil || h.size > r.Bytes {
			return fmt.Errorf("%w: %s, offset %d: a batch of %d bytes, %d are there: %w", ErrCorrupt, p.dir, from, h.size, r.Bytes, err)
		}
		for rest := Batch(b); ; {
			if err := rest[:h.size].verify(h); err != nil {
				return fmt.Errorf("%s, offset %d: %w", p.dir, h.base, err)
			}
			if err := visit(rest[:h.size], h); err != nil {
				return err
			}
			from, rest = h.last()+1, rest[h.size:]
			if from >= next || len(rest) < HeaderBytes {
				break
			}
			// What is not whole, or no batch, is where the next read begins.
			if h = parseHeader(rest); h.check() != nil || h.size > int64(len(rest)) || h.base < from {
				break
			}
		}
	}
	return nil
}

// AppendTransactional appends records of the broker's own, at least one, as one
// batch of a producer's transaction; see [Partition.AppendRecords]. Such a batch
// has no sequence (CoordinatorPartitionWriter.java).
func (p *Partition) AppendTransactional(records []Record, producerID int64, epoch int16, now time.Time) (Appended, error) {
	if len(records) == 0 {
		return Appended{}, fmt.Errorf("%w: there is none", ErrInvalid)
	}
	b := encodeRecords(records)
	be := binary.BigEndian
	be.PutUint16(b[atAttributes:], transactionalBit)
	be.PutUint64(b[atProducerID:], uint64(producerID))
	be.PutUint16(b[atProducerEpoch:], uint16(epoch))
	b.seal()
	return p.store(b, Appended{LogAppendTime: -1}, p.config.Load())
}
