package log_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"copyscope/broker/log"
)

// aged is a partition with a clock: ten records of an hour each, a segment for
// every two.
type aged struct {
	dir  *log.Dir
	part *log.Partition
	root string
	now  time.Time
	cfg  log.Config
}

func newAged(t *testing.T, change func(c *log.Config)) *aged {
	a := &aged{root: t.TempDir(), now: time.Now(), cfg: log.Defaults()}
	a.cfg.SegmentBytes, a.cfg.RetentionAge = 200, -1
	change(&a.cfg)
	a.open(t)
	for range 10 {
		add(t, a.part, batch(a.now.UnixMilli(), strings.Repeat("x", 20)))
		a.now = a.now.Add(time.Hour)
	}
	return a
}

func (a *aged) open(t *testing.T) {
	t.Helper()
	var err error
	a.dir, err = log.OpenDir(context.Background(), a.root, log.DirOptions{Manual: true, Log: quiet(), Now: func() time.Time { return a.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.dir.Close() })
	if a.part, _, err = a.dir.Open(context.Background(), "t", log.ID{}, 0, a.cfg); err != nil {
		t.Fatal(err)
	}
}

func (a *aged) names(t *testing.T, ending string) (n int) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(a.root, "t-0"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ending) {
			n++
		}
	}
	return n
}

func TestRetention(t *testing.T) {
	none := func(*log.Config) {}
	for _, c := range []struct {
		name   string
		cfg    func(c *log.Config)
		before int64 // DeleteRecords, 0: none
		low    int64 // after it
		left   int   // segments
	}{
		{"nothing is due", none, 0, 0, 5},
		{"by time", func(c *log.Config) { c.RetentionAge = 5*time.Hour + 1 }, 0, 4, 3},
		{"by time, all: the active one is rolled", func(c *log.Config) { c.RetentionAge = time.Minute }, 0, 10, 1},
		{"by size", func(c *log.Config) { c.RetentionBytes = 400 }, 0, 4, 3},
		{"not where records are compacted", func(c *log.Config) { c.RetentionBytes, c.Delete = 400, false }, 0, 0, 5},
		{"by the first offset", none, 5, 5, 3},
		{"by the first offset, all but the active one", none, 10, 10, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAged(t, c.cfg)
			if c.before > 0 {
				if low, err := a.part.DeleteRecords(c.before); err != nil || low != c.before {
					t.Fatalf("the first offset is %d (%v)", low, err)
				}
			}
			a.dir.Tend()
			check := func(when string) {
				t.Helper()
				low, next := a.part.Offsets()
				if low != c.low || next != 10 || len(a.part.Segments()) != c.left {
					t.Errorf("%s: offsets %d to %d in %d segments, want %d to 10 in %d", when, low, next, len(a.part.Segments()), c.low, c.left)
				}
				if _, err := a.part.Read(c.low-1, 100, true); !errors.Is(err, log.ErrOffset) {
					t.Errorf("%s: reading below the first offset gave %v", when, err)
				}
				if got, err := valuesOf(a.part); err != nil || len(got) != int(10-c.low) {
					t.Errorf("%s: %d records are read, want %d (%v)", when, len(got), 10-c.low, err)
				}
			}
			check("after retention")
			if deleted := a.names(t, ".deleted"); (deleted > 0) != (c.left < 5) {
				t.Errorf("%d files wait for their deletion", deleted)
			}
			a.now = a.now.Add(a.cfg.FileDelay)
			if a.dir.Tend(); a.names(t, ".deleted") > 0 {
				t.Errorf("%d files are still there after file.delete.delay.ms", a.names(t, ".deleted"))
			}
			if err := a.dir.Close(); err != nil {
				t.Fatal(err)
			}
			a.open(t)
			check("after a restart")
			if base := add(t, a.part, batch(0, "next")); base != 10 {
				t.Errorf("the next record got offset %d, want 10", base)
			}
		})
	}
}

// A region stays readable while its segment, or the whole partition, is
// deleted.
func TestRegionOutlivesSegment(t *testing.T) {
	a := newAged(t, func(c *log.Config) { c.RetentionAge, c.FileDelay = time.Hour, 0 })
	want := readFile(t, filepath.Join(a.root, "t-0", log.SegmentName(0)))
	r, err := a.part.Read(0, 1<<20, true)
	if err != nil {
		t.Fatal(err)
	}
	a.now = a.now.Add(5 * time.Minute)
	a.dir.Tend()
	a.now = a.now.Add(time.Minute)
	a.dir.Tend()
	if _, err := os.Stat(filepath.Join(a.root, "t-0", log.SegmentName(0))); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the segment is still there: %v", err)
	}
	if got := bytesOf(t, r); !bytes.Equal(got, want) {
		t.Error("the region's bytes changed when its segment was deleted")
	}
	add(t, a.part, batch(0, "last"))
	low, _ := a.part.Offsets()
	last, err := a.part.Read(low, 1<<20, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.dir.Remove(a.part); err != nil {
		t.Fatal(err)
	}
	if entries, _ := filepath.Glob(filepath.Join(a.root, "t-0*")); len(entries) != 1 || !strings.HasSuffix(entries[0], "-delete") {
		t.Errorf("after the removal there are %q", entries)
	}
	a.now = a.now.Add(time.Minute)
	a.dir.Tend()
	if entries, _ := filepath.Glob(filepath.Join(a.root, "t-0*")); len(entries) != 0 {
		t.Errorf("in the end there are %q", entries)
	}
	if got := bytesOf(t, last); len(got) == 0 || !bytes.Contains(got, []byte("last")) {
		t.Error("the region's bytes changed when its partition was deleted")
	}
	r.Release()
	last.Release()
	if _, err := a.part.Produce(batch(0, "x")); !errors.Is(err, log.ErrStorage) {
		t.Errorf("an append to a removed partition gave %v", err)
	}
}
