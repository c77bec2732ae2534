package group_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/group"
)

type randomFleet struct {
	fleet
	store *memory
	dice  *rand.Rand
	made  int
}

// kinds are how clients live, and whether by the consumer protocol.
var kinds = []struct {
	life   func(*sailor, context.Context)
	modern bool
}{{modernLife, true}, {classicLife, false}, {cooperativeLife, false}}

// instances are those of static clients; each is one at a time.
var instances = []string{"one", "two"}

func (r *randomFleet) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.c != nil {
		r.c.Close()
	}
	r.c = open(r.t, r.store, group.Config{InitialDelay: time.Second, Topics: r.topics})
}

// come lets a client come; a static one in place of the one of its instance.
func (r *randomFleet) come() {
	r.made++
	kind := kinds[r.dice.IntN(len(kinds))]
	var instance *string
	if r.dice.IntN(3) == 0 {
		instance = &instances[r.dice.IntN(len(instances))]
		for _, name := range r.names() {
			if at := r.all[name].instance; at != nil && *at == *instance {
				r.end(name)
			}
		}
	}
	r.add(fmt.Sprint("client", r.made), kind.life, func(s *sailor) {
		s.instance, s.has.says.Instance, s.modern = instance, instance, kind.modern
	})
}

// end lets a client leave, or vanish. Static ones of the classic protocol do not
// say that they leave, those of the other that they come back.
func (r *randomFleet) end(name string) {
	vanishes := r.dice.IntN(3) == 0
	r.leave(name, func(c *group.Coordinator, s *sailor) {
		switch {
		case vanishes || !s.modern && s.instance != nil:
		case s.modern && s.instance != nil:
			s.has.c = c
			s.has.leave(-2)
		case s.modern:
			modernEnd(c, s)
		default:
			classicEnd(c, s)
		}
	})
}

func (r *randomFleet) step() {
	there := r.names()
	switch n := r.dice.IntN(12); {
	case n < 5 && len(there) < 6, len(there) == 0:
		r.come()
	case n < 8:
		r.end(there[r.dice.IntN(len(there))])
	case n == 8:
		r.restart()
	case n == 9:
		r.store.failing(fs.ErrClosed)
		r.pass(time.Duration(r.dice.IntN(30)) * 100 * time.Millisecond)
		r.store.failing(nil)
	case n == 10:
		if more := int32(r.topics.total("t") + 1); more < 12 {
			r.topics.set("t", more)
		}
	}
}

// pass lets time pass, and looks at the owners all the while.
func (r *randomFleet) pass(d time.Duration) {
	for range d / (100 * time.Millisecond) {
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		r.check()
	}
}

func (r *randomFleet) settled() {
	r.t.Helper()
	kind := group.Classic
	for _, name := range r.names() {
		if r.all[name].modern {
			kind = group.Consumer
		}
	}
	if len(r.all) == 0 {
		return
	}
	if owned := r.check(); owned != r.topics.total("t") {
		r.t.Errorf("%d of %d partitions are owned", owned, r.topics.total("t"))
	}
	if l := r.c.List(); len(l) != 1 || l[0].Type != kind || l[0].State != group.Stable {
		r.t.Errorf("there are %+v, want one group, %s and stable", l, kind)
	}
}

// Whatever clients of both protocols do, static and not, while they are changed one
// for another, come, leave, vanish and come back, and whatever becomes of the store
// and the broker: no two ever have a partition, and once they are left alone all
// partitions are owned, in a group of the type of which it has members.
func TestRandomFleets(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { sailAtRandom(t, rand.New(rand.NewPCG(seed, 5))) })
		})
	}
}

func sailAtRandom(t *testing.T, dice *rand.Rand) {
	topics := topicsOf(map[string]int32{"t": 5})
	ctx, stop := context.WithCancel(t.Context())
	r := &randomFleet{fleet: fleet{t: t, topics: topics, ctx: ctx, all: map[string]*sailor{}}, store: &memory{}, dice: dice}
	r.restart()
	for range 30 {
		r.step()
		r.pass(time.Duration(r.dice.IntN(80)) * 100 * time.Millisecond)
	}
	r.pass(2 * time.Minute)
	r.settled()
	stop()
	for _, s := range r.all {
		<-s.done
	}
	r.c.Close()
}
