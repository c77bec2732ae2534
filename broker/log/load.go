package log

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"copyscope/broker/vfs"
)

// Recovery tells what opening a partition found.
type Recovery struct {
	// Bytes and Next are the size of the last segment and the next offset
	// after opening.
	Bytes, Next int64
	// Segments is how many were read whole, to check their batches or to make
	// their indexes anew.
	Segments int
	// Cut is how many bytes were cut off the end because the batch at Bytes
	// was not whole or not valid; Reason says what was wrong with it.
	Cut    int64
	Reason error
	// Damaged is how many places below the end cannot be read any more. They
	// stay where they are, and reading them is ErrCorrupt.
	Damaged int
	// Scanned says that the last stop was not clean, so that batches were read.
	Scanned bool
}

// listing is what is in a partition's directory.
type listing struct {
	sizes     map[string]int64 // of every file
	bases     []int64          // of segments, in order
	snapshots []int64          // in order
}

// segment says whether there is one that begins at the offset.
func (l listing) segment(base int64) bool {
	_, found := slices.BinarySearch(l.bases, base)
	return found
}

// listFiles reads the directory. What a former run left half done or deleted is
// removed.
func listFiles(f vfs.FS, dir string) (l listing, err error) {
	entries, err := f.ReadDir(dir)
	if err != nil {
		return l, err
	}
	names := make([]string, len(entries))
	swap := false
	for i, e := range entries {
		names[i] = e.Name()
		swap = swap || strings.HasSuffix(e.Name(), swapSuffix)
	}
	if swap {
		changed, err := completeSwaps(f, dir, names)
		if err != nil {
			return l, err
		}
		if changed {
			return listFiles(f, dir)
		}
	}
	l.sizes = make(map[string]int64, len(entries))
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			continue
		}
		switch filepath.Ext(name) {
		case deletedSuffix, cleanedSuffix, vfs.TemporarySuffix:
			if err := f.Remove(filepath.Join(dir, name)); err != nil {
				return l, err
			}
			continue
		}
		info, err := e.Info()
		if err != nil {
			return l, err
		}
		l.sizes[name] = info.Size()
		if base, ok := offsetOf(name, logSuffix); ok {
			l.bases = append(l.bases, base)
		} else if base, ok := offsetOf(name, snapshotSuffix); ok {
			l.snapshots = append(l.snapshots, base)
		}
	}
	slices.Sort(l.bases)
	slices.Sort(l.snapshots)
	return l, l.dropOrphans(f, dir)
}

// dropOrphans removes transaction indexes without a segment: one that is made
// at the offset later would have them (LogLoader.loadSegmentFiles).
func (l listing) dropOrphans(f vfs.FS, dir string) error {
	for name := range l.sizes {
		base, ok := offsetOf(name, txnSuffix)
		if !ok || l.segment(base) {
			continue
		}
		if err := f.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
		delete(l.sizes, name)
	}
	return nil
}

// offsetOf is the offset in a file's name, if it has the ending.
func offsetOf(name, suffix string) (int64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && n >= 0
}

// checkDir says whether a partition's directory is one, if it is there. By a symbolic
// link files of another directory would be written to and, as those of a former run
// are, removed.
func checkDir(f vfs.FS, dir string) error {
	info, err := f.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s: it is a symbolic link, and records are not stored through those; put the directory itself there", dir)
	}
	return nil
}

// openPartition opens the partition, making it if it is missing. Unless the
// last stop was clean it is recovered.
func (d *Dir) openPartition(ctx context.Context, name TopicPartition, id ID, cfg Config) (*Partition, Recovery, error) {
	if err := ctx.Err(); err != nil {
		return nil, Recovery{}, err
	}
	dir := d.partitionPath(name)
	if err := checkDir(d.options.FS, dir); err != nil {
		return nil, Recovery{}, err
	}
	l, err := listFiles(d.options.FS, dir)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing {
		if err = d.disown(name); err == nil {
			err = d.options.FS.MkdirAll(dir)
		}
	}
	if err != nil {
		return nil, Recovery{}, err
	}
	// The first flush forces the names, too: a run that made them and appended
	// nothing has not.
	p := &Partition{owner: d, name: name, id: id, dir: dir, producers: producers{snapshot: -1}, made: 1}
	p.jitter.Store(d.random())
	p.Configure(cfg)
	if err := p.identify(l); err != nil {
		return nil, Recovery{}, err
	}
	for _, base := range l.bases {
		p.segments = append(p.segments, newSegment(d.files, dir, base, d.options.Now()))
	}
	if len(p.segments) == 0 {
		start, _, _ := d.checkpointed(name)
		first := newSegment(d.files, dir, start, d.options.Now())
		if err := first.make(&cfg); err != nil {
			first.remove()
			return nil, Recovery{}, err
		}
		p.segments = append(p.segments, first)
	}
	r, err := p.load(ctx, l)
	if err != nil {
		for _, s := range p.segments {
			s.drop()
		}
		return nil, r, fmt.Errorf("recover %s: %w", dir, err)
	}
	return p, r, nil
}

// identify compares partition.metadata with the topic's id, or makes it.
func (p *Partition) identify(l listing) error {
	if p.id == (ID{}) {
		return nil
	}
	if size, ok := l.sizes[metadataName]; ok && size > 0 {
		b, err := vfs.ReadFile(p.fs(), p.metadataPath(), 4096)
		if err != nil {
			return err
		}
		id, err := ParsePartitionMetadata(b)
		if id == p.id {
			return nil
		}
		if err != nil {
			p.owner.options.Log.Warn("a partition's topic id cannot be read and is written anew", "file", p.metadataPath(), "reason", err)
			return vfs.Write(p.fs(), p.metadataPath(), formatMetadata(p.id))
		}
		return fmt.Errorf("%s is of another topic that had the same name; move the directory away, or take its topic id", p.metadataPath())
	}
	return vfs.Write(p.fs(), p.metadataPath(), formatMetadata(p.id))
}

// load makes the state in memory from the files.
func (p *Partition) load(ctx context.Context, l listing) (r Recovery, err error) {
	first := len(p.segments) // the first one to scan
	start, point, known := p.owner.checkpointed(p.name)
	// A directory that was copied in while the broker was stopped is in no
	// checkpoint, and its indexes may be of an unclean stop elsewhere.
	if !(p.owner.clean && known) && (len(p.segments) > 1 || l.sizes[filepath.Base(p.active().log.path)] > 0) {
		for first--; first > 0 && p.segments[first].base > point; first-- {
		}
		r.Scanned = true
	}
	if err := p.loadEpochs(l); err != nil {
		return r, err
	}
	stored := slices.Clone(p.epochs)
	var rebuild []*segment
	for i, s := range p.segments[:first] {
		last := i == len(p.segments)-1
		if err := p.trust(s, l, i); err != nil {
			p.owner.options.Log.Warn("an index does not fit its segment and is built anew", "segment", s.log.path, "reason", err)
			s.distrust()
			if last {
				first, r.Scanned = i, true // its end may have to be cut
				break
			}
			s.held.bytes, s.held.next = l.sizes[filepath.Base(s.log.path)], p.segments[i+1].base
			rebuild = append(rebuild, s)
		}
		if err := p.trustAborted(s, l); err != nil {
			p.owner.options.Log.Warn("a transaction index does not fit its segment and is built anew, with those behind it", "segment", s.log.path, "reason", err)
			s.distrust()
			rebuild = slices.DeleteFunc(rebuild, func(other *segment) bool { return other == s })
			first, r.Scanned = i, true
			break
		}
	}
	if err := p.recover(ctx, l, first, rebuild, point, &r); err != nil {
		return r, err
	}
	s := p.active()
	p.next = s.held.next
	p.visible, p.flushed = p.next, p.next
	p.unstable = p.producers.unstable(noProducer)
	p.low = min(max(p.segments[0].base, start), p.next)
	if p.epochs = p.epochs.within(p.low, p.next); len(p.epochs) == 0 && p.next > p.low {
		err = p.eachHeader(p.low, func(h header) { p.epochs = p.epochs.with(h.leaderEpoch, h.base) })
	}
	if err == nil && !slices.Equal(p.epochs, stored) {
		err = p.storeEpochs(p.epochs)
	}
	if err != nil {
		return r, err
	}
	for _, s := range p.segments {
		s.readable = s.held.bytes
		r.Damaged += len(s.damaged)
	}
	r.Bytes, r.Next = s.held.bytes, p.next
	if err := p.dropStraySnapshots(l); err != nil || !r.Scanned {
		return r, err
	}
	return r, p.afterScan(point)
}

// afterScan: what was read may be in the page cache alone.
func (p *Partition) afterScan(point int64) error {
	p.flushed = min(point, p.next)
	p.dirty = p.owner.options.Now()
	p.made++
	if p.config.Load().FlushMessages <= 1 {
		return p.Flush() // nothing is seen that a power cut could take back
	}
	return nil
}

// trust takes the i-th segment's extent from its indexes and its last batches.
func (p *Partition) trust(s *segment, l listing, i int) error {
	size, there := l.sizes[filepath.Base(s.log.path)]
	if !there {
		return nil // it was just made
	}
	for _, f := range []*cachedFile{&s.offsets.file, &s.times.file} {
		if _, ok := l.sizes[filepath.Base(f.path)]; !ok {
			return fmt.Errorf("%s is missing", f.path)
		}
	}
	if err := s.offsets.open(l.sizes[filepath.Base(s.offsets.file.path)], size); err != nil {
		return err
	}
	if err := s.times.open(l.sizes[filepath.Base(s.times.file.path)]); err != nil {
		return err
	}
	if size == 0 {
		return nil
	}
	s.held = extent{bytes: s.offsets.last.position, next: s.base, latest: timeEntry{noTimestamp, s.base}}
	if s.times.count > 0 {
		s.held.latest = s.times.last
	}
	if i < len(p.segments)-1 {
		s.held.bytes, s.held.next = size, p.segments[i+1].base
		if s.times.count == 0 {
			return fmt.Errorf("%s is empty, its segment is not", s.times.file.path)
		}
		return nil
	}
	return s.trustTail(size)
}

// trustAborted takes in the segment's transaction index, if it has one.
func (p *Partition) trustAborted(s *segment, l listing) error {
	size, ok := l.sizes[filepath.Base(s.aborted.file.path)]
	if !ok {
		return nil
	}
	return s.aborted.open(size, s.base, s.held.next)
}

// distrust forgets what trust found.
func (s *segment) distrust() {
	s.held, s.sinceIndex, s.firstTime = emptyExtent(s.base), 0, noTimestamp
	s.offsets.count, s.offsets.last = 0, offsetEntry{}
	s.times.count, s.times.last = 0, timeEntry{}
}

// trustTail reads the headers behind the last index entry of the active
// segment, and the first one.
func (s *segment) trustTail(size int64) error {
	file, err := s.log.cache.fs.Open(s.log.path, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer file.Close()
	from := s.held.bytes
	err = walk(file, from, size, func(position int64, h header) bool {
		if h.base < s.held.next {
			return false // found below: the extent then is not the file's
		}
		if position > from || s.offsets.count == 0 {
			s.sinceIndex += h.size
		} else {
			s.sinceIndex = h.size
		}
		s.held = s.held.with(h)
		return true
	})
	if err == nil && s.held.bytes != size {
		err = fmt.Errorf("%w: the offset at byte %d goes back", ErrCorrupt, s.held.bytes)
	}
	if err != nil || size == 0 {
		return err
	}
	return walk(file, 0, size, func(_ int64, h header) bool {
		s.firstTime = h.maxTime
		return false
	})
}

// loadEpochs reads the leader epochs. A file that cannot be read is made anew.
func (p *Partition) loadEpochs(l listing) error {
	if _, ok := l.sizes[epochsName]; !ok {
		return nil
	}
	b, err := vfs.ReadFile(p.fs(), filepath.Join(p.dir, epochsName), maxCheckpointBytes)
	if err != nil {
		return err
	}
	if p.epochs, err = ParseEpochs(b); err != nil {
		p.owner.options.Log.Warn("the leader epochs cannot be read and are taken from the batches", "partition", p.dir, "reason", err)
		p.epochs = nil
	}
	return nil
}

func (p *Partition) storeEpochs(e epochs) error {
	return vfs.Write(p.fs(), filepath.Join(p.dir, epochsName), e.format())
}

// eachHeader visits the headers of the batches that end at or after the
// offset.
func (p *Partition) eachHeader(from int64, visit func(h header)) error {
	for _, s := range p.segments {
		if s.held.next <= from || s.held.bytes == 0 {
			continue
		}
		at, err := s.offsets.before(from)
		if err != nil {
			return err
		}
		file, err := s.log.cache.fs.Open(s.log.path, os.O_RDONLY)
		if err != nil {
			return err
		}
		err = walk(file, at, s.held.bytes, func(position int64, h header) bool {
			if h.last() >= from {
				h.ending = endingAt(file, position, h)
				visit(h)
			}
			return true
		})
		if errors.Is(err, ErrCorrupt) {
			p.owner.options.Log.Error("a segment is damaged; what is behind the place is not looked at", "file", s.log.path, "reason", err)
			err = nil
		}
		if err = errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// endingAt reads what a stored control batch says. What cannot be read says nothing.
func endingAt(file vfs.File, position int64, h header) *ending {
	if h.attributes&controlBit == 0 || h.size > maxEndingBytes {
		return nil
	}
	b := make(Batch, h.size)
	if n, _ := file.ReadAt(b, position); n < len(b) || b.verify(h) != nil {
		return nil
	}
	return endingOf(b)
}

// dropStraySnapshots keeps the snapshots of segments and the latest one
// (ProducerStateManager.removeStraySnapshots), but none from beyond the end.
func (p *Partition) dropStraySnapshots(l listing) error {
	for i, at := range l.snapshots {
		if at > p.next || i < len(l.snapshots)-1 && !l.segment(at) {
			if err := p.fs().Remove(snapshotPath(p.dir, at)); err != nil {
				return err
			}
		}
	}
	return nil
}
