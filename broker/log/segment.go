package log

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// SegmentName is the file name of the segment that begins at the offset.
func SegmentName(base int64) string { return fmt.Sprintf("%020d.log", base) }

// The endings of a partition's files (LogFileUtils.java).
const (
	logSuffix      = ".log"
	indexSuffix    = ".index"
	timeSuffix     = ".timeindex"
	txnSuffix      = ".txnindex"
	snapshotSuffix = ".snapshot"
	deletedSuffix  = ".deleted"
	cleanedSuffix  = ".cleaned" // a new form of a segment, not whole yet
	swapSuffix     = ".swap"    // one that is whole, see swap.go
)

// extent is what a segment holds up to a moment: it only grows.
type extent struct {
	bytes int64 // size of the file that holds whole, valid batches
	next  int64 // offset that the next record gets
	// latest is the largest timestamp, in ms, and the last offset of the first
	// batch that has it.
	latest timeEntry
}

func emptyExtent(base int64) extent {
	return extent{next: base, latest: timeEntry{noTimestamp, base}}
}

// with is the extent after the batch was appended.
func (e extent) with(h header) extent {
	e.bytes += h.size
	e.next = h.last() + 1
	if h.maxTime > e.latest.timestamp {
		e.latest = timeEntry{h.maxTime, h.last()}
	}
	return e
}

// segment is a file of batches with its indexes. Only the last one of a
// partition, the active one, grows.
type segment struct {
	base    int64
	log     cachedFile
	offsets offsetIndex
	times   timeIndex
	aborted txnIndex

	// Under the partition's mu; they change under its appending, too.
	held     extent
	readable int64 // bytes that readers may see
	damaged  []int64

	// Under the partition's appending.
	sinceIndex int64     // bytes since the last index entry
	firstTime  int64     // ms, latest timestamp of the first batch; noTimestamp: none
	created    time.Time // rolling goes by this while there is no firstTime
	allocated  int64     // size of the file, if it is ahead of its batches
}

func newSegment(files *fileCache, dir string, base int64, created time.Time) *segment {
	name := filepath.Join(dir, fmt.Sprintf("%020d", base))
	s := &segment{base: base, held: emptyExtent(base), firstTime: noTimestamp, created: created}
	s.log = cachedFile{cache: files, path: name + logSuffix}
	s.offsets = offsetIndex{indexFile: indexFile{file: cachedFile{cache: files, path: name + indexSuffix}, width: offsetEntryBytes}, base: base}
	s.times = timeIndex{indexFile: indexFile{file: cachedFile{cache: files, path: name + timeSuffix}, width: timeEntryBytes}, base: base}
	s.aborted = txnIndex{file: cachedFile{cache: files, path: name + txnSuffix}}
	return s
}

// files are the segment's, but for snapshot and transaction index, which it
// may lack.
func (s *segment) files() []*cachedFile {
	return []*cachedFile{&s.log, &s.offsets.file, &s.times.file}
}

// present are all its files that are there, but for the snapshot.
func (s *segment) present() []*cachedFile {
	all := s.files()
	if s.aborted.count.Load() > 0 {
		all = append(all, &s.aborted.file)
	}
	return all
}

// make makes the files, empty, or with the segment's space allocated
// (preallocate).
func (s *segment) make(cfg *Config) error {
	for _, f := range s.files() {
		out, err := f.cache.fs.Open(f.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
	if !cfg.Preallocate {
		return nil
	}
	file, err := s.log.acquire()
	if err != nil {
		return err
	}
	defer s.log.release()
	s.allocated = cfg.SegmentBytes
	return file.Allocate(cfg.SegmentBytes)
}

// drop closes the files when nobody uses them any more.
func (s *segment) drop() error {
	var all []error
	for _, f := range append(s.files(), &s.aborted.file) {
		all = append(all, f.drop())
	}
	return errors.Join(all...)
}

// seal ends the indexes as Kafka does when a segment is rolled or closed.
func (s *segment) seal() error {
	if s.held.bytes > 0 && s.times.grows(s.held.latest) {
		if err := s.times.reserve(1); err != nil {
			return err
		}
		if err := s.times.append(s.held.latest); err != nil {
			return err
		}
	}
	return errors.Join(s.trimLog(), s.offsets.trim(), s.times.trim(), s.aborted.trim())
}

// trimLog cuts off what was allocated ahead.
func (s *segment) trimLog() error {
	if s.allocated <= s.held.bytes {
		return nil
	}
	file, err := s.log.acquire()
	if err != nil {
		return err
	}
	defer s.log.release()
	if err := s.log.unview(); err != nil {
		return err
	}
	if err := file.Truncate(s.held.bytes); err != nil {
		return err
	}
	s.allocated = 0
	return nil
}

// windows are the buffers of walk.
var windows = sync.Pool{New: func() any { return new([windowBytes]byte) }}

const windowBytes = 512

// walk visits the headers of the batches from the position on, until visit
// returns false or end is reached. It reads a window, not a header, at a time:
// where batches are tiny, many headers come with one read.
func walk(f io.ReaderAt, position, end int64, visit func(position int64, h header) bool) error {
	window := windows.Get().(*[windowBytes]byte)
	defer windows.Put(window)
	held, from := 0, position // window[:held] are the bytes from `from` on
	for position < end {
		if end-position < HeaderBytes {
			return fmt.Errorf("%w: %d bytes at byte %d are less than a batch header", ErrCorrupt, end-position, position)
		}
		if position+HeaderBytes > from+int64(held) {
			n, err := f.ReadAt(window[:min(int64(len(window)), end-position)], position)
			if n < HeaderBytes {
				return fmt.Errorf("%w: batch header at byte %d: %w", ErrStorage, position, err)
			}
			held, from = n, position
		}
		h := parseHeader(window[position-from:])
		if err := h.check(); err != nil {
			return fmt.Errorf("%w: the batch at byte %d: %w", ErrCorrupt, position, err)
		}
		if h.size > end-position || h.base < 0 || h.base > math.MaxInt64-int64(h.lastDelta)-1 {
			return fmt.Errorf("%w: the batch at byte %d claims %d bytes of %d that are left, base offset %d", ErrCorrupt, position, h.size, end-position, h.base)
		}
		if !visit(position, h) {
			return nil
		}
		position += h.size
	}
	return nil
}
