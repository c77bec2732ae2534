package group_test

import (
	"errors"
	"maps"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/group"
)

// A group comes back as it was, in the middle of a rebalance too: with its
// epochs, members, expressions, what they have and what they were told to give
// up; and goes on from there.
func TestConsumersOutliveRestart(t *testing.T) {
	for _, k := range []struct {
		name  string
		until func(a, b *consumer)
	}{
		{"stable", func(a, b *consumer) { a.beat(); b.beat(); a.beat(); a.beat(); b.beat() }},
		{"before it gave up", func(a, b *consumer) { a.beat(); b.beat(); a.beat() }},
		{"before the other is assigned", func(a, b *consumer) { a.beat(); b.beat(); a.beat(); a.beat() }},
		{"one left to come back", func(a, b *consumer) { a.beat(); b.beat(); b.leave(-2) }},
		{"one is out", func(a, b *consumer) {
			a.beat()
			b.beat()
			a.beat()
			a.beat()
			b.beat()
			a.leave(-1)
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			modern(t, map[string]int32{"t": 4, "u1": 2}, func(t *testing.T, c *group.Coordinator, topics *catalogue, store *memory) {
				a, b := newConsumer(c, "a", "t"), static(c, "b", "one", "t", "u1")
				a.says.Expression, a.says.Rack, a.says.Assignor, a.says.ClientID, a.says.ClientHost = ptr("u[0-9]"), ptr("r"), ptr("range"), "client", "/host"
				k.until(a, b)
				before, _ := c.DescribeConsumers("g")
				c.Close()
				c = open(t, store, group.Config{Topics: topics})
				defer c.Close()
				after, _ := c.DescribeConsumers("g")
				if !reflect.DeepEqual(before, after) {
					t.Errorf("it came back as\n%+v, it was\n%+v", after, before)
				}
				a.c, b.c = c, c
				if a.epoch > 0 { // it did not leave
					settleAll(t, a, b)
				} else {
					settleAll(t, b)
				}
				if owned := checkOwners(t, a, b); owned != 6 {
					t.Errorf("%d partitions are owned", owned)
				}
				time.Sleep(session + time.Second)
				wantConsumers(t, c, group.Empty, 0)
			})
		})
	}
}

// What cannot be stored did not happen: a join, a new assignment, a departure.
// The end of a session is tried again.
func TestConsumersOfStoreThatFails(t *testing.T) {
	full := errors.New("the disk is full")
	modern(t, map[string]int32{"t": 4}, func(t *testing.T, c *group.Coordinator, topics *catalogue, store *memory) {
		a, b := newConsumer(c, "a", "t"), newConsumer(c, "b", "t")
		store.failing(full)
		if got := a.beat(); !errors.Is(got.Err, full) || len(c.List()) != 0 {
			t.Errorf("the first joined with %+v, there are %v", got, c.List())
		}
		store.failing(nil)
		settleAll(t, a)
		before, _ := c.DescribeConsumers("g")
		store.failing(full)
		if got := c.ConsumerHeartbeat(b.ask()); !errors.Is(got.Err, full) {
			t.Errorf("another joined with %+v", got)
		}
		topics.set("t", 5)
		if got := c.ConsumerHeartbeat(a.ask()); !errors.Is(got.Err, full) {
			t.Errorf("a larger topic gave %+v", got)
		}
		gone := a.keepAlive()
		gone.Epoch = -1
		if got := c.ConsumerHeartbeat(gone); !errors.Is(got.Err, full) {
			t.Errorf("it left with %+v", got)
		}
		if after, _ := c.DescribeConsumers("g"); !reflect.DeepEqual(before, after) {
			t.Errorf("the group was\n%+v and is\n%+v", before, after)
		}
		time.Sleep(session + time.Second)
		wantConsumers(t, c, group.Stable, 1)
		store.failing(nil)
		time.Sleep(10 * time.Second)
		wantConsumers(t, c, group.Empty, 0)
		settleAll(t, b)
	})
}

// What lives of a consumer group is written anew with the rest, and nothing is
// lost by it.
func TestConsumersAreTidied(t *testing.T) {
	modern(t, map[string]int32{"t": 4, "u1": 2}, func(t *testing.T, c *group.Coordinator, topics *catalogue, store *memory) {
		a, b := newConsumer(c, "a", "t"), static(c, "b", "one")
		b.says.Expression = ptr("u.")
		settleAll(t, a, b)
		for i := range 200_000 {
			if err := c.Commit(group.Identity{Group: "g", Member: "a", Generation: a.epoch}, map[group.TopicPartition]group.Offset{at("t", int32(i%4)): {Offset: int64(i)}}); err != nil {
				t.Fatal(err)
			}
			if i%10_000 == 0 {
				synctest.Wait()
				a.beat()
				b.beat()
			}
		}
		synctest.Wait()
		if left, trims := store.left(); trims == 0 || left > 120_000 {
			t.Fatalf("%d records are left after %d cuts", left, trims)
		}
		before, _ := c.DescribeConsumers("g")
		c.Close()
		c = open(t, store, group.Config{Topics: topics})
		defer c.Close()
		if after, _ := c.DescribeConsumers("g"); !reflect.DeepEqual(before, after) || len(c.Committed("g")) != 4 {
			t.Errorf("it came back as\n%+v, it was\n%+v", after, before)
		}
	})
}

// Who commits is a member in its epoch, or in one since which it has had the
// partitions; nobody else while there are members.
func TestConsumersCommit(t *testing.T) {
	modern(t, map[string]int32{"t": 4, "u": 1}, func(t *testing.T, c *group.Coordinator, topics *catalogue, _ *memory) {
		a, b := newConsumer(c, "a", "t"), newConsumer(c, "b", "t")
		a.beat() // has all of t since epoch 1
		a.says.Names = []string{"t", "u"}
		a.beat() // has u since epoch 2
		b.says.Names = []string{"u"}
		settleAll(t, a, b)
		if a.epoch != 3 {
			t.Fatalf("a is in epoch %d", a.epoch)
		}
		as := func(member string, epoch int32) group.Identity {
			return group.Identity{Group: "g", Member: member, Generation: epoch}
		}
		for _, k := range []struct {
			name string
			who  group.Identity
			of   group.TopicPartition
			want error
		}{
			{"its epoch", as("a", 3), at("t", 0), nil},
			{"its epoch, of what it has not", as("a", 3), at("u", 0), nil},
			{"an earlier one, in which it had it", as("a", 1), at("t", 0), nil},
			{"an earlier one, of what it has not", as("a", 2), at("u", 0), group.ErrStaleEpoch},
			{"a later one", as("a", 4), at("t", 0), group.ErrStaleEpoch},
			{"nobody", as("x", 3), at("t", 0), group.ErrUnknownMember},
			{"without being a member", outside("g"), at("t", 0), group.ErrUnknownMember},
			{"an old request", group.Identity{Group: "g", Member: "a", Generation: 3, Old: true}, at("t", 0), group.ErrOldRequest},
			{"no such group", group.Identity{Group: "none", Member: "a", Generation: 3}, at("t", 0), group.ErrNotFound},
			{"an old request of no such group", group.Identity{Group: "none", Member: "a", Generation: 3, Old: true}, at("t", 0), group.ErrGeneration},
		} {
			if err := c.Commit(k.who, map[group.TopicPartition]group.Offset{k.of: {Offset: 1}}); !errors.Is(err, k.want) {
				t.Errorf("%s: %v, want %v", k.name, err, k.want)
			}
		}
		for _, k := range []struct {
			member *string
			epoch  int32
			want   error
		}{{nil, -1, nil}, {ptr("a"), 3, nil}, {ptr("a"), 2, group.ErrStaleEpoch}, {ptr("a"), -1, group.ErrStaleEpoch}, {ptr("x"), 3, group.ErrUnknownMember}} {
			if err := c.MayFetch("g", k.member, k.epoch); !errors.Is(err, k.want) {
				t.Errorf("fetching as %v in %d: %v, want %v", k.member, k.epoch, err, k.want)
			}
		}
	})
}

// An empty group becomes one of the other type as a member of it joins, and keeps
// its offsets; one with members does not. Neither type comes back after a restart
// when it was left.
func TestEmptyGroupsChangeType(t *testing.T) {
	modern(t, map[string]int32{"t": 4}, func(t *testing.T, c *group.Coordinator, topics *catalogue, store *memory) {
		offsets := map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 5}}
		classic := settle(t, c, reads("t"))
		if err := c.Commit(identity(classic), maps.Clone(offsets)); err != nil {
			t.Fatal(err)
		}
		if got := newConsumer(c, "a", "t").beat(); !errors.Is(got.Err, group.ErrNotFound) {
			t.Errorf("beside a classic member one is told %v", got.Err)
		}
		want := func(kind group.Type, state group.State) {
			t.Helper()
			if l := c.List(); len(l) != 1 || l[0].Type != kind || l[0].State != state || len(c.Committed("g")) != 1 {
				t.Errorf("there are %+v with %v, want one %s and %s", l, c.Committed("g"), kind, state)
			}
		}
		want(group.Classic, group.Stable)
		c.Leave("g", []group.Leaver{{Member: classic.Member}})
		a := newConsumer(c, "a", "t")
		settleAll(t, a)
		want(group.Consumer, group.Stable)
		if got := c.Join(t.Context(), asks()); !errors.Is(got.Err, group.ErrProtocol) {
			t.Errorf("beside a consumer a classic member is told %v", got.Err)
		}
		if got := c.Heartbeat(identity(classic)); !errors.Is(got, group.ErrUnknownMember) {
			t.Errorf("who was a member before is told %v", got)
		}
		restart := func() {
			c.Close()
			c = open(t, store, group.Config{InitialDelay: delay, Topics: topics})
			a.c = c
		}
		restart()
		defer func() { c.Close() }()
		want(group.Consumer, group.Stable)
		if err := c.Delete("g"); !errors.Is(err, group.ErrNotEmpty) {
			t.Errorf("with a member it is deleted: %v", err)
		}
		a.leave(-1)
		restart()
		want(group.Consumer, group.Empty)
		settle(t, c, reads("t"))
		want(group.Classic, group.Stable)
		restart()
		want(group.Classic, group.Stable)
		time.Sleep(11 * time.Second)
		settleAll(t, a)
		a.leave(-1)
		if err := c.Delete("g"); err != nil || len(c.List()) != 0 {
			t.Errorf("deleted, with %v, there are %v", err, c.List())
		}
		restart()
		if len(c.List()) != 0 {
			t.Errorf("it came back: %v", c.List())
		}
	})
}

// Offsets of topics that a consumer group's members read cannot be deleted and do
// not expire; an empty group without offsets goes.
func TestConsumersOffsetsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topics := topicsOf(map[string]int32{"t": 1, "u": 1})
		c := open(t, &memory{}, group.Config{Expiry: time.Hour, Topics: topics, ConsumerSession: 30 * time.Minute})
		defer c.Close()
		a := newConsumer(c, "a", "t", "u")
		a.beat()
		if err := c.Commit(group.Identity{Group: "g", Member: "a", Generation: 1}, map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 1}, at("u", 0): {Offset: 1}}); err != nil {
			t.Fatal(err)
		}
		if got, err := c.DeleteOffsets("g", []group.TopicPartition{at("t", 0)}); err != nil || !errors.Is(got[at("t", 0)], group.ErrSubscribed) {
			t.Errorf("got %v, %v", got, err)
		}
		a.says.Names = []string{"t"}
		for range 8 * 24 * 4 {
			time.Sleep(15 * time.Minute)
			a.beat()
		}
		if got := c.Committed("g"); len(got) != 1 || got[at("t", 0)].Offset != 1 {
			t.Errorf("after 8 days are left %v", got)
		}
		a.leave(-1)
		time.Sleep(2 * time.Hour)
		if len(c.List()) != 0 {
			t.Errorf("there are %v", c.List())
		}
	})
}
