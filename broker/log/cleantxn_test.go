package log_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// transacted appends batches of producer 9 and ends of its transactions: true
// commits, false aborts.
func (c *compacting) transacted(t *testing.T, sequence int32, all ...any) {
	t.Helper()
	for _, x := range all {
		if commit, ok := x.(bool); ok {
			if _, err := c.part.EndTransaction(log.Marker{ProducerID: 9, Commit: commit}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		records := x.([]keyed)
		add(t, c.part, inTransaction(ofProducer(keyedBatch("none", c.clock.UnixMilli(), records...), 9, 0, sequence)))
		sequence += int32(len(records))
	}
}

// Aborted records go and supersede nothing, committed ones stay, and a marker stays
// while there is data of its transaction, then until its horizon.
func TestCleaningTransactions(t *testing.T) {
	c := newCompacting(vfstest.NewDisk(1), 1)
	c.cfg.SegmentBytes = 1 << 20
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	c.transacted(t, 0,
		[]keyed{{"a", []byte("committed")}, {"b", []byte("old")}}, true,
		[]keyed{{"a", []byte("aborted")}}, false,
		[]keyed{{"b", []byte("new")}}, true)
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
		c.transacted(t, int32(i), []keyed{{fmt.Sprint("key", i), []byte("aborted")}}, false)
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

// A transaction's end decides over records of segments before its own, so it is on
// the disk before they are cleaned by it: who commits, and loses power, has the old
// value of a key or the new one, whatever becomes of the transaction then.
func TestCleaningForcesTheEndsThatItGoesBy(t *testing.T) {
	disk := vfstest.NewDisk(1)
	c := newCompacting(disk, 1)
	c.cfg.SegmentBytes = 1 << 20
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	add(t, c.part, keyedBatch("none", c.clock.UnixMilli(), keyed{"a", []byte("old")}))
	c.transacted(t, 0, []keyed{{"a", []byte("new")}})
	c.put(t, keyedBatch("none", c.clock.UnixMilli(), keyed{"b", []byte("1")}))
	if err := c.part.Flush(); err != nil {
		t.Fatal(err)
	}
	c.transacted(t, 1, true)
	c.dir.Clean()
	if c.dir.CleanerStats().Runs != 1 {
		t.Fatal("nothing was cleaned")
	}
	disk.Restart()
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	c.transacted(t, 1, false) // the coordinator gives it up, if it is open
	values, err := committedFrom(c.part, 0, limit)
	if err != nil || !slices.Contains(values, "old") && !slices.Contains(values, "new") {
		t.Errorf("of the key is left %q (%v)", values, err)
	}
}
