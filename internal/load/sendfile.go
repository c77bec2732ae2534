package load

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sort"
)

// stored is a segment file and where its batches begin.
type stored struct {
	file      *os.File
	positions []int64
	offsets   []int64 // base offset of each
	end, next int64
}

// openStored reads the batch headers of a segment.
func openStored(path string) (*stored, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &stored{file: f}
	var h [batchHeaderBytes]byte
	be := binary.BigEndian
	for {
		if _, err := f.ReadAt(h[:], s.end); err != nil {
			if err == io.EOF {
				return s, nil
			}
			f.Close()
			return nil, fmt.Errorf("%s at byte %d: %w", path, s.end, err)
		}
		if h[atMagic] == 0 {
			return s, nil // preallocated
		}
		s.positions, s.offsets = append(s.positions, s.end), append(s.offsets, int64(be.Uint64(h[:])))
		s.next = int64(be.Uint64(h[:])) + int64(be.Uint32(h[atLastDelta:])) + 1
		s.end += int64(be.Uint32(h[atLength:])) + batchPrefixBytes
	}
}

// region is what a consumer at the offset gets of at most n bytes.
func (s *stored) region(offset, n int64) (position, bytes int64) {
	i := sort.Search(len(s.offsets), func(i int) bool { return s.offsets[i] > offset }) - 1
	if i < 0 || offset >= s.next {
		return 0, 0
	}
	return s.positions[i], min(n, s.end-s.positions[i])
}

// cutFetch finds the parts of a fetchFrame for one partition, without its size.
func cutFetch(frame []byte) (topic string, partition uint32, offset, bytes int64, err error) {
	be := binary.BigEndian
	if len(frame) < 10 || be.Uint16(frame) != keyFetch || be.Uint16(frame[2:]) != fetchVersion {
		return "", 0, 0, 0, fmt.Errorf("this is no fetch request of version %d", fetchVersion)
	}
	at := 10 + int(be.Uint16(frame[8:])) + 29 // what stands before the topic's name
	if len(frame) < at+2 {
		return "", 0, 0, 0, io.ErrUnexpectedEOF
	}
	n := int(be.Uint16(frame[at:]))
	at += 2
	if len(frame) != at+n+4+fetchPartitionBytes+fetchTrailerBytes {
		return "", 0, 0, 0, fmt.Errorf("a fetch request for other than one partition; the bare server takes one")
	}
	topic = string(frame[at : at+n])
	at += n + 4
	return topic, be.Uint32(frame[at:]), int64(be.Uint64(frame[at+8:])), int64(be.Uint32(frame[at+24:])), nil
}

// appendFetched is an answer up to its records.
func appendFetched(b []byte, correlation uint32, topic string, partition uint32, high, records int64) []byte {
	be := binary.BigEndian
	b = be.AppendUint32(b, 0)
	b = be.AppendUint32(b, correlation)
	b = be.AppendUint32(b, 0) // throttle time
	b = be.AppendUint16(b, 0)
	b = be.AppendUint32(b, 0) // session id
	b = be.AppendUint32(b, 1)
	b = appendString(b, topic)
	b = be.AppendUint32(b, 1)
	b = be.AppendUint32(b, partition)
	b = be.AppendUint16(b, 0)
	b = be.AppendUint64(b, uint64(high))
	b = be.AppendUint64(b, uint64(high)) // last stable offset
	b = be.AppendUint64(b, 0)            // log start offset
	b = be.AppendUint32(b, 0xffffffff)   // aborted transactions
	b = be.AppendUint32(b, 0xffffffff)   // preferred replica
	b = be.AppendUint32(b, uint32(records))
	be.PutUint32(b, uint32(int64(len(b)-4)+records))
	return b
}
