package log_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"copyscope/broker/log"
)

// codecs compress as clients do, by the number in the attributes.
var codecs = map[string]struct {
	number   byte
	compress func(plain []byte) []byte
}{
	"gzip": {1, func(plain []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(plain)
		w.Close()
		return b.Bytes()
	}},
	"snappy": {2, func(plain []byte) []byte { return snappy.Encode(nil, plain) }},
	"snappy, framed": {2, func(plain []byte) []byte {
		b := []byte("\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01")
		for len(plain) > 0 {
			n := min(len(plain), 32<<10)
			block := snappy.Encode(nil, plain[:n])
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(block))), block...)
			plain = plain[n:]
		}
		return b
	}},
	"lz4": {3, func(plain []byte) []byte {
		var b bytes.Buffer
		w := lz4.NewWriter(&b)
		w.Write(plain)
		w.Close()
		return b.Bytes()
	}},
	"zstd": {4, func(plain []byte) []byte {
		w, _ := zstd.NewWriter(nil)
		return w.EncodeAll(plain, nil)
	}},
}

// compressed is the batch with its records compressed.
func compressed(codec string, plain []byte) []byte {
	c := codecs[codec]
	b := append(bytes.Clone(plain[:61]), c.compress(plain[61:])...)
	b[22] |= c.number
	return seal(b)
}

// TestCompressed: compressed records are held to what others are held to, and
// are stored as they came.
func TestCompressed(t *testing.T) {
	for codec := range codecs {
		t.Run(codec, func(t *testing.T) {
			large := strings.Repeat("a large value ", 9000)
			good := batch(1000, "one", large, "three")
			lying := func(f func(b []byte)) []byte {
				b := bytes.Clone(good)
				f(b)
				return compressed(codec, b)
			}
			torn := compressed(codec, good)
			torn = seal(torn[:len(torn)-len(torn)/3])
			for _, c := range []struct {
				name string
				set  []byte
				want error
			}{
				{"good", compressed(codec, good), nil},
				{"more records than the header says", lying(func(b []byte) { b[60], b[26] = 2, 1 }), log.ErrInvalid},
				{"fewer records", lying(func(b []byte) { b[60], b[26] = 4, 3 }), log.ErrInvalid},
				{"a count that no memory holds", lying(func(b []byte) {
					binary.BigEndian.PutUint32(b[57:], 1<<31-1)
					binary.BigEndian.PutUint32(b[23:], 1<<31-2)
				}), log.ErrInvalid},
				{"offset deltas not in a row", lying(func(b []byte) { b[64] = 4 }), log.ErrInvalid},
				{"a key beyond its record", lying(func(b []byte) { b[65] = 0x7e }), log.ErrInvalid},
				{"cut short", torn, log.ErrInvalid},
				{"nothing behind the header", seal(compressed(codec, good)[:61]), log.ErrInvalid},
				{"not compressed at all", func() []byte { b := bytes.Clone(good); b[22] |= codecs[codec].number; return seal(b) }(), log.ErrInvalid},
			} {
				if _, err := log.Validate(bytes.Clone(c.set), limit); !errors.Is(err, c.want) {
					t.Errorf("%s: got %v, want %v", c.name, err, c.want)
				}
			}
			p, _ := open(t, partitionDir(t))
			add(t, p, compressed(codec, good))
			r, err := p.Read(0, 1<<20, true)
			if err != nil || !bytes.Equal(bytesOf(t, r)[21:], compressed(codec, good)[21:]) {
				t.Errorf("it was not stored as it came (%v)", err)
			}
			if got, err := valuesOf(p); err != nil || len(got) != 3 || got[1] != large {
				t.Errorf("%d records are read (%v)", len(got), err)
			}
			if at, ok, err := p.AtTime(1001); err != nil || !ok || at != (log.Stamped{Offset: 1, Timestamp: 1001}) {
				t.Errorf("AtTime finds %+v %v %v, want the second record", at, ok, err)
			}
		})
	}
}

// A small batch that decompresses to more than any batch may have is refused
// with little memory.
func TestDecompressionBomb(t *testing.T) {
	for _, codec := range []string{"gzip", "lz4", "zstd"} {
		t.Run(codec, func(t *testing.T) {
			const size = 300 << 20
			record := binary.AppendVarint(nil, size)
			plain := append(batch(0, "x")[:61], record...)
			plain = append(plain, make([]byte, size)...)
			set := compressed(codec, plain)
			if len(set) > 2<<20 {
				t.Fatalf("the bomb has %d bytes", len(set))
			}
			plain = nil
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, err := log.Validate(set, 10<<20)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, log.ErrTooLarge) && !errors.Is(err, log.ErrInvalid) {
				t.Errorf("got %v", err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
				t.Errorf("it took %d bytes of memory", took)
			}
		})
	}
}

// A batch whose records are as they should be, but are more than a batch may
// decompress to, is refused: what one request can make the broker walk is bounded.
func TestManyRecordsOfZeros(t *testing.T) {
	values := make([]string, 300)
	for i := range values {
		values[i] = zeros
	}
	plain := batch(0, values...)
	for _, codec := range []string{"gzip", "lz4", "zstd"} {
		set := compressed(codec, plain)
		if _, err := log.Validate(set, 10<<20); !errors.Is(err, log.ErrTooLarge) {
			t.Errorf("%s, %d bytes: got %v, want that it is too large", codec, len(set), err)
		}
	}
}

// zeros are a MiB that compresses well.
var zeros = string(make([]byte, 1<<20))

// To look for a time in a batch costs little memory, whatever its records
// decompress to: many may look at a time.
func TestAtTimeInLargeBatch(t *testing.T) {
	p, _ := open(t, partitionDir(t))
	add(t, p, compressed("zstd", batch(1000, "first", string(make([]byte, 100<<20)), "last")))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	at, ok, err := p.AtTime(1002)
	runtime.ReadMemStats(&after)
	if err != nil || !ok || at != (log.Stamped{Offset: 2, Timestamp: 1002}) {
		t.Errorf("found %+v %v %v, want the third record", at, ok, err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
		t.Errorf("it took %d bytes of memory", took)
	}
}

// TestTopicLimits: what the topic's configs say of times, keys and sizes.
func TestTopicLimits(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	at := func(d time.Duration) []byte { return batch(now.Add(d).UnixMilli(), "x") }
	for _, c := range []struct {
		name string
		cfg  func(c *log.Config)
		set  []byte
		want error
	}{
		{"now", func(c *log.Config) {}, at(0), nil},
		{"an hour ahead", func(c *log.Config) {}, at(time.Hour), nil},
		{"further ahead", func(c *log.Config) {}, at(time.Hour + time.Millisecond), log.ErrTimestamp},
		{"the end of time", func(c *log.Config) {}, batch(1<<63-1, "x"), log.ErrTimestamp},
		{"long ago", func(c *log.Config) {}, batch(0, "x"), nil},
		{"no time", func(c *log.Config) { c.TimeBefore = time.Hour }, batch(-1, "x"), nil},
		{"too long ago", func(c *log.Config) { c.TimeBefore = time.Hour }, at(-time.Hour - time.Millisecond), log.ErrTimestamp},
		{"compressed, further ahead", func(c *log.Config) {}, compressed("zstd", at(2*time.Hour)), log.ErrTimestamp},
		{"any time, where the topic stamps", func(c *log.Config) { c.LogAppendTime = true }, at(1000 * time.Hour), nil},
		{"no key", func(c *log.Config) { c.Compacted = true }, at(0), log.ErrInvalid},
		{"no key, compressed", func(c *log.Config) { c.Compacted = true }, compressed("lz4", at(0)), log.ErrInvalid},
		{"larger than a message", func(c *log.Config) { c.MaxMessageBytes = 50 }, at(0), log.ErrTooLarge},
		{"larger than a segment", func(c *log.Config) { c.SegmentBytes = 50 }, at(0), log.ErrSegmentTooSmall},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := log.OpenDir(context.Background(), t.TempDir(), log.DirOptions{Manual: true, Log: quiet(), Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			cfg := log.Defaults()
			p, _, err := d.Open(context.Background(), "t", log.ID{}, 0, cfg)
			if err != nil {
				t.Fatal(err)
			}
			c.cfg(&cfg)
			p.Configure(cfg)
			a, err := p.Produce(c.set)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if want := now.UnixMilli(); cfg.LogAppendTime && (a.LogAppendTime != want) || !cfg.LogAppendTime && err == nil && a.LogAppendTime != -1 {
				t.Errorf("the append time is %d", a.LogAppendTime)
			}
			if !cfg.LogAppendTime {
				return
			}
			err = p.Replay(context.Background(), 0, func(_ int64, r log.Record) error {
				if r.Timestamp != now.UnixMilli() {
					return fmt.Errorf("the record's time is %d", r.Timestamp)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if s, ok, err := p.AtTime(now.UnixMilli()); err != nil || !ok || s != (log.Stamped{Offset: 0, Timestamp: now.UnixMilli()}) {
				t.Errorf("AtTime finds %+v %v %v", s, ok, err)
			}
		})
	}
}

// A latest timestamp that the records do not have is corrected, as Kafka does,
// and the checksum with it.
func TestWrongMaxTimestamp(t *testing.T) {
	for _, codec := range []string{"", "gzip"} {
		right := batch(1000, "a", "b")
		if codec != "" {
			right = compressed(codec, right)
		}
		wrong := bytes.Clone(right)
		binary.BigEndian.PutUint64(wrong[35:], 77)
		p, _ := open(t, partitionDir(t))
		add(t, p, seal(wrong))
		r, err := p.Read(0, 1000, true)
		if err != nil || !bytes.Equal(bytesOf(t, r)[17:], right[17:]) {
			t.Errorf("%s: the stored batch is not the right one (%v)", codec, err)
		}
	}
}
