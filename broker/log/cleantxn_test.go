package log_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// inTransaction is a stored batch of producer 9.
func inTransaction(base int64, at int64, records ...keyed) []byte {
	b := keyedBatch("none", at, records...)
	binary.BigEndian.PutUint64(b, uint64(base))
	binary.BigEndian.PutUint64(b[43:], 9)
	binary.BigEndian.PutUint16(b[51:], 0)
	binary.BigEndian.PutUint32(b[53:], uint32(base))
	b[22] |= 0x10
	return seal(b)
}

// endsTxn ends a transaction of producer 9.
func endsTxn(base int64, at int64, commits bool) []byte {
	kind := byte(0)
	if commits {
		kind = 1
	}
	r := kmsg.Record{Key: []byte{0, 0, 0, kind}, Value: make([]byte, 6)}
	r.Length = int32(len(r.AppendTo(nil)) - 1)
	rb := kmsg.RecordBatch{FirstOffset: base, Magic: 2, NumRecords: 1, Attributes: 0x30, FirstTimestamp: at, MaxTimestamp: at,
		ProducerID: 9, ProducerEpoch: 0, FirstSequence: -1, Records: r.AppendTo(nil)}
	return seal(rb.AppendTo(nil))
}

// Of a log that Kafka wrote: aborted records go and supersede nothing, committed
// ones stay, and a marker stays while there is data of its transaction, then until
// its horizon.
func TestCleaningTransactions(t *testing.T) {
	disk := vfstest.NewDisk(1)
	c := newCompacting(disk, 1)
	c.cfg.SegmentBytes = 1 << 20
	begun := c.clock.UnixMilli()
	var stored []byte
	for _, b := range [][]byte{
		inTransaction(0, begun, keyed{"a", []byte("committed")}, keyed{"b", []byte("old")}),
		endsTxn(2, begun, true),
		inTransaction(3, begun, keyed{"a", []byte("aborted")}),
		endsTxn(4, begun, false),
		inTransaction(5, begun, keyed{"b", []byte("new")}),
		endsTxn(6, begun, true),
	} {
		stored = append(stored, b...)
	}
	if err := disk.MkdirAll("/t-0"); err != nil {
		t.Fatal(err)
	}
	f, err := disk.Open("/t-0/"+log.SegmentName(0), os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(stored, 0); err != nil {
		t.Fatal(err)
	}
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	left := func() (all []string) {
		for _, b := range headersOf(t, c.part) {
			if b.ProducerID != 9 {
				continue
			}
			s := fmt.Sprint(b.Base)
			if b.Control {
				s += " marker"
			}
			err := b.Records(func(r log.RecordInfo) error {
				if !b.Control {
					s += fmt.Sprintf(" %s=%s", r.Key, r.Value)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
		return all
	}
	for i, step := range []struct {
		later time.Duration
		want  []string
	}{
		{0, []string{"0 a=committed", "2 marker", "4 marker", "5 b=new", "6 marker"}},
		// The aborted transaction has no data left: its marker got a horizon.
		{time.Minute, []string{"0 a=committed", "2 marker", "4 marker", "5 b=new", "6 marker"}},
		{2 * time.Hour, []string{"0 a=committed", "2 marker", "5 b=new", "6 marker"}},
	} {
		c.clock = c.clock.Add(step.later)
		c.put(t, keyedBatch("none", c.clock.UnixMilli(), keyed{"other", []byte(fmt.Sprint(i))}))
		c.dir.Clean()
		if got := left(); !slices.Equal(got, step.want) {
			t.Errorf("after cleaning %d: %q, want %q", i+1, got, step.want)
		}
	}
}

// readHook calls on once, when batches are read.
type readHook struct {
	vfs.FS
	on func()
}

func (h *readHook) Open(name string, flag int) (vfs.File, error) {
	f, err := h.FS.Open(name, flag)
	if err == nil && strings.HasSuffix(name, ".log") {
		f = readHookFile{f, h}
	}
	return f, err
}

type readHookFile struct {
	vfs.File
	hook *readHook
}

func (f readHookFile) ReadAt(b []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(b, at)
	if on := f.hook.on; on != nil {
		f.hook.on = nil
		on()
	}
	return n, err
}

// A reader of what is committed that has found its region in a segment when that is
// cleaned, and its transaction index with it, is not given aborted records as good.
func TestCleaningDuringACommittedRead(t *testing.T) {
	hook := &readHook{FS: vfstest.NewDisk(1)}
	c := newCompacting(hook, 1)
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		b := keyedBatch("none", c.clock.UnixMilli(), keyed{fmt.Sprint("key", i), []byte("aborted")})
		binary.BigEndian.PutUint64(b[43:], 9)
		binary.BigEndian.PutUint16(b[51:], 0)
		binary.BigEndian.PutUint32(b[53:], uint32(i))
		b[22] |= 0x10
		add(t, c.part, seal(b))
		if _, err := c.part.EndTransaction(log.Marker{ProducerID: 9}); err != nil {
			t.Fatal(err)
		}
		c.put(t, keyedBatch("none", c.clock.UnixMilli(), keyed{fmt.Sprint("key", i), []byte("committed")}))
	}
	c.dir.Tend()
	hook.on = c.dir.Clean
	values, err := committedFrom(c.part, 0, limit)
	if err != nil {
		t.Fatal(err)
	}
	if c.dir.CleanerStats().Runs == 0 {
		t.Fatal("nothing was cleaned")
	}
	committed := slices.DeleteFunc(values, func(v string) bool { return v == "v" }) // of the last put
	if len(committed) != 30 || slices.Contains(committed, "aborted") {
		t.Errorf("the reader got %d values: %q", len(committed), committed)
	}
}
