package log

import (
	"encoding/binary"
	"fmt"
	"math"
)

// sieve says what of a batch a cleaning keeps (Cleaner.java,
// MemoryRecords.filterTo).
type sieve struct {
	keys *offsetMap
	now  int64 // ms
	// tombstoneAge is delete.retention.ms.
	tombstoneAge int64
	// end is where the cleaned part ends: the batch before it stays, though it be
	// empty, so that the offset is not lost.
	end       int64
	producers map[int64]lastOfProducer
	txns      *transactions

	plain, out []byte
	deflater   deflater
	kept       []keptRecord
}

// lastOfProducer is the last batch of a producer that the broker knows. It stays,
// though it be empty, as the producer's next sequence number follows from it.
type lastOfProducer struct {
	offset int64 // -1: none is known
	epoch  int16
}

// keptRecord is a record that stays.
type keptRecord struct {
	attributes             byte
	timeDelta, offsetDelta int64
	tail                   []byte // from the key's length on
}

// sift is what stays of the batch: the batch itself, another one, which is valid
// until the next call, or nil.
func (s *sieve) sift(b Batch, h header) (Batch, error) {
	discard, marker := s.txns.sees(b, h)
	emptied := discard && marker // a marker of which no record is left
	if marker {
		discard = emptied && h.horizon() != noTimestamp && h.horizon() <= s.now
	}
	last, known := s.producers[h.producerID]
	stays := known && (last.offset == h.last() || last.offset < 0 && marker && last.epoch == h.epoch) || h.last()+1 == s.end
	if discard && !stays {
		return nil, nil
	}
	s.kept = s.kept[:0]
	tombstones := false
	if !discard {
		var err error
		if tombstones, err = s.choose(b, h); err != nil {
			return nil, err
		}
	}
	begins := (tombstones || emptied) && h.horizon() == noTimestamp
	switch {
	case len(s.kept) == 0 && !stays:
		return nil, nil
	case len(s.kept) == 0 && h.count == 0:
		return b, nil
	case len(s.kept) == 0:
		return s.hollow(b, h), nil
	case len(s.kept) == int(h.count) && !begins:
		return b, nil
	}
	horizon := h.horizon()
	if begins {
		horizon = s.now + min(s.tombstoneAge, math.MaxInt64-s.now)
	}
	return s.build(b, h, horizon)
}

// choose fills kept.
func (s *sieve) choose(b Batch, h header) (tombstones bool, err error) {
	control := h.attributes&controlBit != 0
	err = eachSplit(b, h, &s.plain, func(r keptRecord, key, value []byte) error {
		if control || s.keeps(h, h.base+r.offsetDelta, key, value) {
			tombstones = tombstones || value == nil
			s.kept = append(s.kept, r)
		}
		return nil
	})
	return tombstones, err
}

// keeps says whether the record stays (Cleaner.shouldRetainRecord): if it is the
// latest of its key, and, as a tombstone, until its batch's horizon.
func (s *sieve) keeps(h header, offset int64, key, value []byte) bool {
	switch {
	case offset > s.keys.latest:
		return true
	case key == nil:
		return false
	case offset < s.keys.get(key):
		return false
	}
	return value != nil || h.horizon() == noTimestamp || s.now < h.horizon()
}

// hollow is the batch without records (DefaultRecordBatch.writeEmptyHeader).
func (s *sieve) hollow(b Batch, h header) Batch {
	be := binary.BigEndian
	out := Batch(append(s.out[:0], b[:HeaderBytes]...))
	be.PutUint32(out[atLength:], HeaderBytes-prefixBytes)
	be.PutUint16(out[atAttributes:], uint16(h.attributes&^(codecMask|deleteHorizonBit)))
	be.PutUint64(out[atBaseTime:], math.MaxUint64) // -1
	be.PutUint32(out[atCount:], 0)
	out.seal()
	s.out = out
	return out
}

// build makes a batch of the records that stay. Offsets, sequence numbers and
// what is known of the producer stay as they were; with a horizon the base
// timestamp is that (KIP-534).
func (s *sieve) build(b Batch, h header, horizon int64) (Batch, error) {
	at := func(r keptRecord) int64 {
		if h.attributes&logAppendTimeBit != 0 {
			return h.maxTime
		}
		return h.baseTime + r.timeDelta
	}
	base, latest, attributes := horizon, int64(noTimestamp), h.attributes|deleteHorizonBit
	if horizon == noTimestamp {
		base, attributes = at(s.kept[0]), h.attributes
	}
	compressed := h.codec() != Uncompressed
	out := append(s.out[:0], b[:HeaderBytes]...)
	var records []byte // compressed ones are gathered apart
	to := &out
	if compressed {
		to = &records
	}
	var body [1 + 2*binary.MaxVarintLen64]byte
	for _, r := range s.kept {
		t := at(r)
		latest = max(latest, t)
		start := append(body[:0], r.attributes)
		start = binary.AppendVarint(start, t-base)
		start = binary.AppendVarint(start, r.offsetDelta)
		*to = binary.AppendVarint(*to, int64(len(start)+len(r.tail)))
		*to = append(append(*to, start...), r.tail...)
	}
	if compressed {
		var err error
		if out, err = s.deflater.append(out, h.codec(), records); err != nil {
			return nil, err
		}
	}
	if int64(len(out)) > math.MaxInt32 {
		return nil, fmt.Errorf("%w: the batch at offset %d would get %d bytes", ErrTooLarge, h.base, len(out))
	}
	be := binary.BigEndian
	be.PutUint32(out[atLength:], uint32(len(out)-prefixBytes))
	be.PutUint16(out[atAttributes:], uint16(attributes))
	be.PutUint64(out[atBaseTime:], uint64(base))
	be.PutUint64(out[atMaxTime:], uint64(latest))
	be.PutUint32(out[atCount:], uint32(len(s.kept)))
	Batch(out).seal()
	s.out = out
	return out, nil
}

// eachSplit visits the records of a batch, decompressed into the memory.
func eachSplit(b Batch, h header, memory *[]byte, visit func(r keptRecord, key, value []byte) error) (err error) {
	rest := []byte(b[HeaderBytes:])
	if h.codec() != Uncompressed {
		if *memory, err = inflateTo((*memory)[:0], h.codec(), rest); err != nil {
			return err
		}
		rest = *memory
	}
	for i := range h.count {
		r, key, value, next, err := splitRecord(rest)
		if err != nil {
			return fmt.Errorf("%w: record %d of %d: %w", ErrInvalid, i, h.count, err)
		}
		if err := visit(r, key, value); err != nil {
			return err
		}
		rest = next
	}
	if len(rest) > 0 {
		return fmt.Errorf("%w: %d bytes follow the last of %d records", ErrInvalid, len(rest), h.count)
	}
	return nil
}

// splitRecord cuts the first record of b.
func splitRecord(b []byte) (r keptRecord, key, value, next []byte, err error) {
	length, n := binary.Varint(b)
	if n <= 0 || length < 1 || length > int64(len(b)-n) {
		return r, nil, nil, nil, fmt.Errorf("its length does not fit the %d bytes left", len(b))
	}
	body, next := b[n:n+int(length)], b[n+int(length):]
	start, key, value, _, err := parseRecord(body)
	if err != nil {
		return r, nil, nil, nil, err
	}
	r.attributes, r.timeDelta, r.offsetDelta = body[0], start.timeDelta, start.offsetDelta
	tail := body[1:]
	for range 2 {
		_, w := binary.Varint(tail)
		tail = tail[w:]
	}
	r.tail = tail
	return r, key, value, next, nil
}
