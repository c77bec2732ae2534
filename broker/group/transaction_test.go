package group_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"copyscope/broker/group"
	"copyscope/broker/statelog"
)

func offsets(n int64, partitions ...int32) map[group.TopicPartition]group.Offset {
	all := map[group.TopicPartition]group.Offset{}
	for _, p := range partitions {
		all[at("t", p)] = group.Offset{Offset: n}
	}
	return all
}

func producer(id int64) statelog.Producer { return statelog.Producer{ID: id} }

// end ends a producer's transaction.
func end(t *testing.T, c *group.Coordinator, m *memory, producer int64, commit bool) {
	t.Helper()
	as := statelog.Aborted
	if commit {
		as = statelog.Committed
	}
	if err := c.EndTransaction(0, producer, commit, m.ends(producer, as)); err != nil {
		t.Fatal(err)
	}
}

// holds compares what is committed and pending with offsets by partition.
func holds(t *testing.T, c *group.Coordinator, id string, committed map[int32]int64, pending ...int32) {
	t.Helper()
	got := map[int32]int64{}
	for at, o := range c.Committed(id) {
		got[at.Partition] = o.Offset
	}
	waiting := map[int32]bool{}
	for at := range c.Pending(id) {
		waiting[at.Partition] = true
	}
	want := map[int32]bool{}
	for _, p := range pending {
		want[p] = true
	}
	if !maps.Equal(got, committed) || !maps.Equal(waiting, want) {
		t.Fatalf("group %s has committed %v, pending %v; want %v, %v", id, got, waiting, committed, want)
	}
}

// Offsets in a transaction count when it commits, and are dropped when it
// aborts: at once, and after a restart at any time.
func TestOffsetsInTransactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		c := open(t, store, settings())
		again := func() {
			c.Close()
			c = open(t, store, settings())
		}
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		ok(c.Commit(outside("g"), offsets(1, 0)))
		ok(c.CommitPending(outside("g"), producer(7), offsets(2, 0, 1)))
		ok(c.CommitPending(outside("g"), producer(8), offsets(3, 2)))
		for range 2 {
			holds(t, c, "g", map[int32]int64{0: 1}, 0, 1, 2)
			again()
		}
		end(t, c, store, 7, true)
		for range 2 {
			holds(t, c, "g", map[int32]int64{0: 2, 1: 2}, 2)
			again()
		}
		end(t, c, store, 8, false)
		for range 2 {
			holds(t, c, "g", map[int32]int64{0: 2, 1: 2})
			again()
		}
		// One that somebody commits later, without a transaction, stays.
		ok(c.CommitPending(outside("g"), producer(7), offsets(4, 0)))
		ok(c.Commit(outside("g"), offsets(5, 0)))
		end(t, c, store, 7, true)
		for range 2 {
			holds(t, c, "g", map[int32]int64{0: 5, 1: 2})
			again()
		}
		// A group with nothing else lives as long as its transaction.
		ok(c.CommitPending(outside("h"), producer(9), offsets(1, 0)))
		ok(c.Commit(outside("h"), nil))
		if holds(t, c, "h", map[int32]int64{}, 0); len(c.List()) != 2 {
			t.Fatalf("groups %v", c.List())
		}
		if again(); len(c.List()) != 2 {
			t.Fatalf("groups %v", c.List())
		}
		end(t, c, store, 9, false)
		if len(c.List()) != 1 {
			t.Fatalf("groups %v", c.List())
		}
		// Offsets of a topic that is deleted go, and others stay.
		ok(c.CommitPending(outside("g"), producer(7), map[group.TopicPartition]group.Offset{at("gone", 0): {Offset: 1}, at("t", 4): {Offset: 6}}))
		if topics := c.Topics(); !slices.Equal(topics, []string{"gone", "t"}) {
			t.Fatalf("there are offsets of %v", topics)
		}
		c.TopicsDeleted([]string{"gone"})
		end(t, c, store, 7, true)
		for range 2 {
			holds(t, c, "g", map[int32]int64{0: 5, 1: 2, 4: 6})
			again()
		}
		// What is deleted does not come back with the transaction.
		ok(c.CommitPending(outside("g"), producer(7), offsets(9, 0, 3)))
		if ok(c.Delete("g")); len(c.List()) != 0 {
			t.Fatalf("groups %v", c.List())
		}
		end(t, c, store, 7, true)
		for range 2 {
			holds(t, c, "g", map[int32]int64{})
			again()
		}
		c.Close()
	})
}

// Who commits in a transaction is checked as Kafka does
// (ClassicGroup.validateOffsetCommit).
func TestWhoCommitsInTransactions(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, store *memory) {
		if err := c.CommitPending(group.Identity{Group: "none", Generation: 3}, producer(1), offsets(1, 0)); !errors.Is(err, group.ErrGeneration) {
			t.Errorf("a generation of no group: %v", err)
		}
		m := settle(t, c, instance("i"))
		who := func(change func(*group.Identity)) group.Identity {
			w := group.Identity{Group: "g", Member: m.Member, Generation: m.Generation}
			change(&w)
			return w
		}
		other := "other"
		for _, k := range []struct {
			name string
			who  group.Identity
			want error
		}{
			{"the member", who(func(*group.Identity) {}), nil},
			{"nobody, as before KIP-447", outside("g"), nil},
			{"an old generation", who(func(w *group.Identity) { w.Generation-- }), group.ErrGeneration},
			{"no generation", who(func(w *group.Identity) { w.Generation = -1 }), group.ErrGeneration},
			{"another member", who(func(w *group.Identity) { w.Member = "x" }), group.ErrUnknownMember},
			{"another instance", who(func(w *group.Identity) { w.Instance = &other }), group.ErrUnknownMember},
			{"no group id", group.Identity{Generation: -1}, group.ErrGroupID},
		} {
			if err := c.CommitPending(k.who, producer(1), offsets(1, 0)); !errors.Is(err, k.want) {
				t.Errorf("%s: %v, want %v", k.name, err, k.want)
			}
		}
		store.failing(errors.New("full"))
		if err := c.CommitPending(outside("g"), producer(2), offsets(1, 5)); err == nil || c.Pending("g")[at("t", 5)] {
			t.Errorf("what could not be stored is pending (%v)", err)
		}
		store.failing(nil)
	})
}

// Offsets in transactions take memory up to a bound, and give it back.
func TestPendingOffsetsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		c := open(t, store, group.Config{InitialDelay: delay, MaxBytes: 100_000})
		defer c.Close()
		note := strings.Repeat("x", 4000)
		for round := range 2 {
			var err error
			n := 0
			for ; err == nil && n < 100; n++ {
				err = c.CommitPending(outside("g"), producer(1), map[group.TopicPartition]group.Offset{at("t", int32(n)): {Metadata: note}})
			}
			if !errors.Is(err, group.ErrCommitSize) || n < 10 {
				t.Fatalf("round %d: %d times, then %v", round, n, err)
			}
			end(t, c, store, 1, false)
		}
	})
}

// Whatever is committed, in transactions or not, in whatever order, with restarts
// and with all that lives written anew in between: what counts is what the
// records say, read from the beginning.
func TestTransactionsOutliveTidying(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomTransactions(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func randomTransactions(t *testing.T, dice *rand.Rand) {
	type stored struct {
		order int
		value int64
	}
	store := &memory{}
	c := open(t, store, settings())
	committed, open1, order := map[int32]stored{}, map[int64]map[int32]stored{}, 0
	large := strings.Repeat("x", 4000)
	for step := range int64(150) {
		p := dice.Int32N(4)
		id := dice.Int64N(3)
		order++
		switch dice.IntN(6) {
		case 0:
			if err := c.Commit(outside("g"), offsets(step, p)); err != nil {
				t.Fatal(err)
			}
			committed[p] = stored{order, step}
		case 1, 2:
			if err := c.CommitPending(outside("g"), producer(id), offsets(step, p)); err != nil {
				t.Fatal(err)
			}
			if open1[id] == nil {
				open1[id] = map[int32]stored{}
			}
			open1[id][p] = stored{order, step}
		case 3:
			commit := dice.IntN(2) == 0
			end(t, c, store, id, commit)
			for p, o := range open1[id] {
				if commit && committed[p].order < o.order {
					committed[p] = o
				}
			}
			delete(open1, id)
		case 4:
			c.Close()
			c = open(t, store, settings())
		case 5: // much of another group, so that it is time to write anew
			trims := func() int { _, n := store.left(); return n }
			before := trims()
			for n := int64(0); trims() == before && n < 10_000; n++ {
				if err := c.Commit(outside("noise"), map[group.TopicPartition]group.Offset{at("t", 0): {Offset: n, Metadata: large}}); err != nil {
					t.Fatal(err)
				}
				if n%100 == 0 {
					synctest.Wait()
				}
			}
		}
		want := map[int32]int64{}
		for p, o := range committed {
			want[p] = o.value
		}
		got := map[int32]int64{}
		for at, o := range c.Committed("g") {
			got[at.Partition] = o.Offset
		}
		if !maps.Equal(got, want) {
			t.Fatalf("step %d: committed %v, want %v", step, got, want)
		}
	}
	c.Close()
}
