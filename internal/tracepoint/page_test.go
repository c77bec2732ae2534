package tracepoint

import (
	"encoding/binary"
	"slices"
	"testing"
)

// page puts records together as the kernel does.
type page struct{ b []byte }

func newPage(at uint64) *page {
	p := &page{make([]byte, pageHeader)}
	binary.NativeEndian.PutUint64(p.b, at)
	return p
}

func (p *page) word(w uint32) *page {
	p.b = binary.NativeEndian.AppendUint32(p.b, w)
	return p
}

func (p *page) record(delta uint32, data ...uint32) *page {
	p.word(delta<<5 | uint32(len(data)))
	for _, w := range data {
		p.word(w)
	}
	return p
}

// end fills the length in, with flags of lost records, as the kernel sets them.
func (p *page) end(flags uint64) []byte {
	binary.NativeEndian.PutUint64(p.b[8:], uint64(len(p.b)-pageHeader)|flags)
	return append(p.b, make([]byte, 64)...) // what lies behind
}

func TestRecordsOfAPage(t *testing.T) {
	long := newPage(1000).record(5, 1, 2)
	long.word(7<<5 | recordLong).word(4 + 8).word(3).word(4) // its length is in a word of its own
	long.word(1<<5 | recordExtend).word(2)                   // 2<<27 + 1 later
	long.record(0, 5)                                        // at that time
	long.word(9<<5 | recordPadding).word(8).word(0)          // a gap of 8 bytes, itself included, 9 later
	long.record(1, 6)                                        //
	long.word(3<<5 | recordTimestamp).word(4)                // 4<<27 + 3
	long.record(2, 7)                                        //
	long.word(recordPadding)                                 // nothing more
	long.record(1, 8)                                        // not to be seen
	type seen struct {
		at    int64
		first uint32
	}
	var got []seen
	eachRecord(long.end(3<<30), func(at int64, data []byte) {
		got = append(got, seen{at, binary.NativeEndian.Uint32(data)})
	})
	extended := int64(1012 + 2<<27 + 1)
	want := []seen{{1005, 1}, {1012, 3}, {extended, 5}, {extended + 10, 6}, {4<<27 + 3 + 2, 7}}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// Whatever bytes a page has, its records lie within it.
func FuzzPage(f *testing.F) {
	f.Add(newPage(1).record(5, 1, 2).end(0))
	f.Add(newPage(1).word(7<<5 | recordLong).word(1 << 30).end(0))
	f.Add(newPage(1).word(9<<5 | recordPadding).word(1 << 31).end(1 << 31))
	f.Add(newPage(1).word(recordTimestamp).end(0))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		total := 0
		eachRecord(b, func(_ int64, data []byte) { total += len(data) })
		if total > len(b) {
			t.Errorf("records of %d bytes in a page of %d", total, len(b))
		}
	})
}
