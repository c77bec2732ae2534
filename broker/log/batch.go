package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
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
//	                                       4 transactional, 5 control
//	     23  lastOffsetDelta       int32   count - 1, until a log is compacted
//	     27  baseTimestamp         int64   ms since 1970, of the first record
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
	atProducerID, atCount                                 = 43, 57

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
)

const (
	noProducer     = -1
	smallestRecord = 7 // length, attributes, two deltas, key, value, headers: a byte each
	leaderEpoch    = 0 // one node leads every partition from the beginning
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
	// ErrTransactional: a batch of a transaction; there is no coordinator.
	ErrTransactional = errors.New("transactional record batch")
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
	count        int32
	lengthClaims int32
}

// parseHeader reads the first HeaderBytes of b.
func parseHeader(b []byte) header {
	be := binary.BigEndian
	length := int32(be.Uint32(b[atLength:]))
	return header{
		base: int64(be.Uint64(b[atBaseOffset:])), size: int64(length) + prefixBytes, lengthClaims: length,
		magic: int8(b[atMagic]), crc: be.Uint32(b[atCRC:]), attributes: int16(be.Uint16(b[atAttributes:])),
		lastDelta: int32(be.Uint32(b[atLastDelta:])), baseTime: int64(be.Uint64(b[atBaseTime:])), maxTime: int64(be.Uint64(b[atMaxTime:])),
		producerID: int64(be.Uint64(b[atProducerID:])), count: int32(be.Uint32(b[atCount:])),
	}
}

// last is the offset of the batch's last record.
func (h header) last() int64 { return h.base + int64(h.lastDelta) }

func (h header) codec() Codec { return Codec(h.attributes & codecMask) }

// check holds for every batch, stored or received.
func (h header) check() error {
	switch {
	case h.size < HeaderBytes:
		return fmt.Errorf("%w: length %d is less than a batch header's", ErrCorrupt, h.lengthClaims)
	case h.magic != magic:
		return fmt.Errorf("%w: magic %d, want %d", ErrInvalid, h.magic, magic)
	case h.count <= 0:
		return fmt.Errorf("%w: it claims %d records", ErrInvalid, h.count)
	case h.lastDelta != h.count-1:
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
func (b Batch) place(base int64) {
	binary.BigEndian.PutUint64(b[atBaseOffset:], uint64(base))
	binary.BigEndian.PutUint32(b[atLeaderEpoch:], leaderEpoch)
}

// Validate checks what a producer sent for one partition: exactly one batch,
// at most limit bytes, with the checks and in the order of Kafka
// (ProduceRequest.java validateRecords, UnifiedLog.scala
// analyzeAndValidateRecords, LogValidator.java). Unlike Kafka it does not look
// into compressed records.
func Validate(set []byte, limit int) (Batch, error) {
	if len(set) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrInvalid)
	}
	if len(set) > atMagic && int8(set[atMagic]) != magic {
		return nil, fmt.Errorf("%w: magic %d, want %d", ErrInvalid, int8(set[atMagic]), magic)
	}
	if len(set) < HeaderBytes {
		return nil, fmt.Errorf("%w: %d bytes are less than a batch header", ErrCorrupt, len(set))
	}
	h := parseHeader(set)
	switch {
	case h.size < HeaderBytes || h.size > int64(len(set)):
		return nil, fmt.Errorf("%w: length %d does not fit the %d bytes that came", ErrCorrupt, h.lengthClaims, len(set))
	case h.size < int64(len(set)):
		return nil, fmt.Errorf("%w: %d bytes follow the first batch; send one batch for each partition", ErrInvalid, int64(len(set))-h.size)
	case len(set) > limit:
		return nil, fmt.Errorf("%w: %d bytes, max.message.bytes is %d", ErrTooLarge, len(set), limit)
	}
	if crc := crc32.Checksum(set[atAttributes:], castagnoli); crc != h.crc {
		return nil, fmt.Errorf("%w: CRC-32C %#08x, the header says %#08x", ErrCorrupt, crc, h.crc)
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	if err := h.checkProduced(); err != nil {
		return nil, err
	}
	b := Batch(set)
	if h.codec() == Uncompressed {
		if err := b.checkRecords(h); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// checkProduced holds for what a producer may send to this broker.
func (h header) checkProduced() error {
	switch {
	case h.base != 0:
		return fmt.Errorf("%w: base offset %d, producers send 0", ErrInvalid, h.base)
	case h.codec() > Zstd:
		return fmt.Errorf("%w: %d", ErrCodec, h.codec())
	case h.attributes&logAppendTimeBit != 0:
		return fmt.Errorf("%w: a producer may not set LogAppendTime", ErrTimestampType)
	case h.attributes&controlBit != 0:
		return fmt.Errorf("%w: producers may not send control batches", ErrInvalid)
	case h.attributes&transactionalBit != 0:
		return fmt.Errorf("%w: this broker has no transactions", ErrTransactional)
	case h.producerID != noProducer:
		return fmt.Errorf("%w: producer id %d: this broker hands out no ids; switch the producer's idempotence off", ErrInvalid, h.producerID)
	}
	return nil
}
