package log

import (
	"encoding/binary"
	"fmt"
)

// A record inside a batch (DefaultRecord.java); every number but attributes is
// a zigzag varint:
//
//	length, attributes int8, timestampDelta, offsetDelta,
//	keyLength (-1: null), key, valueLength (-1: null), value,
//	headerCount, headers
//
// checkRecords walks the records, compressed ones too: as many as the header
// claims, with offset deltas 0, 1, 2, …, within the limits, and nothing left
// over. It returns the latest timestamp.
func (b Batch) checkRecords(h header, l recordLimits) (maxTime int64, err error) {
	if h.codec() != Uncompressed {
		return b.checkCompressed(h, l)
	}
	rest := b[HeaderBytes:]
	if int64(h.count)*smallestRecord > int64(len(rest)) {
		return 0, fmt.Errorf("%w: %d records cannot be in %d bytes", ErrInvalid, h.count, len(rest))
	}
	maxTime = noTimestamp
	for i := range h.count {
		r, size := usualRecord(rest)
		next := rest[size:]
		if size == 0 {
			if r, next, err = cutRecord(rest); err != nil {
				return 0, fmt.Errorf("%w: record %d of %d: %w", ErrInvalid, i, h.count, err)
			}
		}
		if err := l.check(h.baseTime, i, r); err != nil {
			return 0, err
		}
		maxTime = max(maxTime, h.baseTime+r.timeDelta)
		rest = next
	}
	if len(rest) > 0 {
		return 0, fmt.Errorf("%w: %d bytes follow the last of %d records", ErrInvalid, len(rest), h.count)
	}
	return maxTime, nil
}

// recordStart is what stands before a record's key.
type recordStart struct {
	timeDelta, offsetDelta int64
	keyBytes               int64 // -1: null
}

// cutRecord reads the start of the first record of b and returns what follows
// the record.
func cutRecord(b []byte) (r recordStart, next []byte, err error) {
	length, n := binary.Varint(b)
	if n <= 0 || length < 0 || length > int64(len(b)-n) {
		return r, nil, fmt.Errorf("its length does not fit the %d bytes left", len(b))
	}
	r, _, _, _, err = parseRecord(b[n : n+int(length)])
	return r, b[n+int(length):], err
}

// parseRecord reads a record without its length, and in it key and value (nil:
// null) and the bytes of its headers.
func parseRecord(body []byte) (r recordStart, key, value, headers []byte, err error) {
	length := len(body)
	if length == 0 {
		return r, nil, nil, nil, fmt.Errorf("it is empty")
	}
	body = body[1:] // attributes, unused in version 2
	for _, to := range []*int64{&r.timeDelta, &r.offsetDelta} {
		v, n := binary.Varint(body)
		if n <= 0 {
			return r, nil, nil, nil, fmt.Errorf("its deltas do not fit its %d bytes", length)
		}
		*to, body = v, body[n:]
	}
	var parts [2][]byte
	for i := range parts {
		n, w := binary.Varint(body)
		if w <= 0 || n < -1 || n > int64(len(body)-w) {
			return r, nil, nil, nil, fmt.Errorf("its key and value do not fit its %d bytes", length)
		}
		if i == 0 {
			r.keyBytes = n
		}
		if n >= 0 {
			parts[i] = body[w : w+int(n)]
		}
		body = body[w+int(max(n, 0)):]
	}
	n, w := binary.Varint(body)
	if w <= 0 || n < 0 || n > int64(len(body)) || !headersFill(body[w:], n) {
		return r, nil, nil, nil, fmt.Errorf("its headers do not fit its %d bytes", length)
	}
	return r, parts[0], parts[1], body, nil
}

// headersFill says whether b is n headers and nothing else: a consumer refuses a
// record of which something is left over, and all that follow it
// (DefaultRecord.readFrom). A header is a key and a value, which may be null.
func headersFill(b []byte, n int64) bool {
	for range n {
		for _, least := range [2]int64{0, -1} {
			size, w := binary.Varint(b)
			if w <= 0 || size < least || size > int64(len(b)-w) {
				return false
			}
			b = b[w+int(max(size, 0)):]
		}
	}
	return len(b) == 0
}

// Record is a record of the broker's own, see [Partition.AppendRecords].
type Record struct {
	Key, Value []byte // nil: null; a null value is a tombstone
	Timestamp  int64  // ms since 1970

	headers []byte // of a stored record, encoded
}

// encodeRecords makes one uncompressed batch of the records.
func encodeRecords(records []Record) Batch {
	base, latest := records[0].Timestamp, records[0].Timestamp
	b := make(Batch, HeaderBytes, HeaderBytes+64*len(records))
	var body []byte
	for i, r := range records {
		latest = max(latest, r.Timestamp)
		body = append(body[:0], 0)
		body = binary.AppendVarint(body, r.Timestamp-base)
		body = binary.AppendVarint(body, int64(i))
		for _, part := range [][]byte{r.Key, r.Value} {
			if part == nil {
				body = binary.AppendVarint(body, -1)
				continue
			}
			body = binary.AppendVarint(body, int64(len(part)))
			body = append(body, part...)
		}
		body = binary.AppendVarint(body, 0) // headers
		b = binary.AppendVarint(b, int64(len(body)))
		b = append(b, body...)
	}
	be := binary.BigEndian
	be.PutUint32(b[atLength:], uint32(len(b)-prefixBytes))
	b[atMagic] = magic
	be.PutUint32(b[atLastDelta:], uint32(len(records)-1))
	be.PutUint64(b[atBaseTime:], uint64(base))
	be.PutUint64(b[atMaxTime:], uint64(latest))
	for at := atProducerID; at < atCount; at++ { // producer id, epoch and sequence are -1
		b[at] = 0xff
	}
	be.PutUint32(b[atCount:], uint32(len(records)))
	b.seal()
	return b
}
