package group_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/group"
)

// run runs the test in a time of its own.
func run(t *testing.T, f func(t *testing.T, c *group.Coordinator, store *memory)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		c := open(t, store, settings())
		defer c.Close()
		f(t, c, store)
	})
}

// wantState compares the group's state and its number of members.
func wantState(t *testing.T, c *group.Coordinator, state group.State, members int) {
	t.Helper()
	synctest.Wait()
	if d := c.Describe("g"); d.State != state || len(d.Members) != members {
		t.Errorf("the group is %s with %d members, want %s with %d", d.State, len(d.Members), state, members)
	}
}

// Two that come within the delay are in one generation, and get what the leader
// assigns.
func TestFirstRebalance(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		began := time.Now()
		one := begin(t, c, asks())
		time.Sleep(time.Second)
		two := begin(t, c, asks())
		a, b := <-one, <-two
		if waited := time.Since(began); waited != 2*delay {
			t.Errorf("the generation began after %v, want the delay twice: a member came during the first", waited)
		}
		if a.Err != nil || b.Err != nil || a.Generation != 1 || b.Generation != 1 || a.Leader != a.Member || b.Leader != a.Member || a.Protocol != "range" {
			t.Fatalf("got %+v and %+v", a, b)
		}
		if len(a.Members) != 2 || len(b.Members) != 0 {
			t.Errorf("the leader sees %d members, the other %d; want 2 and none", len(a.Members), len(b.Members))
		}
		wantState(t, c, group.CompletingRebalance, 2)
		followed := make(chan group.Synced, 1)
		go func() { followed <- c.Sync(t.Context(), group.Sync{Identity: identity(b)}) }()
		synctest.Wait()
		if s := lead(t, c, a); s.Err != nil || string(s.Assignment) != a.Member {
			t.Errorf("the leader got %+v", s)
		}
		if s := <-followed; s.Err != nil || string(s.Assignment) != b.Member || s.Protocol != "range" || s.ProtocolType != "consumer" {
			t.Errorf("the follower got %+v", s)
		}
		wantState(t, c, group.Stable, 2)
	})
}

// A third member makes the others join again; who does not come in time is out.
func TestRebalance(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		first := settle(t, c)
		late := begin(t, c, asks())
		wantState(t, c, group.PreparingRebalance, 2)
		if err := c.Heartbeat(identity(first)); !errors.Is(err, group.ErrRebalance) {
			t.Errorf("a heartbeat in a rebalance: %v", err)
		}
		again := <-begin(t, c, asks(as(first.Member)))
		joined := <-late
		if again.Err != nil || joined.Err != nil || again.Generation != 2 || joined.Generation != 2 || again.Leader != first.Member {
			t.Fatalf("got %+v and %+v", again, joined)
		}
		lead(t, c, again)
		c.Sync(t.Context(), group.Sync{Identity: identity(joined)})
		third := begin(t, c, asks())
		for range 12 { // the two are alive, and only one of them joins
			time.Sleep(5 * time.Second)
			c.Heartbeat(identity(joined))
			c.Heartbeat(identity(again))
		}
		if a := <-third; a.Err != nil || a.Generation != 3 || a.Leader != a.Member {
			t.Errorf("after the rebalance timeout the third got %+v", a)
		}
		wantState(t, c, group.CompletingRebalance, 1)
		if err := c.Heartbeat(identity(again)); !errors.Is(err, group.ErrUnknownMember) {
			t.Errorf("one who did not join again is told %v", err)
		}
	})
}

// Whoever is silent for a session timeout is out; heartbeats, commits and
// waiting calls are no silence.
func TestSession(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		m := settle(t, c)
		for range 5 {
			time.Sleep(9 * time.Second)
			if err := c.Heartbeat(identity(m)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(9 * time.Second)
		if err := c.Commit(identity(m), map[group.TopicPartition]group.Offset{{Topic: "t"}: {Offset: 5}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(9 * time.Second)
		wantState(t, c, group.Stable, 1)
		time.Sleep(2 * time.Second)
		wantState(t, c, group.Empty, 0)
		if err := c.Heartbeat(identity(m)); !errors.Is(err, group.ErrUnknownMember) {
			t.Errorf("got %v", err)
		}
	})
}

// What is wrong with a call is told by the error that Kafka has for it, and
// leaves the group as it is.
func TestRefusals(t *testing.T) {
	long := string(make([]byte, 1<<15))
	for _, k := range []struct {
		name string
		want error
		call func(t *testing.T, c *group.Coordinator, m group.Joined) error
	}{
		{"no group id", group.ErrGroupID, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			return c.Join(t.Context(), asks(func(j *group.Join) { j.Group = "" })).Err
		}},
		{"a group id that no record holds", group.ErrGroupID, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			return c.Join(t.Context(), asks(func(j *group.Join) { j.Group = long })).Err
		}},
		{"a short session", group.ErrSessionTimeout, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			return c.Join(t.Context(), asks(func(j *group.Join) { j.Session = time.Second })).Err
		}},
		{"a long session", group.ErrSessionTimeout, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			return c.Join(t.Context(), asks(func(j *group.Join) { j.Session = time.Hour })).Err
		}},
		{"no protocol", group.ErrProtocol, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			return c.Join(t.Context(), asks(knows())).Err
		}},
		{"another protocol", group.ErrProtocol, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			return c.Join(t.Context(), asks(knows("sticky"))).Err
		}},
		{"another type", group.ErrProtocol, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			return c.Join(t.Context(), asks(func(j *group.Join) { j.ProtocolType = "connect" })).Err
		}},
		{"an unknown member joins", group.ErrUnknownMember, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			return c.Join(t.Context(), asks(as("nobody"))).Err
		}},
		{"a member of no group joins", group.ErrUnknownMember, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			return c.Join(t.Context(), asks(as("nobody"), func(j *group.Join) { j.Group = "other" })).Err
		}},
		{"a new member needs an id", group.ErrMemberRequired, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			a := c.Join(t.Context(), asks(func(j *group.Join) { j.NeedsID = true }))
			if a.Member == "" {
				t.Error("it is not given one")
			}
			return a.Err
		}},
		{"an old generation", group.ErrGeneration, func(t *testing.T, c *group.Coordinator, m group.Joined) error {
			m.Generation--
			return c.Heartbeat(identity(m))
		}},
		{"an unknown instance", group.ErrUnknownMember, func(t *testing.T, c *group.Coordinator, m group.Joined) error {
			who, other := identity(m), "other"
			who.Instance = &other
			return c.Heartbeat(who)
		}},
		{"sync with another protocol", group.ErrProtocol, func(t *testing.T, c *group.Coordinator, m group.Joined) error {
			other := "sticky"
			return c.Sync(t.Context(), group.Sync{Identity: identity(m), Protocol: &other}).Err
		}},
		{"a commit from outside", group.ErrUnknownMember, func(t *testing.T, c *group.Coordinator, _ group.Joined) error {
			return c.Commit(group.Identity{Group: "g", Generation: -1}, map[group.TopicPartition]group.Offset{{}: {}})
		}},
		{"a commit of an old generation", group.ErrGeneration, func(t *testing.T, c *group.Coordinator, m group.Joined) error {
			m.Generation--
			return c.Commit(identity(m), map[group.TopicPartition]group.Offset{{}: {}})
		}},
		{"deletion of a group in use", group.ErrNotEmpty, func(t *testing.T, c *group.Coordinator, _ group.Joined) error { return c.Delete("g") }},
		{"deletion of no group", group.ErrNotFound, func(t *testing.T, c *group.Coordinator, _ group.Joined) error { return c.Delete("other") }},
	} {
		t.Run(k.name, func(t *testing.T) {
			run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
				m := settle(t, c)
				if err := k.call(t, c, m); !errors.Is(err, k.want) {
					t.Errorf("got %v, want %v", err, k.want)
				}
				wantState(t, c, group.Stable, 1)
				if err := c.Heartbeat(identity(m)); err != nil {
					t.Errorf("the group's member is told %v", err)
				}
				if n := len(c.List()); n != 1 {
					t.Errorf("there are %d groups, want 1", n)
				}
			})
		})
	}
}

// A static member that comes back without its id takes its place over: the
// others are not disturbed, and whoever has the old id is fenced.
func TestStaticMember(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		one := begin(t, c, asks(instance("a")))
		two := begin(t, c, asks(instance("b")))
		a, b := <-one, <-two
		if a.Leader != a.Member {
			a, b = b, a
		}
		go c.Sync(t.Context(), group.Sync{Identity: identity(b)})
		lead(t, c, a)
		wantState(t, c, group.Stable, 2)
		name := "a"
		if d := c.Describe("g"); *d.Members[0].Instance == "b" && d.Members[0].ID == a.Member || *d.Members[1].Instance == "b" && d.Members[1].ID == a.Member {
			name = "b"
		}
		again := c.Join(t.Context(), asks(instance(name)))
		if again.Err != nil || again.Generation != a.Generation || again.Member == a.Member || !again.SkipAssignment || len(again.Members) != 2 {
			t.Fatalf("the leader came back and got %+v", again)
		}
		wantState(t, c, group.Stable, 2)
		if s := c.Sync(t.Context(), group.Sync{Identity: identity(again)}); s.Err != nil || string(s.Assignment) != a.Member {
			t.Errorf("its assignment is %q, %v; want what it had", s.Assignment, s.Err)
		}
		old := identity(a)
		old.Instance = &name
		if err := c.Heartbeat(old); !errors.Is(err, group.ErrFenced) {
			t.Errorf("the old id is told %v", err)
		}
		if err := c.Heartbeat(identity(b)); err != nil {
			t.Errorf("the other member is told %v", err)
		}
		if answers, err := c.Leave("g", []group.Leaver{{Instance: &name}}); err != nil || answers[0] != nil {
			t.Errorf("leaving by instance: %v %v", answers, err)
		}
		wantState(t, c, group.PreparingRebalance, 1)
	})
}

// A leader that never brings assignments is out when the rebalance timeout is
// over, and the others begin again.
func TestLeaderThatDoesNotSync(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		one, two := begin(t, c, asks(func(j *group.Join) { j.Session = 20 * time.Minute })), begin(t, c, asks())
		a, b := <-one, <-two
		if a.Leader != a.Member {
			a, b = b, a
		}
		s := c.Sync(t.Context(), group.Sync{Identity: identity(b)})
		if !errors.Is(s.Err, group.ErrRebalance) {
			t.Errorf("the follower got %+v", s)
		}
		again := c.Join(t.Context(), asks(as(b.Member)))
		if again.Err != nil || again.Leader != b.Member || len(again.Members) != 1 {
			t.Errorf("it joined again and got %+v", again)
		}
	})
}

// An id that was handed out keeps a rebalance open, but not longer than a
// session.
func TestPromisedID(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		first := settle(t, c)
		promised := c.Join(t.Context(), asks(func(j *group.Join) { j.NeedsID = true }))
		second := begin(t, c, asks())
		again := begin(t, c, asks(as(first.Member)))
		time.Sleep(9 * time.Second)
		wantState(t, c, group.PreparingRebalance, 2)
		joined := c.Join(t.Context(), asks(as(promised.Member)))
		if a, b := <-second, <-again; joined.Err != nil || a.Generation != 2 || b.Generation != 2 || joined.Generation != 2 {
			t.Errorf("got %+v, %+v, %+v", joined, a, b)
		}
	})
}
