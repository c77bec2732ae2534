package log

import (
	"fmt"
	"hash/crc32"
	"math"
	"time"
)

// Validate checks what a producer sent for one partition of a topic with
// default configs and the given max.message.bytes; see [Partition.Produce].
func Validate(set []byte, limit int) (Batch, error) {
	cfg := Defaults()
	cfg.MaxMessageBytes = limit
	b, _, err := validate(set, &cfg, time.Now())
	return b, err
}

// validate checks what a producer sent for one partition: exactly one batch,
// with the checks and in the order of Kafka (ProduceRequest.java
// validateRecords, UnifiedLog.scala analyzeAndValidateRecords,
// LogValidator.java). It returns the latest timestamp that the records have.
func validate(set []byte, cfg *Config, now time.Time) (Batch, int64, error) {
	h, err := oneBatch(set)
	if err != nil {
		return nil, 0, err
	}
	switch {
	case h.base != 0:
		return nil, 0, fmt.Errorf("%w: base offset %d, producers send 0", ErrInvalid, h.base)
	case len(set) > cfg.MaxMessageBytes:
		return nil, 0, fmt.Errorf("%w: %d bytes, max.message.bytes is %d", ErrTooLarge, len(set), cfg.MaxMessageBytes)
	}
	if crc := crc32.Checksum(set[atAttributes:], castagnoli); crc != h.crc {
		return nil, 0, fmt.Errorf("%w: CRC-32C %#08x, the header says %#08x", ErrCorrupt, crc, h.crc)
	}
	if err := h.checkProduced(); err != nil {
		return nil, 0, err
	}
	b := Batch(set)
	maxTime, err := b.checkRecords(h, limits(h, cfg, now))
	if err != nil {
		return nil, 0, err
	}
	if h.size > cfg.SegmentBytes {
		return nil, 0, fmt.Errorf("%w: %d bytes, segment.bytes is %d", ErrSegmentTooSmall, h.size, cfg.SegmentBytes)
	}
	return b, maxTime, nil
}

// oneBatch cuts the header of the only batch of a set.
func oneBatch(set []byte) (header, error) {
	if len(set) == 0 {
		return header{}, fmt.Errorf("%w: there is none", ErrInvalid)
	}
	if len(set) > atMagic && int8(set[atMagic]) != magic {
		return header{}, fmt.Errorf("%w: magic %d, want %d", ErrInvalid, int8(set[atMagic]), magic)
	}
	if len(set) < HeaderBytes {
		return header{}, fmt.Errorf("%w: %d bytes are less than a batch header", ErrCorrupt, len(set))
	}
	h := parseHeader(set)
	switch {
	case h.size < HeaderBytes || h.size > int64(len(set)):
		return h, fmt.Errorf("%w: length %d does not fit the %d bytes that came", ErrCorrupt, h.lengthClaims, len(set))
	case h.size < int64(len(set)):
		return h, fmt.Errorf("%w: %d bytes follow the first batch; send one batch for each partition", ErrInvalid, int64(len(set))-h.size)
	}
	return h, nil
}

// checkProduced holds for what a producer may send to this broker.
func (h header) checkProduced() error {
	if err := h.check(); err != nil {
		return err
	}
	switch {
	case h.count == 0 || h.lastDelta != h.count-1:
		return fmt.Errorf("%w: %d records but last offset delta %d", ErrInvalid, h.count, h.lastDelta)
	case h.codec() > Zstd:
		return fmt.Errorf("%w: %d", ErrCodec, h.codec())
	case h.attributes&logAppendTimeBit != 0:
		return fmt.Errorf("%w: a producer may not set LogAppendTime", ErrTimestampType)
	case h.attributes&controlBit != 0:
		return fmt.Errorf("%w: producers may not send control batches", ErrInvalid)
	case h.attributes&transactionalBit != 0 && h.producerID == noProducer:
		return fmt.Errorf("%w: it belongs to a transaction and has no producer id", ErrInvalid)
	case h.producerID != noProducer && (h.producerID < 0 || h.epoch < 0 || h.sequence < 0):
		return fmt.Errorf("%w: producer id %d with epoch %d and base sequence %d", ErrInvalid, h.producerID, h.epoch, h.sequence)
	}
	return nil
}

// recordLimits is what each record of a batch is held to.
type recordLimits struct {
	keys             bool  // a null key is refused
	earliest, latest int64 // ms; a timestamp of -1 is none
}

const noTimestamp = -1

func limits(h header, cfg *Config, now time.Time) recordLimits {
	l := recordLimits{keys: cfg.Compacted, earliest: math.MinInt64, latest: math.MaxInt64}
	if cfg.LogAppendTime {
		return l // what the producer's clock says is not kept
	}
	ms := now.UnixMilli()
	if before := cfg.TimeBefore.Milliseconds(); cfg.TimeBefore < forever && before < ms {
		l.earliest = ms - before
	}
	if cfg.TimeAfter < forever {
		l.latest = ms + cfg.TimeAfter.Milliseconds()
	}
	return l
}

// check holds the i-th record of a batch, whose timestamps count from baseTime, to the limits.
func (l recordLimits) check(baseTime int64, i int32, r recordStart) error {
	if r.offsetDelta != int64(i) {
		return fmt.Errorf("%w: record %d has offset delta %d", ErrInvalid, i, r.offsetDelta)
	}
	if l.keys && r.keyBytes < 0 {
		return fmt.Errorf("%w: record %d has no key, which a compacted topic needs", ErrInvalid, i)
	}
	if t := baseTime + r.timeDelta; (t < l.earliest || t > l.latest) && t != noTimestamp {
		return fmt.Errorf("%w: record %d has %d ms since 1970, the topic takes %d to %d (message.timestamp.before.max.ms, after.max.ms)", ErrTimestamp, i, t, l.earliest, l.latest)
	}
	return nil
}
