package log_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
)

// ofProducer is the batch as that producer sends it.
func ofProducer(b []byte, id int64, epoch int16, sequence int32) []byte {
	b = bytes.Clone(b)
	binary.BigEndian.PutUint64(b[43:], uint64(id))
	binary.BigEndian.PutUint16(b[51:], uint16(epoch))
	binary.BigEndian.PutUint32(b[53:], uint32(sequence))
	return seal(b)
}

// inTransaction is the batch as part of its producer's transaction.
func inTransaction(b []byte) []byte {
	b = bytes.Clone(b)
	b[22] |= 0x10
	return seal(b)
}

// idempotent is a batch of an idempotent producer.
func idempotent(id int64, epoch int16, sequence int32, baseTime int64, values ...string) []byte {
	return ofProducer(batch(baseTime, values...), id, epoch, sequence)
}

// inTxn is a batch of a producer's transaction.
func inTxn(id int64, epoch int16, sequence int32, values ...string) []byte {
	return inTransaction(idempotent(id, epoch, sequence, 1000, values...))
}

// consumed is a record that a consumer gets.
type consumed struct {
	offset int64
	keyed
}

func (c consumed) equal(d consumed) bool {
	return c.offset == d.offset && c.key == d.key && bytes.Equal(c.value, d.value) && (c.value == nil) == (d.value == nil)
}

// committedFrom are the values that a consumer of what is committed gets.
func committedFrom(p *log.Partition, from, limit int64) (values []string, err error) {
	all, err := consume(p, from, limit, true)
	for _, c := range all {
		values = append(values, string(c.value))
	}
	return values, err
}

// consume reads as a consumer does, in regions of so many bytes. One that wants what
// is committed leaves out what belongs to the aborted transactions that it is told
// (CompletedFetch.java).
func consume(p *log.Partition, from, limit int64, committed bool) (all []consumed, err error) {
	for offset := from; ; {
		var r log.Region
		var told []log.AbortedTxn
		if committed {
			r, told, err = p.ReadCommitted(offset, limit, true)
		} else {
			r, err = p.Read(offset, limit, true)
		}
		if err != nil || r.Bytes == 0 {
			r.Release()
			return all, err
		}
		b := make([]byte, r.Bytes)
		_, err = r.ReadAt(b, 0)
		r.Release()
		if err != nil && !errors.Is(err, io.EOF) {
			return all, err
		}
		slices.SortFunc(told, func(a, b log.AbortedTxn) int { return int(a.First - b.First) })
		bad := map[int64]bool{}
		for len(b) >= log.HeaderBytes {
			size := int(binary.BigEndian.Uint32(b[8:])) + 12
			if size > len(b) {
				break
			}
			var batch kmsg.RecordBatch
			if err := batch.ReadFrom(b[:size]); err != nil {
				return all, err
			}
			b = b[size:]
			last := batch.FirstOffset + int64(batch.LastOffsetDelta)
			for len(told) > 0 && told[0].First <= last {
				bad[told[0].ProducerID] = true
				told = told[1:]
			}
			part, err := readBatch(batch, bad, offset)
			if err != nil {
				return all, err
			}
			all = append(all, part...)
			offset = last + 1
		}
	}
}

// readBatch gives the records of a batch from the offset on, unless its transaction
// was aborted.
func readBatch(batch kmsg.RecordBatch, bad map[int64]bool, from int64) (all []consumed, err error) {
	control, inTxn := batch.Attributes&0x20 != 0, batch.Attributes&0x10 != 0
	rest := batch.Records
	for range batch.NumRecords {
		length, n := binary.Varint(rest)
		var r kmsg.Record
		if err := r.ReadFrom(rest[:n+int(length)]); err != nil {
			return nil, err
		}
		rest = rest[n+int(length):]
		if control {
			if binary.BigEndian.Uint16(r.Key[2:]) == 0 {
				delete(bad, batch.ProducerID)
			}
			continue
		}
		offset := batch.FirstOffset + int64(r.OffsetDelta)
		if offset >= from && !(inTxn && bad[batch.ProducerID]) {
			all = append(all, consumed{offset, keyed{string(r.Key), r.Value}})
		}
	}
	return all, nil
}
