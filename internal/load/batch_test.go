package load

import (
	"bytes"
	"hash/crc32"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The batches are what Kafka's own reader of the format takes them for.
func TestBatchIsKafkas(t *testing.T) {
	for _, c := range []struct{ n, value int }{{1, 8}, {3, 100}, {600, 100}, {2, 70_000}} {
		b := buildBatch(c.n, c.value, 7)
		at := time.Unix(1_700_000_000, 5)
		b.stamp(func(i int) time.Time { return at.Add(time.Duration(i)) })
		b.seal(at)
		var parsed kmsg.RecordBatch
		if err := parsed.ReadFrom(b.bytes); err != nil {
			t.Fatalf("%d records of %d: %v", c.n, c.value, err)
		}
		if crc := crc32.Checksum(b.bytes[21:], crc32.MakeTable(crc32.Castagnoli)); uint32(parsed.CRC) != crc {
			t.Errorf("%d records of %d: CRC %#x, want %#x", c.n, c.value, uint32(parsed.CRC), crc)
		}
		if int(parsed.NumRecords) != c.n || parsed.Magic != 2 || parsed.ProducerID != -1 || parsed.FirstTimestamp != at.UnixMilli() {
			t.Errorf("%d records of %d: header %+v", c.n, c.value, parsed)
		}
		rest := parsed.Records
		for i := range c.n {
			var r kmsg.Record
			if err := r.ReadFrom(rest); err != nil {
				t.Fatalf("record %d of %d: %v", i, c.n, err)
			}
			if len(r.Value) != c.value || r.Key != nil || int(r.OffsetDelta) != i {
				t.Fatalf("record %d of %d: %d bytes, key %q, delta %d", i, c.n, len(r.Value), r.Key, r.OffsetDelta)
			}
			rest = rest[len(r.AppendTo(nil)):]
		}
		i := int64(0)
		if !eachStamp(b.bytes, func(due int64) {
			if want := at.UnixNano() + i; due != want {
				t.Fatalf("record %d of %d is due at %d, want %d", i, c.n, due, want)
			}
			i++
		}) || int(i) != c.n {
			t.Errorf("%d stamps of %d", i, c.n)
		}
	}
}

// A record with a key is not from here: its stamp would be bytes of the key,
// which a length of 16 (0x20) seems to precede.
func TestStampsOfAnothersRecords(t *testing.T) {
	r := kmsg.Record{Key: bytes.Repeat([]byte{0x20}, 20), Value: make([]byte, 8)}
	r.Length = int32(len(r.AppendTo(nil)) - 1) // the length itself takes a byte
	b := append(make([]byte, batchHeaderBytes), r.AppendTo(nil)...)
	if eachStamp(b, func(int64) { t.Error("a stamp was found") }) {
		t.Error("it is taken for a batch of this package")
	}
}

func TestRecordsInABatch(t *testing.T) {
	for _, c := range []struct{ batch, value int }{{64 << 10, 100}, {64 << 10, 1 << 10}, {1 << 20, 8}, {100, 1 << 20}} {
		n := recordsIn(c.batch, c.value)
		if size := len(buildBatch(n, c.value, 1).bytes); size > c.batch && n > 1 {
			t.Errorf("%d records of %d make %d bytes, more than %d", n, c.value, size, c.batch)
		}
	}
}

// A fetch's answer is read alike however it arrives; a batch that is cut at the
// end is not counted.
func TestFetchedAnswer(t *testing.T) {
	b := buildBatch(5, 200, 1).bytes
	records := append(bytes.Clone(b), b...)
	records = append(records, b[:len(b)-1]...)
	answer := append(appendFetched(nil, 42, "t", 3, 100, int64(len(records))), records...)
	for name, r := range map[string]io.Reader{"whole": bytes.NewReader(answer), "byte by byte": iotest.OneByteReader(bytes.NewReader(answer))} {
		for _, whole := range []bool{false, true} {
			s := newStream(r)
			if whole {
				s = newStream(bytes.NewReader(answer))
			}
			id, err := s.next()
			if err != nil || id != 42 {
				t.Fatalf("%s: answer %d, %v", name, id, err)
			}
			var got fetchedPartition
			batches := 0
			onBatch := func(have []byte) {
				if batches++; !bytes.Equal(have, b) {
					t.Errorf("%s: batch %d is another", name, batches)
				}
			}
			if !whole {
				onBatch = nil
			}
			if err := s.fetched(func(int32) int64 { return 0 }, onBatch, func(p fetchedPartition) { got = p }); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			// Both batches have base offset 0, so the second brings nothing new.
			if got.index != 3 || got.high != 100 || got.bytes != int64(len(records)) || got.next != 5 || got.records != 5 {
				t.Errorf("%s: %+v", name, got)
			}
			if whole && batches != 2 {
				t.Errorf("%s: %d batches handed out, want 2", name, batches)
			}
			r = iotest.OneByteReader(bytes.NewReader(answer))
		}
	}
}

// What a server claims does not crash the client or make it take memory.
func FuzzFetchedAnswer(f *testing.F) {
	b := buildBatch(2, 20, 1).bytes
	f.Add(append(appendFetched(nil, 1, "t", 0, 2, int64(len(b))), b...))
	f.Add(appendFetched(nil, 1, "", 0, 0, 1<<30))
	f.Add([]byte{0x3f, 0xff, 0xff, 0xff, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, answer []byte) {
		s := newStream(bytes.NewReader(answer))
		if _, err := s.next(); err != nil {
			return
		}
		s.fetched(func(int32) int64 { return 0 }, func(b []byte) { eachStamp(b, func(int64) {}) }, func(fetchedPartition) {})
		if len(s.buf) > 2*streamBytes+2*len(answer) {
			t.Errorf("%d bytes of memory for an answer of %d", len(s.buf), len(answer))
		}
	})
}

func FuzzProduceFrame(f *testing.F) {
	f.Add(produceFrame("t", 1, 1, buildBatch(1, 8, 1).bytes)[4:])
	f.Add(fetchFrame("t", []int32{0}, 1, 1, 1)[4:])
	f.Fuzz(func(t *testing.T, frame []byte) {
		cutProduce(frame)
		cutFetch(frame)
	})
}

// The partitions are dealt out: all of them to somebody, nobody idle.
func TestShares(t *testing.T) {
	for _, c := range []struct {
		leaders []string
		workers int
	}{{[]string{"a"}, 1}, {[]string{"a", "a", "a"}, 2}, {[]string{"a"}, 3}, {[]string{"a", "b", "a", "b"}, 2}, {[]string{"a", "b", "a"}, 3}} {
		seen := map[int32]bool{}
		for _, s := range (Topic{Leaders: c.leaders}).shares(c.workers) {
			if len(s.partitions) == 0 {
				t.Errorf("%v among %d: one is idle", c.leaders, c.workers)
			}
			for _, p := range s.partitions {
				if seen[p] = true; c.leaders[p] != s.address {
					t.Errorf("%v among %d: partition %d asked of %s", c.leaders, c.workers, p, s.address)
				}
			}
		}
		if len(seen) != len(c.leaders) {
			t.Errorf("%v among %d: %d partitions of %d", c.leaders, c.workers, len(seen), len(c.leaders))
		}
	}
}
