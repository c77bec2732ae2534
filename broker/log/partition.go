package log

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

var (
	// ErrOffset: the offset is below the first or above the next one.
	ErrOffset = errors.New("offset out of range")
	// ErrStorage: the disk, or the file on it, does not do what it should.
	ErrStorage = errors.New("storage error")
)

// Partition is one append-only sequence of record batches.
type Partition struct {
	dir  string
	file *os.File

	appending sync.Mutex // one append at a time

	mu       sync.RWMutex
	held     extent
	index    sparseIndex
	config   atomic.Pointer[Config]
	failed   error // an append that could not be undone; no more are taken
	watchers map[chan<- struct{}]struct{}
}

// SegmentName is the file name of the segment that begins at the offset.
func SegmentName(base int64) string { return fmt.Sprintf("%020d.log", base) }

// openPartition opens the partition in the directory, which is made if it is missing,
// and recovers it, which reads all of it, unless the context ends before. read,
// which may be nil, is told the bytes of each read.
func openPartition(ctx context.Context, dir string, cfg Config, read func(bytes int)) (*Partition, Recovery, error) {
	if err := ctx.Err(); err != nil {
		return nil, Recovery{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, Recovery{}, err
	}
	f, err := os.OpenFile(filepath.Join(dir, SegmentName(firstOffset)), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, Recovery{}, err
	}
	held, index, r, err := recoverSegment(ctx, f, read)
	if err != nil {
		f.Close()
		return nil, r, fmt.Errorf("recover %s: %w", f.Name(), err)
	}
	p := &Partition{dir: dir, file: f, held: held, index: index, watchers: map[chan<- struct{}]struct{}{}}
	p.config.Store(&cfg)
	return p, r, nil
}

// Produce checks what a producer sent for the partition, exactly one batch, in
// the way and order of Kafka, and appends it. The set's memory stays the
// caller's, but the fields that belong to the broker are written into it.
func (p *Partition) Produce(set []byte) (Appended, error) {
	b, err := Validate(set, p.config.Load().MaxMessageBytes)
	if err != nil {
		return Appended{}, err
	}
	base, err := p.append(b)
	if err != nil {
		return Appended{}, err
	}
	return Appended{Base: base, Last: base + int64(b.Records()) - 1, LogAppendTime: -1}, nil
}

// append stores a batch from [Validate], sets the fields in it that belong to
// the broker, and returns the offset of its first record. The bytes are handed
// to the kernel, not forced to the disk, as with Kafka's default settings.
func (p *Partition) append(b Batch) (base int64, err error) {
	p.appending.Lock()
	defer p.appending.Unlock()
	p.mu.RLock()
	held, failed := p.held, p.failed
	p.mu.RUnlock()
	if failed != nil {
		return 0, failed
	}
	b.place(held.next)
	h := parseHeader(b)
	if _, err := p.file.WriteAt(b, held.bytes); err != nil {
		return 0, p.undo(held, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.index.add(held.entry(h))
	p.held = held.with(h)
	for c := range p.watchers {
		select {
		case c <- struct{}{}:
		default: // it has not looked since the last append; one signal is enough
		}
	}
	return h.base, nil
}

// undo cuts off what a failed append left behind. Readers never saw it.
func (p *Partition) undo(held extent, cause error) error {
	err := fmt.Errorf("%w: append to %s: %w", ErrStorage, p.file.Name(), cause)
	if cut := p.file.Truncate(held.bytes); cut != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.failed = fmt.Errorf("%w; cutting off its rest failed too (%w): no more appends until a restart recovers the file", err, cut)
		return p.failed
	}
	return err
}

// Region is a range of whole batches in a file, of which the last may be cut.
// The bytes stay readable, whatever becomes of the segment, until Release.
type Region struct {
	File            *os.File
	Position, Bytes int64
}

// Release lets go of the file. It is called once for each region that
// [Partition.Read] gave, an empty one too.
func (r Region) Release() {}

// Read finds the region that begins with the batch that holds the offset. It
// has at most limit bytes, unless whole is set and the first batch alone has
// more: then it is that batch (KIP-74). Without whole, a limit below the first
// batch gives an empty region, as Kafka does, since a reader could do nothing
// with a part. The next offset gives an empty region, too.
func (p *Partition) Read(offset, limit int64, whole bool) (Region, error) {
	held, from := p.find(func(x sparseIndex) int64 { return x.before(offset) })
	switch {
	case offset < firstOffset || offset > held.next:
		return Region{}, fmt.Errorf("%w: %d, the partition has %d to %d", ErrOffset, offset, firstOffset, held.next)
	case offset == held.next:
		return Region{}, nil
	}
	r := Region{File: p.file}
	err := walk(p.file, from, held.bytes, func(position int64, h header) bool {
		if h.last() < offset {
			return true
		}
		if whole {
			limit = max(limit, h.size)
		}
		if h.size <= limit {
			r.Position, r.Bytes = position, min(limit, held.bytes-position)
		}
		return false
	})
	return r, err
}

// find takes a consistent look at the extent and the index.
func (p *Partition) find(position func(sparseIndex) int64) (extent, int64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.held, position(p.index)
}

// Offsets are the first offset and the one that the next record gets.
func (p *Partition) Offsets() (low, next int64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return firstOffset, p.held.next
}

// Configure sets what is in force from now on.
func (p *Partition) Configure(c Config) { p.config.Store(&c) }

// Epoch is the leader epoch of the next batch.
func (p *Partition) Epoch() int32 { return leaderEpoch }

// EpochEnd is the end offset of the largest epoch that is not above the given
// one, and that epoch: where a reader that was in the given epoch parts from
// this log (OffsetForLeaderEpoch). Both are -1 if the log has no such epoch.
func (p *Partition) EpochEnd(epoch int32) (found int32, end int64) {
	if epoch < leaderEpoch {
		return -1, -1
	}
	_, next := p.Offsets()
	return leaderEpoch, next
}

// DeleteRecords moves the first offset up to the given one, -1 for the next
// one, and returns it (DeleteRecords). ErrOffset if it is beyond the next one.
func (p *Partition) DeleteRecords(before int64) (low int64, err error) {
	return firstOffset, nil
}

// AtMaxTime is the first record with the latest timestamp (KIP-734). ok is
// false if there is no record.
func (p *Partition) AtMaxTime() (at Stamped, ok bool, err error) {
	p.mu.RLock()
	held := p.held
	p.mu.RUnlock()
	if held.next == firstOffset {
		return Stamped{}, false, nil
	}
	return p.AtTime(held.maxTime)
}

// Bytes is the size of the partition's batches.
func (p *Partition) Bytes() int64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.held.bytes
}

// Watch sends to c, which must have room for one, after each append, until
// stop is called. A signal is dropped while one is waiting in c.
func (p *Partition) Watch(c chan<- struct{}) (stop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watchers[c] = struct{}{}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.watchers, c)
	}
}

// Close forces the batches to the disk, if there are any, and closes the file.
// No region may be in use any more.
func (p *Partition) Close() error {
	p.appending.Lock()
	defer p.appending.Unlock()
	p.mu.Lock()
	p.failed = fmt.Errorf("%w: %s is closed", ErrStorage, p.file.Name())
	empty := p.held.bytes == 0
	p.mu.Unlock()
	if empty { // fsync(2) would wait for the file system's journal for nothing
		return p.file.Close()
	}
	return errors.Join(p.file.Sync(), p.file.Close())
}
