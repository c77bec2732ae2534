package wire

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The fetch response, versions 4 to 18 (FetchResponse.json). It is laid out
// here and not by kmsg because the records are not in memory: the frame is
// pieces of header with regions of files between them. All sizes are known
// before the first byte is sent.
//
//	frame size           int32
//	correlation id       int32
//	  tagged fields      uvarint 0                     12 on
//	throttle time        int32, ms                     1 on
//	error code           int16                         7 on
//	session id           int32, 0: no session          7 on
//	topics               array of
//	  name               string; from 13 on the topic's id, 16 bytes
//	  partitions         array of
//	    index            int32
//	    error code       int16
//	    high watermark   int64
//	    last stable      int64                         4 on
//	    log start        int64                         5 on
//	    aborted          array of, or null             4 on
//	      producer id    int64
//	      first offset   int64
//	      tagged fields  uvarint 0                     12 on
//	    preferred reader int32, -1: the leader         11 on
//	    records size     int32; from 12 uvarint of size + 1
//	    records          the region
//	    tagged fields    uvarint: 0, or 1 and          12 on
//	      tag, size      uvarint 0, uvarint 13: the diverging epoch
//	      epoch          int32
//	      end offset     int64
//	      tagged fields  uvarint 0
//	  tagged fields      uvarint 0                     12 on
//	tagged fields        uvarint 0                     12 on
//
// The further tagged fields name another leader or a snapshot of one; this
// broker leads all partitions.
const (
	MinFetchVersion = 4
	MaxFetchVersion = 18

	fetchFlexible = 12
	fetchByID     = 13
)

// FetchResponse is what is answered; the records themselves are elsewhere.
type FetchResponse struct {
	// ThrottleMillis is how long the client is to wait, in ms.
	ThrottleMillis int32
	ErrorCode      int16
	Topics         []FetchTopic
}

// FetchTopic is the answer for one topic.
type FetchTopic struct {
	Name       string   // up to version 12
	ID         [16]byte // from 13 on
	Partitions []FetchPartition
}

// FetchPartition is the answer for one partition.
type FetchPartition struct {
	Index         int32
	ErrorCode     int16
	HighWatermark int64
	LogStart      int64
	LastStable    int64
	// Aborted are the aborted transactions that have records in the region; nil is
	// null, for readers of what is not committed too.
	Aborted []AbortedTxn
	// Diverging, if it is set, says that the reader's log parts from this one
	// (KIP-595); from version 12 on.
	Diverging *EpochEnd
	// Bytes is the size of the region of records, 0 for none.
	Bytes int64
	// Region is the caller's name for the region.
	Region int
}

// AbortedTxn is an aborted transaction: its producer and its first offset.
type AbortedTxn struct {
	ProducerID, First int64
}

// EpochEnd is a leader epoch and the offset at which it ends.
type EpochEnd struct {
	Epoch  int32
	Offset int64
}

// Piece is a part of the frame: header bytes, then, if Region is not
// NoRegion, the region's bytes.
type Piece struct {
	Head   []byte
	Region int
}

// NoRegion marks a piece that is header only: the end of a flexible frame.
const NoRegion = -1

// HeadBytes is how many bytes the pieces have besides their regions.
func HeadBytes(pieces []Piece) (n int64) {
	for _, p := range pieces {
		n += int64(len(p.Head))
	}
	return n
}

// Layout lays the frame out. It fails if the frame is larger than its size
// field can say.
func (f *FetchResponse) Layout(version int16, correlation int32) ([]Piece, error) {
	l := fetchLayout{version: version, flexible: version >= fetchFlexible, head: make([]byte, 0, 256)}
	l.int32(0) // frame size, set at the end
	l.int32(correlation)
	l.structEnd()
	l.int32(f.ThrottleMillis)
	if version >= 7 {
		l.int16(f.ErrorCode)
		l.int32(0) // session id
	}
	l.array(len(f.Topics))
	for _, t := range f.Topics {
		if version >= fetchByID {
			l.head = append(l.head, t.ID[:]...)
		} else {
			l.str(t.Name)
		}
		l.array(len(t.Partitions))
		for _, p := range t.Partitions {
			l.partition(p)
		}
		l.structEnd()
	}
	l.structEnd()
	size := int64(len(l.head)) - sizeBytes + l.regions
	if size > math.MaxInt32 {
		return nil, fmt.Errorf("fetch response of %d bytes does not fit a frame", size)
	}
	binary.BigEndian.PutUint32(l.head, uint32(size))
	return l.pieces(), nil
}

// fetchLayout is the frame as far as it is laid out.
type fetchLayout struct {
	version  int16
	flexible bool
	head     []byte // all pieces' header bytes, one after the other
	cuts     []cut
	regions  int64 // bytes of all regions
}

// cut is where a region lies between header bytes.
type cut struct{ at, region int }

func (l *fetchLayout) partition(p FetchPartition) {
	l.int32(p.Index)
	l.int16(p.ErrorCode)
	l.int64(p.HighWatermark)
	l.int64(p.LastStable)
	if l.version >= 5 {
		l.int64(p.LogStart)
	}
	if p.Aborted == nil {
		l.array(-1)
	} else {
		l.array(len(p.Aborted))
	}
	for _, a := range p.Aborted {
		l.int64(a.ProducerID)
		l.int64(a.First)
		l.structEnd()
	}
	if l.version >= 11 {
		l.int32(-1) // preferred read replica
	}
	if l.flexible {
		l.head = binary.AppendUvarint(l.head, uint64(p.Bytes)+1)
	} else {
		l.int32(int32(p.Bytes))
	}
	if p.Bytes > 0 {
		l.cuts = append(l.cuts, cut{len(l.head), p.Region})
		l.regions += p.Bytes
	}
	if l.flexible && p.Diverging != nil {
		const tags, tag, size = 1, 0, 4 + 8 + 1
		l.head = append(l.head, tags, tag, size)
		l.int32(p.Diverging.Epoch)
		l.int64(p.Diverging.Offset)
	}
	l.structEnd()
}

func (l *fetchLayout) pieces() []Piece {
	pieces := make([]Piece, 0, len(l.cuts)+1)
	from := 0
	for _, c := range l.cuts {
		pieces = append(pieces, Piece{l.head[from:c.at], c.region})
		from = c.at
	}
	if from < len(l.head) {
		pieces = append(pieces, Piece{l.head[from:], NoRegion})
	}
	return pieces
}

func (l *fetchLayout) int16(v int16) { l.head = binary.BigEndian.AppendUint16(l.head, uint16(v)) }
func (l *fetchLayout) int32(v int32) { l.head = binary.BigEndian.AppendUint32(l.head, uint32(v)) }
func (l *fetchLayout) int64(v int64) { l.head = binary.BigEndian.AppendUint64(l.head, uint64(v)) }

func (l *fetchLayout) array(n int) {
	if l.flexible {
		l.head = binary.AppendUvarint(l.head, uint64(n)+1)
		return
	}
	l.int32(int32(n))
}

func (l *fetchLayout) str(s string) {
	if l.flexible {
		l.head = binary.AppendUvarint(l.head, uint64(len(s))+1)
	} else {
		l.int16(int16(len(s)))
	}
	l.head = append(l.head, s...)
}

// structEnd is an empty set of tagged fields.
func (l *fetchLayout) structEnd() {
	if l.flexible {
		l.head = append(l.head, 0)
	}
}
