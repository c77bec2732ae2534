package load

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/twmb/franz-go/pkg/kerr"
)

// The raw client speaks two requests in one version each, which every broker
// from Kafka 2.4 on serves, 4.x too. Source: ProduceRequest.json,
// FetchRequest.json.
const (
	keyProduce, keyFetch         = 0, 1
	produceVersion, fetchVersion = 8, 11
)

const clientID = "copyscope-bench"

// appendHeader begins a frame; endFrame closes it. A frame:
//
//	size int32, key int16, version int16, correlation int32, client id string, message
func appendHeader(b []byte, key, version int16) []byte {
	be := binary.BigEndian
	b = be.AppendUint32(b, 0)
	b = be.AppendUint16(b, uint16(key))
	b = be.AppendUint16(b, uint16(version))
	b = be.AppendUint32(b, 0)
	return appendString(b, clientID)
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

func endFrame(b []byte) []byte {
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

// setCorrelation numbers a frame.
func setCorrelation(frame []byte, n int32) {
	binary.BigEndian.PutUint32(frame[8:], uint32(n))
}

// apiVersionsFrame asks for the versions that the broker speaks, version 0.
func apiVersionsFrame() []byte { return endFrame(appendHeader(nil, 18, 0)) }

// produceFrame is a request for one batch; the batch is the last of it.
func produceFrame(topic string, partition int32, acks int16, batch []byte) []byte {
	be := binary.BigEndian
	b := appendHeader(make([]byte, 0, len(batch)+128+len(topic)), keyProduce, produceVersion)
	b = be.AppendUint16(b, 0xffff) // no transactional id
	b = be.AppendUint16(b, uint16(acks))
	b = be.AppendUint32(b, 30_000) // timeout, ms
	b = be.AppendUint32(b, 1)
	b = appendString(b, topic)
	b = be.AppendUint32(b, 1)
	b = be.AppendUint32(b, uint32(partition))
	b = be.AppendUint32(b, uint32(len(batch)))
	return endFrame(append(b, batch...))
}

// fetchFrame is a request for the partitions from the offsets on; the offsets
// are set by setFetchPartition.
func fetchFrame(topic string, partitions []int32, maxWaitMillis, minBytes, maxBytes int32) []byte {
	be := binary.BigEndian
	b := appendHeader(nil, keyFetch, fetchVersion)
	b = be.AppendUint32(b, 0xffffffff) // replica id: a consumer
	b = be.AppendUint32(b, uint32(maxWaitMillis))
	b = be.AppendUint32(b, uint32(minBytes))
	b = be.AppendUint32(b, uint32(maxBytes))
	b = append(b, 0)                   // isolation: read uncommitted
	b = be.AppendUint32(b, 0)          // session id
	b = be.AppendUint32(b, 0xffffffff) // session epoch: no session
	b = be.AppendUint32(b, 1)
	b = appendString(b, topic)
	b = be.AppendUint32(b, uint32(len(partitions)))
	for _, p := range partitions {
		b = be.AppendUint32(b, uint32(p))
		b = be.AppendUint32(b, 0xffffffff)         // current leader epoch: not known
		b = be.AppendUint64(b, 0)                  // offset
		b = be.AppendUint64(b, 0xffffffffffffffff) // log start offset: a consumer
		b = be.AppendUint32(b, uint32(maxBytes))
	}
	b = be.AppendUint32(b, 0) // forgotten topics
	return endFrame(appendString(b, ""))
}

const (
	fetchPartitionBytes = 28
	fetchTrailerBytes   = 6
)

// setFetchPartition says which is the i-th of n partitions, and from which offset
// it is fetched.
func setFetchPartition(frame []byte, i, n int, partition int32, offset int64) {
	at := len(frame) - fetchTrailerBytes - (n-i)*fetchPartitionBytes
	binary.BigEndian.PutUint32(frame[at:], uint32(partition))
	binary.BigEndian.PutUint64(frame[at+8:], uint64(offset))
}

// stream reads frames in large pieces and hands them out in small ones, or
// skips them: the bytes that are thrown away are copied once, by read(2).
type stream struct {
	r        io.Reader
	buf      []byte
	from, to int
	// left is what remains of the frame.
	left  int
	whole []byte // the batch that is handed out
	// gulps, which may be nil, is told before each read how many bytes of the
	// frame are still to come.
	gulps func(n int)
}

const streamBytes = 256 << 10

// maxFrame bounds what a frame may claim, and so the memory of take.
const maxFrame = 1 << 30

func newStream(r io.Reader) *stream { return &stream{r: r, buf: make([]byte, streamBytes)} }

// next begins a frame and returns its correlation id.
func (s *stream) next() (int32, error) {
	if s.left > 0 {
		if err := s.skip(s.left); err != nil {
			return 0, err
		}
	}
	size, err := s.frameSize()
	if err == nil && size < 4 {
		err = fmt.Errorf("a frame of %d bytes; is the server a Kafka broker?", size)
	}
	if err != nil {
		return 0, err
	}
	return s.int32()
}

// frameSize begins a frame of which nothing is read but the size.
func (s *stream) frameSize() (int, error) {
	s.left = 4
	b, err := s.take(4)
	if err != nil {
		return 0, err
	}
	size := int(int32(binary.BigEndian.Uint32(b)))
	if size < 0 || size > maxFrame {
		return 0, fmt.Errorf("a frame of %d bytes", size)
	}
	s.left = size
	return size, nil
}

// take returns the next n bytes of the frame, which stay until the next call.
func (s *stream) take(n int) ([]byte, error) {
	if n < 0 || n > s.left {
		return nil, fmt.Errorf("the server's answer ends early: %d bytes wanted, %d left", n, s.left)
	}
	if err := s.fill(n); err != nil {
		return nil, err
	}
	b := s.buf[s.from : s.from+n]
	s.from += n
	s.left -= n
	return b, nil
}

// fill has n bytes in the buffer.
func (s *stream) fill(n int) error {
	if s.to-s.from >= n {
		return nil
	}
	if s.from+n > len(s.buf) {
		s.to = copy(s.buf, s.buf[s.from:s.to])
		s.from = 0
	}
	for s.to < n+s.from {
		if s.to == len(s.buf) {
			s.buf = append(s.buf, make([]byte, min(n-s.to, len(s.buf)))...) // grows with what arrived
		}
		got, err := s.read(s.buf[s.to:], s.left-(s.to-s.from))
		s.to += got
		if err != nil && s.to < n+s.from {
			return err
		}
	}
	return nil
}

func (s *stream) read(b []byte, toCome int) (int, error) {
	if s.gulps != nil {
		s.gulps(toCome)
	}
	return s.r.Read(b)
}

// skip throws n bytes of the frame away.
func (s *stream) skip(n int) error {
	if n < 0 || n > s.left {
		return fmt.Errorf("the server's answer ends early: %d bytes wanted, %d left", n, s.left)
	}
	s.left -= n
	for {
		held := min(n, s.to-s.from)
		s.from += held
		if n -= held; n == 0 {
			return nil
		}
		got, err := s.read(s.buf, s.left+n)
		s.from, s.to = 0, got
		if err != nil && got < n {
			return err
		}
	}
}

func (s *stream) int16() (int16, error) {
	b, err := s.take(2)
	if err != nil {
		return 0, err
	}
	return int16(binary.BigEndian.Uint16(b)), nil
}

func (s *stream) int32() (int32, error) {
	b, err := s.take(4)
	if err != nil {
		return 0, err
	}
	return int32(binary.BigEndian.Uint32(b)), nil
}

// produced reads the rest of an answer to one produceFrame.
func (s *stream) produced() error {
	if _, err := s.int32(); err != nil { // topics
		return err
	}
	name, err := s.int16()
	if err == nil {
		err = s.skip(int(name))
	}
	if err != nil {
		return err
	}
	if err := s.skip(8); err != nil { // partitions, index
		return err
	}
	code, err := s.int16()
	if err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("produce: %w", kerr.ErrorForCode(code))
	}
	return s.skip(s.left)
}

// fetchedPartition is what an answer says of a partition before its records.
type fetchedPartition struct {
	index           int32
	high, low, next int64
	bytes, records  int64
}

// fetched reads the rest of an answer to a fetchFrame. next holds the offset
// that each partition was asked from; what is below it is not counted. onBatch,
// which may be nil, gets each whole batch.
func (s *stream) fetched(asked func(partition int32) int64, onBatch func([]byte), each func(fetchedPartition)) error {
	if err := s.skip(4); err != nil { // throttle time
		return err
	}
	code, err := s.int16()
	if err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("fetch: %w", kerr.ErrorForCode(code))
	}
	if err := s.skip(4); err != nil { // session id
		return err
	}
	topics, err := s.int32()
	if err != nil {
		return err
	}
	for range topics {
		name, err := s.int16()
		if err == nil {
			err = s.skip(int(name))
		}
		if err != nil {
			return err
		}
		partitions, err := s.int32()
		if err != nil {
			return err
		}
		for range partitions {
			p, err := s.partition(asked, onBatch)
			if err != nil {
				return err
			}
			each(p)
		}
	}
	return s.skip(s.left)
}

func (s *stream) partition(asked func(int32) int64, onBatch func([]byte)) (p fetchedPartition, err error) {
	h, err := s.take(4 + 2 + 8 + 8 + 8 + 4)
	if err != nil {
		return p, err
	}
	be := binary.BigEndian
	p.index, p.high, p.low = int32(be.Uint32(h)), int64(be.Uint64(h[6:])), int64(be.Uint64(h[22:]))
	if code := int16(be.Uint16(h[4:])); code != 0 {
		return p, fmt.Errorf("fetch of partition %d: %w", p.index, kerr.ErrorForCode(code))
	}
	aborted := int32(be.Uint32(h[30:]))
	if err := s.skip(16*max(0, int(aborted)) + 4); err != nil { // and the preferred replica
		return p, err
	}
	size, err := s.int32()
	if err != nil {
		return p, err
	}
	p.next, p.bytes = asked(p.index), int64(max(0, size))
	return p, s.batches(&p, int(p.bytes), onBatch)
}

// batches walks the batches; the last one may be cut.
func (s *stream) batches(p *fetchedPartition, size int, onBatch func([]byte)) error {
	be := binary.BigEndian
	for size > 0 {
		if size < batchHeaderBytes {
			return s.skip(size)
		}
		h, err := s.take(batchHeaderBytes)
		if err != nil {
			return err
		}
		whole := int(int32(be.Uint32(h[atLength:]))) + batchPrefixBytes
		if whole < batchHeaderBytes {
			return fmt.Errorf("partition %d: a batch of %d bytes after offset %d", p.index, whole, p.next)
		}
		if whole > size {
			return s.skip(size - batchHeaderBytes)
		}
		base, count := int64(be.Uint64(h)), int64(int32(be.Uint32(h[atCount:])))
		next := base + int64(int32(be.Uint32(h[atLastDelta:]))) + 1
		p.records += min(count, next-p.next)
		p.next = next
		if onBatch == nil {
			err = s.skip(whole - batchHeaderBytes)
		} else {
			var body []byte
			s.whole = append(s.whole[:0], h...) // take moves the buffer
			if body, err = s.take(whole - batchHeaderBytes); err == nil {
				s.whole = append(s.whole, body...)
				onBatch(s.whole)
			}
		}
		if err != nil {
			return err
		}
		size -= whole
	}
	return nil
}
