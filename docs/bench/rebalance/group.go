package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// protocol makes a member of it.
type protocol func(*setup, *kgo.Client, string) member

// member is one of a group.
type member interface {
	// run keeps it in the group until the context ends, and tells where it stands.
	run(ctx context.Context, tell func(standing)) error
	// leave takes it out.
	leave(ctx context.Context) error
}

// standing is where a member stands: it has what the generation or epoch gives it.
type standing struct {
	settled    bool
	generation int32
	owned      int // partitions
}

// group is all members, as they tell of themselves.
type group struct {
	s      *setup
	kind   protocol
	name   string
	cancel context.CancelFunc

	mu      sync.Mutex
	all     []*joined
	at      map[*joined]standing
	failed  error
	changed chan struct{} // has room for one
	running sync.WaitGroup
}

type joined struct {
	member
	client *kgo.Client
	stop   context.CancelFunc
}

func newGroup(s *setup, kind protocol, cancel context.CancelFunc) *group {
	return &group{s: s, kind: kind, name: fmt.Sprintf("group-%d", time.Now().UnixNano()), cancel: cancel, at: map[*joined]standing{}, changed: make(chan struct{}, 1)}
}

// start lets one more member join, and tells from when on: its connection is no
// part of what is measured.
func (g *group) start(ctx context.Context) (began time.Time, err error) {
	cl, err := g.s.connect()
	if err != nil {
		return began, err
	}
	if err := cl.Ping(ctx); err != nil {
		return began, err
	}
	began = time.Now()
	ctx, stop := context.WithCancel(ctx)
	m := &joined{member: g.kind(g.s, cl, g.name), client: cl, stop: stop}
	g.mu.Lock()
	g.all = append(g.all, m)
	g.at[m] = standing{}
	g.mu.Unlock()
	g.running.Go(func() {
		if err := m.run(ctx, func(s standing) { g.tell(m, s, nil) }); err != nil && ctx.Err() == nil {
			g.tell(m, standing{}, err)
		}
	})
	return began, nil
}

func (g *group) tell(m *joined, s standing, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, in := g.at[m]; !in {
		return
	}
	g.at[m], g.failed = s, errors.Join(g.failed, err)
	select {
	case g.changed <- struct{}{}:
	default:
	}
}

// leave takes the first member out.
func (g *group) leave(ctx context.Context) error {
	g.mu.Lock()
	m := g.all[0]
	g.all = g.all[1:]
	delete(g.at, m)
	for other, s := range g.at { // until they hear of it
		s.settled = false
		g.at[other] = s
	}
	g.mu.Unlock()
	m.stop()
	defer m.client.Close()
	return m.member.leave(ctx)
}

// stable waits until all members are settled in one generation, and have all
// partitions together.
func (g *group) stable(ctx context.Context, members int) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		g.mu.Lock()
		settled, owned, failed := 0, 0, g.failed
		generations := map[int32]bool{}
		for _, s := range g.at {
			if s.settled {
				settled++
			}
			owned += s.owned
			generations[s.generation] = true
		}
		g.mu.Unlock()
		if failed != nil {
			return failed
		}
		if settled == members && len(generations) == 1 && owned == topics*partitions {
			return nil
		}
		select {
		case <-g.changed:
		case <-ctx.Done():
			return fmt.Errorf("not within %v: %d of %d members are settled, in %d generations, with %d of %d partitions", limit, settled, members, len(generations), owned, topics*partitions)
		}
	}
}

func (g *group) close() {
	g.cancel()
	g.running.Wait()
	for _, m := range g.all {
		m.client.Close()
	}
}
