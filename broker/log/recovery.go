package log

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"copyscope/broker/vfs"
)

// recover reads every batch of the segments from the first one on, as Kafka
// does after an unclean stop (LogLoader.recoverLog, LogSegment.recover): at the
// first that is torn or wrong the log ends. Nothing is changed before all was
// read, so a recovery that is interrupted leaves everything as it was.
//
// What was forced to the disk, below the recovery point, cannot be torn: a
// wrong batch there, with right ones behind it, is damage. It is not cut, since
// that would throw away what is good; it is told, and reading it is an error.
//
// The segments in rebuild get new indexes and are not cut, whatever is found.
func (p *Partition) recover(ctx context.Context, l listing, first int, rebuild []*segment, point int64, r *Recovery) error {
	from, err := p.restoreProducers(l, p.segmentBase(first))
	if err != nil {
		return err
	}
	scans := map[*segment]*scan{}
	for _, s := range rebuild {
		if scans[s], err = p.scan(ctx, s, l, func(header) {}, func(*scan) bool { return true }); err != nil {
			return err
		}
		p.keepRest(s, scans[s], l)
	}
	if err := p.restoreBatches(from); err != nil {
		return err
	}
	var gone []*segment
	for i := first; i < len(p.segments); i++ {
		s := p.segments[i]
		flushed := func(x *scan) bool { return x.held.next < point }
		var aborted []AbortedTxn
		visit := func(h header) { aborted = p.visitScanned(h, aborted) }
		if scans[s], err = p.scan(ctx, s, l, visit, flushed); err != nil {
			return err
		}
		scans[s].aborted, scans[s].whole = aborted, true
		if scans[s].reason == nil {
			continue
		}
		if i < len(p.segments)-1 {
			base := p.segments[i+1].base
			if scans[s].held.next == base {
				continue // only what was allocated ahead, or undone, is behind its batches
			}
			if base <= point {
				p.keepRest(s, scans[s], l)
				continue
			}
		}
		gone = p.segments[i+1:]
		break
	}
	r.Segments = len(scans)
	return p.apply(l, scans, gone, r)
}

// restoreBatches adds the batches from the offset of the producers' snapshot on, and
// recalls those that it leaves out.
func (p *Partition) restoreBatches(from int64) (err error) {
	before, back := p.producers.recall(), from
	if len(before) > 0 {
		if back, err = p.shortlyBefore(from, recalledEntries); err != nil {
			return err
		}
	}
	err = p.eachHeader(back, func(h header) {
		if h.base < from {
			before.add(h)
			return
		}
		before.settle(&p.producers)
		p.producers.add(h)
	})
	before.settle(&p.producers)
	return err
}

// segmentBase is where the i-th segment begins, or, behind the last one, where
// the log ends.
func (p *Partition) segmentBase(i int) int64 {
	if i < len(p.segments) {
		return p.segments[i].base
	}
	return p.active().held.next
}

// visitScanned accounts for a batch, and adds the transaction that it aborts.
func (p *Partition) visitScanned(h header, aborted []AbortedTxn) []AbortedTxn {
	if entry, ok := p.producers.abortedBy(h); ok {
		aborted = append(aborted, entry)
	}
	p.producers.add(h)
	p.epochs = p.epochs.with(h.leaderEpoch, h.base)
	return aborted
}

// scan reads a segment. Where skip says so, it goes on behind what is damaged.
func (p *Partition) scan(ctx context.Context, s *segment, l listing, visit func(header), skip func(*scan) bool) (*scan, error) {
	size := l.sizes[filepath.Base(s.log.path)]
	x := newScan(s.base, p.config.Load().IndexIntervalBytes)
	if size == 0 {
		return x, nil
	}
	file, err := p.fs().Open(s.log.path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for {
		if err := x.run(ctx, file, size, p.owner.options.Read, visit); err != nil {
			return nil, err
		}
		if x.reason == nil || !skip(x) {
			return x, nil
		}
		found, err := x.skipDamage(ctx, file, size, p.owner.options.Read)
		if err != nil {
			return nil, err
		}
		if !found {
			return x, nil
		}
		p.owner.options.Log.Error("a stored batch is damaged; it cannot be read any more, what is behind it can",
			"file", s.log.path, "at_byte", x.damaged[len(x.damaged)-1], "next_good_byte", x.held.bytes, "reason", x.reason)
		x.reason = nil
	}
}

// keepRest makes the damaged end of a segment that has successors a part of it.
func (p *Partition) keepRest(s *segment, x *scan, l listing) {
	if x.reason == nil {
		return
	}
	p.owner.options.Log.Error("the end of a segment is damaged; it cannot be read any more, the segments behind it can",
		"file", s.log.path, "at_byte", x.held.bytes, "reason", x.reason)
	x.damaged = append(x.damaged, x.held.bytes)
	x.held.bytes = l.sizes[filepath.Base(s.log.path)]
	x.reason = nil
	for i, t := range p.segments[:len(p.segments)-1] {
		if t == s {
			x.held.next = p.segments[i+1].base
		}
	}
}

// apply changes the files to what the scans found.
func (p *Partition) apply(l listing, scans map[*segment]*scan, gone []*segment, r *Recovery) error {
	p.segments = p.segments[:len(p.segments)-len(gone)]
	for i, s := range p.segments {
		x := scans[s]
		if x == nil {
			continue
		}
		s.held, s.damaged, s.sinceIndex, s.firstTime = x.held, x.damaged, x.sinceIndex, x.firstTime
		size := l.sizes[filepath.Base(s.log.path)]
		if size > s.held.bytes {
			if err := p.fs().Truncate(s.log.path, s.held.bytes); err != nil {
				return err
			}
			r.Cut, r.Reason = r.Cut+size-s.held.bytes, x.reason
		}
		if err := s.reindex(x); err != nil {
			return err
		}
		if i < len(p.segments)-1 {
			p.willForce(s)
			if err := s.seal(); err != nil {
				return err
			}
		}
	}
	for _, s := range gone {
		size := l.sizes[filepath.Base(s.log.path)]
		r.Cut += size
		p.owner.options.Log.Error("a segment behind a damaged one is deleted", "file", s.log.path, "bytes", size)
		for _, f := range append(s.files(), &s.aborted.file) {
			if err := p.fs().Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// reindex makes the segment's indexes new.
func (s *segment) reindex(x *scan) error {
	s.offsets.last, s.times.last = offsetEntry{}, timeEntry{}
	if n := len(x.offsets); n > 0 {
		s.offsets.last = parseOffsetEntry(x.offsets[n-offsetEntryBytes:], s.base)
	}
	if n := len(x.times); n > 0 {
		s.times.last = parseTimeEntry(x.times[n-timeEntryBytes:], s.base)
	}
	err := errors.Join(s.offsets.replace(x.offsets), s.times.replace(x.times))
	if err == nil && x.whole {
		err = s.aborted.replace(x.aborted)
	}
	return err
}

// restoreProducers takes the producers from the latest good snapshot that is
// not beyond the offset, and tells from where on batches must be added.
func (p *Partition) restoreProducers(l listing, limit int64) (from int64, err error) {
	for i := len(l.snapshots) - 1; i >= 0; i-- {
		at := l.snapshots[i]
		if at > limit {
			continue
		}
		b, err := vfs.ReadFile(p.fs(), snapshotPath(p.dir, at), maxSnapshotBytes)
		if err != nil {
			return 0, err
		}
		entries, err := ParseSnapshot(b)
		if err != nil {
			p.owner.options.Log.Warn("a producer snapshot cannot be read; an older one is used", "file", snapshotPath(p.dir, at), "reason", err)
			continue
		}
		p.producers = restoreProducers(entries, at)
		return at, nil
	}
	return p.segments[0].base, nil
}
