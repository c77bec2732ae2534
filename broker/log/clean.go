package log

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"copyscope/broker/vfs"
)

// cleaning is one cleaning of a partition: the latest offsets of the keys of its
// dirty part are gathered, and all segments up to the end of that are written
// anew without what is superseded, several small ones into one (Cleaner.java).
type cleaning struct {
	p    *Partition
	cfg  *Config
	now  time.Time
	pace *pace
	keys *offsetMap
	txns *transactions
	// ended says that markers decide what stays: they may be in segments that
	// are not on the disk.
	ended bool

	in, out []byte
	read    int64 // bytes
	written int64
}

// cleanBuffer is read, and written, at a time, and is how finely the cleaner keeps
// its pace.
const cleanBuffer = 256 << 10

var errCleanerStopped = errors.New("the cleaner was stopped")

// run cleans what the measurement found and returns the offset up to which the log
// is clean now.
func (c *cleaning) run(d dirt, memory int64, load float64) (end int64, err error) {
	if c.txns, err = c.p.abortedBelow(d.end); err != nil {
		return 0, err
	}
	c.ended = len(c.txns.aborted) > 0
	c.keys = newOffsetMap(d.end-d.from, memory, load)
	for _, s := range d.segments {
		if s.next <= d.from {
			continue
		}
		full, err := c.gather(s, d.from)
		if err != nil {
			return 0, err
		}
		if full {
			break
		}
	}
	end = c.keys.latest + 1
	if end <= d.from { // nothing but what has gone: it is clean as it is
		return d.end, nil
	}
	if c.ended {
		if err := c.p.Flush(); err != nil {
			return 0, err
		}
	}
	v, err := c.sieve(end)
	if err != nil {
		return 0, err
	}
	for _, group := range groups(d.segments, end, c.cfg) {
		if err := c.rewrite(group, v); err != nil {
			return 0, err
		}
	}
	return end, nil
}

// gather puts the keys of a segment into the map (Cleaner.buildOffsetMap). It is
// true if not all of them fit.
func (c *cleaning) gather(s source, from int64) (full bool, err error) {
	err = c.each(s, func(b Batch, h header) error {
		if h.last() < from {
			return nil
		}
		c.ended = c.ended || h.attributes&transactionalBit != 0
		if h.attributes&controlBit == 0 && !c.txns.isAborted(h) {
			err := eachSplit(b, h, &c.out, func(r keptRecord, key, _ []byte) error {
				if offset := h.base + r.offsetDelta; key != nil && offset >= from && !c.keys.put(key, offset) {
					return errFound
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		c.keys.latest = max(c.keys.latest, h.last())
		return nil
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}

// sieve is made with what is known of the producers now.
func (c *cleaning) sieve(end int64) (*sieve, error) {
	v := &sieve{keys: c.keys, now: c.now.UnixMilli(), tombstoneAge: c.cfg.TombstoneAge.Milliseconds(), end: end, txns: c.txns, producers: map[int64]lastOfProducer{}}
	c.p.appending.Lock()
	defer c.p.appending.Unlock()
	for id, x := range c.p.producers.byID {
		last := lastOfProducer{-1, x.epoch}
		if x.kept > 0 {
			last.offset = x.latest().end
		}
		v.producers[id] = last
	}
	return v, c.p.writable()
}

// source is a segment as it was when the cleaning began.
type source struct {
	*segment
	bytes, next int64
	entries     int64 // of the longer index
}

// groups are the segments that begin before the end, several together where they
// fit one (Cleaner.groupSegmentsBySize).
func groups(all []source, end int64, cfg *Config) (out [][]source) {
	const farthest = 1<<31 - 1 // what an index can tell
	var bytes, entries int64
	for _, s := range all {
		if s.base >= end {
			break
		}
		n := len(out)
		if n > 0 && bytes+s.bytes <= cfg.SegmentBytes && (entries+s.entries)*timeEntryBytes <= cfg.IndexBytes && s.next-1-out[n-1][0].base <= farthest {
			out[n-1] = append(out[n-1], s)
			bytes, entries = bytes+s.bytes, entries+s.entries
			continue
		}
		out = append(out, []source{s})
		bytes, entries = s.bytes, s.entries
	}
	return out
}

// rewrite makes one segment of a group and puts it in its place.
func (c *cleaning) rewrite(group []source, v *sieve) (err error) {
	first, last := group[0], group[len(group)-1]
	s := newSegment(c.p.owner.files, c.p.dir, first.base, first.created)
	defer func() {
		if err != nil {
			for _, f := range s.files() { // what cannot be removed, the next start removes
				c.p.fs().Remove(f.path + cleanedSuffix)
			}
		}
	}()
	x := newScan(s.base, c.cfg.IndexIntervalBytes)
	out, err := c.p.fs().Open(s.log.path+cleanedSuffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	err = c.siftInto(out, x, group, v)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if t := x.held.latest; t.timestamp >= 0 && t.timestamp > x.latest { // as segment.seal
		x.times = appendTimeEntry(x.times, s.base, t)
	}
	for _, f := range []struct {
		of      *cachedFile
		entries []byte
	}{{&s.offsets.file, x.offsets}, {&s.times.file, x.times}} {
		if err := putForced(c.p.fs(), f.of.path+cleanedSuffix, f.entries); err != nil {
			return err
		}
	}
	s.hold(x)
	s.held.next = last.next
	var old []*segment
	for _, o := range group {
		old = append(old, o.segment)
	}
	return c.p.replace(old, s)
}

// hold is what a scan found, for a segment that does not grow.
func (s *segment) hold(x *scan) {
	s.held, s.firstTime, s.readable = x.held, x.firstTime, x.held.bytes
	if n := len(x.offsets); n > 0 {
		s.offsets.last = parseOffsetEntry(x.offsets[n-offsetEntryBytes:], s.base)
	}
	if n := len(x.times); n > 0 {
		s.times.last = parseTimeEntry(x.times[n-timeEntryBytes:], s.base)
	}
	for _, i := range []struct {
		of      *indexFile
		entries []byte
	}{{&s.offsets.indexFile, x.offsets}, {&s.times.indexFile, x.times}} {
		i.of.count, i.of.allocated = int64(len(i.entries))/i.of.width, int64(len(i.entries))
	}
}

// siftInto writes what stays of the group.
func (c *cleaning) siftInto(out vfs.File, x *scan, group []source, v *sieve) error {
	c.out = c.out[:0]
	at := int64(0)
	flush := func() error {
		if _, err := out.WriteAt(c.out, at); err != nil {
			return err
		}
		at += int64(len(c.out))
		c.written += int64(len(c.out))
		err := c.pace.moved(len(c.out))
		c.out = c.out[:0]
		return err
	}
	for _, s := range group {
		err := c.each(s, func(b Batch, h header) error {
			kept, err := v.sift(b, h)
			if err != nil || kept == nil {
				return err
			}
			x.add(parseHeader(kept))
			if c.out = append(c.out, kept...); len(c.out) < cleanBuffer {
				return nil
			}
			return flush()
		})
		if err != nil {
			return err
		}
	}
	return flush()
}

// putForced makes a file that is on the disk.
func putForced(f vfs.FS, path string, content []byte) error {
	out, err := f.Open(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	if len(content) > 0 {
		_, err = out.WriteAt(content, 0)
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// each visits the batches of a segment, whose checksums are compared. A batch's
// memory is valid during the visit.
func (c *cleaning) each(s source, visit func(b Batch, h header) error) error {
	file, err := s.log.acquire()
	if err != nil {
		return err
	}
	defer s.log.release()
	held, from := 0, int64(0) // in[:held] are the bytes from `from` on
	for at := int64(0); at < s.bytes; {
		rest := c.in[min(int(at-from), held):held]
		need := int64(HeaderBytes)
		if len(rest) >= HeaderBytes {
			h := parseHeader(rest)
			if err := h.check(); err != nil {
				return fmt.Errorf("%s, byte %d: %w", s.log.path, at, err)
			}
			if h.size > s.bytes-at {
				return fmt.Errorf("%w: %s, byte %d: a batch of %d bytes, %d are left", ErrCorrupt, s.log.path, at, h.size, s.bytes-at)
			}
			if int64(len(rest)) >= h.size {
				b := Batch(rest[:h.size])
				if err := b.verify(h); err != nil {
					return fmt.Errorf("%s, byte %d: %w", s.log.path, at, err)
				}
				if err := visit(b, h); err != nil {
					return err
				}
				at += h.size
				continue
			}
			need = h.size
		}
		want := min(max(need, cleanBuffer), s.bytes-at)
		c.in = grow(c.in, int(want))[:want]
		n, err := file.ReadAt(c.in, at)
		if int64(n) < min(need, want) || int64(n) < HeaderBytes {
			return fmt.Errorf("%w: %s, byte %d: %d of %d bytes: %w", ErrStorage, s.log.path, at, n, want, errors.Join(err, io.ErrUnexpectedEOF))
		}
		held, from = n, at
		c.read += int64(n)
		if err := c.pace.moved(n); err != nil {
			return err
		}
	}
	return nil
}
