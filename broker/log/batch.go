package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// The record batch, version 2 (magic 2), big endian. This layout is Kafka's,
// on the wire and on disk (DefaultRecordBatch.java), and never changes:
//
//	byte  0  baseOffset            int64   set by the broker
//	      8  length                int32   of everything after this field
//	     12  partitionLeaderEpoch  int32   set by the broker
//	     16  magic                 int8    2
//	     17  crc                   uint32  CRC-32C of byte 21 to the end
//	     21  attributes            int16   bits 0-2 codec, 3 timestamp type,
//	                                       4 transactional, 5 control,
//	                                       6 delete horizon
//	     23  lastOffsetDelta       int32   count - 1, until a log is compacted
//	     27  baseTimestamp         int64   ms since 1970, of the first record; with
//	                                       bit 6 when its tombstones may go
//	     35  maxTimestamp          int64   ms since 1970
//	     43  producerId            int64   -1: not idempotent
//	     51  producerEpoch         int16
//	     53  baseSequence          int32
//	     57  count                 int32   of records
//	     61  records               compressed together, if a codec is set
//
// What the broker sets lies outside the checksum, so the producer's checksum
// stays valid and the stored bytes are the bytes that consumers receive. That
// is what makes sendfile(2) possible.
const (
	HeaderBytes = 61
	// prefixBytes are the fields that length does not count.
	prefixBytes = 12

	atBaseOffset, atLength, atLeaderEpoch, atMagic, atCRC = 0, 8, 12, 16, 17
	atAttributes, atLastDelta, atBaseTime, atMaxTime      = 21, 23, 27, 35
	atProducerID, atProducerEpoch, atSequence, atCount    = 43, 51, 53, 57

	magic = 2
)

// Codec is the compression of a batch's records.
type Codec int16

const (
	Uncompressed Codec = iota
	Gzip
	Snappy
	LZ4
	Zstd
)

// Attribute bits.
const (
	codecMask        = 0x07
	logAppendTimeBit = 0x08
	transactionalBit = 0x10
	controlBit       = 0x20
	deleteHorizonBit = 0x40
)

const (
	noProducer     = -1
	smallestRecord = 7 // length, attributes, two deltas, key, value, headers: a byte each
	firstOffset    = 0
)

// What can be wrong with a batch. The broker maps these to Kafka's codes.
var (
	// ErrCorrupt: the bytes are not what the producer wrote (length, CRC).
	ErrCorrupt = errors.New("corrupt record batch")
	// ErrInvalid: the bytes are intact but say what a broker may not store.
	ErrInvalid = errors.New("invalid record batch")
	// ErrTooLarge: more than the topic's max.message.bytes.
	ErrTooLarge = errors.New("record batch too large")
	// ErrTimestampType: only a broker may set LogAppendTime.
	ErrTimestampType = errors.New("invalid timestamp type")
	// ErrCodec: a codec that Kafka does not have.
	ErrCodec = errors.New("unsupported compression codec")
	// ErrTimestamp: a record's time is further from now than the topic allows.
	ErrTimestamp = errors.New("timestamp out of range")
	// ErrSegmentTooSmall: more than the topic's segment.bytes.
	ErrSegmentTooSmall = errors.New("record batch larger than a segment")
	// ErrOutOfOrderSequence: an idempotent producer left something out.
	ErrOutOfOrderSequence = errors.New("out of order sequence number")
	// ErrProducerEpoch: another instance of the producer took over.
	ErrProducerEpoch = errors.New("old producer epoch")
	// ErrTransactional: a batch outside of the transaction that its producer has open.
	ErrTransactional = errors.New("record batch outside of its producer's transaction")
	// ErrCoordinatorFenced: a later transaction coordinator has written already.
	ErrCoordinatorFenced = errors.New("old transaction coordinator")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Batch is one whole record batch that was found to be valid.
type Batch []byte

// header is the part of a batch that the log works with.
type header struct {
	base         int64
	size         int64 // in bytes, of the whole batch
	magic        int8
	crc          uint32
	attributes   int16
	lastDelta    int32
	baseTime     int64
	maxTime      int64
	producerID   int64
	epoch        int16 // of the producer
	sequence     int32 // of the first record
	count        int32
	lengthClaims int32
	leaderEpoch  int32
	ending       *ending // of a control batch whose record was read
}

// parseHeader reads the first HeaderBytes of b.
func parseHeader(b []byte) header {
	be := binary.BigEndian
	length := int32(be.Uint32(b[atLength:]))
	return header{
		base: int64(be.Uint64(b[atBaseOffset:])), size: int64(length) + prefixBytes, lengthClaims: length,
		magic: int8(b[atMagic]), crc: be.Uint32(b[atCRC:]), attributes: int16(be.Uint16(b[atAttributes:])),
		lastDelta: int32(be.Uint32(b[atLastDelta:])), baseTime: int64(be.Uint64(b[atBaseTime:])), maxTime: int64(be.Uint64(b[atMaxTime:])),
		producerID: int64(be.Uint64(b[atProducerID:])), epoch: int16(be.Uint16(b[atProducerEpoch:])),
		sequence: int32(be.Uint32(b[atSequence:])), count: int32(be.Uint32(b[atCount:])),
		leaderEpoch: int32(be.Uint32(b[atLeaderEpoch:])),
	}
}

// last is the offset of the batch's last record.
func (h header) last() int64 { return h.base + int64(h.lastDelta) }

func (h header) codec() Codec { return Codec(h.attributes & codecMask) }

// lastSequence is the sequence number of the batch's last record. After the
// largest comes 0 (DefaultRecordBatch.incrementSequence).
func (h header) lastSequence() int32 {
	return int32((int64(h.sequence) + int64(h.lastDelta)) % (math.MaxInt32 + 1))
}

// horizon is from when on the batch's tombstones, or a transaction's marker, may
// go, ms; noTimestamp if that is not known yet (KIP-534).
func (h header) horizon() int64 {
	if h.attributes&deleteHorizonBit == 0 {
		return noTimestamp
	}
	return h.baseTime
}

// check holds for every batch, stored or received. A compacted batch may have
// lost records, or all of them, and keeps its last offset.
func (h header) check() error {
	switch {
	case h.size < HeaderBytes:
		return fmt.Errorf("%w: length %d is less than a batch header's", ErrCorrupt, h.lengthClaims)
	case h.magic != magic:
		return fmt.Errorf("%w: magic %d, want %d", ErrInvalid, h.magic, magic)
	case h.count < 0 || h.lastDelta < 0:
		return fmt.Errorf("%w: it claims %d records, last offset delta %d", ErrInvalid, h.count, h.lastDelta)
	case h.lastDelta < h.count-1:
		return fmt.Errorf("%w: %d records but last offset delta %d", ErrInvalid, h.count, h.lastDelta)
	}
	return nil
}

// CodecOf is the compression of the first batch of what a producer sent, which
// need not be valid.
func CodecOf(set []byte) Codec {
	if len(set) < HeaderBytes {
		return Uncompressed
	}
	return parseHeader(set).codec()
}

// Records is how many records the batch holds.
func (b Batch) Records() int32 { return parseHeader(b).count }

// place sets what the broker owns.
func (b Batch) place(base int64, epoch int32) {
	binary.BigEndian.PutUint64(b[atBaseOffset:], uint64(base))
	binary.BigEndian.PutUint32(b[atLeaderEpoch:], uint32(epoch))
}

// stamp sets the latest timestamp, and whether it is that of the append for
// all records, and seals the batch anew (DefaultRecordBatch.setMaxTimestamp).
func (b Batch) stamp(maxTime int64, appendTime bool) {
	binary.BigEndian.PutUint64(b[atMaxTime:], uint64(maxTime))
	if appendTime {
		b[atAttributes+1] |= logAppendTimeBit
	}
	b.seal()
}

// seal computes the checksum.
func (b Batch) seal() {
	binary.BigEndian.PutUint32(b[atCRC:], crc32.Checksum(b[atAttributes:], castagnoli))
}

// verify compares the checksum.
func (b Batch) verify(h header) error {
	if crc := crc32.Checksum(b[atAttributes:], castagnoli); crc != h.crc {
		return fmt.Errorf("%w: CRC-32C %#08x, the header says %#08x", ErrCorrupt, crc, h.crc)
	}
	return nil
}
