package log_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// cleanedCodecs are those of [compressed], and none.
var cleanedCodecs = append(slices.Sorted(maps.Keys(codecs)), "none")

// keyed is a record of a compacted log; a nil value is a tombstone.
type keyed struct {
	key   string
	value []byte
}

// keyedBatch is what a producer would send, one record a ms.
func keyedBatch(codec string, baseTime int64, records ...keyed) []byte {
	var plain []byte
	for i, r := range records {
		k := kmsg.Record{TimestampDelta64: int64(i), OffsetDelta: int32(i), Key: []byte(r.key), Value: r.value,
			Headers: []kmsg.Header{{Key: "h", Value: []byte(r.key)}}}
		k.Length = int32(len(k.AppendTo(nil)) - 1)
		plain = k.AppendTo(plain)
	}
	n := int32(len(records))
	rb := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1, Magic: 2, LastOffsetDelta: n - 1, NumRecords: n,
		FirstTimestamp: baseTime, MaxTimestamp: baseTime + int64(n) - 1, ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, Records: plain,
	}
	b := seal(rb.AppendTo(nil))
	if codec != "none" {
		return compressed(codec, b)
	}
	return b
}

// compacting is a compacted log and what it must hold.
type compacting struct {
	fs    vfs.FS
	cfg   log.Config
	clock time.Time
	said  bytes.Buffer
	dice  *rand.Rand
	// memory is the cleaner's, openFiles the limit of idle ones.
	memory    int64
	openFiles int
	pace      float64 // bytes per second, 0: the default
	tries     int     // of cleanings, counted by slowFailure
	skip      func(topic string) bool

	dir    *log.Dir
	part   *log.Partition
	latest map[string]stored // of each key, as acknowledged
	all    map[int64]stored  // every record that was ever appended
	next   int64
}

type stored struct {
	offset, time int64
	keyed
}

func newCompacting(fs vfs.FS, seed uint64) *compacting {
	cfg := smallSegments()
	cfg.Delete, cfg.Compacted, cfg.MinDirty, cfg.TombstoneAge = false, true, 0, time.Hour
	cfg.SegmentBytes = 1500
	return &compacting{fs: fs, cfg: cfg, clock: time.UnixMilli(1_700_000_000_000), dice: rand.New(rand.NewPCG(seed, 7)), latest: map[string]stored{}, all: map[int64]stored{}, openFiles: 4}
}

func (c *compacting) open() (err error) {
	c.dir, err = log.OpenDir(context.Background(), "/", log.DirOptions{FS: c.fs, Manual: true, Now: func() time.Time { return c.clock },
		Log: slog.New(slog.NewTextHandler(&c.said, nil)), OpenFiles: c.openFiles, Cleaner: log.CleanerOptions{Memory: c.memory, BytesPerSec: c.pace, Skip: c.skip}})
	if err == nil {
		c.part, _, err = c.dir.Open(context.Background(), "t", log.ID{1}, 0, c.cfg)
	}
	return err
}

// append appends a random batch. What fails is forgotten.
func (c *compacting) append() error {
	var records []keyed
	for range 1 + c.dice.IntN(6) {
		r := keyed{key: fmt.Sprint("key", c.dice.IntN(30))}
		if c.dice.IntN(4) > 0 {
			r.value = []byte(strings.Repeat(fmt.Sprint(c.dice.IntN(1000)), 1+c.dice.IntN(20)))
		}
		records = append(records, r)
	}
	c.clock = c.clock.Add(time.Second)
	a, err := c.part.Produce(keyedBatch(cleanedCodecs[c.dice.IntN(len(cleanedCodecs))], c.clock.UnixMilli(), records...))
	if err != nil {
		return err
	}
	for i, r := range records {
		s := stored{a.Base + int64(i), c.clock.UnixMilli() + int64(i), r}
		c.latest[r.key], c.all[s.offset] = s, s
	}
	c.next = a.Last + 1
	return nil
}

// check reads the log as a consumer does, from each of some offsets.
func (c *compacting) check() error {
	low, end := c.part.Offsets()
	if end < c.next {
		return fmt.Errorf("the next offset is %d, it was %d", end, c.next)
	}
	left := maps.Clone(c.latest)
	last := int64(-1)
	err := c.part.Replay(context.Background(), 0, func(offset int64, r log.Record) error {
		was, known := c.all[offset]
		switch {
		case !known && offset >= c.next:
			return nil // its append failed, or was not acknowledged
		case !known || offset <= last || was.key != string(r.Key) || !bytes.Equal(was.value, r.Value) || (was.value == nil) != (r.Value == nil) || was.time != r.Timestamp:
			return fmt.Errorf("offset %d after %d: %q=%q at %d, appended was %q=%q at %d", offset, last, r.Key, r.Value, r.Timestamp, was.key, was.value, was.time)
		}
		last = offset
		if left[was.key].offset == offset {
			delete(left, was.key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for key, s := range left {
		if s.value != nil && s.offset >= low {
			return fmt.Errorf("the latest record of %s, offset %d, is lost", key, s.offset)
		}
	}
	// A reader at any offset gets the batch that holds it or the next one.
	for range 10 {
		at := low + c.dice.Int64N(max(end-low, 1))
		r, err := c.part.Read(at, 1, true)
		if err != nil {
			return fmt.Errorf("read at %d: %w", at, err)
		}
		if r.Bytes > 0 {
			head := make([]byte, 61)
			if _, err := r.ReadAt(head, 0); err != nil {
				return err
			}
			if base := int64(binary.BigEndian.Uint64(head)); base+int64(binary.BigEndian.Uint32(head[23:])) < at {
				return fmt.Errorf("read at %d gave the batch at %d", at, base)
			}
		}
		r.Release()
	}
	return c.checkTimes(low)
}

// checkTimes holds ListOffsets by time to the records that are there.
func (c *compacting) checkTimes(low int64) error {
	var there []stored
	err := c.part.Replay(context.Background(), 0, func(offset int64, r log.Record) error {
		there = append(there, stored{offset: offset, time: r.Timestamp})
		return nil
	})
	if err != nil || len(there) == 0 {
		return err
	}
	for range 5 {
		t := there[c.dice.IntN(len(there))].time - int64(c.dice.IntN(2))
		i := slices.IndexFunc(there, func(s stored) bool { return s.time >= t && s.offset >= low })
		at, ok, err := c.part.AtTime(t)
		if err != nil || ok != (i >= 0) || ok && (at.Offset != there[i].offset || at.Timestamp != there[i].time) {
			return fmt.Errorf("the first record at %d is %+v %v (%v), want %+v", t, at, ok, err, there[max(i, 0)])
		}
	}
	return nil
}

// duplicates is how many records of keys are superseded in the segments but the
// active one.
func (c *compacting) superseded(t *testing.T) (n int) {
	segments := c.part.Segments()
	active := segments[len(segments)-1].Base
	newest := map[string]int64{}
	var seen []stored
	err := c.part.Replay(context.Background(), 0, func(offset int64, r log.Record) error {
		if offset < active {
			newest[string(r.Key)] = offset
			seen = append(seen, stored{offset: offset, keyed: keyed{key: string(r.Key)}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range seen {
		if newest[s.key] != s.offset {
			n++
		}
	}
	return n
}

// TestCleaningKeepsTheLatest runs random appends of all codecs, cleanings,
// restarts, time and retention against a map.
func TestCleaningKeepsTheLatest(t *testing.T) {
	for seed := range uint64(8) {
		c := newCompacting(vfstest.NewDisk(seed), seed)
		if seed%2 == 1 {
			c.memory = 24 * 10 // for nine keys: each cleaning is of a part
		}
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		cleaned := int64(0)
		for step := range 150 {
			var err error
			switch c.dice.IntN(12) {
			case 0:
				c.dir.Clean()
				if n := c.superseded(t); n > 0 {
					t.Errorf("seed %d, step %d: %d superseded records are left", seed, step, n)
				}
			case 1:
				c.clock = c.clock.Add(time.Duration(c.dice.IntN(90)) * time.Minute)
				c.dir.Tend()
			case 2:
				cleaned += c.dir.CleanerStats().Runs
				if err = c.dir.Close(); err == nil {
					err = c.open()
				}
			default:
				err = c.append()
			}
			if err == nil {
				err = c.check()
			}
			if err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
		if cleaned+c.dir.CleanerStats().Runs == 0 {
			t.Errorf("seed %d: nothing was cleaned", seed)
		}
	}
}

// headersOf are the batches of the log.
func headersOf(t *testing.T, p *log.Partition) (all []log.StoredBatch) {
	t.Helper()
	low, _ := p.Offsets()
	err := p.Browse(context.Background(), low, func(b log.StoredBatch) bool {
		all = append(all, b)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// put appends a batch and rolls, so that it can be cleaned.
func (c *compacting) put(t *testing.T, b []byte) {
	t.Helper()
	add(t, c.part, b)
	c.part.Configure(func() log.Config { x := c.cfg; x.SegmentBytes = 100; return x }())
	add(t, c.part, keyedBatch("none", c.clock.UnixMilli(), keyed{"roll", []byte("v")}))
	c.part.Configure(c.cfg)
	c.dir.Tend()
}

// TestTombstonesGoAfterTheirHorizon pins the bytes of a batch that got a delete
// horizon (KIP-534): a cleaning sets it, one after it takes the tombstone away.
func TestTombstonesGoAfterTheirHorizon(t *testing.T) {
	c := newCompacting(vfstest.NewDisk(1), 1)
	c.cfg.SegmentBytes = 1 << 20
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	begun := c.clock.UnixMilli()
	c.put(t, keyedBatch("none", begun, keyed{"a", []byte("1")}, keyed{"a", nil}))
	c.dir.Clean()
	b := headersOf(t, c.part)[0]
	if b.BatchInfo.Records != 1 || b.Base != 0 || b.Last != 1 || b.DeleteHorizon != begun+time.Hour.Milliseconds() || b.Timestamp != begun+1 {
		t.Fatalf("after the first cleaning: %+v", b.BatchInfo)
	}
	r, err := c.part.Read(0, 1, true)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, r.Bytes)
	if _, err := r.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	r.Release()
	want := unhex(t, "0000000000000000 00000040 00000000 02 "+fmt.Sprintf("%08x", binary.BigEndian.Uint32(got[17:]))+
		" 0040 00000001 "+fmt.Sprintf("%016x", begun+3600_000)+fmt.Sprintf("%016x", begun+1)+
		" ffffffffffffffff ffff ffffffff 00000001 1c 00 fdb9b703 02 02 61 01 02 02 68 02 61")
	if !bytes.Equal(got, want) {
		t.Errorf("the batch is\n%x, want\n%x", got, want)
	}
	for _, step := range []struct {
		later time.Duration
		left  int32
	}{{59 * time.Minute, 1}, {2 * time.Minute, 0}} {
		c.clock = c.clock.Add(step.later)
		c.put(t, keyedBatch("none", c.clock.UnixMilli(), keyed{"b", []byte("2")}))
		c.dir.Clean()
		n := int32(0)
		for _, b := range headersOf(t, c.part) {
			if b.Base == 0 {
				n = b.BatchInfo.Records
			}
		}
		if n != step.left {
			t.Errorf("after %v: %d records in the first batch, want %d", step.later, n, step.left)
		}
	}
}

// A producer's last batch stays, empty, so that its next sequence number is known
// after a restart without snapshot; the lag keeps records from the cleaner.
func TestCleaningKeepsSequencesAndLag(t *testing.T) {
	disk := vfstest.NewDisk(1)
	c := newCompacting(disk, 1)
	c.cfg.SegmentBytes, c.cfg.MinLag = 1<<20, time.Hour
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	own := func(sequence int32) []byte {
		return ofProducer(keyedBatch("zstd", c.clock.UnixMilli(), keyed{"a", []byte("1")}, keyed{"b", []byte("1")}), 9, 0, sequence)
	}
	c.put(t, own(0))
	c.put(t, own(2))
	c.put(t, keyedBatch("none", c.clock.UnixMilli(), keyed{"a", []byte("2")}, keyed{"b", []byte("2")}))
	c.dir.Clean()
	if n := c.dir.CleanerStats().Runs; n != 0 {
		t.Errorf("%d cleanings before min.compaction.lag.ms", n)
	}
	c.clock = c.clock.Add(2 * time.Hour)
	c.dir.Clean()
	var empty []log.StoredBatch
	for _, b := range headersOf(t, c.part) {
		if b.ProducerID == 9 {
			empty = append(empty, b)
		}
	}
	if len(empty) != 1 || empty[0].BatchInfo.Records != 0 || empty[0].FirstSequence != 2 || empty[0].LastSequence != 3 || empty[0].Codec != log.Uncompressed {
		t.Fatalf("of the producer %+v are left, want its last batch, empty", empty)
	}
	if err := errors.Join(c.part.Flush()); err != nil {
		t.Fatal(err)
	}
	disk.Restart()
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	if a, err := c.part.Produce(own(2)); err != nil || !a.Duplicate {
		t.Errorf("its last batch again: %+v %v, want a duplicate", a, err)
	}
	if a, err := c.part.Produce(own(4)); err != nil || a.Duplicate {
		t.Errorf("its next batch: %+v %v", a, err)
	}
	if _, err := c.part.Produce(batch(c.clock.UnixMilli(), "no key")); !errors.Is(err, log.ErrInvalid) {
		t.Errorf("a record without key: %v, want %v", err, log.ErrInvalid)
	}
}
