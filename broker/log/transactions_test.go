package log_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs/vfstest"
)

// TestMarkers: what a marker and what is around it are held to
// (ProducerAppendInfo.java), in one run, and with a restart of either kind before
// each step.
func TestMarkers(t *testing.T) {
	type step struct {
		name   string
		send   []byte // or a marker
		marker log.Marker
		want   error
		stable int64 // afterwards
	}
	commit := func(id int64, epoch int16, coordinator int32) log.Marker {
		return log.Marker{ProducerID: id, Epoch: epoch, CoordinatorEpoch: coordinator, Commit: true}
	}
	abort := func(id int64, epoch int16, coordinator int32) log.Marker {
		return log.Marker{ProducerID: id, Epoch: epoch, CoordinatorEpoch: coordinator}
	}
	steps := []step{
		{"plain records are stable at once", batch(1000, "a"), log.Marker{}, nil, 1},
		{"a transaction begins", inTxn(1, 0, 0, "b", "c"), log.Marker{}, nil, 1},
		{"plain records behind it are not", batch(1000, "d"), log.Marker{}, nil, 1},
		{"more of it", inTxn(1, 0, 2, "e"), log.Marker{}, nil, 1},
		{"another begins", inTxn(2, 5, 0, "f"), log.Marker{}, nil, 1},
		{"its producer may not write outside of it", idempotent(2, 5, 1, 1000, "no"), log.Marker{}, log.ErrTransactional, 1},
		{"not even with its next epoch", idempotent(2, 6, 0, 1000, "no"), log.Marker{}, log.ErrTransactional, 1},
		{"nor leave a number out", inTxn(2, 5, 2, "no"), log.Marker{}, log.ErrOutOfOrderSequence, 1},
		{"a marker of an older epoch", nil, commit(2, 4, 0), log.ErrProducerEpoch, 1},
		{"a marker of no producer", nil, commit(-1, 0, 0), log.ErrInvalid, 1},
		{"the second ends first", nil, abort(2, 5, 3), nil, 1},
		{"the first ends", nil, commit(1, 0, 3), nil, 8},
		{"outside of it again", idempotent(2, 5, 1, 1000, "g"), log.Marker{}, nil, 9},
		{"a coordinator that was replaced", nil, commit(2, 5, 2), log.ErrCoordinatorFenced, 9},
		{"a coordinator that was replaced, with the next epoch", nil, commit(2, 6, 2), log.ErrCoordinatorFenced, 9},
		{"a transaction again", inTxn(2, 5, 2, "h"), log.Marker{}, nil, 9},
		{"a marker with the next epoch ends it, too", nil, commit(2, 6, 3), nil, 11},
		{"what its epoch fences", inTxn(2, 5, 3, "no"), log.Marker{}, log.ErrProducerEpoch, 11},
		{"the next epoch does not begin anywhere", inTxn(2, 6, 3, "no"), log.Marker{}, log.ErrOutOfOrderSequence, 11},
		{"the next epoch begins", inTxn(2, 6, 0, "i"), log.Marker{}, nil, 11},
		{"sent again", inTxn(2, 6, 0, "i"), log.Marker{}, nil, 11},
		{"a marker of an unknown producer ends nothing", nil, abort(9, 1, 0), nil, 11},
		{"but fences", idempotent(9, 0, 0, 1000, "no"), log.Marker{}, log.ErrProducerEpoch, 11},
		{"the last ends", nil, abort(2, 6, 4), nil, 14},
		{"the same marker again", nil, abort(2, 6, 4), nil, 15},
	}
	aborted := []log.AbortedTxn{{ProducerID: 2, First: 5, Last: 6, Stable: 1}, {ProducerID: 2, First: 11, Last: 13, Stable: 14}}
	for _, restart := range []string{"none", "clean", "kill"} {
		t.Run(restart, func(t *testing.T) {
			disk := vfstest.NewDisk(1)
			d, p, err := openOn(disk, log.Defaults(), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range steps {
				if restart != "none" {
					if restart == "clean" {
						if err := d.Close(); err != nil {
							t.Fatal(err)
						}
					}
					disk.Kill()
					if d, p, err = openOn(disk, log.Defaults(), time.Now); err != nil {
						t.Fatal(err)
					}
				}
				if s.send != nil {
					_, err = p.Produce(slices.Clone(s.send))
				} else {
					_, err = p.EndTransaction(s.marker)
				}
				if !errors.Is(err, s.want) {
					t.Errorf("%s: %v, want %v", s.name, err, s.want)
				}
				if got := p.LastStable(); got != s.stable {
					t.Fatalf("%s: the last stable offset is %d, want %d", s.name, got, s.stable)
				}
			}
			var got []log.AbortedTxn
			for _, s := range p.Segments() { // a region ends with its segment
				r, told, err := p.ReadCommitted(s.Base, limit, true)
				if err != nil {
					t.Fatal(err)
				}
				r.Release()
				got = append(got, told...)
			}
			if got = slices.Compact(got); !slices.Equal(got, aborted) {
				t.Errorf("aborted are %v, want %v", got, aborted)
			}
			want := []log.ProducerInfo{
				{ID: 1, Epoch: 0, LastSequence: 2, CoordinatorEpoch: 3, OpenTxn: -1},
				{ID: 2, Epoch: 6, LastSequence: 0, CoordinatorEpoch: 4, OpenTxn: -1},
				{ID: 9, Epoch: 1, LastSequence: -1, CoordinatorEpoch: 0, OpenTxn: -1},
			}
			known := p.Producers()
			for i := range known {
				if known[i].Updated < 1000 {
					t.Errorf("producer %d was heard of at %d", known[i].ID, known[i].Updated)
				}
				known[i].Updated = 0
			}
			if !slices.Equal(known, want) {
				t.Errorf("producers are %+v, want %+v", known, want)
			}
		})
	}
}

// A transaction that is open never expires, and neither does its producer.
func TestOpenTransactionsStay(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	cfg := log.Defaults()
	cfg.RetentionAge = -1
	d, p, err := openOn(vfstest.NewDisk(1), cfg, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, inTxn(1, 0, 0, "open"))
	add(t, p, idempotent(2, 0, 0, 1000, "silent"))
	for range 10 {
		now = now.Add(24 * time.Hour)
		add(t, p, batch(now.UnixMilli(), "later"))
		d.Tend()
	}
	if got := p.Producers(); len(got) != 1 || got[0].ID != 1 || got[0].OpenTxn != 0 {
		t.Errorf("producers are %+v, want the one with an open transaction", got)
	}
	if got := p.LastStable(); got != 0 {
		t.Errorf("the last stable offset is %d, want 0", got)
	}
	if _, err := p.EndTransaction(log.Marker{ProducerID: 1}); err != nil {
		t.Fatal(err)
	}
	if got := p.LastStable(); got != 13 {
		t.Errorf("after the marker the last stable offset is %d, want 13", got)
	}
}
