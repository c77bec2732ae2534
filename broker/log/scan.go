package log

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"copyscope/broker/vfs"
)

// readAhead is how much of a segment is read at a time at start; as often the
// context is looked at.
const readAhead = 1 << 20

// watchedReader reads until the context ends, and tells of each read.
type watchedReader struct {
	ctx  context.Context
	from io.Reader
	read func(int)
}

func (r watchedReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.from.Read(b)
	if r.read != nil {
		r.read(n)
	}
	return n, err
}

// scan is a reading of every batch of a segment, from which everything else
// about it can be made anew.
type scan struct {
	interval int64 // index.interval.bytes
	base     int64

	held       extent
	offsets    []byte // entries of the two indexes
	times      []byte
	latest     int64 // timestamp of the last entry of times
	sinceIndex int64
	firstTime  int64
	damaged    []int64
	aborted    []AbortedTxn
	whole      bool  // aborted is all that the segment has: its producers were known
	reason     error // what is wrong with the batch at held.bytes
}

func newScan(base, interval int64) *scan {
	return &scan{interval: interval, base: base, held: emptyExtent(base), latest: noTimestamp, firstTime: noTimestamp}
}

// add accounts for the batch that follows what is held.
func (s *scan) add(h header) {
	position := s.held.bytes
	if position == 0 {
		s.firstTime = h.maxTime
	}
	s.held = s.held.with(h)
	if s.sinceIndex > s.interval {
		s.offsets = appendOffsetEntry(s.offsets, s.base, offsetEntry{h.last(), position})
		if t := s.held.latest; t.timestamp > s.latest {
			s.times = appendTimeEntry(s.times, s.base, t)
			s.latest = t.timestamp
		}
		s.sinceIndex = 0
	}
	s.sinceIndex += h.size
}

// run reads from what is held on to the end, or to the first batch that is not
// whole and valid; that one's fault is the reason. Other errors are the disk's
// or the context's.
func (s *scan) run(ctx context.Context, f io.ReaderAt, size int64, read func(int), visit func(h header)) error {
	from := io.NewSectionReader(f, s.held.bytes, size-s.held.bytes)
	in := bufio.NewReaderSize(watchedReader{ctx, from, read}, int(min(readAhead, size-s.held.bytes)))
	var head [HeaderBytes]byte
	for s.held.bytes < size {
		h, err := s.next(in, head[:], size-s.held.bytes)
		if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrInvalid) {
			s.reason = err
			return nil
		}
		if err != nil {
			return err
		}
		s.add(h)
		visit(h)
	}
	return nil
}

// next reads a batch, of which at most left bytes are there.
func (s *scan) next(in io.Reader, head []byte, left int64) (header, error) {
	if n, err := io.ReadFull(in, head); err != nil {
		return header{}, torn(err, "%d bytes are less than a batch header", n)
	}
	h := parseHeader(head)
	if err := h.check(); err != nil {
		return h, err
	}
	if h.base < s.held.next || h.base > math.MaxInt64-int64(h.lastDelta)-1 || h.last()-s.base > math.MaxInt32 {
		return h, fmt.Errorf("%w: base offset %d where %d should follow", ErrInvalid, h.base, s.held.next)
	}
	if h.size > left {
		return h, fmt.Errorf("%w: it claims %d bytes, the file has %d left", ErrCorrupt, h.size, left)
	}
	sum := crc32.New(castagnoli)
	sum.Write(head[atAttributes:])
	var body bytes.Buffer // of a control batch
	if h.attributes&controlBit != 0 && h.size <= maxEndingBytes {
		body.Write(head)
		in = io.TeeReader(in, &body)
	}
	if n, err := io.CopyN(sum, in, h.size-HeaderBytes); err != nil {
		return h, torn(err, "%d of %d bytes of records", n, h.size-HeaderBytes)
	}
	if sum.Sum32() != h.crc {
		return h, fmt.Errorf("%w: CRC-32C %#08x, the header says %#08x", ErrCorrupt, sum.Sum32(), h.crc)
	}
	if body.Len() > 0 {
		h.ending = endingOf(body.Bytes())
	}
	return h, nil
}

// torn tells the end of the file from a failing disk.
func torn(err error, format string, args ...any) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
	}
	return err
}

// skipDamage looks behind the batch at which a scan ended for one that is
// whole and valid. If there is one, what lies between is noted as damaged and
// the scan can go on there.
func (s *scan) skipDamage(ctx context.Context, f vfs.File, size int64, read func(int)) (found bool, err error) {
	b := make([]byte, readAhead)
	for at := s.held.bytes + 1; at+HeaderBytes <= size; {
		n, err := watchedReader{ctx, io.NewSectionReader(f, at, size-at), read}.Read(b)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		if n < HeaderBytes {
			return false, nil
		}
		for i := 0; i+HeaderBytes <= n; i++ {
			if b[i+atMagic] == magic && s.validAt(f, b[i:n], at+int64(i), size) {
				s.damaged = append(s.damaged, s.held.bytes)
				s.held.bytes = at + int64(i)
				s.sinceIndex = s.interval + 1 // an entry there takes readers past the damage
				return true, nil
			}
		}
		at += int64(n) - HeaderBytes + 1
	}
	return false, nil
}

// validAt says whether a batch that could follow lies at the position, of
// which b are the first bytes.
func (s *scan) validAt(f io.ReaderAt, b []byte, position, size int64) bool {
	h := parseHeader(b)
	if h.check() != nil || h.size > size-position || h.base < s.held.next || h.base-s.base > math.MaxInt32 {
		return false
	}
	_, err := newScan(s.base, s.interval).next(io.NewSectionReader(f, position, h.size), make([]byte, HeaderBytes), h.size)
	return err == nil
}
