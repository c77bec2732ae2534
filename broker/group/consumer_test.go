package group_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/assignor"
	"copyscope/broker/group"
)

func ptr[T any](v T) *T { return &v }

// The first has all at once; what the second gets, the first gives up before.
func TestConsumersRevokeBeforeOthersAreAssigned(t *testing.T) {
	modern(t, map[string]int32{"t": 4}, func(t *testing.T, c *group.Coordinator, topics *catalogue, _ *memory) {
		a, b := newConsumer(c, "a", "t"), newConsumer(c, "b", "t")
		if got := a.beat(); got.Err != nil || got.Epoch != 1 || len(a.owned) != 4 || got.Interval != interval {
			t.Fatalf("the first got %+v", got)
		}
		wantConsumers(t, c, group.Stable, 1)
		if got := b.beat(); got.Err != nil || got.Epoch != 2 || len(b.owned) != 0 || got.Assigned == nil {
			t.Fatalf("the second got %+v, want nothing yet", got)
		}
		wantConsumers(t, c, group.Reconciling, 2)
		if got := a.send(a.keepAlive()); got.Epoch != 1 || len(a.owned) != 2 {
			t.Fatalf("the first is told %+v, want to give up two, in its epoch", got)
		}
		if b.send(b.keepAlive()); len(b.owned) != 0 {
			t.Fatalf("the second has %v before the first gave it up", b.owned)
		}
		if a.send(a.keepAlive()); a.epoch != 1 {
			t.Errorf("the first is in epoch %d though it did not say that it gave up", a.epoch)
		}
		if a.beat(); a.epoch != 2 {
			t.Errorf("the first gave up and is in epoch %d, want 2", a.epoch)
		}
		if got := b.send(b.keepAlive()); len(b.owned) != 2 || got.Epoch != 2 {
			t.Errorf("the second got %+v, want two", got)
		}
		if got := b.send(b.keepAlive()); got.Assigned != nil {
			t.Errorf("what did not change is told again: %+v", got)
		}
		checkOwners(t, a, b)
		wantConsumers(t, c, group.Stable, 2)
		a.leave(-1)
		if b.send(b.keepAlive()); len(b.owned) != 4 {
			t.Errorf("alone, the second has %v", b.owned)
		}
		if list := c.List(); len(list) != 1 || list[0] != (group.Listed{ID: "g", ProtocolType: "consumer", State: group.Stable, Type: group.Consumer}) {
			t.Errorf("listed is %+v", list)
		}
		if d := c.Describe("g"); d.State != group.Dead {
			t.Errorf("as a classic group it is %s", d.State)
		}
	})
}

// Who is silent for the session timeout is out, and so is who does not give up in
// its rebalance timeout, though it is heard of.
func TestConsumersThatDoNotAnswer(t *testing.T) {
	for _, k := range []struct {
		name  string
		heard bool
		after time.Duration
	}{{"silent", false, session}, {"keeps what it should give up", true, time.Minute}} {
		t.Run(k.name, func(t *testing.T) {
			modern(t, map[string]int32{"t": 4}, func(t *testing.T, c *group.Coordinator, _ *catalogue, _ *memory) {
				a, b := newConsumer(c, "a", "t"), newConsumer(c, "b", "t")
				a.beat()
				b.beat()
				a.send(a.keepAlive()) // is told to give up
				began := time.Now()
				for {
					time.Sleep(time.Second)
					if k.heard {
						c.ConsumerHeartbeat(a.keepAlive())
					}
					if b.send(b.keepAlive()); len(b.owned) == 4 {
						break
					}
					if time.Since(began) > 2*k.after {
						t.Fatalf("the other still has %v", b.owned)
					}
				}
				if took := time.Since(began); took < k.after || took > k.after+2*time.Second {
					t.Errorf("it took %v, want %v", took, k.after)
				}
				if got := a.beat(); !errors.Is(got.Err, group.ErrUnknownMember) {
					t.Errorf("it is told %v", got.Err)
				}
			})
		})
	}
}

// What is wrong with a heartbeat is told by Kafka's error, and changes nothing.
func TestConsumerRefusals(t *testing.T) {
	long := strings.Repeat("x", 1<<15)
	type change = func(*group.ConsumerHeartbeat)
	joins := func(h *group.ConsumerHeartbeat) { h.Epoch, h.Member, h.Owned = 0, "new", assignor.Partitions{} }
	for _, k := range []struct {
		name   string
		want   error
		change []change
	}{
		{"no group", group.ErrGroupID, []change{func(h *group.ConsumerHeartbeat) { h.Group = "" }}},
		{"no member id", group.ErrRequest, []change{joins, func(h *group.ConsumerHeartbeat) { h.Member = "" }}},
		{"no member id, which the first version makes, but not later", group.ErrRequest, []change{func(h *group.ConsumerHeartbeat) { h.Member, h.BringsID = "", false }}},
		{"empty instance", group.ErrRequest, []change{func(h *group.ConsumerHeartbeat) { h.Instance = ptr("") }}},
		{"empty rack", group.ErrRequest, []change{func(h *group.ConsumerHeartbeat) { h.Rack = ptr("") }}},
		{"epoch below -2", group.ErrRequest, []change{func(h *group.ConsumerHeartbeat) { h.Epoch = -3 }}},
		{"-2 without instance", group.ErrRequest, []change{func(h *group.ConsumerHeartbeat) { h.Epoch = -2 }}},
		{"joins without rebalance timeout", group.ErrRequest, []change{joins, func(h *group.ConsumerHeartbeat) { h.Rebalance = -1 }}},
		{"joins with partitions", group.ErrRequest, []change{joins, func(h *group.ConsumerHeartbeat) { h.Owned = assignor.Partitions{{Number: 1}: {}} }}},
		{"joins without a list of partitions", group.ErrRequest, []change{joins, func(h *group.ConsumerHeartbeat) { h.Owned = nil }}},
		{"joins without subscription", group.ErrRequest, []change{joins, func(h *group.ConsumerHeartbeat) { h.Names = nil }}},
		{"unknown assignor", group.ErrAssignor, []change{func(h *group.ConsumerHeartbeat) { h.Assignor = ptr("sticky") }}},
		{"bad expression", group.ErrExpression, []change{func(h *group.ConsumerHeartbeat) { h.Expression = ptr("t(") }}},
		{"an expression that RE2 has not", group.ErrExpression, []change{func(h *group.ConsumerHeartbeat) { h.Expression = ptr("(?!a)b") }}},
		{"a long expression", group.ErrExpression, []change{func(h *group.ConsumerHeartbeat) { h.Expression = ptr(strings.Repeat("a", 5000)) }}},
		{"a large expression", group.ErrExpression, []change{func(h *group.ConsumerHeartbeat) { h.Expression = ptr(strings.Repeat("(a{30}){30}", 30)) }}},
		{"a long topic name", group.ErrName, []change{func(h *group.ConsumerHeartbeat) { h.Names = []string{long} }}},
		{"a long member id", group.ErrName, []change{joins, func(h *group.ConsumerHeartbeat) { h.Member = long }}},
		{"no such group", group.ErrNotFound, []change{func(h *group.ConsumerHeartbeat) { h.Group = "none" }}},
		{"no such member", group.ErrUnknownMember, []change{func(h *group.ConsumerHeartbeat) { h.Member = "none" }}},
		{"no such member leaves", group.ErrUnknownMember, []change{func(h *group.ConsumerHeartbeat) { h.Member, h.Epoch = "none", -1 }}},
		{"no such instance", group.ErrUnknownMember, []change{func(h *group.ConsumerHeartbeat) { h.Instance = ptr("none") }}},
		{"epoch before the member's", group.ErrFencedEpoch, []change{func(h *group.ConsumerHeartbeat) { h.Epoch = 9 }}},
		{"epoch long ago", group.ErrFencedEpoch, []change{func(h *group.ConsumerHeartbeat) { h.Epoch = 1 }}},
	} {
		t.Run(k.name, func(t *testing.T) {
			modern(t, map[string]int32{"t": 4}, func(t *testing.T, c *group.Coordinator, _ *catalogue, store *memory) {
				a, b := newConsumer(c, "a", "t"), newConsumer(c, "b", "t")
				settleAll(t, a, b)
				settleAll(t, a, b, newConsumer(c, "c", "t"))
				before, _ := c.DescribeConsumers("g")
				records, _ := store.left()
				h := a.ask()
				for _, f := range k.change {
					f(&h)
				}
				if got := c.ConsumerHeartbeat(h); !errors.Is(got.Err, k.want) {
					t.Errorf("got %+v, want %v", got, k.want)
				}
				after, _ := c.DescribeConsumers("g")
				if left, _ := store.left(); after.Epoch != before.Epoch || len(after.Members) != 3 || left != records {
					t.Errorf("the group was %+v and is %+v", before, after)
				}
				if n := len(c.List()); n != 1 {
					t.Errorf("there are %d groups", n)
				}
			})
		})
	}
	t.Run("full", func(t *testing.T) {
		run(t, func(t *testing.T, _ *group.Coordinator, store *memory) {
			c := open(t, store, group.Config{ConsumerMembers: 1})
			defer c.Close()
			newConsumer(c, "a", "t").beat()
			if got := newConsumer(c, "b", "t").beat(); !errors.Is(got.Err, group.ErrFull) {
				t.Errorf("got %+v", got)
			}
		})
	})
}

// An answer that was lost is told again: to who comes with the epoch before, and
// nothing that it was not assigned; and to who begins again.
func TestLostAnswers(t *testing.T) {
	modern(t, map[string]int32{"t": 2}, func(t *testing.T, c *group.Coordinator, topics *catalogue, _ *memory) {
		a := newConsumer(c, "a", "t")
		a.beat()
		topics.set("t", 4)
		lost := a.ask()
		if got := c.ConsumerHeartbeat(lost); got.Epoch != 2 {
			t.Fatalf("got %+v", got)
		}
		foreign := a.ask()
		foreign.Owned[assignor.Partition{Topic: assignor.TopicID{77}}] = struct{}{}
		if got := c.ConsumerHeartbeat(foreign); !errors.Is(got.Err, group.ErrFencedEpoch) {
			t.Errorf("with partitions that it was not assigned it got %+v", got)
		}
		if got := c.ConsumerHeartbeat(a.keepAlive()); !errors.Is(got.Err, group.ErrFencedEpoch) {
			t.Errorf("without saying what it owns it got %+v", got)
		}
		if got := a.beat(); got.Err != nil || got.Epoch != 2 || len(a.owned) != 4 {
			t.Errorf("again, it got %+v", got)
		}
		a.epoch, a.owned = 0, assignor.Partitions{}
		if got := a.beat(); got.Err != nil || got.Epoch != 2 || len(a.owned) != 4 {
			t.Errorf("from the beginning, it got %+v", got)
		}
		wantConsumers(t, c, group.Stable, 1)
	})
}

// A topic that is made, grows or goes is assigned anew when a member is next
// heard of.
func TestTopicsChange(t *testing.T) {
	modern(t, map[string]int32{"t": 2}, func(t *testing.T, c *group.Coordinator, topics *catalogue, _ *memory) {
		a := newConsumer(c, "a", "t", "later")
		a.beat()
		for _, k := range []struct {
			name       string
			partitions int32
			epoch      int32
		}{{"other", 3, 1}, {"later", 3, 2}, {"t", 5, 3}, {"later", 0, 4}} {
			topics.set(k.name, k.partitions)
			a.send(a.keepAlive())
			a.beat()
			if a.epoch != k.epoch || len(a.owned) != topics.total("t", "later") {
				t.Errorf("after %s has %d partitions it is in epoch %d with %v", k.name, k.partitions, a.epoch, a.owned)
			}
		}
		topics.set("later", 1)
		first := len(a.owned)
		a.beat()
		topics.set("later", 0)
		topics.set("later", 1) // another topic of the name
		a.beat()
		a.beat()
		later, _ := topics.Topic("later")
		if _, has := a.owned[assignor.Partition{Topic: later.ID}]; !has || len(a.owned) != first+1 {
			t.Errorf("of the topic that was made anew it has %v", a.owned)
		}
	})
}

// Expressions match whole names, of topics that come later too, and add to names.
func TestExpressions(t *testing.T) {
	modern(t, map[string]int32{"log-1": 1, "log-22": 1, "xlog-1": 1, "t": 1}, func(t *testing.T, c *group.Coordinator, topics *catalogue, _ *memory) {
		a := newConsumer(c, "a")
		a.says.Names, a.says.Expression = nil, ptr("log-[0-9]")
		for _, k := range []struct {
			change func()
			want   []string
		}{
			{func() {}, []string{"log-1"}},
			{func() { topics.set("log-3", 1) }, []string{"log-1", "log-3"}},
			{func() { a.says.Names = []string{"t", "log-1"} }, []string{"log-1", "log-3", "t"}},
			{func() { a.says.Expression = ptr("(?i)LOG-.+|nothing") }, []string{"log-1", "log-22", "log-3", "t"}},
			{func() { a.says.Expression = ptr(`\Qlog-1`) }, []string{"log-1", "t"}},
			{func() { topics.set("log-1", 0) }, []string{"t"}},
			{func() { a.says.Expression = ptr("") }, []string{"t"}},
			{func() { a.says.Expression, a.says.Names = ptr(".*"), []string{} }, []string{"log-22", "log-3", "t", "xlog-1"}},
		} {
			k.change()
			settleAll(t, a)
			if len(a.owned) != topics.total(k.want...) {
				t.Errorf("%v %v: it has %v", a.says.Names, *a.says.Expression, a.owned)
			}
			for _, name := range k.want {
				of, _ := topics.Topic(name)
				if _, has := a.owned[assignor.Partition{Topic: of.ID}]; !has {
					t.Errorf("%v %v: it has not %s", a.says.Names, *a.says.Expression, name)
				}
			}
		}
	})
}

// The assignor is the one that most ask for.
func TestPreferredAssignor(t *testing.T) {
	modern(t, map[string]int32{"t": 3, "u": 3}, func(t *testing.T, c *group.Coordinator, topics *catalogue, _ *memory) {
		var all []*consumer
		for i, asks := range []*string{nil, ptr("range"), ptr("range"), ptr("uniform"), ptr("uniform")} {
			m := newConsumer(c, string(rune('a'+i)), "t", "u")
			m.says.Assignor = asks
			all = append(all, m)
			settleAll(t, all...)
			want := []string{"uniform", "range", "range", "range", "uniform"}[i]
			if d, _ := c.DescribeConsumers("g"); d.Assignor != want {
				t.Errorf("after %d the assignor is %s, want %s", i+1, d.Assignor, want)
			}
			if owned := checkOwners(t, all...); owned != 6 {
				t.Errorf("%d partitions are owned", owned)
			}
		}
	})
}

// What members say of themselves counts with what groups take in memory, their
// expressions as large as they are compiled; what ends gives its room back.
func TestConsumersMemoryIsBounded(t *testing.T) {
	const bytes = 1 << 20
	for name, says := range map[string]func(*group.ConsumerHeartbeat, string){
		"names":       func(h *group.ConsumerHeartbeat, id string) { h.Names = []string{strings.Repeat("n", 30_000) + id} },
		"expressions": func(h *group.ConsumerHeartbeat, id string) { h.Expression = ptr("(a{30}){30}" + id) },
		"classes":     func(h *group.ConsumerHeartbeat, id string) { h.Expression = ptr(strings.Repeat(`\pL`, 100) + id) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, &memory{}, group.Config{MaxBytes: bytes})
				defer c.Close()
				for round := range 2 {
					n := 0
					for ; n < 200; n++ {
						m := newConsumer(c, fmt.Sprint("m", n))
						says(&m.says, m.id)
						if a := m.beat(); errors.Is(a.Err, group.ErrFull) {
							break
						} else if a.Err != nil {
							t.Fatal(a.Err)
						}
					}
					if n == 0 || n > bytes/30_000 {
						t.Errorf("round %d: %d members are kept in %d bytes", round, n, bytes)
					}
					time.Sleep(session + time.Second)
					wantConsumers(t, c, group.Empty, 0)
				}
			})
		})
	}
}
