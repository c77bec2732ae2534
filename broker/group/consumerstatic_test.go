package group_test

import (
	"errors"
	"testing"
	"time"

	"copyscope/broker/assignor"
	"copyscope/broker/group"
)

// static makes a client with a group.instance.id.
func static(c *group.Coordinator, id, instance string, names ...string) *consumer {
	m := newConsumer(c, id, names...)
	m.says.Instance = &instance
	return m
}

// A static member that leaves to come back is waited for: the others get nothing,
// and who comes as it has what it had, under another member id, in the same epoch
// of the group. Who is late finds it gone.
func TestStaticConsumers(t *testing.T) {
	modern(t, map[string]int32{"t": 4}, func(t *testing.T, c *group.Coordinator, _ *catalogue, _ *memory) {
		a, b := static(c, "a", "one", "t"), newConsumer(c, "b", "t")
		settleAll(t, a, b)
		had := len(a.owned)
		if got := static(c, "a2", "one", "t").beat(); !errors.Is(got.Err, group.ErrUnreleased) {
			t.Errorf("while it is there another is told %v", got.Err)
		}
		foreign := static(c, "a2", "one", "t")
		foreign.epoch = 2
		if got := foreign.beat(); !errors.Is(got.Err, group.ErrFenced) {
			t.Errorf("another who is in an epoch is told %v", got.Err)
		}
		foreign.epoch = 2
		if got := foreign.leave(-1); !errors.Is(got.Err, group.ErrFenced) {
			t.Errorf("another who leaves is told %v", got.Err)
		}
		before, _ := c.DescribeConsumers("g")
		if got := a.leave(-2); got.Err != nil || got.Epoch != -2 {
			t.Fatalf("it left with %+v", got)
		}
		time.Sleep(session - time.Second)
		b.send(b.keepAlive())
		if got := b.send(b.keepAlive()); got.Err != nil || len(b.owned) != 2 {
			t.Errorf("the other got %+v of who is away", got)
		}
		next := static(c, "a3", "one", "t")
		if got := next.beat(); got.Err != nil || len(next.owned) != had {
			t.Errorf("back, it got %+v", got)
		}
		if after, _ := c.DescribeConsumers("g"); after.Epoch != before.Epoch || after.State != group.Stable || len(after.Members) != 2 {
			t.Errorf("the group was %+v and is %+v", before, after)
		}
		if got := a.beat(); !errors.Is(got.Err, group.ErrUnreleased) {
			t.Errorf("the one before is told %v", got.Err)
		}
		next.leave(-2)
		time.Sleep(session - time.Second)
		b.send(b.keepAlive())
		time.Sleep(2 * time.Second)
		b.send(b.keepAlive())
		if b.send(b.keepAlive()); len(b.owned) != 4 {
			t.Errorf("when it did not come back the other has %v", b.owned)
		}
		late := static(c, "a4", "one", "t")
		settleAll(t, late, b)
	})
}

// One that left with the same member id comes back with it.
func TestStaticConsumerOfSameID(t *testing.T) {
	modern(t, map[string]int32{"t": 4}, func(t *testing.T, c *group.Coordinator, topics *catalogue, _ *memory) {
		a, b := static(c, "a", "one", "t"), newConsumer(c, "b", "t")
		settleAll(t, a, b)
		a.leave(-2)
		topics.set("t", 6)
		b.beat()
		settleAll(t, a, b)
		if checkOwners(t, a, b) != 6 {
			t.Errorf("they have %v and %v", a.owned, b.owned)
		}
	})
}

// An administrator takes members out by instance or id.
func TestConsumersAreExpelled(t *testing.T) {
	modern(t, map[string]int32{"t": 4}, func(t *testing.T, c *group.Coordinator, _ *catalogue, _ *memory) {
		a, b, x := static(c, "a", "one", "t"), newConsumer(c, "b", "t"), newConsumer(c, "x", "t")
		settleAll(t, a, b, x)
		answers, err := c.Leave("g", []group.Leaver{{Instance: ptr("one")}, {Member: "b"}, {Member: "none"}, {Instance: ptr("none")}})
		if err != nil || answers[0] != nil || answers[1] != nil || !errors.Is(answers[2], group.ErrUnknownMember) || !errors.Is(answers[3], group.ErrUnknownMember) {
			t.Errorf("got %v, %v", answers, err)
		}
		settleAll(t, x)
		if len(x.owned) != 4 {
			t.Errorf("who is left has %v", x.owned)
		}
	})
}

// A static client changes its protocol as it is started anew, to the consumer
// protocol and back: it takes its own place at once, and has what it had. The group
// is of the type of which it has members.
func TestStaticClientChangesItsProtocol(t *testing.T) {
	modern(t, map[string]int32{"t": 4}, func(t *testing.T, c *group.Coordinator, _ *catalogue, _ *memory) {
		classic := asks(reads("t"), instance("one"))
		j := c.Join(t.Context(), classic)
		if s := c.Sync(t.Context(), group.Sync{Identity: identity(j), Assignments: map[string][]byte{j.Member: assigned("t", 0, 1, 2, 3)}}); s.Err != nil {
			t.Fatal(s.Err)
		}
		a := static(c, "a", "one", "t")
		if got := a.beat(); got.Err != nil || len(a.owned) != 4 {
			t.Fatalf("with the consumer protocol it got %+v", got)
		}
		wantConsumers(t, c, group.Stable, 1)
		j = c.Join(t.Context(), classic)
		if j.Err != nil {
			t.Fatalf("with the classic protocol again: %v", j.Err)
		}
		if l := c.List(); l[0].Type != group.Classic {
			t.Errorf("with only that in it the group is %+v", l[0])
		}
		if got := a.beat(); !errors.Is(got.Err, group.ErrNotFound) {
			t.Errorf("the one before is told %v", got.Err)
		}
		if err := c.Heartbeat(identity(j)); !errors.Is(err, group.ErrRebalance) {
			t.Errorf("it is told %v, not to join as in a classic group", err)
		}
		if again := c.Join(t.Context(), asks(reads("t"), instance("one"), as(j.Member))); again.Err != nil || again.Leader != j.Member {
			t.Errorf("then it joins with %+v", again)
		}
	})
}

// A static member that leaves to come back while it is to give something up is
// waited for as any other, however short its time to give up was.
func TestStaticConsumerLeavesWhileItGivesUp(t *testing.T) {
	modern(t, map[string]int32{"t": 4}, func(t *testing.T, c *group.Coordinator, _ *catalogue, store *memory) {
		a, b := static(c, "a", "one", "t"), newConsumer(c, "b", "t")
		a.says.Rebalance = 5 * time.Second
		settleAll(t, a)
		b.beat()
		a.send(a.keepAlive()) // is told to give up two
		if got := a.leave(-2); got.Err != nil {
			t.Fatal(got.Err)
		}
		time.Sleep(20 * time.Second)
		b.beat()
		wantConsumers(t, c, group.Reconciling, 2)
		next := static(c, "a2", "one", "t")
		if got := next.beat(); got.Err != nil || len(next.owned) != 2 {
			t.Errorf("back, it got %+v", got)
		}
		settleAll(t, next, b)
	})
}

// Who takes the place of its instance is subscribed to what it says itself.
func TestStaticConsumerComesBackWithAnotherSubscription(t *testing.T) {
	modern(t, map[string]int32{"t": 4, "u": 2}, func(t *testing.T, c *group.Coordinator, topics *catalogue, _ *memory) {
		a := static(c, "a", "one")
		a.says.Names, a.says.Expression, a.says.Assignor, a.says.Rack = nil, ptr("t.*"), ptr("range"), ptr("rack")
		settleAll(t, a)
		a.leave(-2)
		next := static(c, "a2", "one", "u")
		settleAll(t, next)
		u, _ := topics.Topic("u")
		if _, has := next.owned[assignor.Partition{Topic: u.ID}]; !has || len(next.owned) != 2 {
			t.Errorf("subscribed to u, which has 2 partitions, it has %v", next.owned)
		}
		d, _ := c.DescribeConsumers("g")
		if m := d.Members[0]; m.Expression != "" || m.Rack != nil || d.Assignor != "uniform" {
			t.Errorf("it is %+v, the assignor is %s", m, d.Assignor)
		}
		next.leave(-2)
		last := static(c, "a3", "one")
		last.says.Names, last.says.Expression = nil, ptr("t.*")
		settleAll(t, last)
		if len(last.owned) != 4 {
			t.Errorf("subscribed to t it has %v", last.owned)
		}
	})
}
