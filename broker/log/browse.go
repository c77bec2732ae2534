package log

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// StoredBatch is a batch as it is stored, for who looks at the log.
type StoredBatch struct {
	// BatchInfo is the header. Of damage whose header cannot be read only Base and
	// Last are known: the offsets that it covers.
	BatchInfo
	// Segment is the name of the file that has it.
	Segment string
	// Damage is why the records cannot be read, nil if they can; it wraps
	// ErrCorrupt.
	Damage error

	header header
	batch  Batch
}

// Records visits the records, decompressed. A batch whose records do not fit its
// header is an error that wraps ErrInvalid.
func (b StoredBatch) Records(visit func(RecordInfo) error) error {
	if b.Damage != nil {
		return b.Damage
	}
	return b.batch.eachInfo(b.header, visit)
}

// Browse visits the batches from the one that holds the offset on, control
// batches and damaged ones too, until visit returns false or those are over that
// were there when it began. What is damaged is passed, where [Partition.Read]
// stops. A batch's memory is its visitor's.
//
// Errors: ErrOffset, ErrStorage, ErrOffline, and the context's.
func (p *Partition) Browse(ctx context.Context, from int64, visit func(StoredBatch) bool) error {
	_, end := p.Offsets()
	for first := true; from < end || first; first = false {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, found, err := p.stored(from)
		if errors.Is(err, ErrCorrupt) {
			b = StoredBatch{BatchInfo: BatchInfo{Base: from, Last: p.behind(from) - 1}, Damage: err}
			found, err = true, nil
		}
		if err != nil || !found || !visit(b) {
			return err
		}
		from = b.Last + 1
	}
	return nil
}

// stored reads the batch that holds the offset; not found is the end of the log.
func (p *Partition) stored(offset int64) (b StoredBatch, found bool, err error) {
	r, err := p.Read(offset, 1, true)
	if err != nil {
		return b, false, err
	}
	defer r.Release()
	if r.Bytes == 0 {
		return b, false, nil
	}
	batch := make(Batch, r.Bytes)
	if _, err := r.ReadAt(batch, 0); err != nil {
		return b, false, fmt.Errorf("%w: %s: %w", ErrStorage, r.pinned.path, err)
	}
	h := parseHeader(batch)
	return StoredBatch{BatchInfo: h.info(r.Position), Segment: filepath.Base(r.pinned.path), Damage: batch.verify(h), header: h, batch: batch}, true, nil
}

// behind is the offset at which what can be read begins again behind damage: the
// next batch that is indexed, as one behind damage is (skipDamage), or the next
// segment.
func (p *Partition) behind(offset int64) int64 {
	v, err := p.view(offset, false)
	if err != nil || v.segment == nil {
		return offset + 1
	}
	file, err := v.segment.log.acquire()
	if err != nil {
		return v.end
	}
	defer v.segment.log.release()
	var head [HeaderBytes]byte
	for at := offset; ; {
		_, position, err := v.segment.offsets.around(at)
		if err != nil || position < 0 {
			return v.end
		}
		if _, err := file.ReadAt(head[:], position); err != nil {
			return v.end
		}
		h := parseHeader(head[:])
		switch {
		case h.check() != nil || h.last() <= at:
			return v.end
		case h.base > offset && v.intact(place{position: position, size: h.size}) == nil:
			return min(h.base, v.end)
		}
		at = h.last()
	}
}

// SegmentFiles describes a segment and names its files.
type SegmentFiles struct {
	// Base is the offset of the first record, Next the one behind the last.
	Base, Next int64
	// Bytes is the size of the stored batches.
	Bytes int64
	// First and Latest are timestamps in ms: the first batch's, and the largest;
	// -1 where there is none.
	First, Latest int64
	// Active says that it is the one that grows.
	Active bool
	// Log, Index and TimeIndex are paths. Retention may remove the files.
	Log, Index, TimeIndex string
}

// SegmentFiles describes the segments, oldest first.
func (p *Partition) SegmentFiles() []SegmentFiles {
	p.mu.RLock()
	segments := p.segments
	all := make([]SegmentFiles, len(segments))
	for i, s := range segments {
		all[i] = SegmentFiles{
			Base: s.base, Next: s.held.next, Bytes: s.held.bytes, First: noTimestamp, Latest: s.held.latest.timestamp, Active: i == len(segments)-1,
			Log: s.log.path, Index: s.offsets.file.path, TimeIndex: s.times.file.path,
		}
	}
	p.mu.RUnlock()
	for i, s := range segments {
		if all[i].Bytes < HeaderBytes {
			continue
		}
		file, err := s.log.acquire()
		if err != nil {
			continue // retention took it, or the disk fails: its time is not known
		}
		var head [HeaderBytes]byte
		if _, err := file.ReadAt(head[:], 0); err == nil {
			if h := parseHeader(head[:]); h.check() == nil {
				if all[i].First = h.baseTime; h.horizon() != noTimestamp {
					all[i].First = h.maxTime
				}
			}
		}
		s.log.release()
	}
	return all
}
