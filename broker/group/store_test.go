package group_test

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
)

func at(topic string, partition int32) group.TopicPartition {
	return group.TopicPartition{Topic: topic, Partition: partition}
}

// outside is who commits without being a member.
func outside(id string) group.Identity { return group.Identity{Group: id, Generation: -1} }

// Offsets and members outlive a restart; who is not heard of then is out.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		c := open(t, store, settings())
		m := settle(t, c, instance("a"))
		offsets := map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 5, LeaderEpoch: 2, Metadata: "note"}, at("t", 1): {Offset: 1 << 40, LeaderEpoch: -1}}
		if err := errors.Join(c.Commit(identity(m), offsets), c.Commit(outside("other"), maps.Clone(offsets)), c.Commit(outside("gone"), maps.Clone(offsets)), c.Delete("gone")); err != nil {
			t.Fatal(err)
		}
		before := c.Describe("g")
		c.Close()

		c = open(t, store, settings())
		defer c.Close()
		if got := c.Describe("g"); got.State != group.Stable || len(got.Members) != 1 || got.Members[0].ID != m.Member || *got.Members[0].Instance != "a" ||
			string(got.Members[0].Assignment) != string(before.Members[0].Assignment) || string(got.Members[0].Metadata) != "topics" {
			t.Errorf("the group came back as %+v, it was %+v", got, before)
		}
		for _, id := range []string{"g", "other"} {
			got := c.Committed(id)
			if len(got) != 2 || got[at("t", 0)].Offset != 5 || got[at("t", 0)].LeaderEpoch != 2 || got[at("t", 0)].Metadata != "note" || got[at("t", 1)].Offset != 1<<40 || got[at("t", 1)].LeaderEpoch != -1 {
				t.Errorf("group %s has %+v", id, got)
			}
		}
		if c.Committed("gone") != nil || len(c.List()) != 2 {
			t.Errorf("a deleted group came back: %+v", c.List())
		}
		if err := c.Heartbeat(identity(m)); err != nil {
			t.Errorf("the member is told %v", err)
		}
		time.Sleep(11 * time.Second)
		wantState(t, c, group.Empty, 0)
	})
}

// What cannot be stored is not acknowledged, and not remembered.
func TestStoreFails(t *testing.T) {
	full := errors.New("the disk is full")
	run(t, func(t *testing.T, c *group.Coordinator, store *memory) {
		m := settle(t, c)
		store.failing(full)
		if err := c.Commit(identity(m), map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 5}}); !errors.Is(err, full) {
			t.Errorf("a commit gave %v", err)
		}
		if got := c.Committed("g"); len(got) != 0 {
			t.Errorf("it is remembered: %v", got)
		}
		second := begin(t, c, asks())
		wantState(t, c, group.PreparingRebalance, 2)
		again := <-begin(t, c, asks(as(m.Member)))
		<-second
		if s := lead(t, c, again); !errors.Is(s.Err, full) {
			t.Errorf("a sync gave %+v", s)
		}
		store.failing(nil)
		wantState(t, c, group.PreparingRebalance, 2)
	})
}

// Offsets of a group without members go after a week, of topics that a group with
// members reads they stay; and those of a deleted topic go at once.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		c := open(t, store, group.Config{InitialDelay: delay, Expiry: time.Hour})
		defer c.Close()
		m := settle(t, c, reads("t", "u"), func(j *group.Join) { j.Session = 30 * time.Minute })
		some := func() map[group.TopicPartition]group.Offset {
			return map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 1}, at("u", 0): {Offset: 2}}
		}
		if err := errors.Join(c.Commit(identity(m), some()), c.Commit(outside("alone"), some())); err != nil {
			t.Fatal(err)
		}
		c.TopicsDeleted([]string{"u"})
		if a, b := c.Committed("g"), c.Committed("alone"); len(a) != 1 || len(b) != 1 {
			t.Errorf("after the topic's end there are %v and %v", a, b)
		}
		for range 8 * 24 * 4 {
			time.Sleep(15 * time.Minute)
			c.Heartbeat(identity(m))
		}
		if a, b := c.Committed("g"), c.Committed("alone"); len(a) != 1 || b != nil {
			t.Errorf("after 8 days there are %v and %v, want those of the group alone", a, b)
		}
		time.Sleep(6 * 24 * time.Hour)
		if len(c.Committed("g")) != 1 {
			t.Error("the offsets went before the group was empty for a week")
		}
		time.Sleep(2 * 24 * time.Hour)
		if n := len(c.List()); n != 0 {
			t.Errorf("%d groups are left: %v", n, c.Committed("g"))
		}
		again := open(t, store, settings())
		defer again.Close()
		if n := len(again.List()); n != 0 {
			t.Errorf("%d groups come back", n)
		}
	})
}

// The store does not grow with the number of commits: as soon as it is time, what
// lives is written anew and the rest is cut off, and nothing is lost by it.
func TestTidying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		c := open(t, store, group.Config{InitialDelay: delay, Expiry: 30 * 24 * time.Hour})
		settled := settle(t, c, func(j *group.Join) { j.Session = 30 * time.Minute })
		for i := range 200_000 {
			id := outside(fmt.Sprint("group", i%10))
			if err := c.Commit(id, map[group.TopicPartition]group.Offset{at("some-topic", int32(i%7)): {Offset: int64(i)}}); err != nil {
				t.Fatal(err)
			}
			if i%10_000 == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		if left, trims := store.left(); trims == 0 || left > 110_000 { // 8 MiB of them
			t.Errorf("%d records are left after %d commits and %d cuts", left, 200_000, trims)
		}
		before := map[string]int{}
		for _, g := range c.List() {
			before[g.ID] = len(c.Committed(g.ID))
		}
		c.Close()
		again := open(t, store, settings())
		defer again.Close()
		for id, n := range before {
			if got := again.Committed(id); len(got) != n || n == 0 && id != "g" {
				t.Errorf("group %s has %d offsets, it had %d", id, len(got), n)
			}
		}
		if err := again.Heartbeat(identity(settled)); err != nil {
			t.Errorf("the member is told %v", err)
		}
	})
}

// A consumer's offsets of topics that it is subscribed to cannot be deleted, also
// while its group rebalances; and none if it is not known what it reads.
func TestDeleteOffsets(t *testing.T) {
	both := map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 1}, at("u", 0): {Offset: 2}}
	garbage := func(j *group.Join) { j.Protocols[0].Metadata = []byte("topics") }
	for _, k := range []struct {
		name        string
		subscribes  func(*group.Join)
		rebalancing bool
		left        int
	}{
		{"stable", reads("t"), false, 1},
		{"in a rebalance", reads("t"), true, 1},
		{"a subscription that cannot be read", garbage, false, 2},
	} {
		t.Run(k.name, func(t *testing.T) {
			run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
				m := settle(t, c, k.subscribes)
				if err := c.Commit(identity(m), maps.Clone(both)); err != nil {
					t.Fatal(err)
				}
				if k.rebalancing {
					begin(t, c, asks(k.subscribes))
					synctest.Wait()
					wantState(t, c, group.PreparingRebalance, 2)
				}
				answers, err := c.DeleteOffsets("g", []group.TopicPartition{at("t", 0), at("u", 0), at("u", 0)})
				if err != nil || !errors.Is(answers[at("t", 0)], group.ErrSubscribed) || (answers[at("u", 0)] == nil) != (k.left == 1) {
					t.Errorf("got %v, %v", answers, err)
				}
				if got := c.Committed("g"); len(got) != k.left || got[at("t", 0)].Offset != 1 {
					t.Errorf("left are %v", got)
				}
			})
		})
	}
	t.Run("not a consumer", func(t *testing.T) {
		run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
			settle(t, c, func(j *group.Join) { j.ProtocolType = "connect" })
			if _, err := c.DeleteOffsets("g", []group.TopicPartition{at("t", 0)}); !errors.Is(err, group.ErrNotEmpty) {
				t.Errorf("got %v", err)
			}
		})
	})
}

// A group that lives forgets what it has committed of topics that it does not
// read any more, a week after; but nothing if it is not known what it reads.
func TestExpiryOfTopicsWithoutSubscribers(t *testing.T) {
	for _, k := range []struct {
		name string
		join func(*group.Join)
		left int
	}{
		{"consumer", reads("t"), 1},
		{"subscription that cannot be read", func(j *group.Join) { j.Protocols[0].Metadata = []byte("topics") }, 2},
		{"not a consumer", func(j *group.Join) { reads("t")(j); j.ProtocolType = "connect" }, 2},
	} {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, &memory{}, group.Config{InitialDelay: delay, Expiry: time.Hour})
				defer c.Close()
				m := settle(t, c, k.join, func(j *group.Join) { j.Session = 30 * time.Minute })
				if err := c.Commit(identity(m), map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 1}, at("u", 0): {Offset: 2}}); err != nil {
					t.Fatal(err)
				}
				live := func(d time.Duration) {
					for range d / (15 * time.Minute) {
						time.Sleep(15 * time.Minute)
						c.Heartbeat(identity(m))
					}
				}
				live(6 * 24 * time.Hour)
				if got := c.Committed("g"); len(got) != 2 {
					t.Errorf("after 6 days %v are left", got)
				}
				live(2 * 24 * time.Hour)
				if got := c.Committed("g"); len(got) != k.left || got[at("t", 0)].Offset != 1 {
					t.Errorf("after 8 days %v are left, want %d", got, k.left)
				}
				wantState(t, c, group.Stable, 1)
			})
		})
	}
}

// What cannot be cut off is tried again at the next look for old offsets, not
// with each commit.
func TestTidyingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{failTrim: errors.New("the disk is broken")}
		c := open(t, store, group.Config{InitialDelay: delay, Expiry: time.Minute})
		defer c.Close()
		for i := range 150_000 {
			if err := c.Commit(outside("g"), map[group.TopicPartition]group.Offset{at("some-topic", int32(i%7)): {Offset: int64(i)}}); err != nil {
				t.Fatal(err)
			}
			if i%10_000 == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		if _, trims := store.left(); trims != 1 {
			t.Errorf("it was tried %d times, want once", trims)
		}
		time.Sleep(time.Minute + time.Second)
		if _, trims := store.left(); trims != 2 {
			t.Errorf("it was tried %d times, want twice", trims)
		}
		if got := c.Committed("g"); len(got) != 7 {
			t.Errorf("%d offsets are left, want 7", len(got))
		}
	})
}

// A stored session that ends at once does not trouble the start, and its members
// are out.
func TestStoredSessionsOfNoTime(t *testing.T) {
	protocol := "range"
	v := kmsg.GroupMetadataValue{Version: 3, ProtocolType: "consumer", Generation: 7, Protocol: &protocol}
	for i := range 5000 {
		v.Members = append(v.Members, kmsg.GroupMetadataValueMember{MemberID: fmt.Sprint(i)})
	}
	k := kmsg.GroupMetadataKey{Version: 2, Group: "g"}
	store := &memory{}
	store.Append("g", []group.Record{{Key: k.AppendTo(nil), Value: v.AppendTo(nil)}})
	c := open(t, store, settings())
	defer c.Close()
	for began := time.Now(); c.List()[0].State != group.Empty; runtime.Gosched() {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("the group is %s", c.List()[0].State)
		}
	}
}

// A commit of nothing makes no group.
func TestCommitOfNothing(t *testing.T) {
	run(t, func(t *testing.T, c *group.Coordinator, _ *memory) {
		if err := c.Commit(outside("g"), nil); err != nil {
			t.Fatal(err)
		}
		if n := len(c.List()); n != 0 {
			t.Errorf("there are %d groups", n)
		}
	})
}

// A group that has neither members nor offsets is gone when that is looked at.
func TestEmptyGroupGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		c := open(t, store, group.Config{InitialDelay: delay, Expiry: 10 * time.Minute})
		defer c.Close()
		m := settle(t, c)
		c.Leave("g", []group.Leaver{{Member: m.Member}})
		wantState(t, c, group.Empty, 0)
		time.Sleep(11 * time.Minute)
		if n := len(c.List()); n != 0 {
			t.Errorf("there are %d groups", n)
		}
		again := open(t, store, settings())
		defer again.Close()
		if n := len(again.List()); n != 0 {
			t.Errorf("%d come back", n)
		}
	})
}
