package group_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
)

// assigned makes a consumer's assignment of one topic.
func assigned(topic string, partitions ...int32) []byte {
	a := kmsg.NewConsumerMemberAssignment()
	one := kmsg.NewConsumerMemberAssignmentTopic()
	one.Topic, one.Partitions = topic, partitions
	a.Topics = append(a.Topics, one)
	return a.AppendTo(nil)
}

// The leader of a classic group may assign anything. What there is none of is no
// member's when the group becomes a consumer group.
func TestAssignedPartitionsThatThereAreNot(t *testing.T) {
	modern(t, map[string]int32{"t": 2}, func(t *testing.T, c *group.Coordinator, _ *catalogue, _ *memory) {
		j := c.Join(t.Context(), asks(reads("t")))
		if j.Err != nil {
			t.Fatal(j.Err)
		}
		s := c.Sync(t.Context(), group.Sync{Identity: identity(j), Assignments: map[string][]byte{j.Member: assigned("t", -1, -2, 2, 1<<31-1, 0)}})
		if s.Err != nil {
			t.Fatal(s.Err)
		}
		m := newConsumer(c, "m", "t")
		if a := m.beat(); a.Err != nil {
			t.Fatal(a.Err)
		}
		d, _ := c.DescribeConsumers("g")
		for _, of := range d.Members {
			for _, numbers := range of.Assigned {
				for _, n := range numbers {
					if n < 0 || n > 1 {
						t.Errorf("%s has partition %d of 2", of.ID, n)
					}
				}
			}
		}
		time.Sleep(11 * time.Second) // the classic one is silent
		settleAll(t, m)
		if len(m.owned) != 2 {
			t.Errorf("who is left has %v", m.owned)
		}
		if got := c.Delete("g"); !errors.Is(got, group.ErrNotEmpty) {
			t.Errorf("deletion: %v", got)
		}
	})
}

// An expression that would be large is refused before it is: a few bytes can
// repeat thousands a thousand times.
func TestExpressionsThatWouldBeLarge(t *testing.T) {
	modern(t, map[string]int32{"t": 1}, func(t *testing.T, c *group.Coordinator, _ *catalogue, _ *memory) {
		for name, e := range map[string]string{
			"repeated":       "(" + strings.Repeat("a", 3000) + "){1000}",
			"without an end": "(" + strings.Repeat("a", 3000) + "){1000,}",
			"often":          strings.Repeat("a{1000}", 500),
			"within":         "((" + strings.Repeat("a?", 1000) + "){30}){30}",
		} {
			m := newConsumer(c, name, "t")
			m.says.Expression = &e
			var a group.ConsumerAnswer
			const most = 4 << 20
			if bytes := allocated(func() { a = m.beat() }); bytes > most || !errors.Is(a.Err, group.ErrExpression) {
				t.Errorf("%s: %d bytes were taken, and it was told %.100v", name, bytes, a.Err)
			}
		}
		for name, e := range map[string]string{
			"a name of the longest":   strings.Repeat("a", 4000),
			"many names":              strings.Repeat("abc|", 1000) + "t",
			"a name of so many bytes": "[a-z]{1,249}",
		} {
			m := newConsumer(c, name, "t")
			m.says.Expression = &e
			if a := m.beat(); a.Err != nil {
				t.Errorf("%s: %v", name, a.Err)
			}
		}
	})
}

// allocated is how many bytes f takes, freed ones included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Who is refused does not change the type of a classic group, nor disturb it.
func TestWhoIsRefusedChangesNoType(t *testing.T) {
	for name, refused := range map[string]struct {
		change func(*consumer)
		store  error
		want   error
	}{
		"no room":             {func(m *consumer) { m.says.Names = []string{strings.Repeat("n", 30_000)} }, nil, group.ErrFull},
		"another's id":        {func(m *consumer) { m.says.Instance = ptr("new") }, nil, group.ErrFenced},
		"it cannot be stored": {func(m *consumer) { m.id = "m" }, errors.New("the disk is full"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &memory{}
				c := open(t, store, group.Config{InitialDelay: delay, Topics: topicsOf(map[string]int32{"t": 2}), MaxBytes: 20_000})
				defer c.Close()
				j := c.Join(t.Context(), asks(reads("t")))
				if s := c.Sync(t.Context(), group.Sync{Identity: identity(j), Assignments: map[string][]byte{j.Member: assigned("t", 0, 1)}}); s.Err != nil {
					t.Fatal(s.Err)
				}
				for range 3 { // which leaves nothing counted either
					m := newConsumer(c, j.Member, "t")
					refused.change(m)
					store.failing(refused.store)
					if a := m.beat(); a.Err == nil || refused.want != nil && !errors.Is(a.Err, refused.want) {
						t.Fatalf("it was told %v", a.Err)
					}
					store.failing(nil)
				}
				if l := c.List(); l[0].Type != group.Classic || l[0].State != group.Stable {
					t.Errorf("the group is %+v", l[0])
				}
				if err := c.Heartbeat(identity(j)); err != nil {
					t.Errorf("its member is told %v", err)
				}
				m := newConsumer(c, "m", "t")
				if a := m.beat(); a.Err != nil {
					t.Errorf("who comes then is told %v", a.Err)
				}
				m.leave(-1)
				c.Leave("g", []group.Leaver{{Member: j.Member}})
				again := newConsumer(c, "m", strings.Repeat("n", 15_000))
				if a := again.beat(); a.Err != nil {
					t.Errorf("the room was not given back: %v", a.Err)
				}
			})
		})
	}
}

// To match a group's expressions with all topics takes a time that is bounded: a new
// expression is refused if it would be more, and those that are there match what
// they did when there are too many topics.
func TestExpressionsThatTakeLong(t *testing.T) {
	heavy := "(?:a?){1000}(?:a?){1000}b*"
	modern(t, map[string]int32{"a": 1, "b": 1}, func(t *testing.T, c *group.Coordinator, topics *catalogue, store *memory) {
		m := newConsumer(c, "m")
		m.says.Expression = &heavy
		if settleAll(t, m); len(m.owned) != 2 {
			t.Fatalf("it has %v", m.owned)
		}
		for i := range 100 {
			topics.set(fmt.Sprint(strings.Repeat("a", 240), i), 1)
		}
		if settleAll(t, m); len(m.owned) != 2 {
			t.Errorf("with too many topics it has %d", len(m.owned))
		}
		c.Close()
		c = open(t, store, group.Config{Topics: topics})
		defer c.Close()
		m.c = c
		if settleAll(t, m); len(m.owned) != 2 {
			t.Errorf("after a restart it has %d", len(m.owned))
		}
		other := newConsumer(c, "other")
		other.says.Expression = ptr(heavy + "c*")
		if a := other.beat(); !errors.Is(a.Err, group.ErrExpression) {
			t.Errorf("one more is told %v", a.Err)
		}
		m.leave(-1)
		other.says.Expression = ptr("(?:x|y|a)+[0-9]*")
		if settleAll(t, other); len(other.owned) != 101 {
			t.Errorf("a small one matches %d topics", len(other.owned))
		}
	})
}

// What expressions match counts with what groups take in memory.
func TestMatchedTopicsAreBounded(t *testing.T) {
	const bytes, n = 1 << 20, 1000
	synctest.Test(t, func(t *testing.T) {
		topics := topicsOf(nil)
		for i := range n {
			topics.set(fmt.Sprint("t", i), 1)
		}
		c := open(t, &memory{}, group.Config{MaxBytes: bytes, Topics: topics})
		defer c.Close()
		for round := range 2 {
			kept := 0
			for ; kept < 100; kept++ {
				m := newConsumer(c, fmt.Sprint("m", kept))
				m.says.Expression = ptr(fmt.Sprintf("t.*|%d", kept))
				if a := m.beat(); errors.Is(a.Err, group.ErrFull) {
					break
				} else if a.Err != nil {
					t.Fatal(a.Err)
				}
			}
			if kept == 0 || kept > bytes/n/16 {
				t.Errorf("round %d: %d expressions that match %d topics are kept in %d bytes", round, kept, n, bytes)
			}
			time.Sleep(session + time.Second)
			wantConsumers(t, c, group.Empty, 0)
		}
	})
}

// bug is a store that panics.
type bug struct{ memory }

func (*bug) Append(string, []group.Record) error { panic("a bug") }

// A call that ends in a panic, which the broker's connection survives, leaves its
// group to others.
func TestPanicLeavesTheGroupToOthers(t *testing.T) {
	for name, call := range map[string]func(t *testing.T, c *group.Coordinator){
		"heartbeat": func(_ *testing.T, c *group.Coordinator) { newConsumer(c, "m", "t").beat() },
		"commit": func(_ *testing.T, c *group.Coordinator) {
			c.Commit(outside("g"), map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 1}})
		},
		"sync": func(t *testing.T, c *group.Coordinator) { lead(t, c, c.Join(t.Context(), asks())) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, &bug{}, group.Config{InitialDelay: delay, Topics: topicsOf(map[string]int32{"t": 1})})
				defer c.Close()
				func() {
					defer func() {
						if recover() == nil {
							t.Error("the store is not asked")
						}
					}()
					call(t, c)
				}()
				if l := c.List(); len(l) != 1 {
					t.Errorf("there are %+v", l)
				}
			})
		})
	}
}
