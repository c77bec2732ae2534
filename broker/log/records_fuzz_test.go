package log_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"copyscope/broker/log"
)

// FuzzRecords: records that lie in a batch as they are, where those of the usual form
// are read in a way of their own, are judged as the same records compressed, which all
// are read in one way.
func FuzzRecords(f *testing.F) {
	for _, b := range [][]byte{
		batch(1000, "one", "two", "three"),
		batch(1000, strings.Split(strings.Repeat("v,", 200), ",")...), // deltas of two bytes
		batch(1000, strings.Repeat("l", 8200), "small"),               // a length of three bytes
		edit(func(b []byte) { b[63], b[64] = 0x80, 0x80 }),            // a delta of more bytes
		edit(func(b []byte) { b[70] = 2 }),                            // a header that is not there
	} {
		f.Add(b[61:], binary.BigEndian.Uint32(b[57:]))
	}
	header := batch(1000, "")[:61]
	f.Fuzz(func(t *testing.T, records []byte, count uint32) {
		b := append(bytes.Clone(header), records...)
		binary.BigEndian.PutUint32(b[23:], count-1)
		binary.BigEndian.PutUint32(b[57:], count)
		plain, packed := seal(b), compressed("snappy", b)
		_, err := log.Validate(plain, 1<<30)
		_, want := log.Validate(packed, 1<<30)
		if (err == nil) != (want == nil) {
			t.Fatalf("as they are: %v; compressed: %v", err, want)
		}
	})
}
