package log

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"copyscope/broker/vfs"
)

var (
	// ErrOffset: the offset is below the first or above the next one.
	ErrOffset = errors.New("offset out of range")
	// ErrStorage: the disk, or the file on it, does not do what it should.
	ErrStorage = errors.New("storage error")
	// ErrOffline: the partition takes part in nothing until a restart. It is
	// an ErrStorage.
	ErrOffline = fmt.Errorf("%w: the partition is offline", ErrStorage)
)

// Partition is one append-only sequence of record batches.
type Partition struct {
	fullSince atomic.Int64 // see FullSince

	owner  *Dir
	name   TopicPartition
	id     ID
	dir    string
	config atomic.Pointer[Config]
	jitter atomic.Uint64 // random, for segment.jitter.ms

	// appending is held by whoever changes files: one append, roll or deletion
	// of a segment at a time.
	appending sync.Mutex
	producers producers
	lastMark  [1]mark // memory of marks; under mu
	calls     Calls   // of the append under way; under appending
	// flushing is held by whoever forces files to the disk.
	flushing sync.Mutex

	mu       sync.RWMutex
	segments []*segment // by base, never empty; replaced, never changed
	low      int64
	next     int64      // offset that the next record gets
	visible  int64      // offset up to which readers see
	flushed  int64      // offset up to which everything is on the disk
	unstable int64      // first offset of an open transaction, -1: none
	unseen   []endedTxn // transactions whose markers readers do not see yet, by marker
	made     int        // how often files were made
	named    int        // made, when their names were last forced to the disk; under flushing
	dirty    time.Time  // when the first batch beyond flushed was appended
	// unforced are segments whose indexes, or whose ends behind the batches,
	// were changed since they were forced to the disk, in order. A recovery
	// must not trust them.
	unforced []*segment
	forcing  int // the first ones of unforced, which a flush under way forces
	epochs   epochs
	failed   error // why nothing more is done, wraps ErrStorage
	broken   error // why nothing more is appended
	watchers map[chan<- struct{}]struct{}
	recent   *recent
}

// recent are the places of the batches that were appended last, where readers
// that keep up begin.
type recent struct {
	places [16]place
	at     int
}

type place struct {
	segment              *segment
	base, position, size int64
}

func (r *recent) add(p place) {
	r.places[r.at%len(r.places)] = p
	r.at++
}

// find is the place of the batch that begins at the offset in the segment.
func (r *recent) find(s *segment, base int64) (place, bool) {
	if r != nil {
		for i := range r.places {
			if p := r.places[i]; p.segment == s && p.base == base {
				return p, true
			}
		}
	}
	return place{}, false
}

func (p *Partition) fs() vfs.FS { return p.owner.options.FS }

// active is the segment that grows. mu or appending is held.
func (p *Partition) active() *segment { return p.segments[len(p.segments)-1] }

// Offsets are the first offset and the one that the next record gets, as far
// as readers may see.
func (p *Partition) Offsets() (low, next int64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.low, p.visible
}

// Configure sets what is in force from now on.
func (p *Partition) Configure(c Config) {
	if c.Mapped && !vfs.Mappable {
		p.owner.options.Log.Error("this system cannot append through mappings (copyscope.append.engine=mmap needs Linux); write is used", "partition", p.dir)
		c.Mapped = false
	}
	p.config.Store(&c)
}

// Epoch is the leader epoch of the next batch.
func (p *Partition) Epoch() int32 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.epochs.latest()
}

// EpochAt is the leader epoch of the batch at the offset.
func (p *Partition) EpochAt(offset int64) int32 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.epochs.at(offset)
}

// EpochEnd is the end offset of the largest epoch that is not above the given
// one, and that epoch: where a reader that was in the given epoch parts from
// this log (OffsetForLeaderEpoch). Both are -1 if the log has no such epoch.
func (p *Partition) EpochEnd(epoch int32) (found int32, end int64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.epochs.end(epoch, p.low, p.visible)
}

// Bytes is the size of the partition's batches.
func (p *Partition) Bytes() (n int64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, s := range p.segments {
		n += s.held.bytes
	}
	return n
}

// SegmentInfo describes a segment.
type SegmentInfo struct {
	Base, Bytes int64
	Latest      int64 // timestamp in ms, -1: none
}

// Segments describes the segments, oldest first.
func (p *Partition) Segments() []SegmentInfo {
	p.mu.RLock()
	defer p.mu.RUnlock()
	all := make([]SegmentInfo, len(p.segments))
	for i, s := range p.segments {
		all[i] = SegmentInfo{s.base, s.held.bytes, s.held.latest.timestamp}
	}
	return all
}

// Failed is why the partition is offline, nil if it is not.
func (p *Partition) Failed() error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.failed
}

// fail takes the partition offline, for good.
func (p *Partition) fail(cause error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = fmt.Errorf("%w until a restart: %w", ErrOffline, cause)
		p.owner.options.Log.Error("a partition is offline until a restart", "partition", p.dir, "error", cause)
		p.signal()
	}
	return p.failed
}

// Watch sends to c, which must have room for one, after each append, until
// stop is called. A signal is dropped while one is waiting in c.
func (p *Partition) Watch(c chan<- struct{}) (stop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watchers == nil {
		p.watchers = map[chan<- struct{}]struct{}{}
	}
	p.watchers[c] = struct{}{}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.watchers, c)
		if len(p.watchers) == 0 {
			p.watchers = nil
		}
	}
}

// signal wakes those who watch. mu is held.
func (p *Partition) signal() {
	for c := range p.watchers {
		select {
		case c <- struct{}{}:
		default: // it has not looked since the last signal; one is enough
		}
	}
}

// DeleteRecords moves the first offset up to the given one, -1 for the next
// one, and returns it (DeleteRecords). ErrOffset if it is beyond the next one.
// Segments that end before it go with the next look at retention; after a
// crash the first offset may be one of up to a minute ago, as with Kafka.
func (p *Partition) DeleteRecords(before int64) (low int64, err error) {
	p.appending.Lock()
	defer p.appending.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return 0, p.failed
	}
	if before == -1 {
		before = p.visible
	}
	if before < 0 || before > p.visible {
		return 0, fmt.Errorf("%w: %d, the partition has %d to %d", ErrOffset, before, p.low, p.visible)
	}
	p.low = max(p.low, before)
	return p.low, nil
}

// Close forces the batches to the disk and closes the files. Regions that are
// being sent stay readable.
func (p *Partition) Close() error {
	p.appending.Lock()
	defer p.appending.Unlock()
	p.mu.RLock()
	failed := p.failed
	p.mu.RUnlock()
	if errors.Is(failed, errClosed) {
		return nil
	}
	var err error
	if failed != nil {
		err = failed // its files are left as they are, for the recovery
	} else {
		err = p.settle()
	}
	p.mu.Lock()
	p.failed = fmt.Errorf("%w: %s: %w", ErrStorage, p.dir, errClosed)
	segments := p.segments
	p.signal()
	p.mu.Unlock()
	for _, s := range segments {
		err = errors.Join(err, s.drop())
	}
	return err
}

var errClosed = errors.New("the partition is closed")

// settle brings the files into the state that a clean stop promises. appending
// is held.
func (p *Partition) settle() error {
	p.mu.RLock()
	clean := p.flushed == p.next && (p.producers.snapshot == p.next || p.next == 0) && len(p.unforced) == 0 && p.active().allocated == 0
	p.mu.RUnlock()
	if !clean {
		p.willForce(p.active())
	}
	if err := p.active().seal(); err != nil || clean {
		return err
	}
	if err := p.takeSnapshot(); err != nil {
		return err
	}
	return p.Flush()
}

// takeSnapshot stores what is known of the producers at the end of the log.
// appending is held.
func (p *Partition) takeSnapshot() error {
	if p.producers.snapshot == p.next || p.next == 0 {
		return nil
	}
	if err := vfs.Write(p.fs(), snapshotPath(p.dir, p.next), p.producers.format()); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	p.producers.snapshot = p.next
	return nil
}

// willForce notes that the next flush must force all files of the segment.
func (p *Partition) willForce(s *segment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	// One that a flush is forcing is noted again: its fsync may be over already.
	if !slices.Contains(p.unforced[p.forcing:], s) {
		p.unforced = append(p.unforced, s)
	}
}

// safe is the offset up to which a recovery need not look. mu is held.
func (p *Partition) safe() int64 {
	if len(p.unforced) > 0 {
		return min(p.flushed, p.unforced[0].base)
	}
	return p.flushed
}

// dropSegments takes segments from the beginning of the log.
func (p *Partition) dropSegments(gone []*segment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.segments = slices.DeleteFunc(slices.Clone(p.segments), func(s *segment) bool { return slices.Contains(gone, s) })
	p.low = max(p.low, p.segments[0].base)
}

// has says whether the file is still one of the log.
func (p *Partition) has(f *cachedFile) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.ContainsFunc(p.segments, func(s *segment) bool { return slices.Contains(s.present(), f) })
}

func (p *Partition) metadataPath() string { return filepath.Join(p.dir, metadataName) }
