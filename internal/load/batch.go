package load

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"time"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Where the fields of a record batch are (DefaultRecordBatch.java).
const (
	batchHeaderBytes = 61
	batchPrefixBytes = 12 // not counted by its length

	atLength, atMagic, atCRC, atAttributes, atLastDelta = 8, 16, 17, 21, 23
	atBaseTime, atMaxTime, atProducerID, atCount        = 27, 35, 43, 57
)

// stampBytes is the least size of a value: it begins with the time at which the
// record was to be sent, in ns since 1970, big endian.
const stampBytes = 8

// batch is a record batch, uncompressed, of records that are all of one size.
type batch struct {
	bytes   []byte
	records int
	values  []int // where each record's value begins
}

// recordsIn is how many records with values of so many bytes a batch of at most
// batchBytes holds; at least one.
func recordsIn(batchBytes, valueBytes int) int {
	r := appendRecord(nil, 1<<13, make([]byte, valueBytes)) // a delta as long as any below 2^20
	return max(1, (batchBytes-batchHeaderBytes)/len(r))
}

// buildBatch makes a batch of n records whose values do not compress. Keys are
// null, there are no headers.
func buildBatch(n, valueBytes int, seed uint64) *batch {
	b := &batch{bytes: make([]byte, batchHeaderBytes, batchHeaderBytes+n*(valueBytes+16)), records: n}
	random := rand.New(rand.NewPCG(seed, 1))
	value := make([]byte, valueBytes)
	for i := range n {
		for at := 0; at < len(value); at += 8 {
			var word [8]byte
			binary.LittleEndian.PutUint64(word[:], random.Uint64())
			copy(value[at:], word[:])
		}
		b.bytes = appendRecord(b.bytes, i, value)
		b.values = append(b.values, len(b.bytes)-valueBytes-1) // one byte says: no headers
	}
	be, h := binary.BigEndian, b.bytes
	be.PutUint32(h[atLength:], uint32(len(h)-batchPrefixBytes))
	h[atMagic] = 2
	be.PutUint32(h[atLastDelta:], uint32(n-1))
	for i := atProducerID; i < atCount; i++ { // no producer id, epoch, sequence
		h[i] = 0xff
	}
	be.PutUint32(h[atCount:], uint32(n))
	b.seal(time.Now())
	return b
}

// appendRecord appends a record (DefaultRecord.java).
func appendRecord(to []byte, offsetDelta int, value []byte) []byte {
	var head [16]byte
	body := append(head[:0], 0, 0) // attributes, timestamp delta
	body = binary.AppendVarint(body, int64(offsetDelta))
	body = append(body, 1) // key length -1: null
	body = binary.AppendVarint(body, int64(len(value)))
	to = binary.AppendVarint(to, int64(len(body)+len(value)+1))
	to = append(to, body...)
	to = append(to, value...)
	return append(to, 0) // headers
}

// stamp writes the times at which the records were to be sent.
func (b *batch) stamp(due func(record int) time.Time) {
	for i, at := range b.values {
		binary.BigEndian.PutUint64(b.bytes[at:], uint64(due(i).UnixNano()))
	}
}

// seal sets the batch's time and checksum.
func (b *batch) seal(now time.Time) {
	ms := uint64(now.UnixMilli())
	binary.BigEndian.PutUint64(b.bytes[atBaseTime:], ms)
	binary.BigEndian.PutUint64(b.bytes[atMaxTime:], ms)
	binary.BigEndian.PutUint32(b.bytes[atCRC:], crc32.Checksum(b.bytes[atAttributes:], castagnoli))
}

// eachStamp calls f with the stamp of each record of an uncompressed batch. It
// returns false if the batch is not one that this package made.
func eachStamp(b []byte, f func(due int64)) bool {
	if len(b) < batchHeaderBytes || b[atAttributes+1]&7 != 0 {
		return false
	}
	for b = b[batchHeaderBytes:]; len(b) > 0; {
		length, n := binary.Varint(b)
		if n <= 0 || length < stampBytes || length > int64(len(b)-n) {
			return false
		}
		body := b[n : n+int(length)]
		b = b[n+int(length):]
		var key int64 // its length, after the attributes and two deltas
		for range 4 {
			if key, n = binary.Varint(body); n <= 0 {
				return false
			}
			body = body[n:]
		}
		if key != -1 {
			return false // where its value is a stamp would be in the key
		}
		size, n := binary.Varint(body)
		if n <= 0 || size < stampBytes || size > int64(len(body)-n) {
			return false
		}
		f(int64(binary.BigEndian.Uint64(body[n:])))
	}
	return true
}
