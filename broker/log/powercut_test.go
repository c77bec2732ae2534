package log_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs/vfstest"
)

// victim is a broker's log on a disk whose power is cut again and again, and
// what its clients were told.
type victim struct {
	disk  *vfstest.Disk
	again func() // how the disk comes back: Restart or Kill
	dice  *rand.Rand
	cfg   log.Config
	clock time.Time

	dir  *log.Dir
	part *log.Partition

	sent  int64           // sequence number of the batch that is under way, or next
	acked map[int64]int64 // offset of each acknowledged record, by its value
	seen  int64           // offset up to which a reader saw
}

// produced is how many records each batch has.
const produced = 3

func newVictim(seed uint64, mapped bool) *victim {
	cfg := log.Defaults()
	cfg.FlushMessages, cfg.SegmentBytes, cfg.IndexIntervalBytes, cfg.Mapped = 1, 2000, 300, mapped
	disk := vfstest.NewDisk(seed)
	return &victim{
		disk: disk, again: disk.Restart, dice: rand.New(rand.NewPCG(seed, 2)), cfg: cfg,
		clock: time.UnixMilli(1_700_000_000_000), acked: map[int64]int64{},
	}
}

func (v *victim) start() (err error) {
	v.dir, err = log.OpenDir(context.Background(), "/", log.DirOptions{
		FS: v.disk, Manual: true, Now: func() time.Time { return v.clock },
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), OpenFiles: 3,
	})
	if err != nil {
		return err
	}
	v.part, _, err = v.dir.Open(context.Background(), "t", log.ID{1}, 0, v.cfg)
	return err
}

// load produces until the power goes, or so many batches long.
func (v *victim) load(batches int) error {
	for range batches {
		values := make([]string, produced)
		for i := range values {
			values[i] = fmt.Sprintf("%d %s", v.sent+int64(i), strings.Repeat("x", v.dice.IntN(200)))
		}
		a, err := v.part.Produce(idempotent(9, 0, int32(v.sent), v.clock.UnixMilli(), values...))
		if err != nil {
			return err
		}
		for i := range int64(produced) {
			v.acked[v.sent+i] = a.Base + i
		}
		v.sent += produced
		_, v.seen = v.part.Offsets()
		if v.dice.IntN(10) == 0 {
			v.clock = v.clock.Add(time.Minute)
			v.dir.Tend()
		}
	}
	return v.dir.Close()
}

// check holds the log to what was told.
func (v *victim) check() error {
	found := map[int64]int64{}
	next := int64(0)
	err := v.part.Replay(context.Background(), 0, func(offset int64, r log.Record) error {
		if offset != next {
			return fmt.Errorf("offset %d follows %d", offset, next-1)
		}
		next++
		var value int64
		fmt.Sscan(string(r.Value), &value)
		if was, again := found[value]; again {
			return fmt.Errorf("record %d is stored twice, at %d and %d", value, was, offset)
		}
		found[value] = offset
		return nil
	})
	if err != nil {
		return err
	}
	for value, offset := range v.acked {
		if at, ok := found[value]; !ok || at != offset {
			return fmt.Errorf("record %d was acknowledged with offset %d and is lost (%v at %d)", value, offset, ok, at)
		}
	}
	if _, end := v.part.Offsets(); end != next || end < v.seen {
		return fmt.Errorf("the next offset is %d, %d records are stored, readers saw %d", end, next, v.seen)
	}
	return nil
}

// cut is a round: load, a cut at a random call, restart, check.
func (v *victim) cut() error {
	v.disk.CutAfter(1 + v.dice.IntN(60))
	err := v.start()
	if err == nil {
		err = v.check()
	}
	if err == nil {
		err = v.load(1 + v.dice.IntN(20))
	}
	if err != nil && !errors.Is(err, vfstest.ErrCut) {
		return err
	}
	v.again()
	if err := v.start(); err != nil {
		return fmt.Errorf("after the cut: %w", err)
	}
	if err := v.check(); err != nil {
		return fmt.Errorf("after the cut: %w", err)
	}
	v.again() // another time, with nothing under way
	return nil
}

const (
	cutRounds    = 1000
	cutsEachDisk = 20
)

// TestPowerCut: with flush.messages=1, nothing that was acknowledged or seen is
// lost when the power goes, nothing of an idempotent producer that sends again
// is stored twice, and offsets have no gaps.
func TestPowerCut(t *testing.T) {
	for seed := range uint64(cutRounds / cutsEachDisk) {
		v := newVictim(seed, seed%3 == 2)
		for round := range cutsEachDisk {
			if err := v.cut(); err != nil {
				t.Fatalf("seed %d, cut %d: %v", seed, round, err)
			}
		}
	}
}

// TestKill: with the default settings the same holds when the process dies, at
// any call.
func TestKill(t *testing.T) {
	for seed := range uint64(cutRounds / cutsEachDisk) {
		v := newVictim(seed, seed%3 == 2)
		v.cfg.FlushMessages, v.again = log.Defaults().FlushMessages, v.disk.Kill
		for round := range cutsEachDisk {
			if err := v.cut(); err != nil {
				t.Fatalf("seed %d, kill %d: %v", seed, round, err)
			}
		}
	}
}

// TestPowerCutFindsLies: each fsync that the promise rests on is needed. With
// one of them made to do nothing, the rounds above find a loss.
func TestPowerCutFindsLies(t *testing.T) {
	for _, c := range []struct {
		name string
		lies func(path string, dir bool) bool
	}{
		{"the segment", func(path string, dir bool) bool { return strings.HasSuffix(path, ".log") }},
		{"the partition's directory", func(path string, dir bool) bool { return dir && path == "/t-0" }},
		{"the log directory", func(path string, dir bool) bool { return dir && path == "/" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(cutRounds / cutsEachDisk) {
				v := newVictim(seed, false)
				v.disk.Lies = c.lies
				for range cutsEachDisk {
					if err := v.cut(); err != nil {
						t.Logf("found, as it should be: %v", err)
						return
					}
				}
			}
			t.Error("no loss was found without this fsync: the test cannot fail")
		})
	}
}
