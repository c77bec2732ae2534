package log

import (
	"encoding/binary"
	"fmt"
	"sort"
)

// The offset index, NAME.index (Kafka's OffsetIndex.java), big endian:
//
//	byte 0  relativeOffset  int32  of a batch's last record, less the segment's base
//	     4  position        int32  where the batch begins, in bytes
//
// One entry is added with a batch if more than index.interval.bytes were
// appended since the last entry.
type offsetIndex struct {
	indexFile
	base int64
	// last is the latest entry, from which most reads begin; under the
	// indexFile's mu.
	last offsetEntry
}

type offsetEntry struct{ offset, position int64 }

func parseOffsetEntry(b []byte, base int64) offsetEntry {
	return offsetEntry{base + int64(int32(binary.BigEndian.Uint32(b))), int64(int32(binary.BigEndian.Uint32(b[4:])))}
}

func appendOffsetEntry(to []byte, base int64, e offsetEntry) []byte {
	to = binary.BigEndian.AppendUint32(to, uint32(e.offset-base))
	return binary.BigEndian.AppendUint32(to, uint32(e.position))
}

// before is the position of an indexed batch that ends at or before the
// offset, 0 if there is none.
func (x *offsetIndex) before(offset int64) (int64, error) {
	position, _, err := x.around(offset)
	return position, err
}

// around is before, and the position of the indexed batch that is the next one;
// -1 if there is none.
func (x *offsetIndex) around(offset int64) (before, next int64, err error) {
	x.mu.RLock()
	count, last := x.count, x.last
	x.mu.RUnlock()
	if count == 0 {
		return 0, -1, nil
	}
	if offset >= last.offset {
		return last.position, -1, nil
	}
	next = -1
	err = x.entries(func(b []byte) {
		n := sort.Search(len(b)/offsetEntryBytes, func(i int) bool { return parseOffsetEntry(b[i*offsetEntryBytes:], x.base).offset > offset })
		if n > 0 {
			// A position that no file has is as good as none.
			before = max(0, parseOffsetEntry(b[(n-1)*offsetEntryBytes:], x.base).position)
		}
		if n < len(b)/offsetEntryBytes {
			next = parseOffsetEntry(b[n*offsetEntryBytes:], x.base).position
		}
	})
	if err != nil {
		return 0, -1, fmt.Errorf("%w: %s: %w", ErrStorage, x.file.path, err)
	}
	return before, next, nil
}

// back is the offset so many entries before the given one, and how many of them are
// missing; the segment's first one if any is.
func (x *offsetIndex) back(offset int64, entries int) (from int64, missing int, err error) {
	from, missing = x.base, entries
	err = x.entries(func(b []byte) {
		n := sort.Search(len(b)/offsetEntryBytes, func(i int) bool { return parseOffsetEntry(b[i*offsetEntryBytes:], x.base).offset >= offset })
		if missing = max(0, entries-n); missing == 0 {
			from = parseOffsetEntry(b[(n-entries)*offsetEntryBytes:], x.base).offset
		}
	})
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s: %w", ErrStorage, x.file.path, err)
	}
	return from, missing, nil
}

func (x *offsetIndex) append(e offsetEntry) error {
	if err := x.add(appendOffsetEntry(x.scratch[:0], x.base, e)); err != nil {
		return err
	}
	x.mu.Lock()
	x.last = e
	x.mu.Unlock()
	return nil
}

// open loads the index of a segment of so many bytes.
func (x *offsetIndex) open(size, segmentBytes int64) error {
	b, err := x.load(size)
	if err != nil || b == nil {
		return err
	}
	x.last = parseOffsetEntry(b, x.base)
	if x.last.offset < x.base || x.last.position < 0 || x.last.position >= segmentBytes {
		return fmt.Errorf("%w: the last entry is offset %d at byte %d of %d", ErrCorrupt, x.last.offset, x.last.position, segmentBytes)
	}
	return nil
}
