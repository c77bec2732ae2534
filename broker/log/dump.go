package log

import (
	"encoding/binary"
	"fmt"
	"io"
)

// What a tool needs that prints a log's files, and no more: [DumpSegment],
// [DumpOffsetIndex], [DumpTimeIndex] here, [ParseSnapshot], [ParseEpochs],
// [ParseOffsetCheckpoint], [ParsePartitionMetadata] beside their formats. None of
// them writes.

// InvalidAt says where a file is not what it should be.
type InvalidAt struct {
	Position int64 // byte of the batch or entry
	Err      error // wraps ErrCorrupt or ErrInvalid
}

func (e *InvalidAt) Error() string { return fmt.Sprintf("byte %d: %v", e.Position, e.Err) }
func (e *InvalidAt) Unwrap() error { return e.Err }

// BatchInfo is the header of a stored batch.
type BatchInfo struct {
	Position, Bytes          int64
	Base, Last               int64
	LeaderEpoch              int32
	CRC                      uint32
	Codec                    Codec
	LogAppendTime            bool
	Transactional, Control   bool
	BaseTimestamp, Timestamp int64 // of the first record, and the latest, ms
	ProducerID               int64
	ProducerEpoch            int16
	FirstSequence            int32
	LastSequence             int32
	Records                  int32
	DeleteHorizon            int64 // from when on tombstones may go (KIP-534), ms; -1: none
}

// Header is a record's header.
type Header struct {
	Key   string
	Value []byte
}

// RecordInfo is a record of a stored batch. Its memory is valid during the
// visit.
type RecordInfo struct {
	Offset, Timestamp int64
	Key, Value        []byte // nil: null
	Headers           []Header
}

// DumpSegment visits the batches of a segment of so many bytes, and with
// records the records of the batch, decompressed. The first batch that is not
// whole and valid ends it with an *InvalidAt.
func DumpSegment(r io.ReaderAt, size int64, visit func(b BatchInfo, records func(visit func(RecordInfo) error) error) error) error {
	s := newScan(0, 0)
	var memory []byte
	for at := int64(0); at < size; {
		head := make([]byte, HeaderBytes)
		if n, err := r.ReadAt(head, at); n < HeaderBytes {
			return &InvalidAt{at, torn(err, "%d bytes are less than a batch header", n)}
		}
		h := parseHeader(head)
		if err := h.check(); err != nil {
			return &InvalidAt{at, err}
		}
		if h.size > size-at {
			return &InvalidAt{at, fmt.Errorf("%w: it claims %d bytes, the file has %d left", ErrCorrupt, h.size, size-at)}
		}
		if h.base < s.held.next {
			return &InvalidAt{at, fmt.Errorf("%w: base offset %d where %d or more should follow", ErrInvalid, h.base, s.held.next)}
		}
		memory = grow(memory, int(h.size))
		b := Batch(memory)
		if _, err := r.ReadAt(b, at); err != nil && err != io.EOF {
			return err
		}
		if err := b.verify(h); err != nil {
			return &InvalidAt{at, err}
		}
		records := func(visit func(RecordInfo) error) error {
			if err := b.eachInfo(h, visit); err != nil {
				return &InvalidAt{at, err}
			}
			return nil
		}
		if err := visit(h.info(at), records); err != nil {
			return err
		}
		s.held = s.held.with(h)
		at += h.size
	}
	return nil
}

func (h header) info(at int64) BatchInfo {
	i := BatchInfo{
		Position: at, Bytes: h.size, Base: h.base, Last: h.last(), LeaderEpoch: h.leaderEpoch, CRC: h.crc, Codec: h.codec(),
		LogAppendTime: h.attributes&logAppendTimeBit != 0, Transactional: h.attributes&transactionalBit != 0, Control: h.attributes&controlBit != 0,
		BaseTimestamp: h.baseTime, Timestamp: h.maxTime, ProducerID: h.producerID, ProducerEpoch: h.epoch,
		FirstSequence: h.sequence, LastSequence: h.sequence, Records: h.count,
	}
	i.DeleteHorizon = h.horizon()
	if h.sequence >= 0 {
		i.LastSequence = h.lastSequence()
	}
	return i
}

func (b Batch) eachInfo(h header, visit func(RecordInfo) error) error {
	return eachRecord(b, h, func(offset int64, r Record) error {
		headers, err := parseHeaders(r.headers)
		if err != nil {
			return fmt.Errorf("%w: offset %d: %w", ErrInvalid, offset, err)
		}
		return visit(RecordInfo{offset, r.Timestamp, r.Key, r.Value, headers})
	})
}

// parseHeaders reads a record's headers: their number, and for each a key and
// a value with their lengths before them.
func parseHeaders(b []byte) (all []Header, err error) {
	n, w := binary.Varint(b)
	if w <= 0 || n < 0 || n > int64(len(b)-w)/2 {
		return nil, fmt.Errorf("%d headers do not fit %d bytes", n, len(b))
	}
	b = b[max(w, 0):]
	part := func() ([]byte, bool) {
		n, w := binary.Varint(b)
		if w <= 0 || n < -1 || n > int64(len(b)-w) {
			return nil, false
		}
		if n < 0 {
			b = b[w:]
			return nil, true
		}
		p := b[w : w+int(n)]
		b = b[w+int(n):]
		return p, true
	}
	for range n {
		key, ok := part()
		value, ok2 := part()
		if !ok || !ok2 {
			return nil, fmt.Errorf("header %d does not fit the record", len(all))
		}
		all = append(all, Header{string(key), value})
	}
	return all, nil
}

// OffsetEntry is an entry of an offset index: a batch's last offset, and where
// it begins in the segment.
type OffsetEntry struct{ Offset, Position int64 }

// TimeEntry is an entry of a time index: the latest timestamp up to an offset.
type TimeEntry struct{ Timestamp, Offset int64 }

// DumpOffsetIndex visits the entries of the index of the segment that begins at
// the base offset. Zeros behind the entries are what an index is allocated
// ahead, and end it.
func DumpOffsetIndex(r io.ReaderAt, size, base int64, visit func(position int64, e OffsetEntry) error) error {
	last := offsetEntry{-1, -1}
	return eachEntry(r, size, offsetEntryBytes, func(at int64, b []byte) error {
		e := parseOffsetEntry(b, base)
		if e.offset < base || e.offset <= last.offset || e.position <= last.position {
			return &InvalidAt{at, fmt.Errorf("%w: offset %d at byte %d follows %d at %d", ErrCorrupt, e.offset, e.position, last.offset, last.position)}
		}
		last = e
		return visit(at, OffsetEntry{e.offset, e.position})
	})
}

// DumpTimeIndex is [DumpOffsetIndex] for a time index.
func DumpTimeIndex(r io.ReaderAt, size, base int64, visit func(position int64, e TimeEntry) error) error {
	last := timeEntry{-1, -1}
	return eachEntry(r, size, timeEntryBytes, func(at int64, b []byte) error {
		e := parseTimeEntry(b, base)
		if e.offset < base || e.offset < last.offset || e.timestamp <= last.timestamp {
			return &InvalidAt{at, fmt.Errorf("%w: timestamp %d at offset %d follows %d at %d", ErrCorrupt, e.timestamp, e.offset, last.timestamp, last.offset)}
		}
		last = e
		return visit(at, TimeEntry{e.timestamp, e.offset})
	})
}

// eachEntry reads entries until the end or the zeros.
func eachEntry(r io.ReaderAt, size, width int64, visit func(at int64, b []byte) error) error {
	in := io.NewSectionReader(r, 0, size)
	b := make([]byte, width)
	for at := int64(0); at < size; at += width {
		if n, err := io.ReadFull(in, b); err != nil {
			return &InvalidAt{at, torn(err, "%d bytes are less than an entry's %d", n, width)}
		}
		if isZero(b) && at > 0 {
			return nil
		}
		if err := visit(at, b); err != nil {
			return err
		}
	}
	return nil
}
