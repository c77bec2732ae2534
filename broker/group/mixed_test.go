package group_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/assignor"
	"copyscope/broker/group"
)

// fleet are clients of the group g that live by themselves, some of each
// protocol.
type fleet struct {
	t      *testing.T
	topics *catalogue
	ctx    context.Context

	mu  sync.Mutex
	c   *group.Coordinator
	all map[string]*sailor
}

// sailor is one of them.
type sailor struct {
	f    *fleet
	stop context.CancelFunc
	done chan struct{}
	has  *consumer // what it believes of itself

	modern      bool // of those that are of either protocol
	cooperative bool
	instance    *string
	member      string // its id, by the classic protocol
	generation  int32
	partitions  int32 // that there were when it joined
}

func (f *fleet) coordinator() *group.Coordinator {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.c
}

func (f *fleet) add(name string, run func(*sailor, context.Context), change ...func(*sailor)) {
	ctx, stop := context.WithCancel(f.ctx)
	s := &sailor{f: f, stop: stop, done: make(chan struct{}), has: newConsumer(f.coordinator(), name, "t"), generation: -1}
	for _, with := range change {
		with(s)
	}
	f.mu.Lock()
	f.all[name] = s
	f.mu.Unlock()
	go func() {
		defer close(s.done)
		run(s, ctx)
	}()
}

// own sets what the client has.
func (s *sailor) own(p assignor.Partitions) {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.has.owned = p
}

// leave lets a client go, and tells the coordinator.
func (f *fleet) leave(name string, tell func(*group.Coordinator, *sailor)) {
	f.mu.Lock()
	s := f.all[name]
	delete(f.all, name)
	f.mu.Unlock()
	s.stop()
	<-s.done
	tell(f.coordinator(), s)
}

// names are those of the clients that are there, in order.
func (f *fleet) names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.all))
}

// check sees that no two have a partition.
func (f *fleet) check() (owned int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []*consumer
	for _, s := range f.all {
		all = append(all, s.has)
	}
	return checkOwners(f.t, all...)
}

// sail lets time pass, looks at the owners all the while, and wants all
// partitions owned and the group stable in the end.
func (f *fleet) sail(kind group.Type) {
	f.t.Helper()
	for range 600 {
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		f.check()
	}
	total := f.topics.total("t")
	if owned := f.check(); owned != total {
		f.t.Errorf("%d of %d partitions are owned", owned, total)
	}
	if l := f.coordinator().List(); len(l) != 1 || l[0].Type != kind || l[0].State != group.Stable {
		f.t.Errorf("there are %+v, want one group, %s and stable", l, kind)
	}
}

// modernLife is that of a client of the consumer protocol.
func modernLife(s *sailor, ctx context.Context) {
	for ctx.Err() == nil {
		s.f.mu.Lock()
		h := s.has.ask()
		s.f.mu.Unlock()
		a := s.f.coordinator().ConsumerHeartbeat(h)
		s.f.mu.Lock()
		if a.Err == nil || isAny(a.Err, group.ErrUnknownMember, group.ErrFencedEpoch, group.ErrNotFound, group.ErrFenced) {
			s.has.take(a)
		}
		s.f.mu.Unlock()
		pause(ctx, time.Second)
	}
}

func isAny(err error, of ...error) bool {
	return slices.ContainsFunc(of, func(one error) bool { return errors.Is(err, one) })
}

func modernEnd(c *group.Coordinator, s *sailor) { s.has.c = c; s.has.leave(-1) }

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// classicLife is that of a client of the classic protocol.
func classicLife(s *sailor, ctx context.Context) {
	s.member = ""
	for ctx.Err() == nil {
		switch again, err := s.join(ctx); {
		case isAny(err, group.ErrUnknownMember, group.ErrGeneration, group.ErrFenced):
			s.member, s.generation = "", -1
			s.own(assignor.Partitions{})
		case err != nil || again:
			pause(ctx, 100*time.Millisecond)
		default:
			s.keep(ctx)
		}
	}
}

func cooperativeLife(s *sailor, ctx context.Context) {
	s.cooperative = true
	classicLife(s, ctx)
}

func classicEnd(c *group.Coordinator, s *sailor) {
	c.Leave("g", []group.Leaver{{Member: s.member}})
}

func (s *sailor) identity() group.Identity {
	return group.Identity{Group: "g", Member: s.member, Instance: s.instance, Generation: s.generation}
}

// join says whether it has to join again, as a cooperative one that gave
// something up.
func (s *sailor) join(ctx context.Context) (again bool, err error) {
	if !s.cooperative {
		s.own(assignor.Partitions{})
	}
	of := kmsg.NewConsumerMemberMetadata()
	of.Version, of.Topics = 1, []string{"t"}
	t, _ := s.f.topics.Topic("t")
	var had []int32
	for p := range s.has.owned {
		if p.Topic == t.ID {
			had = append(had, p.Number)
		}
	}
	of.OwnedPartitions = []kmsg.ConsumerMemberMetadataOwnedPartition{{Topic: "t", Partitions: had}}
	name := "range"
	c := s.f.coordinator()
	j := c.Join(ctx, group.Join{Group: "g", Member: s.member, Instance: s.instance, ClientID: "classic", Session: 10 * time.Second, Rebalance: time.Minute, ProtocolType: "consumer",
		NeedsID: true, Protocols: []group.Protocol{{Name: name, Metadata: of.AppendTo(nil)}}})
	if errors.Is(j.Err, group.ErrMemberRequired) {
		s.member = j.Member
		return true, nil
	}
	if j.Err != nil {
		return false, j.Err
	}
	s.member, s.generation, s.partitions = j.Member, j.Generation, t.Partitions
	var to map[string][]byte
	if j.Leader == j.Member {
		to = s.lead(j.Members, t.Partitions)
	}
	got := c.Sync(ctx, group.Sync{Identity: s.identity(), ProtocolType: ptr("consumer"), Protocol: &name, Assignments: to})
	if got.Err != nil {
		return true, got.Err
	}
	var a kmsg.ConsumerMemberAssignment
	if err := a.ReadFrom(got.Assignment); err != nil {
		s.f.t.Errorf("an assignment cannot be read: %v", err)
	}
	next := assignor.Partitions{}
	for _, one := range a.Topics {
		for _, n := range one.Partitions {
			next[assignor.Partition{Topic: t.ID, Number: n}] = struct{}{}
		}
	}
	for p := range s.has.owned {
		if _, still := next[p]; !still {
			again = true
		}
	}
	s.own(next)
	return again, nil
}

// lead assigns as the leader of a classic group: members keep what they say that
// they have, and what nobody has goes to who has least.
func (s *sailor) lead(members []group.JoinedMember, partitions int32) map[string][]byte {
	has := make([][]int32, len(members))
	taken := map[int32]bool{}
	for i, m := range members {
		var of kmsg.ConsumerMemberMetadata
		if err := of.ReadFrom(m.Metadata); err != nil {
			s.f.t.Errorf("a subscription cannot be read: %v", err)
		}
		for _, one := range of.OwnedPartitions {
			for _, n := range one.Partitions {
				if !taken[n] {
					taken[n] = true
					has[i] = append(has[i], n)
				}
			}
		}
	}
	for n := range partitions {
		if !taken[n] {
			least := slices.MinFunc(has, func(a, b []int32) int { return cmp.Compare(len(a), len(b)) })
			i := slices.IndexFunc(has, func(one []int32) bool { return len(one) == len(least) })
			has[i] = append(has[i], n)
		}
	}
	to := map[string][]byte{}
	for i, m := range members {
		to[m.ID] = assigned("t", has[i]...)
	}
	return to
}

// keep sends heartbeats until it must join again, as when there are more
// partitions.
func (s *sailor) keep(ctx context.Context) {
	for ctx.Err() == nil && int(s.partitions) == s.f.topics.total("t") {
		pause(ctx, time.Second)
		switch err := s.f.coordinator().Heartbeat(s.identity()); {
		case isAny(err, group.ErrUnknownMember, group.ErrGeneration, group.ErrFenced):
			s.generation = -1
			s.own(assignor.Partitions{})
			if !errors.Is(err, group.ErrGeneration) {
				s.member = ""
			}
			return
		case err != nil:
			return
		}
	}
}

// Clients are changed one by one from the classic to the consumer protocol, and
// back: at each moment a partition has one owner at most, after each step all are
// owned, and the group is of the type of which it has members. A restart on the
// way changes nothing.
func TestClientsAreChangedOneByOne(t *testing.T) {
	for name, life := range map[string]func(*sailor, context.Context){"eager": classicLife, "cooperative": cooperativeLife} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, topics := &memory{}, topicsOf(map[string]int32{"t": 7})
				cfg := group.Config{InitialDelay: time.Second, Topics: topics}
				ctx, stop := context.WithCancel(t.Context())
				f := &fleet{t: t, topics: topics, ctx: ctx, c: open(t, store, cfg), all: map[string]*sailor{}}
				const n = 3
				for i := range n {
					f.add(fmt.Sprint("classic", i), classicLife)
				}
				f.sail(group.Classic)
				if name == "cooperative" {
					// Its leader here is none: cooperative members come to a group that the
					// broker assigns.
					f.add("first", modernLife)
					f.sail(group.Consumer)
				}
				for i := range n {
					f.leave(fmt.Sprint("classic", i), classicEnd)
					f.add(fmt.Sprint("modern", i), modernLife)
					f.sail(group.Consumer)
				}
				for i := range n {
					f.add(fmt.Sprint("late", i), life)
					f.sail(group.Consumer)
				}
				f.mu.Lock()
				f.c.Close()
				f.c = open(t, store, cfg)
				f.mu.Unlock()
				f.sail(group.Consumer)
				topics.set("t", 9)
				f.sail(group.Consumer)
				for i := range n {
					f.leave(fmt.Sprint("modern", i), modernEnd)
					if name == "eager" && i == n-1 {
						f.sail(group.Classic)
					} else {
						f.sail(group.Consumer)
					}
				}
				stop()
				for _, s := range f.all {
					<-s.done
				}
				f.c.Close()
			})
		})
	}
}

// What a migration policy does not allow does not happen.
func TestMigrationPolicies(t *testing.T) {
	for _, k := range []struct {
		policy    group.Policy
		up, again group.Type
	}{
		{group.Bidirectional, group.Consumer, group.Classic},
		{group.Upgrade, group.Consumer, group.Consumer},
		{group.Downgrade, group.Classic, group.Classic},
		{group.Disabled, group.Classic, group.Classic},
	} {
		t.Run(string(k.policy), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				topics := topicsOf(map[string]int32{"t": 4})
				ctx, stop := context.WithCancel(t.Context())
				f := &fleet{t: t, topics: topics, ctx: ctx, c: open(t, &memory{}, group.Config{InitialDelay: time.Second, Topics: topics, Migration: k.policy}), all: map[string]*sailor{}}
				f.add("classic", classicLife)
				f.sail(group.Classic)
				f.add("modern", modernLife)
				f.sail(k.up)
				f.leave("modern", modernEnd)
				if err := f.c.Commit(f.all["classic"].identity(), map[group.TopicPartition]group.Offset{at("t", 0): {Offset: 1}}); err != nil {
					t.Errorf("what was read before cannot be committed: %v", err)
				}
				f.sail(k.again)
				stop()
				for _, s := range f.all {
					<-s.done
				}
				f.c.Close()
			})
		})
	}
}

// A broker that ends as a group has become a classic one, and nobody has joined it
// anew, finds its members, and has them join: who left had partitions.
func TestRestartAsAGroupBecomesClassic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, topics := &memory{}, topicsOf(map[string]int32{"t": 4})
		cfg := group.Config{InitialDelay: time.Second, Topics: topics}
		ctx, stop := context.WithCancel(t.Context())
		f := &fleet{t: t, topics: topics, ctx: ctx, c: open(t, store, cfg), all: map[string]*sailor{}}
		f.add("classic", classicLife)
		f.sail(group.Classic)
		f.add("modern", modernLife)
		f.sail(group.Consumer)
		f.leave("modern", func(c *group.Coordinator, s *sailor) {
			modernEnd(c, s)
			f.mu.Lock()
			defer f.mu.Unlock()
			f.c.Close()
			f.c = open(t, store, cfg)
		})
		if l := f.c.List(); len(l) != 1 || l[0].State != group.PreparingRebalance {
			t.Errorf("after the restart there are %+v", l)
		}
		f.sail(group.Classic)
		stop()
		<-f.all["classic"].done
		f.c.Close()
	})
}

// A group of more members than a classic one may have stays a consumer group.
func TestTooManyForAClassicGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, &memory{}, group.Config{InitialDelay: time.Second, MaxMembers: 1, Topics: topicsOf(map[string]int32{"t": 4})})
		defer c.Close()
		m := newConsumer(c, "m", "t")
		settleAll(t, m)
		var last group.Joined
		for range 2 {
			if last = c.Join(t.Context(), asks(reads("t"))); last.Err != nil {
				t.Fatal(last.Err)
			}
		}
		m.leave(-1)
		if l := c.List(); l[0].Type != group.Consumer {
			t.Errorf("of 2 members, where a classic group may have 1, the group is %+v", l[0])
		}
		c.Leave("g", []group.Leaver{{Member: last.Member}})
		wantConsumers(t, c, group.Assigning, 1)
	})
}
