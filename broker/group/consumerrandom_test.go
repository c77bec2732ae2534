package group_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/group"
)

// Whatever members do, in whatever order, and whatever becomes of topics, answers,
// the store and the broker: no two members ever have a partition, epochs of a
// member that is not fenced only grow, and once all are heard of again the group
// is stable with each partition at one of them.
func TestRandomConsumers(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &randomGroup{t: t, dice: rand.New(rand.NewPCG(seed, 3)), store: &memory{}, topics: topicsOf(map[string]int32{"t0": 3, "t1": 5})}
				r.restart()
				defer func() { r.c.Close() }()
				for range 150 {
					r.step()
				}
				r.settle()
			})
		})
	}
}

// names are the topics of which random groups read some.
var names = []string{"t0", "t1", "t2", "t3"}

type randomGroup struct {
	t      *testing.T
	dice   *rand.Rand
	c      *group.Coordinator
	store  *memory
	topics *catalogue
	all    []*consumer
	made   int
}

func (r *randomGroup) restart() {
	if r.c != nil {
		r.c.Close()
	}
	r.c = open(r.t, r.store, group.Config{InitialDelay: delay, Topics: r.topics})
	for _, m := range r.all {
		m.c = r.c
	}
}

func (r *randomGroup) someNames() (some []string) {
	for _, name := range names {
		if r.dice.IntN(2) == 0 {
			some = append(some, name)
		}
	}
	return append([]string{}, some...)
}

func (r *randomGroup) join() *consumer {
	r.made++
	m := newConsumer(r.c, fmt.Sprint("m", r.made), r.someNames()...)
	if r.dice.IntN(3) == 0 {
		m.says.Expression = ptr("t[0-2]")
	}
	if r.dice.IntN(3) == 0 {
		m.says.Assignor = ptr("range")
	}
	if instance := instances[r.dice.IntN(len(instances))]; r.dice.IntN(2) == 0 && !r.lives(instance) {
		m.says.Instance = &instance
	}
	r.all = append(r.all, m)
	return m
}

// lives says whether a member is the instance; each is one at a time.
func (r *randomGroup) lives(instance string) bool {
	return slices.ContainsFunc(r.all, func(m *consumer) bool { return m.says.Instance != nil && *m.says.Instance == instance })
}

func (r *randomGroup) step() {
	if len(r.all) == 0 {
		r.heard(r.join(), true)
	}
	i := r.dice.IntN(len(r.all))
	m := r.all[i]
	switch r.dice.IntN(16) {
	case 0:
		if len(r.all) < 8 {
			r.heard(r.join(), true)
		}
	case 1: // vanishes: nobody hears of it again
		m.owned = nil
		r.all = slices.Delete(r.all, i, i+1)
	case 2:
		epoch := int32(-1)
		if m.says.Instance != nil {
			epoch -= r.dice.Int32N(2)
		}
		m.leave(epoch)
		r.all = slices.Delete(r.all, i, i+1)
	case 3:
		r.topics.set(names[r.dice.IntN(len(names))], int32(r.dice.IntN(6)))
	case 4:
		m.says.Names = r.someNames()
		r.heard(m, true)
	case 5: // the answer is lost: clients tell all of themselves next
		r.c.ConsumerHeartbeat(m.ask())
		m.lost = true
	case 6:
		r.store.failing(errors.New("the disk is full"))
		r.c.ConsumerHeartbeat(m.ask())
		m.lost = true
		r.store.failing(nil)
	case 7:
		r.restart()
	case 8:
		r.pass(time.Duration(r.dice.Int64N(int64(50 * time.Second))))
	default:
		r.heard(m, r.dice.IntN(2) == 0)
	}
	r.pass(time.Duration(r.dice.Int64N(int64(3 * time.Second))))
	checkOwners(r.t, r.all...)
}

// pass lets time pass. A client that was not answered for a session timeout, or,
// while it was told to give up, for less, knows that it may be out.
func (r *randomGroup) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
	for _, m := range r.all {
		if time.Since(m.told) >= min(session, m.says.Rebalance) {
			m.take(group.ConsumerAnswer{Err: group.ErrUnknownMember})
		}
	}
}

func (r *randomGroup) heard(m *consumer, whole bool) {
	h := m.ask()
	if !whole && !m.lost && m.epoch > 0 {
		h = m.keepAlive()
	}
	before := m.epoch
	a := m.send(h)
	switch {
	case a.Err == nil && a.Epoch < before:
		r.t.Fatalf("%s went from epoch %d to %d", m.id, before, a.Epoch)
	case a.Err != nil && !isAny(a.Err, group.ErrUnknownMember, group.ErrFencedEpoch, group.ErrNotFound, group.ErrFenced, group.ErrUnreleased):
		r.t.Fatalf("%s is told %v", m.id, a.Err)
	}
	checkOwners(r.t, r.all...)
}

// settle lets all be heard of until the vanished are out and nothing changes.
func (r *randomGroup) settle() {
	for range 4 * session / interval {
		for _, m := range r.all {
			r.heard(m, true)
		}
		r.pass(interval)
	}
	if len(r.all) == 0 {
		return
	}
	wantConsumers(r.t, r.c, group.Stable, len(r.all))
	read := map[string]bool{}
	for _, m := range r.all {
		for _, name := range m.says.Names {
			read[name] = true
		}
		if m.says.Expression != nil {
			read["t0"], read["t1"], read["t2"] = true, true, true
		}
	}
	want := 0
	for name := range read {
		want += r.topics.total(name)
	}
	if owned := checkOwners(r.t, r.all...); owned != want {
		r.t.Errorf("%d partitions are owned, there are %d", owned, want)
	}
}
