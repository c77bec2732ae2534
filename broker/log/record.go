package log

import (
	"encoding/binary"
	"fmt"
)

// A record inside an uncompressed batch (DefaultRecord.java); every number but
// attributes is a zigzag varint:
//
//	length, attributes int8, timestampDelta, offsetDelta,
//	keyLength (-1: null), key, valueLength (-1: null), value,
//	headerCount, headers
//
// checkRecords walks the records: as many as the header claims, with offset
// deltas 0, 1, 2, …, and nothing left over.
func (b Batch) checkRecords(h header) error {
	rest := b[HeaderBytes:]
	if int64(h.count)*smallestRecord > int64(len(rest)) {
		return fmt.Errorf("%w: %d records cannot be in %d bytes", ErrInvalid, h.count, len(rest))
	}
	for i := range h.count {
		r, next, err := cutRecord(rest)
		if err != nil {
			return fmt.Errorf("%w: record %d of %d: %w", ErrInvalid, i, h.count, err)
		}
		if r.offsetDelta != int64(i) {
			return fmt.Errorf("%w: record %d has offset delta %d", ErrInvalid, i, r.offsetDelta)
		}
		rest = next
	}
	if len(rest) > 0 {
		return fmt.Errorf("%w: %d bytes follow the last of %d records", ErrInvalid, len(rest), h.count)
	}
	return nil
}

// recordStart is what stands before a record's key.
type recordStart struct{ timeDelta, offsetDelta int64 }

// cutRecord reads the start of the first record of b and returns what follows
// the record.
func cutRecord(b []byte) (r recordStart, next []byte, err error) {
	length, n := binary.Varint(b)
	if n <= 0 || length < 0 || length > int64(len(b)-n) {
		return r, nil, fmt.Errorf("its length does not fit the %d bytes left", len(b))
	}
	body, next := b[n:n+int(length)], b[n+int(length):]
	if len(body) == 0 {
		return r, nil, fmt.Errorf("it is empty")
	}
	body = body[1:] // attributes, unused in version 2
	for _, to := range []*int64{&r.timeDelta, &r.offsetDelta} {
		v, n := binary.Varint(body)
		if n <= 0 {
			return r, nil, fmt.Errorf("its deltas do not fit its %d bytes", length)
		}
		*to, body = v, body[n:]
	}
	for range 2 { // key, value
		n, w := binary.Varint(body)
		if w <= 0 || n < -1 || n > int64(len(body)-w) {
			return r, nil, fmt.Errorf("its key and value do not fit its %d bytes", length)
		}
		body = body[w+int(max(n, 0)):]
	}
	if n, w := binary.Varint(body); w <= 0 || n < 0 || n > int64(len(body)) {
		return r, nil, fmt.Errorf("its headers do not fit its %d bytes", length)
	}
	return r, next, nil
}
