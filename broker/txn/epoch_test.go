package txn_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"copyscope/broker/txn"
)

// KIP-360: a producer that goes on after an error gets the next epoch, gets it
// again if it asks again, and is fenced once another came.
func TestGoingOn(t *testing.T) {
	run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
		p := begin(t, c)
		next, err := c.Init("x", time.Minute, &p)
		ok(t, err)
		again, err := c.Init("x", time.Minute, &p)
		ok(t, err)
		if want := (txn.Producer{ID: p.ID, Epoch: p.Epoch + 1}); next != want || again != want {
			t.Fatalf("got %+v and %+v, want %+v", next, again, want)
		}
		begin(t, c) // another
		for _, p := range []txn.Producer{p, next} {
			if _, err := c.Init("x", time.Minute, &p); !errors.Is(err, txn.ErrFenced) {
				t.Fatalf("%+v: got %v", p, err)
			}
		}
		// An id that the coordinator does not know any more: it gets a new one.
		fresh, err := c.Init("y", time.Minute, &p)
		ok(t, err)
		if fresh.ID == p.ID || fresh.Epoch != 0 {
			t.Fatalf("got %+v", fresh)
		}
	})
}

// When the epochs of a producer id are used up, another is taken, and no client
// ever has the last epoch.
func TestEpochsRunOut(t *testing.T) {
	const last = math.MaxInt16 - 1
	exhausted := func(t *testing.T, c *txn.Coordinator) txn.Producer {
		p := begin(t, c)
		for p.Epoch < last {
			p = begin(t, c)
		}
		return p
	}
	t.Run("init", func(t *testing.T) {
		run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
			p := exhausted(t, c)
			if n := begin(t, c); n.ID == p.ID || n.Epoch != 0 {
				t.Fatalf("got %+v", n)
			}
		})
	})
	t.Run("go on, again", func(t *testing.T) {
		run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
			p := exhausted(t, c)
			n, err := c.Init("x", time.Minute, &p)
			ok(t, err)
			again, err := c.Init("x", time.Minute, &p)
			if ok(t, err); n.ID == p.ID || n.Epoch != 0 || again != n {
				t.Fatalf("got %+v and %+v", n, again)
			}
		})
	})
	t.Run("end", func(t *testing.T) {
		for _, commit := range []bool{true, false} {
			run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
				p := exhausted(t, c)
				ok(t, c.Add("x", p, ats(0), txn.V2))
				n, err := c.End("x", p, commit, txn.V2)
				ok(t, err)
				again, err := c.End("x", p, commit, txn.V2)
				if ok(t, err); n.ID == p.ID || n.Epoch != 0 || again != n {
					t.Fatalf("got %+v and %+v", n, again)
				}
				if m := w.marked(at(0)); len(m) != 1 || m[0].Producer != (txn.Producer{ID: p.ID, Epoch: math.MaxInt16}) {
					t.Fatalf("markers %+v", m)
				}
				c.Close()
				c = w.open(t)
				defer c.Close()
				ok(t, c.Add("x", n, ats(0), txn.V2))
			})
		}
	})
	t.Run("end, and a restart before it is complete", func(t *testing.T) {
		run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
			p := exhausted(t, c)
			ok(t, c.Add("x", p, ats(0), txn.V2))
			w.setOffline(at(0), true)
			n, err := c.End("x", p, true, txn.V2)
			ok(t, err)
			c.Close()
			w.setOffline(at(0), false)
			c = w.open(t)
			defer c.Close()
			if d := wantState(t, c, txn.CompleteCommit); d.Producer != n {
				t.Fatalf("it is %+v, told was %+v", d.Producer, n)
			}
		})
	})
	t.Run("fence", func(t *testing.T) {
		run(t, func(t *testing.T, w *world, c *txn.Coordinator) {
			p := exhausted(t, c)
			ok(t, c.Add("x", p, ats(0), txn.V2))
			if _, err := c.Init("x", time.Minute, nil); !errors.Is(err, txn.ErrConcurrent) {
				t.Fatal(err)
			}
			if m := w.marked(at(0)); len(m) != 1 || m[0].Commit || m[0].Epoch != math.MaxInt16 {
				t.Fatalf("markers %+v", m)
			}
			if n := begin(t, c); n.ID == p.ID || n.Epoch != 0 {
				t.Fatalf("got %+v", n)
			}
		})
	})
}
