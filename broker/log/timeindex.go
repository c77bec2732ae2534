package log

import (
	"encoding/binary"
	"fmt"
)

// The time index, NAME.timeindex (Kafka's TimeIndex.java), big endian:
//
//	byte 0  timestamp       int64  the latest of the segment up to here, ms
//	     8  relativeOffset  int32  of the last record of the first batch that
//	                               has it, less the segment's base
//
// An entry is added together with one of the offset index, if the timestamp
// grew, and a last one when the segment is rolled and at a clean stop.
type timeIndex struct {
	indexFile
	base int64
	last timeEntry // under the indexFile's mu
}

type timeEntry struct{ timestamp, offset int64 }

func parseTimeEntry(b []byte, base int64) timeEntry {
	return timeEntry{int64(binary.BigEndian.Uint64(b)), base + int64(int32(binary.BigEndian.Uint32(b[8:])))}
}

func appendTimeEntry(to []byte, base int64, e timeEntry) []byte {
	to = binary.BigEndian.AppendUint64(to, uint64(e.timestamp))
	return binary.BigEndian.AppendUint32(to, uint32(e.offset-base))
}

// before is the offset of the last entry that is older than the timestamp, the
// segment's base if there is none.
func (x *timeIndex) before(timestamp int64) (int64, error) {
	b, found, err := x.search(func(b []byte) bool { return parseTimeEntry(b, x.base).timestamp < timestamp })
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrStorage, x.file.path, err)
	}
	if !found {
		return x.base, nil
	}
	return parseTimeEntry(b[:], x.base).offset, nil
}

// grows says whether the entry is one to append.
func (x *timeIndex) grows(e timeEntry) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return e.timestamp >= 0 && (x.count == 0 || e.timestamp > x.last.timestamp)
}

func (x *timeIndex) append(e timeEntry) error {
	if !x.grows(e) {
		return nil
	}
	if err := x.add(appendTimeEntry(x.scratch[:0], x.base, e)); err != nil {
		return err
	}
	x.mu.Lock()
	x.last = e
	x.mu.Unlock()
	return nil
}

// open loads the index of a segment.
func (x *timeIndex) open(size int64) error {
	b, err := x.load(size)
	if err != nil || b == nil {
		return err
	}
	x.last = parseTimeEntry(b, x.base)
	if x.last.offset < x.base || x.last.timestamp < 0 {
		return fmt.Errorf("%w: the last entry is %d ms at offset %d", ErrCorrupt, x.last.timestamp, x.last.offset)
	}
	return nil
}
