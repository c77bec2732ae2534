package txn_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/txn"
)

// A transaction that takes longer than its producer said is aborted at the next
// look, and its producer is fenced; one that is in time is not.
func TestTimeout(t *testing.T) {
	run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
		p := begin(t, c)
		time.Sleep(time.Hour) // nothing goes on
		ok(t, c.Add("x", p, ats(0), txn.V0))
		time.Sleep(59 * time.Second)
		ok(t, c.Add("x", p, ats(1), txn.V0)) // it does not begin anew
		wantState(t, c, txn.Ongoing, 0, 1)
		time.Sleep(12 * time.Second)
		d := wantState(t, c, txn.CompleteAbort)
		if d.Producer != (txn.Producer{ID: p.ID, Epoch: p.Epoch + 2}) {
			t.Errorf("the producer is %+v after %+v", d.Producer, p)
		}
		for _, m := range append(w.marked(at(0)), w.marked(at(1))...) {
			if m.Commit || m.Producer != d.Producer {
				t.Errorf("marker %+v", m)
			}
		}
		if _, err := c.End("x", p, true, txn.V0); !errors.Is(err, txn.ErrFenced) {
			t.Errorf("a late commit gave %v", err)
		}
		if s := c.Stats(); s.TimedOut != 1 || s.Aborted != 1 {
			t.Errorf("counted %+v", s)
		}
	})
}

// A transaction that goes on when the coordinator ends goes on after the restart,
// and has the rest of its time.
func TestOngoingOutlivesRestart(t *testing.T) {
	run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
		p := begin(t, c)
		ok(t, c.Add("x", p, ats(0), txn.V2))
		time.Sleep(30 * time.Second)
		c.Close()
		c = w.open(t)
		wantState(t, c, txn.Ongoing, 0)
		_, err := c.End("x", p, true, txn.V2)
		ok(t, err)
		p = begin(t, c)
		ok(t, c.Add("x", p, ats(0), txn.V2))
		time.Sleep(50 * time.Second)
		c.Close()
		c = w.open(t)
		defer c.Close()
		time.Sleep(21 * time.Second)
		wantState(t, c, txn.CompleteAbort)
	})
}

// Transactional ids that nobody uses are forgotten, for good; those with a
// transaction are not.
func TestExpiration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		long := func(cfg *txn.Config) { cfg.MaxTimeout, cfg.AbortCheck = 20*24*time.Hour, time.Hour }
		c := w.open(t, long)
		_, err := c.Init("unused", time.Minute, nil)
		ok(t, err)
		p, err := c.Init("busy", 20*24*time.Hour, nil)
		ok(t, err)
		ok(t, c.Add("busy", p, ats(0), txn.V0))
		time.Sleep(6 * 24 * time.Hour)
		if got := count(c); got[txn.Empty] != 1 || got[txn.Ongoing] != 1 {
			t.Fatalf("after 6 days: %v", got)
		}
		time.Sleep(2 * 24 * time.Hour)
		for range 2 {
			if got := count(c); got[txn.Empty] != 0 || got[txn.Ongoing] != 1 {
				t.Fatalf("after 8 days: %v", got)
			}
			if _, err := c.Describe("unused"); !errors.Is(err, txn.ErrNotFound) {
				t.Fatalf("it is told %v", err)
			}
			c.Close()
			c = w.open(t, long)
		}
		c.Close()
	})
}
