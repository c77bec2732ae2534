package log

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sort"

	"copyscope/broker/vfs"
)

// Region is a range of whole batches in a file, of which the last may be cut.
// The bytes stay readable, whatever becomes of the segment, until Release.
type Region struct {
	// File is nil for an empty region, and where the log is not on a disk.
	File            *os.File
	Position, Bytes int64

	reader io.ReaderAt
	pinned *cachedFile
}

// Release lets go of the file. It is called once for each region that
// [Partition.Read] gave, an empty one too.
func (r Region) Release() {
	if r.pinned != nil {
		r.pinned.release()
	}
}

// ReadAt reads from the region's byte at on.
func (r Region) ReadAt(b []byte, at int64) (int, error) {
	if at < 0 || at >= r.Bytes {
		return 0, io.EOF
	}
	short := int64(len(b)) > r.Bytes-at
	if short {
		b = b[:r.Bytes-at]
	}
	n, err := r.reader.ReadAt(b, r.Position+at)
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

// Read finds the region that begins with the batch that holds the offset. It
// has at most limit bytes, unless whole is set and the first batch alone has
// more: then it is that batch (KIP-74). Without whole, a limit below the first
// batch gives an empty region, as Kafka does, since a reader could do nothing
// with a part. The next offset gives an empty region, too.
//
// Errors: ErrOffset; ErrCorrupt if the batch, or one before it that must be
// passed, is damaged; ErrStorage; ErrOffline.
func (p *Partition) Read(offset, limit int64, whole bool) (Region, error) {
	r, _, err := p.read(offset, limit, whole, false)
	return r, err
}

// read finds a region, of what is stable alone if stable is set, and the offset
// before which the next segment begins.
func (p *Partition) read(offset, limit int64, whole, stable bool) (r Region, end int64, err error) {
	for try := 0; ; try++ {
		r, end, err := p.region(offset, limit, whole, stable)
		if errors.Is(err, fs.ErrNotExist) && try < 3 {
			continue // retention took the segment between the look and the open
		}
		return r, end, err
	}
}

func (p *Partition) region(offset, limit int64, whole, stable bool) (r Region, end int64, err error) {
	for {
		v, err := p.view(offset, stable)
		if err != nil || v.segment == nil {
			return Region{}, offset, err
		}
		if limit < HeaderBytes && !whole { // no batch fits, and no file is opened to see that
			return Region{}, offset, nil
		}
		r, found, err := v.read(offset, limit, whole)
		if err != nil || found {
			return r, v.end, err
		}
		if v.last { // the offset is in a gap that compaction left at the end
			return Region{}, offset, nil
		}
		offset = v.end
	}
}

// view is a consistent look at the segment that holds an offset.
type view struct {
	segment  *segment
	readable int64 // bytes
	end      int64 // offset where the next segment begins, or what may be read ends
	last     bool  // there is no next one
	unstable int64 // offset of the batch in it before which readers must stop, -1: none
	at       place // of the batch that begins at the offset
	known    bool  // at is set
	damaged  []int64
}

// view finds the segment for the offset; none if it is the next one, or, with
// stable, one that is not stable.
func (p *Partition) view(offset int64, stable bool) (view, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	switch {
	case p.failed != nil:
		return view{}, p.failed
	case offset < p.low || offset > p.visible:
		return view{}, fmt.Errorf("%w: %d, the partition has %d to %d", ErrOffset, offset, p.low, p.visible)
	case offset == p.visible, stable && offset >= p.stable():
		return view{}, nil
	}
	i := max(0, sort.Search(len(p.segments), func(i int) bool { return p.segments[i].base > offset })-1)
	s := p.segments[i]
	v := view{segment: s, readable: s.readable, last: i == len(p.segments)-1, end: p.visible, unstable: -1, damaged: s.damaged}
	if !v.last {
		v.end = p.segments[i+1].base
	}
	if at := p.stable(); stable && at < v.end {
		v.end, v.last, v.unstable = at, true, at
	}
	v.at, v.known = p.recent.find(s, offset)
	return v, nil
}

// read finds the region in the view's segment.
func (v view) read(offset, limit int64, whole bool) (r Region, found bool, err error) {
	s := v.segment
	var from, next int64
	if !v.known {
		if from, next, err = s.offsets.around(offset); err != nil {
			return Region{}, false, err
		}
	}
	file, err := s.log.acquire()
	if err != nil {
		return Region{}, false, fmt.Errorf("%w: %w", ErrStorage, err)
	}
	at := v.at
	if !v.known {
		at, err = v.find(file, from, next, offset)
		if from > 0 && (errors.Is(err, ErrCorrupt) || at.base > offset) {
			// The index may be what is wrong: it has no checksum. Without it the
			// log is found all the same, if it is whole.
			at, err = batchAt(file, 0, v.readable, offset)
		}
	}
	if err == nil {
		err = v.intact(at)
	}
	if err != nil || at.size == 0 {
		s.log.release()
		if err != nil {
			err = fmt.Errorf("%s: %w", s.log.path, err)
		}
		return Region{}, false, err
	}
	if v.readable, err = v.stableEnd(file); err != nil {
		s.log.release()
		return Region{}, false, fmt.Errorf("%s: %w", s.log.path, err)
	}
	if whole {
		limit = max(limit, at.size)
	}
	r = Region{File: file.OS(), Position: at.position, reader: file, pinned: &s.log}
	if at.size <= limit {
		r.Bytes = min(limit, v.until(at.position)-at.position)
	}
	return r, true, nil
}

// find finds the batch that holds the offset, from the indexed batches around
// it. Large batches are all indexed, and then it is the next one: that is looked
// at first, and spares the reader the header of the one before. It is no
// evidence of where batches begin, so only an exact fit counts.
func (v view) find(file vfs.File, from, next, offset int64) (at place, err error) {
	if next-from >= windowBytes && next < v.readable {
		at, err := batchAt(file, next, v.readable, offset)
		if err == nil && at.position == next && at.base == offset {
			return at, nil
		}
	}
	return batchAt(file, from, v.readable, offset)
}

// batchAt walks to the batch that holds the offset. Its size is 0 if there is
// none.
func batchAt(file vfs.File, from, end, offset int64) (at place, err error) {
	err = walk(file, from, end, func(position int64, h header) bool {
		if h.last() < offset {
			return true
		}
		at = place{base: h.base, position: position, size: h.size}
		return false
	})
	return at, err
}

// intact says whether recovery found the batch to be damaged.
func (v view) intact(at place) error {
	for _, d := range v.damaged {
		if at.size > 0 && d >= at.position && d < at.position+at.size {
			return fmt.Errorf("%w: the batch at byte %d is damaged", ErrCorrupt, d)
		}
	}
	return nil
}

// until is where a region that begins at the position must end: before damage.
func (v view) until(position int64) int64 {
	end := v.readable
	for _, d := range v.damaged {
		if d > position {
			end = min(end, d)
		}
	}
	return end
}

// Replay visits the records from the offset on, or from the first one that is
// left, until those are over that were there when it began. The key and value
// are valid during the visit.
func (p *Partition) Replay(ctx context.Context, from int64, visit func(offset int64, r Record) error) error {
	low, _ := p.Offsets()
	from = max(from, low)
	return p.eachBatch(ctx, from, func(b Batch, h header) error {
		if h.attributes&controlBit != 0 {
			return nil
		}
		return eachRecord(b, h, func(offset int64, r Record) error {
			if offset < from {
				return nil
			}
			return visit(offset, r)
		})
	})
}

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// eachRecord visits the records of a batch.
func eachRecord(b Batch, h header, visit func(offset int64, r Record) error) error {
	rest := []byte(b[HeaderBytes:])
	if h.codec() != Uncompressed {
		var err error
		if rest, err = inflate(h.codec(), rest); err != nil {
			return err
		}
	}
	for i := int32(0); i < h.count; i++ {
		length, n := binary.Varint(rest)
		if n <= 0 || length < 0 || length > int64(len(rest)-n) {
			return fmt.Errorf("%w: record %d of %d: its length does not fit the %d bytes left", ErrInvalid, i, h.count, len(rest))
		}
		body, next := rest[n:n+int(length)], rest[n+int(length):]
		start, key, value, headers, err := parseRecord(body)
		if err != nil {
			return fmt.Errorf("%w: record %d of %d: %w", ErrInvalid, i, h.count, err)
		}
		t := h.baseTime + start.timeDelta
		if h.attributes&logAppendTimeBit != 0 {
			t = h.maxTime
		}
		if err := visit(h.base+start.offsetDelta, Record{Key: key, Value: value, Timestamp: t, headers: headers}); err != nil {
			return err
		}
		rest = next
	}
	if len(rest) > 0 {
		return fmt.Errorf("%w: %d bytes follow the last of %d records", ErrInvalid, len(rest), h.count)
	}
	return nil
}

// inflate decompresses the records of a batch, at most maxInflated bytes.
func inflate(codec Codec, compressed []byte) ([]byte, error) {
	return inflateTo(nil, codec, compressed)
}

// inflateTo is inflate into the memory behind what out holds.
func inflateTo(out []byte, codec Codec, compressed []byte) ([]byte, error) {
	z := takeInflater()
	defer z.done()
	in, err := z.open(codec, compressed)
	if err != nil {
		return nil, unpacked(err)
	}
	to := bytes.NewBuffer(out)
	if _, err := to.ReadFrom(in); err != nil {
		return nil, unpacked(err)
	}
	if z.limit.N <= 0 {
		return nil, errBomb
	}
	return to.Bytes(), nil
}
