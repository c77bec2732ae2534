package log

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

const (
	// maxInflated bounds what a batch may decompress to, so that a small batch
	// cannot keep a processor busy for long. Kafka has no such bound.
	maxInflated = 256 << 20
	// maxWindow bounds a zstd decoder's memory. The windows of zstd's levels 1
	// to 19 are at most 8 MiB; higher levels exceed it only with more data
	// than a batch has.
	maxWindow = 32 << 20
	// maxSnappyBlock bounds one block: snappy has no streaming form of its own.
	maxSnappyBlock = 64 << 20
	// inflateWindow is the largest record that is parsed in one piece.
	inflateWindow = 32 << 10
)

// errBomb: the records need more room than any batch may.
var errBomb = fmt.Errorf("%w: its records decompress to more than %d bytes", ErrTooLarge, maxInflated)

// inflater decompresses the records of one batch at a time.
type inflater struct {
	in    bytes.Reader
	limit io.LimitedReader
	out   *bufio.Reader
	gzip  *gzip.Reader
	lz4   *lz4.Reader
	zstd  *zstd.Decoder
	block snappyReader
}

var inflaters = sync.Pool{New: func() any { return &inflater{out: bufio.NewReaderSize(nil, inflateWindow)} }}

// inflating bounds how many decompress at a time. They keep a processor busy and
// wait for nothing else, so more would not be faster, but each holds a window or a
// block of up to maxSnappyBlock, which the pool keeps for the next and drops when
// it is not used for two collections.
var inflating = make(chan struct{}, runtime.GOMAXPROCS(0))

// takeInflater waits for its turn, which done ends.
func takeInflater() *inflater {
	inflating <- struct{}{}
	return inflaters.Get().(*inflater)
}

// open begins to decompress; done gives the inflater back.
func (z *inflater) open(codec Codec, compressed []byte) (*bufio.Reader, error) {
	z.in.Reset(compressed)
	var from io.Reader
	var err error
	switch codec {
	case Gzip:
		if z.gzip == nil {
			z.gzip = new(gzip.Reader)
		}
		from, err = z.gzip, z.gzip.Reset(&z.in)
	case Snappy:
		z.block.reset(compressed)
		from = &z.block
	case LZ4:
		if z.lz4 == nil {
			z.lz4 = lz4.NewReader(nil)
		}
		z.lz4.Reset(&z.in)
		from = z.lz4
	case Zstd:
		if z.zstd == nil {
			z.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxInflated))
			if err != nil {
				return nil, err
			}
		}
		from, err = z.zstd, z.zstd.Reset(&z.in)
	default:
		return nil, fmt.Errorf("%w: %d", ErrCodec, codec)
	}
	if err != nil {
		return nil, err
	}
	z.limit = io.LimitedReader{R: from, N: maxInflated + 1}
	z.out.Reset(&z.limit)
	return z.out, nil
}

func (z *inflater) done() {
	z.in.Reset(nil)
	z.block.reset(nil)
	z.out.Reset(nil)
	inflaters.Put(z)
	<-inflating
}

// checkCompressed is checkRecords for compressed ones.
func (b Batch) checkCompressed(h header, l recordLimits) (maxTime int64, err error) {
	maxTime = noTimestamp
	err = b.eachCompressed(h, func(i int32, r recordStart) error {
		maxTime = max(maxTime, h.baseTime+r.timeDelta)
		return l.check(h.baseTime, i, r)
	})
	return maxTime, err
}

// eachCompressed visits the starts of compressed records. It holds a window of
// them, never all.
func (b Batch) eachCompressed(h header, visit func(i int32, r recordStart) error) error {
	z := takeInflater()
	defer z.done()
	in, err := z.open(h.codec(), b[HeaderBytes:])
	if err != nil {
		return unpacked(err)
	}
	for i := range h.count {
		r, err := streamRecord(in)
		if err != nil {
			if z.limit.N <= 0 {
				return errBomb
			}
			return fmt.Errorf("record %d of %d: %w", i, h.count, unpacked(err))
		}
		if err := visit(i, r); err != nil {
			return err
		}
	}
	switch _, err := in.ReadByte(); {
	case err == nil:
		return fmt.Errorf("%w: more follows the last of %d records", ErrInvalid, h.count)
	case !errors.Is(err, io.EOF):
		return unpacked(err)
	}
	return nil
}

// unpacked is the error for records that do not decompress.
func unpacked(err error) error {
	if errors.Is(err, ErrInvalid) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrCodec) {
		return err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: its records do not decompress: %w", ErrInvalid, err)
}

// streamRecord reads the start of a record and skips the rest. One larger than
// the window is skipped in parts.
func streamRecord(in *bufio.Reader) (r recordStart, err error) {
	length, err := binary.ReadVarint(in)
	if err != nil {
		return r, err
	}
	if length < 0 || length > maxInflated {
		return r, fmt.Errorf("%w: a record of %d bytes", ErrInvalid, length)
	}
	if length <= inflateWindow {
		body, err := in.Peek(int(length))
		if err != nil {
			return r, err
		}
		if r, _, _, _, err = parseRecord(body); err != nil {
			return r, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		_, err = in.Discard(int(length))
		return r, err
	}
	return streamLarge(in, length)
}

// streamLarge is streamRecord for a record that is not held in one piece.
func streamLarge(in *bufio.Reader, length int64) (r recordStart, err error) {
	left := length
	number := func(to *int64) {
		if err != nil {
			return
		}
		var head []byte
		if head, err = in.Peek(int(min(left, binary.MaxVarintLen64))); err != nil {
			return
		}
		v, n := binary.Varint(head)
		if n <= 0 {
			err = fmt.Errorf("%w: a record's fields do not fit its %d bytes", ErrInvalid, length)
			return
		}
		*to, left = v, left-int64(n)
		_, err = in.Discard(n)
	}
	skip := func(n int64) {
		if err != nil || n < 0 {
			return
		}
		if n > left {
			err = fmt.Errorf("%w: a record's fields do not fit its %d bytes", ErrInvalid, length)
			return
		}
		left -= n
		_, err = in.Discard(int(n))
	}
	skip(1) // attributes
	number(&r.timeDelta)
	number(&r.offsetDelta)
	number(&r.keyBytes)
	skip(r.keyBytes)
	var valueBytes, headers int64
	number(&valueBytes)
	skip(valueBytes)
	number(&headers)
	if err == nil && (r.keyBytes < -1 || valueBytes < -1 || headers < 0 || headers > left) {
		err = fmt.Errorf("%w: a record's key, value and headers do not fit its %d bytes", ErrInvalid, length)
	}
	for i := int64(0); i < headers && err == nil; i++ { // as headersFill
		var keyBytes, valueBytes int64
		number(&keyBytes)
		skip(keyBytes)
		number(&valueBytes)
		skip(valueBytes)
		if err == nil && (keyBytes < 0 || valueBytes < -1) {
			err = fmt.Errorf("%w: header %d of a record has a key of %d and a value of %d bytes", ErrInvalid, i, keyBytes, valueBytes)
		}
	}
	if err == nil && left > 0 {
		err = fmt.Errorf("%w: %d bytes follow the headers of a record of %d", ErrInvalid, left, length)
	}
	return r, err
}

// snappyReader decodes what producers send as snappy: blocks behind the header
// of xerial's snappy-java, or one bare block.
//
//	byte 0  magic    0x82 "SNAPPY" 0
//	     8  version  int32, compatible version int32
//	    16  blocks   int32 length, snappy block; repeated
type snappyReader struct {
	rest   []byte
	framed bool
	plain  []byte // the block's memory
	out    []byte // what is unread of it
}

const xerialHeaderBytes = 16

var xerialMagic = []byte("\x82SNAPPY\x00")

func (s *snappyReader) reset(b []byte) {
	s.rest, s.out, s.framed = b, nil, false
	if len(b) >= xerialHeaderBytes && bytes.HasPrefix(b, xerialMagic) {
		s.rest, s.framed = b[xerialHeaderBytes:], true
	}
}

func (s *snappyReader) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if len(s.rest) == 0 {
			return 0, io.EOF
		}
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// next decodes a block. A block of snappy is at most 32 times its size, so a
// larger claim is a lie, and no memory is made for it.
func (s *snappyReader) next() error {
	block := s.rest
	s.rest = nil
	if s.framed {
		if len(block) < 4 {
			return io.ErrUnexpectedEOF
		}
		n := int64(binary.BigEndian.Uint32(block))
		if n > int64(len(block)-4) {
			return fmt.Errorf("%w: a snappy block of %d bytes, %d are left", ErrInvalid, n, len(block)-4)
		}
		block, s.rest = block[4:4+n], block[4+n:]
	}
	n, err := snappy.DecodedLen(block)
	if err != nil {
		return err
	}
	if n > maxSnappyBlock || n > 32*len(block)+64 {
		return fmt.Errorf("%w: a snappy block of %d bytes claims to hold %d", ErrInvalid, len(block), n)
	}
	if s.plain, err = snappy.Decode(s.plain[:cap(s.plain)], block); err != nil {
		return err
	}
	s.out = s.plain
	return nil
}
