package log_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs/vfstest"
)

// TestIdempotence: what an idempotent producer sends is stored once and in
// order, before and after a restart of either kind.
func TestIdempotence(t *testing.T) {
	type send struct {
		name     string
		epoch    int16
		sequence int32
		records  int
		want     error
		base     int64 // -1: the next one
		again    bool  // known to be a duplicate
	}
	steps := []send{
		{"an unknown producer may begin anywhere", 0, 40, 2, nil, 0, false},
		{"the next", 0, 42, 1, nil, 2, false},
		{"the same again", 0, 42, 1, nil, 2, true},
		{"the first again", 0, 40, 2, nil, 0, true},
		{"a gap", 0, 44, 1, log.ErrOutOfOrderSequence, 0, false},
		{"an overlap", 0, 42, 2, log.ErrOutOfOrderSequence, 0, false},
		{"a new epoch that does not begin at 0", 1, 43, 1, log.ErrOutOfOrderSequence, 0, false},
		{"a new epoch", 1, 0, 3, nil, 3, false},
		{"the old epoch", 0, 43, 1, log.ErrProducerEpoch, 0, false},
		{"the next of the new epoch", 1, 3, 1, nil, 6, false},
	}
	for i := range 5 {
		steps = append(steps, send{"five more", 1, int32(4 + i), 1, nil, int64(7 + i), false})
	}
	steps = append(steps,
		send{"older than the last five", 1, 3, 1, log.ErrOutOfOrderSequence, 0, false},
		send{"the oldest of the last five", 1, 4, 1, nil, 7, true},
		send{"the end of numbers", 2, 0, 1, nil, 12, false},
	)
	run := func(t *testing.T, restart func(d *log.Dir, p *log.Partition) *log.Partition, d *log.Dir, p *log.Partition, steps []send) {
		for _, s := range steps {
			values := make([]string, s.records)
			p = restart(d, p)
			a, err := p.Produce(idempotent(7, s.epoch, s.sequence, time.Now().UnixMilli(), values...))
			if !errors.Is(err, s.want) {
				t.Fatalf("%s: %v, want %v", s.name, err, s.want)
			}
			if err == nil && (a.Base != s.base || a.Last != s.base+int64(s.records)-1 || a.Duplicate != s.again) {
				t.Fatalf("%s: %+v, want base %d, duplicate %v", s.name, a, s.base, s.again)
			}
		}
		if _, next := p.Offsets(); next != 13 {
			t.Errorf("%d records are stored, want 13", next)
		}
	}
	open := func(t *testing.T, root string) (*log.Dir, *log.Partition) {
		d, err := log.OpenDir(context.Background(), root, log.DirOptions{Manual: true, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := d.Open(context.Background(), "t", log.ID{}, 0, log.Defaults())
		if err != nil {
			t.Fatal(err)
		}
		return d, p
	}
	t.Run("in one run", func(t *testing.T) {
		d, p := open(t, t.TempDir())
		defer d.Close()
		run(t, func(_ *log.Dir, p *log.Partition) *log.Partition { return p }, d, p, steps)
	})
	t.Run("an unclean stop before each", func(t *testing.T) {
		root := t.TempDir()
		d, p := open(t, root)
		run(t, func(*log.Dir, *log.Partition) *log.Partition {
			_, p := open(t, root) // the one before is left as a crash leaves it
			return p
		}, d, p, steps)
	})
	t.Run("a clean stop before each", func(t *testing.T) {
		root := t.TempDir()
		d, p := open(t, root)
		run(t, func(*log.Dir, *log.Partition) *log.Partition {
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			d, p = open(t, root)
			return p
		}, d, p, steps)
	})
}

// All that a producer may have under way is known again after a stop of either kind,
// also where segments end in between and others' batches lie between.
func TestBatchesUnderWayAreKnownAgain(t *testing.T) {
	for name, clean := range map[string]bool{"clean": true, "unclean": false} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			cfg := log.Defaults()
			cfg.SegmentBytes = 1000 // six batches or seven
			open := func() (*log.Dir, *log.Partition) {
				d, err := log.OpenDir(t.Context(), root, log.DirOptions{Manual: true, Log: quiet()})
				if err != nil {
					t.Fatal(err)
				}
				p, _, err := d.Open(t.Context(), "t", log.ID{}, 0, cfg)
				if err != nil {
					t.Fatal(err)
				}
				return d, p
			}
			d, p := open()
			const producers, batches = 7, 5
			bases := map[[2]int]int64{}
			send := func(producer, n int) (log.Appended, error) {
				return p.Produce(idempotent(int64(producer), 3, int32(2*n), 1_700_000_000_000, "a", "b"))
			}
			for n := range batches {
				for producer := range producers {
					a, err := send(producer, n)
					if err != nil {
						t.Fatal(err)
					}
					bases[[2]int{producer, n}] = a.Base
				}
			}
			if clean {
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
			}
			d, p = open()
			defer d.Close()
			for n := range batches {
				for producer := range producers {
					if a, err := send(producer, n); err != nil || !a.Duplicate || a.Base != bases[[2]int{producer, n}] {
						t.Errorf("batch %d of producer %d, sent again: %+v, %v; want a duplicate at %d", n, producer, a, err, bases[[2]int{producer, n}])
					}
				}
			}
			if a, err := send(0, batches); err != nil || a.Duplicate {
				t.Errorf("the next one: %+v, %v", a, err)
			}
		})
	}
}

// After the largest sequence number comes 0, also inside a batch.
func TestSequenceWraps(t *testing.T) {
	p, _ := open(t, partitionDir(t))
	now := time.Now().UnixMilli()
	add(t, p, idempotent(1, 0, math.MaxInt32-1, now, "a", "b", "c", "d")) // ends with sequence 1
	if a, err := p.Produce(idempotent(1, 0, math.MaxInt32-1, now, "a", "b", "c", "d")); err != nil || !a.Duplicate {
		t.Errorf("sent again: %+v %v", a, err)
	}
	add(t, p, idempotent(1, 0, 2, now, "e"))
	if _, err := p.Produce(idempotent(1, 0, 2, now, "e", "f")); !errors.Is(err, log.ErrOutOfOrderSequence) {
		t.Errorf("an overlap gave %v", err)
	}
}

// A producer that is silent for a day is forgotten.
func TestProducerExpiry(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	d, err := log.OpenDir(context.Background(), t.TempDir(), log.DirOptions{Manual: true, Log: quiet(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	cfg := log.Defaults()
	cfg.RetentionAge = -1
	p, _, err := d.Open(context.Background(), "t", log.ID{}, 0, cfg)
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, idempotent(1, 0, 0, now.UnixMilli(), "a"))
	gap := idempotent(1, 0, 9, now.UnixMilli(), "b")
	now = now.Add(24*time.Hour - time.Minute)
	d.Tend()
	if _, err := p.Produce(gap); !errors.Is(err, log.ErrOutOfOrderSequence) {
		t.Fatalf("a gap before the expiry gave %v", err)
	}
	now = now.Add(20 * time.Minute)
	d.Tend()
	if _, err := p.Produce(gap); err != nil {
		t.Errorf("after the expiry any sequence is one to begin with: %v", err)
	}
}

// However many ids clients say, the producers that are known of a partition are
// bounded: those go whose latest batch is the longest ago, and none whose transaction
// is open. A restart that reads all of the log knows no more.
func TestProducersAreBounded(t *testing.T) {
	disk := vfstest.NewDisk(1)
	cfg := log.Defaults()
	cfg.RetentionAge = -1
	_, p, err := openOn(disk, cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UnixMilli()
	open := idempotent(7, 0, 0, now, "open")
	open[22] |= 0x10
	add(t, p, seal(open))
	add(t, p, idempotent(8, 0, 0, now, "busy"))
	const ids = 120_000
	for id := int64(1000); id < 1000+ids; id++ {
		add(t, p, idempotent(id, 0, 0, now, "x"))
		if id%10_000 == 0 {
			add(t, p, idempotent(8, 0, int32(id/10_000), now, "busy"))
		}
	}
	check := func(when string) {
		t.Helper()
		known := map[int64]bool{}
		for _, of := range p.Producers() {
			known[of.ID] = true
		}
		if len(known) > 100_000 || len(known) < 50_000 {
			t.Errorf("%s %d producers are known, want 50,000 to 100,000", when, len(known))
		}
		if !known[7] || !known[8] || known[1000] || !known[1000+ids-1] {
			t.Errorf("%s: known is the one with an open transaction %v, the busy one %v, the first %v, the last %v; want all but the first", when, known[7], known[8], known[1000], known[1000+ids-1])
		}
	}
	check("after all")
	disk.Kill()
	if _, p, err = openOn(disk, cfg, time.Now); err != nil {
		t.Fatal(err)
	}
	check("after a recovery")
}

// A batch that is sent again has the append time that it got the first time,
// also when only the snapshot of a clean stop knows it.
func TestDuplicateAppendTime(t *testing.T) {
	root, now := t.TempDir(), time.UnixMilli(1_700_000_000_000)
	cfg := log.Defaults()
	cfg.LogAppendTime = true
	for _, when := range []string{"first", "after a restart"} {
		d, err := log.OpenDir(context.Background(), root, log.DirOptions{Manual: true, Log: quiet(), Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := d.Open(context.Background(), "t", log.ID{}, 0, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if when == "first" {
			add(t, p, idempotent(7, 0, 0, 5, "x"))
			now = now.Add(time.Minute)
		}
		a, err := p.Produce(idempotent(7, 0, 0, 5, "x"))
		if err != nil || !a.Duplicate || a.LogAppendTime != 1_700_000_000_000 {
			t.Errorf("%s, sent again: %+v %v", when, a, err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
