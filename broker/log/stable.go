package log

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"sort"

	"copyscope/broker/vfs"
)

// LastStable is the last stable offset: readers of what is committed see what lies
// before it. It is the first offset of the oldest transaction that is open, or whose
// marker they do not see yet, or where readers' view ends
// (UnifiedLog.fetchLastStableOffsetMetadata; ProducerStateManager's
// unreplicatedTxns).
func (p *Partition) LastStable() int64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.stable()
}

// stable is LastStable for who holds mu.
func (p *Partition) stable() int64 {
	first := p.visible
	if p.unstable >= 0 {
		first = min(first, p.unstable)
	}
	for _, t := range p.unseen {
		first = min(first, t.first)
	}
	return max(first, p.low)
}

// ReadCommitted is [Partition.Read] for a reader of what is committed: it gives
// nothing from the last stable offset on, and the transactions that were aborted
// and have records in the region; the reader leaves those out. Some that have none
// may be among them.
func (p *Partition) ReadCommitted(offset, limit int64, whole bool) (Region, []AbortedTxn, error) {
	for {
		r, end, err := p.read(offset, limit, whole, true)
		if err != nil || r.Bytes == 0 {
			return r, nil, err
		}
		aborted, err := p.abortedIn(offset, end, r)
		if err == nil && p.reads(r) {
			return r, aborted, nil
		}
		// Else retention or a cleaning took the segment meanwhile, and what the
		// indexes knew of the region: the log is asked again.
		r.Release()
		if err != nil {
			return Region{}, nil, err
		}
	}
}

// reads says whether the region's segment is still one of the log.
func (p *Partition) reads(r Region) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.ContainsFunc(p.segments, func(s *segment) bool { return &s.log == r.pinned })
}

// abortedIn finds the aborted transactions that have records in the region, which
// begins with the batch that holds the offset and ends before end
// (UnifiedLog.collectAbortedTransactions). Their markers may be in later segments.
func (p *Partition) abortedIn(offset, end int64, r Region) (all []AbortedTxn, err error) {
	p.mu.RLock()
	from := max(0, sort.Search(len(p.segments), func(i int) bool { return p.segments[i].base > offset })-1)
	segments := p.segments[from:] // replaced, never changed
	p.mu.RUnlock()
	if !slices.ContainsFunc(segments, func(s *segment) bool { return s.aborted.count.Load() > 0 }) {
		return nil, nil
	}
	for _, s := range segments {
		if &s.log == r.pinned {
			behind, err := s.offsets.behind(r.Position + r.Bytes)
			if err != nil {
				return nil, err
			}
			end = min(end, behind)
		}
		var done bool
		if all, done, err = p.abortedOf(all, s, offset, end); err != nil || done {
			return all, err
		}
	}
	return all, nil
}

// abortedOf adds what the segment's index tells, as [txnIndex.collect].
func (p *Partition) abortedOf(to []AbortedTxn, s *segment, offset, end int64) (all []AbortedTxn, done bool, err error) {
	all, done, err = s.aborted.collect(to, offset, end)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !p.has(&s.aborted.file):
		return all, false, nil // retention took it meanwhile
	case err != nil:
		return nil, false, fmt.Errorf("%w: %s: %w", ErrStorage, s.aborted.file.path, err)
	}
	return all, done, nil
}

// behind is an offset behind all batches that begin before the position.
func (x *offsetIndex) behind(position int64) (offset int64, err error) {
	offset = math.MaxInt64
	err = x.entries(func(b []byte) {
		n := sort.Search(len(b)/offsetEntryBytes, func(i int) bool {
			return parseOffsetEntry(b[i*offsetEntryBytes:], x.base).position >= position
		})
		if n < len(b)/offsetEntryBytes {
			offset = parseOffsetEntry(b[n*offsetEntryBytes:], x.base).offset
		}
	})
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrStorage, x.file.path, err)
	}
	return offset, nil
}

// stableEnd is where, in bytes, a reader must stop: before the batch with which the
// oldest open transaction begins, or at the end of what is readable.
func (v view) stableEnd(file vfs.File) (int64, error) {
	if v.unstable < 0 {
		return v.readable, nil
	}
	from, err := v.segment.offsets.before(v.unstable)
	if err != nil {
		return 0, err
	}
	at, err := batchAt(file, from, v.readable, v.unstable)
	if err != nil || at.size == 0 {
		return v.readable, err
	}
	return at.position, nil
}

// ProducerInfo is what is known of a producer of a partition (DescribeProducers).
type ProducerInfo struct {
	ID               int64
	Epoch            int16
	LastSequence     int32 // -1: none
	Updated          int64 // timestamp of its latest batch or marker, ms
	CoordinatorEpoch int32 // -1: none has ended a transaction of it
	OpenTxn          int64 // first offset of its open transaction, -1: none
}

// Producers are the idempotent producers that the partition knows, by id.
func (p *Partition) Producers() []ProducerInfo {
	p.appending.Lock()
	defer p.appending.Unlock()
	all := make([]ProducerInfo, 0, len(p.producers.byID))
	for id, of := range p.producers.byID {
		info := ProducerInfo{ID: id, Epoch: of.epoch, LastSequence: -1, Updated: of.updated, CoordinatorEpoch: of.coordinator, OpenTxn: of.openTxn}
		if of.kept > 0 {
			info.LastSequence = of.latest().last
		}
		all = append(all, info)
	}
	slices.SortFunc(all, func(a, b ProducerInfo) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return all
}
