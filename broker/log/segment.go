package log

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
)

// extent is what a segment holds up to a moment: it only grows.
type extent struct {
	bytes   int64 // size of the file that holds whole, valid batches
	next    int64 // offset that the next record gets
	maxTime int64 // latest timestamp, ms
}

func emptyExtent() extent { return extent{next: firstOffset, maxTime: math.MinInt64} }

// with is the extent after the batch was appended.
func (e extent) with(h header) extent {
	return extent{bytes: e.bytes + h.size, next: h.last() + 1, maxTime: max(e.maxTime, h.maxTime)}
}

// entry is the index entry for a batch that follows the extent.
func (e extent) entry(h header) entry {
	return entry{base: h.base, position: e.bytes, timeBefore: e.maxTime}
}

// Recovery tells what opening a partition found.
type Recovery struct {
	// Bytes and Next are the size and the next offset after opening.
	Bytes, Next int64
	// Cut is how many bytes were cut off the end because the batch at Bytes
	// was not whole or not valid; Reason says what was wrong with it.
	Cut    int64
	Reason error
}

// recoverSegment reads every batch of the file, as Kafka does after an unclean
// stop (LogSegment.recover), builds the index, and cuts the file at the first
// batch that is torn or wrong.
func recoverSegment(ctx context.Context, f *os.File, read func(int)) (extent, sparseIndex, Recovery, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return extent{}, nil, Recovery{}, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return extent{}, nil, Recovery{}, err
	}
	held, index, reason := scan(watchedReader{ctx, f, read}, size)
	if reason != nil && !errors.Is(reason, ErrCorrupt) && !errors.Is(reason, ErrInvalid) {
		return extent{}, nil, Recovery{}, reason // a disk error, or the context's end, is no torn tail
	}
	r := Recovery{Bytes: held.bytes, Next: held.next, Cut: size - held.bytes, Reason: reason}
	if r.Cut > 0 {
		if err := f.Truncate(held.bytes); err != nil {
			return extent{}, nil, r, err
		}
	}
	return held, index, r, nil
}

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

// scan reads batches until the end or the first that is not whole and valid.
func scan(r io.Reader, size int64) (held extent, index sparseIndex, reason error) {
	held = emptyExtent()
	in := bufio.NewReaderSize(r, readAhead)
	var head [HeaderBytes]byte
	for held.bytes < size {
		if n, err := io.ReadFull(in, head[:]); err != nil {
			return held, index, torn(err, "%d bytes are less than a batch header", n)
		}
		h := parseHeader(head[:])
		if err := h.check(); err != nil {
			return held, index, err
		}
		if h.base < held.next || h.base > math.MaxInt64-int64(h.count) {
			return held, index, fmt.Errorf("%w: base offset %d where %d should follow", ErrInvalid, h.base, held.next)
		}
		if h.size > size-held.bytes {
			return held, index, fmt.Errorf("%w: it claims %d bytes, the file has %d left", ErrCorrupt, h.size, size-held.bytes)
		}
		sum := crc32.New(castagnoli)
		sum.Write(head[atAttributes:])
		if n, err := io.CopyN(sum, in, h.size-HeaderBytes); err != nil {
			return held, index, torn(err, "%d of %d bytes of records", n, h.size-HeaderBytes)
		}
		if sum.Sum32() != h.crc {
			return held, index, fmt.Errorf("%w: CRC-32C %#08x, the header says %#08x", ErrCorrupt, sum.Sum32(), h.crc)
		}
		index.add(held.entry(h))
		held = held.with(h)
	}
	return held, index, nil
}

// torn tells the end of the file from a failing disk.
func torn(err error, format string, args ...any) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
	}
	return err
}

// walk visits the headers of the batches from the position on, until visit
// returns false or end is reached. It reads a window, not a header, at a time:
// where batches are tiny, many headers come with one read.
func walk(f io.ReaderAt, position, end int64, visit func(position int64, h header) bool) error {
	var window [512]byte
	held, from := 0, position // window[:held] are the bytes from `from` on
	for position < end {
		if position+HeaderBytes > from+int64(held) {
			n, err := f.ReadAt(window[:min(int64(len(window)), end-position)], position)
			if n < HeaderBytes {
				return fmt.Errorf("%w: batch header at byte %d: %w", ErrStorage, position, err)
			}
			held, from = n, position
		}
		h := parseHeader(window[position-from:])
		if h.size < HeaderBytes {
			return fmt.Errorf("%w: the batch at byte %d claims %d bytes", ErrStorage, position, h.size)
		}
		if !visit(position, h) {
			return nil
		}
		position += h.size
	}
	return nil
}
