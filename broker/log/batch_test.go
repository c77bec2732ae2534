package log_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs/vfstest"
)

// edit is a batch of three records, changed and sealed again.
func edit(f func(b []byte)) []byte {
	b := batch(1000, "one", "two", "three")
	f(b)
	return seal(b)
}

func TestValidate(t *testing.T) {
	put16 := func(at int, v int16) func([]byte) {
		return func(b []byte) { binary.BigEndian.PutUint16(b[at:], uint16(v)) }
	}
	put32 := func(at int, v int32) func([]byte) {
		return func(b []byte) { binary.BigEndian.PutUint32(b[at:], uint32(v)) }
	}
	put64 := func(at int, v int64) func([]byte) {
		return func(b []byte) { binary.BigEndian.PutUint64(b[at:], uint64(v)) }
	}
	good := batch(1000, "one", "two", "three")
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	claims := func(length int32) []byte {
		b := bytes.Clone(good)
		put32(8, length)(b)
		return b
	}
	for _, c := range []struct {
		name string
		set  []byte
		want error // nil: valid
	}{
		{"good", good, nil},
		{"compressed, so it says", edit(put16(21, 1)), log.ErrInvalid},
		{"leader epoch is the broker's", edit(put32(12, 77)), nil},
		{"none", nil, log.ErrInvalid},
		{"one byte", good[:1], log.ErrCorrupt},
		{"less than a header", good[:60], log.ErrCorrupt},
		{"cut short", good[:len(good)-1], log.ErrCorrupt},
		{"two batches", append(bytes.Clone(good), good...), log.ErrInvalid},
		{"rest behind the batch", append(bytes.Clone(good), 0), log.ErrInvalid},
		{"length negative", claims(-1), log.ErrCorrupt},
		{"length least", claims(math.MinInt32), log.ErrCorrupt},
		{"length zero", claims(0), log.ErrCorrupt},
		{"length huge", claims(math.MaxInt32), log.ErrCorrupt},
		{"old magic", edit(func(b []byte) { b[16] = 1 }), log.ErrInvalid},
		{"magic to come", edit(func(b []byte) { b[16] = 3 }), log.ErrInvalid},
		{"checksum wrong", flip(17), log.ErrCorrupt},
		{"payload changed", flip(len(good) - 2), log.ErrCorrupt},
		{"attributes changed", flip(22), log.ErrCorrupt},
		{"base offset not 0", edit(put64(0, 5)), log.ErrInvalid},
		{"codec 5", edit(put16(21, 5)), log.ErrCodec},
		{"LogAppendTime", edit(put16(21, 8)), log.ErrTimestampType},
		{"transactional without a producer", edit(put16(21, 16)), log.ErrInvalid},
		{"control", edit(put16(21, 32)), log.ErrInvalid},
		{"producer id without sequence", edit(put64(43, 9)), log.ErrInvalid},
		{"producer id negative", edit(put64(43, -2)), log.ErrInvalid},
		{"count below delta", edit(put32(57, 2)), log.ErrInvalid},
		{"count 0", edit(func(b []byte) { put32(57, 0)(b); put32(23, -1)(b) }), log.ErrInvalid},
		{"count negative", edit(func(b []byte) { put32(57, -3)(b); put32(23, -4)(b) }), log.ErrInvalid},
		{"count and delta say more than there is", edit(func(b []byte) { put32(57, 4)(b); put32(23, 3)(b) }), log.ErrInvalid},
		{"count and delta say less than there is", edit(func(b []byte) { put32(57, 2)(b); put32(23, 1)(b) }), log.ErrInvalid},
		{"count that no memory holds", edit(func(b []byte) { put32(57, math.MaxInt32)(b); put32(23, math.MaxInt32-1)(b) }), log.ErrInvalid},
		{"record length beyond the batch", edit(func(b []byte) { b[61] = 0x7e }), log.ErrInvalid},
		{"offset deltas not in a row", edit(func(b []byte) { b[64] = 4 }), log.ErrInvalid},
		{"key beyond the record", edit(func(b []byte) { b[65] = 0x7e }), log.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := log.Validate(bytes.Clone(c.set), limit)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.want == nil && !bytes.Equal(b, c.set) {
				t.Error("a valid batch came back changed")
			}
		})
	}
	if _, err := log.Validate(good, len(good)); err != nil {
		t.Errorf("a batch of just the limit: %v", err)
	}
	if _, err := log.Validate(good, len(good)-1); !errors.Is(err, log.ErrTooLarge) {
		t.Errorf("a batch above the limit: got %v, want %v", err, log.ErrTooLarge)
	}
}

// FuzzValidate: whatever a producer sends, Validate neither panics nor lets
// something through that a log would not give back.
func FuzzValidate(f *testing.F) {
	good := batch(1000, "one", "two", "three")
	f.Add(good)
	f.Add(good[:61])
	f.Add(append(bytes.Clone(good), good...))
	f.Add(edit(func(b []byte) { b[61] = 0xff }))
	f.Add(edit(func(b []byte) { b[22] = 1 }))
	f.Fuzz(func(t *testing.T, set []byte) {
		// A checksum that fits lets the fuzzer reach what lies behind it.
		for _, set := range [][]byte{set, sealed(set)} {
			b, err := log.Validate(set, limit)
			if err != nil {
				continue
			}
			_, p, err := openOn(vfstest.NewDisk(1), log.Defaults(), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Produce(b); err != nil {
				t.Fatal(err)
			}
			_, next := p.Offsets()
			if next != int64(b.Records()) {
				t.Fatalf("%d records moved the next offset to %d", b.Records(), next)
			}
			for offset := range min(next, 50) {
				r, err := p.Read(offset, limit, true)
				if err != nil {
					t.Fatal(err)
				}
				stored := make([]byte, r.Bytes)
				if _, err := r.ReadAt(stored, 0); err != nil || !bytes.Equal(stored, b) {
					t.Fatalf("offset %d of %d: another batch came back (%v)", offset, next, err)
				}
			}
			if _, _, err := p.AtTime(0); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func sealed(set []byte) []byte {
	if len(set) < 61 {
		return set
	}
	return seal(bytes.Clone(set))
}
