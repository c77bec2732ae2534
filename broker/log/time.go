package log

import (
	"errors"
	"fmt"
	"io/fs"

	"copyscope/broker/vfs"
)

// Stamped is a record's offset and its timestamp, in ms.
type Stamped struct{ Offset, Timestamp int64 }

// AtTime is the first record whose timestamp is at or after the given one. It
// decompresses the one batch that holds it. ok is false if every record is
// older.
func (p *Partition) AtTime(timestamp int64) (at Stamped, ok bool, err error) {
	for try := 0; ; try++ {
		at, ok, err = p.atTime(timestamp)
		if errors.Is(err, fs.ErrNotExist) && try < 3 {
			continue // retention took the segment between the look and the open
		}
		return at, ok, err
	}
}

func (p *Partition) atTime(timestamp int64) (Stamped, bool, error) {
	p.mu.RLock()
	failed, low, segments := p.failed, p.low, p.segments // replaced, never changed
	p.mu.RUnlock()
	if failed != nil {
		return Stamped{}, false, failed
	}
	for {
		v, behind, found := p.viewAtTime(segments, timestamp, low)
		if !found {
			return Stamped{}, false, nil
		}
		at, ok, err := v.atTime(timestamp, low)
		if err != nil || ok {
			return at, ok, err
		}
		segments = behind
	}
}

// viewAtTime is the first of the segments that has a record at or after the time,
// and the segments behind it: of a log with thousands of them, one is looked into.
func (p *Partition) viewAtTime(segments []*segment, timestamp, low int64) (v view, behind []*segment, found bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for i, s := range segments {
		if s.held.latest.timestamp >= timestamp && s.held.next > low {
			return view{segment: s, readable: s.readable, damaged: s.damaged}, segments[i+1:], true
		}
	}
	return view{}, nil, false
}

func (v view) atTime(timestamp, low int64) (at Stamped, ok bool, err error) {
	s := v.segment
	offset, err := s.times.before(timestamp)
	if err != nil {
		return at, false, err
	}
	from, err := s.offsets.before(max(offset, low))
	if err != nil {
		return at, false, err
	}
	at, ok, err = v.atTimeFrom(from, timestamp, low)
	if from > 0 && errors.Is(err, ErrCorrupt) { // perhaps the index alone is wrong
		return v.atTimeFrom(0, timestamp, low)
	}
	return at, ok, err
}

func (v view) atTimeFrom(from, timestamp, low int64) (at Stamped, ok bool, err error) {
	file, err := v.segment.log.acquire()
	if err != nil {
		return at, false, fmt.Errorf("%w: %w", ErrStorage, err)
	}
	defer v.segment.log.release()
	var inner error
	err = walk(file, from, v.readable, func(position int64, h header) bool {
		if h.maxTime < timestamp || h.last() < low {
			return true
		}
		if inner = v.intact(place{position: position, size: h.size}); inner != nil {
			return false
		}
		at, ok, inner = firstAt(file, position, h, timestamp, low)
		return !ok && inner == nil
	})
	return at, ok, errors.Join(err, inner)
}

// firstAt is the first record of the batch, from the offset low on, that is at
// or after the timestamp.
func firstAt(file vfs.File, position int64, h header, timestamp, low int64) (at Stamped, ok bool, err error) {
	stamped := h.attributes&logAppendTimeBit != 0
	if h.lastDelta == h.count-1 { // no record was compacted away
		if stamped {
			return Stamped{max(h.base, low), h.maxTime}, true, nil
		}
		if h.baseTime >= timestamp && h.base >= low && h.horizon() == noTimestamp {
			return Stamped{h.base, h.baseTime}, true, nil
		}
	}
	b := make(Batch, h.size)
	if _, err := file.ReadAt(b, position); err != nil {
		return at, false, fmt.Errorf("%w: batch at byte %d: %w", ErrStorage, position, err)
	}
	if err := b.verify(h); err != nil {
		return at, false, fmt.Errorf("batch at byte %d: %w", position, err)
	}
	look := func(offset, t int64) error {
		if t >= timestamp && offset >= low {
			at, ok = Stamped{offset, t}, true
			return errFound
		}
		return nil
	}
	if h.codec() == Uncompressed {
		err = eachRecord(b, h, func(offset int64, r Record) error { return look(offset, r.Timestamp) })
	} else {
		err = b.eachCompressed(h, func(_ int32, r recordStart) error {
			t := h.baseTime + r.timeDelta
			if stamped {
				t = h.maxTime
			}
			return look(h.base+r.offsetDelta, t)
		})
	}
	if errors.Is(err, errFound) {
		err = nil
	}
	return at, ok, err
}

// errFound ends a visit.
var errFound = errors.New("found")

// AtMaxTime is the first record with the latest timestamp (KIP-734). ok is
// false if there is no record.
func (p *Partition) AtMaxTime() (at Stamped, ok bool, err error) {
	p.mu.RLock()
	latest, any := int64(0), false
	for _, s := range p.segments {
		if s.readable > 0 && s.held.next > p.low && (!any || s.held.latest.timestamp > latest) {
			latest, any = s.held.latest.timestamp, true
		}
	}
	p.mu.RUnlock()
	if !any {
		return Stamped{}, false, nil
	}
	return p.AtTime(latest)
}
