package log

import "fmt"

// Stamped is a record's offset and its timestamp, in ms.
type Stamped struct{ Offset, Timestamp int64 }

// AtTime is the first record whose timestamp is at or after the given one. In
// a compressed batch it is the batch's first record, which may be a little
// earlier: nothing here decompresses. ok is false if every record is older.
func (p *Partition) AtTime(timestamp int64) (at Stamped, ok bool, err error) {
	held, from := p.find(func(x sparseIndex) int64 { return x.beforeTime(timestamp) })
	var position int64
	var in header
	err = walk(p.file, from, held.bytes, func(at int64, h header) bool {
		if h.maxTime < timestamp {
			return true
		}
		position, in, ok = at, h, true
		return false
	})
	if err != nil || !ok {
		return Stamped{}, false, err
	}
	first := Stamped{in.base, in.baseTime}
	if in.codec() != Uncompressed || in.baseTime >= timestamp {
		return first, true, nil
	}
	b := make([]byte, in.size)
	if _, err := p.file.ReadAt(b, position); err != nil {
		return Stamped{}, false, fmt.Errorf("%w: batch at byte %d: %w", ErrStorage, position, err)
	}
	for rest := b[HeaderBytes:]; len(rest) > 0; {
		r, next, err := cutRecord(rest)
		if err != nil {
			return Stamped{}, false, fmt.Errorf("%w: batch at byte %d: %w", ErrStorage, position, err)
		}
		if t := in.baseTime + r.timeDelta; t >= timestamp {
			return Stamped{in.base + r.offsetDelta, t}, true, nil
		}
		rest = next
	}
	return first, true, nil // its producer overstated maxTimestamp
}
