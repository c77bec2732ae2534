package group_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/group"
)

// bounded runs the test with little memory for the groups.
func bounded(t *testing.T, bytes int64, f func(t *testing.T, c *group.Coordinator)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := open(t, &memory{}, group.Config{InitialDelay: delay, MaxBytes: bytes})
		defer c.Close()
		f(t, c)
	})
}

// Whatever is kept of a client counts: ids that were handed out, members, and
// groups with nothing but a name. What ends gives its room back.
func TestMemoryIsBounded(t *testing.T) {
	const bytes = 1 << 20
	long := strings.Repeat("x", 30_000)
	t.Run("ids handed out", func(t *testing.T) {
		bounded(t, bytes, func(t *testing.T, c *group.Coordinator) {
			asked := asks(func(j *group.Join) { j.NeedsID, j.ClientID = true, long })
			for round := range 2 {
				n := 0
				for ; n < 100 && errors.Is(c.Join(t.Context(), asked).Err, group.ErrMemberRequired); n++ {
				}
				if n == 0 || n > bytes/len(long) {
					t.Errorf("round %d: %d ids of %d bytes were handed out of %d bytes", round, n, len(long), bytes)
				}
				time.Sleep(11 * time.Second) // they are not used
			}
		})
	})
	t.Run("groups", func(t *testing.T) {
		bounded(t, bytes, func(t *testing.T, c *group.Coordinator) {
			n := 0
			for ; n < 100; n++ {
				if err := c.Commit(outside(fmt.Sprint(n, long)), map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 1}}); err != nil {
					break
				}
			}
			if n == 0 || n > bytes/len(long) {
				t.Errorf("%d groups with names of %d bytes are kept in %d bytes", n, len(long), bytes)
			}
			if err := c.Delete(fmt.Sprint(0, long)); err != nil {
				t.Fatal(err)
			}
			if err := c.Commit(outside(fmt.Sprint(0, long)), map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 1}}); err != nil {
				t.Errorf("a deleted group's room is not given back: %v", err)
			}
		})
	})
	t.Run("members", func(t *testing.T) {
		bounded(t, bytes, func(t *testing.T, c *group.Coordinator) {
			for round := range 5 {
				j := settle(t, c, func(j *group.Join) { j.Protocols[0].Metadata = make([]byte, bytes/3) })
				if err := c.Heartbeat(identity(j)); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
				c.Leave("g", []group.Leaver{{Member: j.Member}})
			}
			j := asks(func(j *group.Join) { j.Protocols[0].Metadata = make([]byte, bytes) })
			if a := c.Join(t.Context(), j); !errors.Is(a.Err, group.ErrFull) {
				t.Errorf("a subscription that is larger than all that may be kept: %v", a.Err)
			}
		})
	})
}

// Protocols are compared with each other, so a member cannot name any number.
func TestManyProtocols(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		many := func(n int) func(*group.Join) {
			return func(j *group.Join) {
				for i := range n {
					j.Protocols = append(j.Protocols, group.Protocol{Name: fmt.Sprint(i)})
				}
			}
		}
		if a := c.Join(t.Context(), asks(many(100_000))); !errors.Is(a.Err, group.ErrProtocol) {
			t.Errorf("100,000 protocols: %v", a.Err)
		}
		a := begin(t, c, asks(many(30), knows("b", "a", "a")))
		b := begin(t, c, asks(knows("a", "a", "b")))
		if a, b := <-a, <-b; a.Err != nil || b.Err != nil || a.Protocol != b.Protocol {
			t.Errorf("got %+v, %+v", a, b)
		}
	})
}

// A member's id begins with its client's, as much of it as an id can hold.
func TestMemberIDOfLongClientID(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		const longest = 1<<15 - 1
		a := c.Join(t.Context(), asks(func(j *group.Join) { j.NeedsID, j.ClientID = true, strings.Repeat("c", longest) }))
		if len(a.Member) > longest || !strings.HasPrefix(a.Member, "ccc") {
			t.Errorf("an id of %d bytes, at most %d can be told", len(a.Member), longest)
		}
	})
}

// Each record has its group's id, so a small request can make large batches: a
// commit of that kind is refused, and what need not be stored at once is not.
func TestBatchesAreBounded(t *testing.T) {
	const most = 10 << 20
	id := strings.Repeat("g", 1<<15-1)
	offsets := func(from, n int32) map[group.TopicPartition]group.Offset {
		out := map[group.TopicPartition]group.Offset{}
		for i := range n {
			out[at("t", from+i)] = group.Offset{Offset: 1}
		}
		return out
	}
	for name, forget := range map[string]func(c *group.Coordinator) error{
		"deletion":       func(c *group.Coordinator) error { return c.Delete(id) },
		"topic deletion": func(c *group.Coordinator) error { c.TopicsDeleted([]string{"t"}); return nil },
	} {
		run(t, func(t *testing.T, c *group.Coordinator, store *memory) {
			if err := c.Commit(outside(id), offsets(0, 2000)); !errors.Is(err, group.ErrCommitSize) {
				t.Errorf("a commit of 64 MB: %v", err)
			}
			for from := int32(0); from < 2000; from += 200 {
				if err := c.Commit(outside(id), offsets(from, 200)); err != nil {
					t.Fatal(err)
				}
			}
			if err := forget(c); err != nil || len(c.Committed(id)) != 0 {
				t.Errorf("%s: %v, %d offsets are left", name, err, len(c.Committed(id)))
			}
			if store.largest > most {
				t.Errorf("%s: %d bytes were stored at once", name, store.largest)
			}
			again := open(t, store, settings())
			defer again.Close()
			if n := len(again.List()); name == "deletion" && n != 0 {
				t.Errorf("%d groups come back", n)
			}
		})
	}
}
