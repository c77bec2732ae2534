package log_test

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"copyscope/broker/log"
)

// zstdFrame has the records as they are, in one raw block, and asks for a window of
// 2^exponent bytes (RFC 8878, 3.1.1: magic, frame header descriptor, window descriptor
// of exponent less 10 in 5 bits and mantissa in 3, block header of size, type and last).
func zstdFrame(exponent int, records []byte) []byte {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, byte(exponent-10) << 3, byte(len(records)<<3 | 1), byte(len(records) >> 5), 0}
	return append(frame, records...)
}

// A decoder's memory is its window, which the frame chooses: up to what a batch can
// need it is taken.
func TestWindowsAreBounded(t *testing.T) {
	for exponent, want := range map[int]error{10: nil, 23: nil, 25: nil, 26: log.ErrInvalid, 30: log.ErrInvalid, 41: log.ErrInvalid} {
		plain := batch(0, "x")
		set := append(bytes.Clone(plain[:61]), zstdFrame(exponent, plain[61:])...)
		set[22] |= 4
		if _, err := log.Validate(seal(set), limit); !errors.Is(err, want) {
			t.Errorf("a window of 2^%d bytes: got %v, want %v", exponent, err, want)
		}
	}
}

// Compressed frames that ask for more than a batch needs, or for what the broker has
// not, are refused for the little memory that their few bytes deserve.
func TestFramesThatAskForMuch(t *testing.T) {
	for name, c := range map[string]struct {
		codec  byte
		packed []byte
	}{
		"zstd, the largest window":      {4, zstdFrame(41, nil)},
		"zstd, one segment of 2^62":     {4, []byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x40, 1, 0, 0}},
		"zstd, a dictionary":            {4, []byte{0x28, 0xb5, 0x2f, 0xfd, 0x01, 0, 5, 1, 0, 0}},
		"zstd, a skippable frame alone": {4, []byte{0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0x7f}},
		// The frame of lz4: magic, flags (version 1; bit 3 a size, bit 0 a dictionary),
		// the largest block, size or dictionary, a checksum of those.
		"lz4, a dictionary":         {3, []byte{0x04, 0x22, 0x4d, 0x18, 0x41, 0x70, 5, 0, 0, 0, 0x73}},
		"lz4, a size of 2^63":       {3, []byte{0x04, 0x22, 0x4d, 0x18, 0x48, 0x70, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x08}},
		"lz4, blocks of no size":    {3, []byte{0x04, 0x22, 0x4d, 0x18, 0x40, 0x00, 0}},
		"gzip, fields without end":  {1, []byte{0x1f, 0x8b, 8, 0x1c, 0, 0, 0, 0, 0, 3, 0xff, 0xff}},
		"gzip, a method of its own": {1, []byte{0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 3, 0}},
		"snappy, a block of 256 MB": {2, []byte{0xff, 0xff, 0xff, 0x7f, 0, 0, 0}},
		"snappy, a block of 4 GB":   {2, []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0}},
		"xerial, a block of 4 GB":   {2, append([]byte("\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"), 0xff, 0xff, 0xff, 0xff)},
	} {
		t.Run(name, func(t *testing.T) {
			set := append(batch(0, "x")[:61], c.packed...)
			set[22] |= c.codec
			set = seal(set)
			log.Validate(bytes.Clone(set), limit) // what is made once is not of this batch
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := log.Validate(set, limit)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, log.ErrInvalid) && !errors.Is(err, log.ErrTooLarge) {
				t.Errorf("got %v", err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
				t.Errorf("it took %d bytes of memory", took)
			}
		})
	}
}
