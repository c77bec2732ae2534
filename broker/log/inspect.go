package log

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// BatchInfo is a stored batch as tools show it.
type BatchInfo struct {
	Position, Bytes   int64
	Base, Last        int64
	Count             int32
	LeaderEpoch       int32
	Magic             int8
	CRC               uint32
	Codec             Codec
	LogAppendTime     bool // of the timestamps, else they are the producers'
	Transactional     bool
	Control           bool
	DeleteHorizon     int64 // ms, -1: none
	BaseTime, MaxTime int64 // ms
	ProducerID        int64 // -1: none
	ProducerEpoch     int16
	FirstSeq, LastSeq int32
}

// deleteHorizonBit says that the base timestamp is the time from which on
// tombstones may go (KIP-534).
const deleteHorizonBit = 0x40

func (h header) info(position int64) BatchInfo {
	i := BatchInfo{
		Position: position, Bytes: h.size, Base: h.base, Last: h.last(), Count: h.count, LeaderEpoch: h.leaderEpoch, Magic: h.magic, CRC: h.crc,
		Codec: h.codec(), LogAppendTime: h.attributes&logAppendTimeBit != 0, Transactional: h.attributes&transactionalBit != 0,
		Control: h.attributes&controlBit != 0, DeleteHorizon: -1, BaseTime: h.baseTime, MaxTime: h.maxTime,
		ProducerID: h.producerID, ProducerEpoch: h.epoch, FirstSeq: h.sequence, LastSeq: -1,
	}
	if h.sequence >= 0 {
		i.LastSeq = h.lastSequence()
	}
	if h.attributes&deleteHorizonBit != 0 {
		i.DeleteHorizon = h.baseTime
	}
	return i
}

// ReadSegment gives each batch of a segment file of so many bytes to visit, in
// order; base is the offset in the file's name. It ends with an [ErrCorrupt] or
// [ErrInvalid] that names the first byte at which no whole, valid batch
// begins, or with visit's error.
func ReadSegment(f io.ReaderAt, size, base int64, visit func(BatchInfo, Batch) error) error {
	s := newScan(base, math.MaxInt64)
	in := bufio.NewReaderSize(io.NewSectionReader(f, 0, size), readAhead)
	head := make([]byte, HeaderBytes)
	for s.held.bytes < size {
		position := s.held.bytes
		h, err := s.next(in, head, size-position)
		if err != nil {
			return fmt.Errorf("byte %d: %w", position, err)
		}
		b := make(Batch, h.size) // that much is in the file: next has read it
		if _, err := f.ReadAt(b, position); err != nil {
			return fmt.Errorf("byte %d: %w", position, err)
		}
		if err := visit(h.info(position), b); err != nil {
			return err
		}
		s.add(h)
	}
	return nil
}

// Header is a record's header.
type Header struct {
	Key   string
	Value []byte // nil: null
}

// StoredRecord is a record of a batch.
type StoredRecord struct {
	Offset, Timestamp int64
	Key, Value        []byte // nil: null
	Headers           []Header
}

// EachRecord decodes the records of a valid batch, decompressing them, and
// gives each to visit. The record's memory is its own.
func (b Batch) EachRecord(visit func(StoredRecord) error) error {
	h := parseHeader(b)
	var in *bufio.Reader
	if h.codec() == Uncompressed {
		in = bufio.NewReader(&sliceReader{b[HeaderBytes:]})
	} else {
		z := inflaters.Get().(*inflater)
		defer z.done()
		var err error
		if in, err = z.open(h.codec(), b[HeaderBytes:]); err != nil {
			return unpacked(err)
		}
	}
	before := int64(-1)
	for i := range h.count {
		r, err := readRecord(in, h)
		if err != nil {
			return fmt.Errorf("record %d of %d: %w", i, h.count, unpacked(err))
		}
		if r.Offset <= before || r.Offset > h.last() {
			return fmt.Errorf("%w: record %d of %d: offset %d after %d, in a batch up to %d", ErrInvalid, i, h.count, r.Offset, before, h.last())
		}
		before = r.Offset
		if err := visit(r); err != nil {
			return err
		}
	}
	if _, err := in.ReadByte(); err == nil {
		return fmt.Errorf("%w: more follows the last of %d records", ErrInvalid, h.count)
	} else if !errors.Is(err, io.EOF) {
		return unpacked(err)
	}
	return nil
}

type sliceReader struct{ rest []byte }

func (r *sliceReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func readRecord(in *bufio.Reader, h header) (r StoredRecord, err error) {
	length, err := binary.ReadVarint(in)
	if err != nil {
		return r, err
	}
	if length < 0 || length > maxInflated {
		return r, fmt.Errorf("%w: a record of %d bytes", ErrInvalid, length)
	}
	body, err := io.ReadAll(io.LimitReader(in, length)) // grows with what is there
	if err != nil {
		return r, err
	}
	if int64(len(body)) < length {
		return r, io.ErrUnexpectedEOF
	}
	start, key, value, err := parseRecord(body)
	if err != nil {
		return r, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	r = StoredRecord{Offset: h.base + start.offsetDelta, Timestamp: h.baseTime + start.timeDelta, Key: key, Value: value}
	if h.attributes&logAppendTimeBit != 0 {
		r.Timestamp = h.maxTime
	}
	r.Headers, err = parseHeaders(body)
	return r, err
}

// parseHeaders reads the headers of a record that parseRecord has accepted.
func parseHeaders(body []byte) (found []Header, err error) {
	body = body[1:] // attributes
	next := func() int64 {
		v, n := binary.Varint(body)
		if n <= 0 {
			if err == nil {
				err = fmt.Errorf("%w: its headers are cut", ErrInvalid)
			}
			return 0
		}
		body = body[n:]
		return v
	}
	bytes := func() []byte {
		n := next()
		if err != nil || n < 0 {
			return nil
		}
		if n > int64(len(body)) {
			err = fmt.Errorf("%w: %d bytes of its headers are not there", ErrInvalid, n)
			return nil
		}
		b := body[:n:n]
		body = body[n:]
		return b
	}
	next()
	next()
	bytes()
	bytes()
	for n := next(); n > 0 && err == nil; n-- {
		key := bytes()
		found = append(found, Header{string(key), bytes()})
	}
	if err == nil && len(body) > 0 {
		err = fmt.Errorf("%w: %d bytes follow its headers", ErrInvalid, len(body))
	}
	return found, err
}

// OffsetEntry is an entry of an offset index: the last offset of a batch, and
// the byte at which the batch begins.
type OffsetEntry struct{ Offset, Position int64 }

// ParseOffsetIndex reads a .index file of a segment that begins at base. The
// zeros behind the entries of a segment that is in use are left out.
func ParseOffsetIndex(b []byte, base int64) (found []OffsetEntry, err error) {
	if len(b)%offsetEntryBytes != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no multiple of an entry's %d", ErrCorrupt, len(b), offsetEntryBytes)
	}
	for at := 0; at < len(b); at += offsetEntryBytes {
		raw := b[at : at+offsetEntryBytes]
		if isZero(raw) && (at > 0 || isZero(b)) {
			if isZero(b[at:]) {
				break
			}
			return found, fmt.Errorf("%w: byte %d: zeros between entries", ErrCorrupt, at)
		}
		e := parseOffsetEntry(raw, base)
		if n := len(found); n > 0 && (e.offset <= found[n-1].Offset || e.position <= found[n-1].Position) {
			return found, fmt.Errorf("%w: byte %d: offset %d at position %d after offset %d at %d", ErrCorrupt, at, e.offset, e.position, found[n-1].Offset, found[n-1].Position)
		}
		found = append(found, OffsetEntry{e.offset, e.position})
	}
	return found, nil
}

// ParseTimeIndex reads a .timeindex file, as ParseOffsetIndex does.
func ParseTimeIndex(b []byte, base int64) (found []Stamped, err error) {
	if len(b)%timeEntryBytes != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no multiple of an entry's %d", ErrCorrupt, len(b), timeEntryBytes)
	}
	for at := 0; at < len(b); at += timeEntryBytes {
		raw := b[at : at+timeEntryBytes]
		if isZero(raw) {
			if isZero(b[at:]) {
				break
			}
			return found, fmt.Errorf("%w: byte %d: zeros between entries", ErrCorrupt, at)
		}
		e := parseTimeEntry(raw, base)
		if n := len(found); n > 0 && (e.timestamp < found[n-1].Timestamp || e.offset < found[n-1].Offset) {
			return found, fmt.Errorf("%w: byte %d: timestamp %d of offset %d after timestamp %d of offset %d", ErrCorrupt, at, e.timestamp, e.offset, found[n-1].Timestamp, found[n-1].Offset)
		}
		found = append(found, Stamped{e.offset, e.timestamp})
	}
	return found, nil
}
