package log

import (
	"fmt"
	"math"
	"slices"
	"time"

	"copyscope/broker/vfs"
)

// Produce checks what a producer sent for the partition, exactly one batch, in
// the way and order of Kafka, and appends it. The set's memory stays the
// caller's, but the fields that belong to the broker are written into it: base
// offset and leader epoch, and, where the topic stamps records or the producer
// got it wrong, the latest timestamp with the checksum.
//
// The bytes are with the kernel when it returns, as with Kafka's default
// settings, or on the disk if flush.messages says so.
//
// Errors: those of batch.go; ErrStorage if the disk is full or fails, in which
// case nothing of the batch stays; ErrOffline.
func (p *Partition) Produce(set []byte) (Appended, error) {
	cfg, now := p.config.Load(), p.owner.options.Now()
	b, maxTime, err := validate(set, cfg, now)
	if err != nil {
		return Appended{}, err
	}
	a := Appended{LogAppendTime: -1}
	if cfg.LogAppendTime {
		a.LogAppendTime = now.UnixMilli()
		b.stamp(a.LogAppendTime, true)
	} else if maxTime != parseHeader(b).maxTime {
		b.stamp(maxTime, false)
	}
	return p.store(b, a, cfg)
}

// AppendRecords appends records of the broker's own, at least one, as one
// batch. It does what Produce does, but looks at none of the topic's limits.
func (p *Partition) AppendRecords(records []Record, now time.Time) (Appended, error) {
	if len(records) == 0 {
		return Appended{}, fmt.Errorf("%w: there is none", ErrInvalid)
	}
	for i := range records {
		if records[i].Timestamp == 0 {
			records[i].Timestamp = now.UnixMilli()
		}
	}
	return p.store(encodeRecords(records), Appended{LogAppendTime: -1}, p.config.Load())
}

// store appends a batch that is valid and waits for what the topic's flush
// setting promises.
func (p *Partition) store(b Batch, a Appended, cfg *Config) (Appended, error) {
	end, flush, err := p.append(b, &a, cfg)
	p.noteSpace(err, a.Duplicate)
	if err == nil && flush {
		err = p.SyncTo(end)
	}
	if err != nil {
		return Appended{}, err
	}
	return a, nil
}

// noteSpace remembers since when appends are refused for want of space on the disk,
// until one works. A partition that takes nothing until a restart has another trouble.
func (p *Partition) noteSpace(err error, duplicate bool) {
	switch {
	case err == nil && !duplicate && p.fullSince.Load() != 0:
		p.fullSince.Store(0)
	case err != nil && vfs.NoSpace(err) && p.writable() == nil:
		p.fullSince.CompareAndSwap(0, p.owner.options.Now().UnixMilli())
	}
}

// FullSince is since when appends are refused because the disk is full, in ms since
// 1970; 0 if the last one was not.
func (p *Partition) FullSince() int64 { return p.fullSince.Load() }

// append writes the batch. It returns the offset up to which the log must be
// on the disk before the batch is acknowledged, if flush is set.
func (p *Partition) append(b Batch, a *Appended, cfg *Config) (end int64, flush bool, err error) {
	h := parseHeader(b)
	p.appending.Lock()
	defer p.appending.Unlock()
	if err := p.writable(); err != nil {
		return 0, false, err
	}
	if h.attributes&controlBit != 0 {
		h.ending = endingOf(b)
	}
	if was, ok := p.producers.duplicate(h); ok {
		a.Base, a.Last, a.Duplicate = was.base, was.end, true
		if a.LogAppendTime >= 0 {
			a.LogAppendTime = was.time // UnifiedLog.append: the duplicate's
		}
		return was.end + 1, cfg.FlushMessages <= 1, nil
	}
	if err := p.producers.check(h); err != nil {
		return 0, false, err
	}
	if p.next > math.MaxInt64-int64(h.count) {
		return 0, false, fmt.Errorf("%w: the offset after %d overflows", ErrInvalid, p.next)
	}
	if err := p.rollIfDue(h, cfg); err != nil {
		return 0, false, fmt.Errorf("%w: new segment of %s: %w", ErrStorage, p.dir, err)
	}
	epoch := p.epochs.latest()
	b.place(p.next, epoch)
	h.base, h.leaderEpoch = p.next, epoch
	if err := p.beginEpoch(h); err != nil {
		return 0, false, err
	}
	p.calls = Calls{}
	if err := p.write(p.active(), b, h, cfg); err != nil {
		return 0, false, err
	}
	a.Base, a.Last, a.Calls = h.base, h.last(), p.calls
	flush = p.unflushed() >= cfg.FlushMessages
	if cfg.FlushMessages > 1 {
		p.publish()
	}
	return h.last() + 1, flush, nil
}

// writable says whether anything may be appended. appending is held.
func (p *Partition) writable() error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.failed != nil {
		return p.failed
	}
	return p.broken
}

// unflushed is how many records are not known to be on the disk.
func (p *Partition) unflushed() int64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.next - p.flushed
}

// beginEpoch notes the first batch's leader epoch.
func (p *Partition) beginEpoch(h header) error {
	if len(p.epochs) > 0 {
		return nil
	}
	next := p.epochs.with(h.leaderEpoch, h.base)
	if err := p.storeEpochs(next); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.epochs = next
	return nil
}

// write puts the batch at the end of the active segment and into its indexes.
// Whatever can fail for want of space comes before the bytes, or is undone.
func (p *Partition) write(s *segment, b Batch, h header, cfg *Config) error {
	held := s.held
	indexed := s.sinceIndex > cfg.IndexIntervalBytes
	if indexed {
		if err := s.offsets.reserve(1); err != nil {
			return fmt.Errorf("%w: append to %s: %w", ErrStorage, p.dir, err)
		}
		if err := s.times.reserve(2); err != nil { // one is for the roll
			return fmt.Errorf("%w: append to %s: %w", ErrStorage, p.dir, err)
		}
	}
	file, err := s.log.acquire()
	if err != nil { // nothing was written, so there is nothing to undo
		return fmt.Errorf("%w: append to %s: %w", ErrStorage, p.dir, err)
	}
	defer s.log.release()
	aborts, err := p.indexAbort(s, h)
	if err != nil {
		return fmt.Errorf("%w: append to %s: %w", ErrStorage, p.dir, err)
	}
	if err := s.put(file, b, cfg, &p.calls); err != nil {
		return p.undo(s, err)
	}
	if aborts {
		s.aborted.counted()
	}
	if held.bytes == 0 {
		s.firstTime = h.maxTime
	}
	next := held.with(h)
	if indexed {
		s.sinceIndex = 0
		if err := s.offsets.append(offsetEntry{h.last(), held.bytes}); err != nil {
			return p.fail(err) // reserve made room: the file itself fails
		}
		if err := s.times.append(next.latest); err != nil {
			return p.fail(err)
		}
	}
	s.sinceIndex += h.size
	txn, ended := p.producers.add(h)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.recent == nil {
		p.recent = new(recent)
	}
	p.recent.add(place{s, h.base, held.bytes, h.size})
	s.held = next
	if p.next == p.flushed {
		p.dirty = p.owner.options.Now()
	}
	p.next = next.next
	p.unstable = p.producers.unstable(noProducer)
	if ended {
		p.unseen = append(p.unseen, txn)
	}
	return nil
}

// indexAbort writes the entry for a batch that aborts a transaction, which it says,
// into the segment's transaction index: it counts once the batch is there.
func (p *Partition) indexAbort(s *segment, h header) (aborts bool, err error) {
	entry, aborts := p.producers.abortedBy(h)
	if !aborts {
		return false, nil
	}
	made, err := s.aborted.put(entry)
	if made {
		p.mu.Lock()
		p.made++
		p.mu.Unlock()
	}
	return true, err
}

// publish lets readers see all that was appended, and wakes them.
func (p *Partition) publish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.publishTo(p.next, p.marks(p.visible))
}

// mark is how far a segment was filled at a moment.
type mark struct {
	segment *segment
	bytes   int64
}

// marks are those of the segments that hold something from the offset on. mu
// is held.
func (p *Partition) marks(from int64) []mark {
	if s := p.active(); s.base <= from { // the common case allocates nothing
		p.lastMark[0] = mark{s, s.held.bytes}
		return p.lastMark[:]
	}
	var all []mark
	for _, s := range p.segments {
		if s.held.next > from {
			all = append(all, mark{s, s.held.bytes})
		}
	}
	return all
}

// publishTo lets readers see up to the offset, where the marks are. mu is held.
func (p *Partition) publishTo(next int64, marks []mark) {
	if next <= p.visible {
		return
	}
	for _, m := range marks {
		m.segment.readable = max(m.segment.readable, m.bytes)
	}
	p.visible = next
	seen := 0
	for seen < len(p.unseen) && p.unseen[seen].last < next {
		seen++
	}
	if p.unseen = p.unseen[seen:]; len(p.unseen) == 0 {
		p.unseen = nil
	}
	p.signal()
}

// undo cuts off what a failed append left behind. Readers never saw it.
func (p *Partition) undo(s *segment, cause error) error {
	err := fmt.Errorf("%w: append to %s: %w", ErrStorage, s.log.path, cause)
	p.willForce(s)
	cut := s.cut()
	p.willForce(s) // a flush may have come in between
	if cut != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.broken = fmt.Errorf("%w; cutting off its rest failed too (%w): no more appends until a restart recovers the file", err, cut)
		return p.broken
	}
	return err
}

// cut makes the file end where its batches do.
func (s *segment) cut() error {
	file, err := s.log.acquire()
	if err != nil {
		return err
	}
	defer s.log.release()
	if err := s.log.unview(); err != nil {
		return err
	}
	s.allocated = 0
	return file.Truncate(s.held.bytes)
}

// put writes the batch behind the others, by one pwrite(2) or through the
// mapping.
func (s *segment) put(file vfs.File, b Batch, cfg *Config, calls *Calls) error {
	if cfg.Mapped {
		return s.putMapped(file, b, cfg.SegmentBytes, calls)
	}
	calls.Pwrite++
	_, err := file.WriteAt(b, s.held.bytes)
	return err
}

// rollIfDue begins a new segment where Kafka does (LogSegment.shouldRoll).
// appending is held.
func (p *Partition) rollIfDue(h header, cfg *Config) error {
	s := p.active()
	if s.held.bytes == 0 && h.base == 0 && s.base == p.next {
		return nil
	}
	full := s.held.bytes > cfg.SegmentBytes-h.size
	old := s.held.bytes > 0 && p.age(s, h.maxTime) > cfg.segmentAge()-p.jitterOf(cfg)
	indexes := s.offsets.full(cfg.IndexBytes, 0) || s.times.full(cfg.IndexBytes, 1)
	far := p.next+int64(h.lastDelta)-s.base > math.MaxInt32 || s.held.bytes > math.MaxInt32
	if !full && !old && !indexes && !far {
		return nil
	}
	return p.roll()
}

// age is how far the time, in ms, is beyond that of the segment's first batch,
// or now beyond the segment's making (LogSegment.timeWaitedForRoll).
func (p *Partition) age(s *segment, timestamp int64) time.Duration {
	if s.firstTime < 0 {
		return p.owner.options.Now().Sub(s.created)
	}
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(min(timestamp-s.firstTime, most)) * time.Millisecond
}

// jitterOf keeps partitions that were made together from rolling together.
func (p *Partition) jitterOf(cfg *Config) time.Duration {
	if cfg.SegmentJitter <= 0 {
		return 0
	}
	return min(time.Duration(p.jitter.Load()%uint64(cfg.SegmentJitter)), cfg.segmentAge())
}

// full says whether less than spare more entries than one fit.
func (x *indexFile) full(limit, spare int64) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.count > 0 && x.count >= limit/x.width-spare
}

// roll ends the active segment and begins the next. If anything fails, the
// active segment goes on. appending is held.
func (p *Partition) roll() error {
	p.willForce(p.active())
	if err := p.active().seal(); err != nil {
		return err
	}
	p.willForce(p.active()) // a flush may have come in between
	// Neither the snapshot nor the new names are forced to the disk here: a
	// snapshot has a checksum, and one that is newer than the log is ignored;
	// the names are forced before a flush tells that batches are safe.
	if err := p.takeSnapshot(); err != nil {
		return err
	}
	s := newSegment(p.owner.files, p.dir, p.next, p.owner.options.Now())
	if err := s.make(p.config.Load()); err != nil {
		s.remove()
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made++
	p.segments = append(slices.Clone(p.segments), s)
	p.owner.wantFlush(p)
	return nil
}

// remove unlinks what make made. It is closed, too: an open file keeps its space.
func (s *segment) remove() {
	s.drop()
	for _, f := range s.files() {
		f.cache.fs.Remove(f.path) // what stays is empty, and is used by the next try
	}
}
