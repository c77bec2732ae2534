package group_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/group"
)

// Who joined but never asks for its assignment is out when the rebalance timeout
// is over, though it is alive: what it was assigned, nobody reads.
func TestFollowerThatDoesNotSync(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		one, two := begin(t, c, asks()), begin(t, c, asks())
		a, b := <-one, <-two
		if a.Leader != a.Member {
			a, b = b, a
		}
		if s := lead(t, c, a); s.Err != nil {
			t.Fatal(s.Err)
		}
		wantState(t, c, group.Stable, 2)
		for range 13 {
			time.Sleep(5 * time.Second)
			c.Heartbeat(identity(a))
			c.Heartbeat(identity(b))
		}
		if err := c.Heartbeat(identity(b)); !errors.Is(err, group.ErrUnknownMember) {
			t.Errorf("the one that did not sync is told %v", err)
		}
		if err := c.Heartbeat(identity(a)); !errors.Is(err, group.ErrRebalance) {
			t.Errorf("the other is told %v", err)
		}
	})
}

// When all have synced, in whatever order, the timeout of the rebalance is over.
func TestLateSync(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		one, two := begin(t, c, asks()), begin(t, c, asks())
		a, b := <-one, <-two
		if a.Leader != a.Member {
			a, b = b, a
		}
		lead(t, c, a)
		time.Sleep(8 * time.Second)
		if s := c.Sync(t.Context(), group.Sync{Identity: identity(b)}); s.Err != nil || string(s.Assignment) != b.Member {
			t.Fatalf("got %+v", s)
		}
		for range 20 {
			c.Heartbeat(identity(a))
			c.Heartbeat(identity(b))
			time.Sleep(5 * time.Second)
		}
		wantState(t, c, group.Stable, 2)
	})
}

// A static member whose new id cannot be stored is refused, and nothing is as if
// it had come.
func TestStaticMemberIsNotStored(t *testing.T) {
	full := errors.New("the disk is full")
	run(t, func(t *testing.T, c *group.Coordinator, store *memory) {
		m := settle(t, c, instance("a"))
		store.failing(full)
		if a := c.Join(t.Context(), asks(instance("a"))); !errors.Is(a.Err, full) {
			t.Errorf("got %+v", a)
		}
		wantState(t, c, group.Stable, 1)
		who, name := identity(m), "a"
		who.Instance = &name
		if err := c.Heartbeat(who); err != nil {
			t.Errorf("the member that is there is told %v", err)
		}
		store.failing(nil)
		if a := c.Join(t.Context(), asks(instance("a"))); a.Err != nil || a.Member == m.Member {
			t.Errorf("when there is space it gets %+v", a)
		}
		time.Sleep(11 * time.Second)
		wantState(t, c, group.Empty, 0)
	})
}

// After the end nothing is stored any more, whoever still calls; and nobody is
// left waiting.
func TestClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		c := open(t, store, settings())
		m := settle(t, c)
		waiting := begin(t, c, asks())
		synctest.Wait()
		c.Close()
		if a := <-waiting; !errors.Is(a.Err, group.ErrClosed) {
			t.Errorf("one that waited got %+v", a)
		}
		c.Heartbeat(identity(m))
		for _, j := range []group.Join{asks(), asks(as(m.Member)), asks(func(j *group.Join) { j.Group = "other" })} {
			if a := c.Join(context.Background(), j); !errors.Is(a.Err, group.ErrClosed) {
				t.Errorf("a join gave %+v", a)
			}
		}
		if s := c.Sync(context.Background(), group.Sync{Identity: identity(m)}); !errors.Is(s.Err, group.ErrClosed) {
			t.Errorf("a sync gave %+v", s)
		}
		before, _ := store.left()
		time.Sleep(time.Hour)
		if after, _ := store.left(); after != before {
			t.Errorf("%d records were stored after the end", after-before)
		}
	})
}
