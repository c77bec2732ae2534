package group

import (
	"slices"
	"strings"
	"time"

	"copyscope/broker/assignor"
)

// States that only groups have whose assignment the broker makes (KIP-848).
const (
	Assigning   State = "Assigning"   // the target is older than the group's epoch
	Reconciling State = "Reconciling" // a member is not where the target wants it
)

// Type is by which protocol a group's members are coordinated, under Kafka's
// names.
type Type string

const (
	Classic  Type = "classic"
	Consumer Type = "consumer" // KIP-848
)

// modernGroup is what a group has besides its offsets if its assignment is the
// broker's (ConsumerGroup.java). A group has one exactly if its type is Consumer;
// then all that is of the classic protocol is empty, and its state is Empty.
//
// Three epochs grow. The group's counts changes of what it needs: members,
// subscriptions, topics. The target's is the group's epoch for which an assignor
// said what each member is to have. A member's is the target's that it has come
// to: it takes what is free, and gives up what is not its own any more before it
// gets there.
type modernGroup struct {
	g *Group

	epoch, targetEpoch int32
	assignor           string // that made the target
	members            map[string]*modernMember
	instances          map[string]string             // group.instance.id: member id
	owners             map[assignor.Partition]string // who has each partition, or was told to give it up

	// topics are those that members are subscribed to, of those there were when
	// changes counted to this. known says that they were compared with it.
	topics   map[string]Topic
	changes  uint64
	known    bool
	patterns map[string]*pattern
	matched  int64 // bytes that were counted for what patterns match
}

func newModernGroup(g *Group) *modernGroup {
	return &modernGroup{g: g, members: map[string]*modernMember{}, instances: map[string]string{}, owners: map[assignor.Partition]string{},
		topics: map[string]Topic{}, patterns: map[string]*pattern{}}
}

// progress is where a member stands on its way to the target, as it is stored
// (MemberState.java).
type progress int8

const (
	settled    progress = 0 // it has what its epoch's target gives it
	unrevoked  progress = 1 // it must give up partitions first
	unreleased progress = 2 // others have not given up yet what it is to have
)

// left is the epoch of a static member that is away and will come back, and with
// which it says so; gone with which members leave.
const (
	gone = -1
	left = -2
)

// modernMember is one of a group. Maps and slices in it are replaced, never
// changed, so that a copy is one of that time.
type modernMember struct {
	id                   string
	instance, rack       *string
	clientID, clientHost string
	names                []string // that it is subscribed to, in order, each once
	pattern              string   // an expression of more names, "" without
	patternBytes         int64    // that it takes in memory, about
	rebalance            time.Duration
	assignor             string       // that it asks for, "" for none
	classic              *classicSide // of who speaks the classic protocol

	epoch, previous int32
	state           progress
	assigned        held // and since which epoch
	revoking        held
	target          assignor.Partitions

	bytes   int64  // that were counted for it
	session alarm  // until it must be heard of
	revoke  *alarm // until it must have given up, nil if it need not
}

// held are partitions that a member has, each with the epoch in which it got it.
type held map[assignor.Partition]int32

// size is what the member takes in memory, about.
func (m *modernMember) size() int64 {
	const overhead, overheadEach = 1024, 32
	n := overhead + len(m.id) + len(m.clientID) + len(m.clientHost) + len(m.pattern) + len(m.assignor)
	for _, s := range []*string{m.instance, m.rack} {
		if s != nil {
			n += len(*s)
		}
	}
	for _, name := range m.names {
		n += overheadEach + len(name)
	}
	if m.classic != nil {
		n += int(m.classic.size())
	}
	return int64(n) + m.patternBytes + overheadEach*2*int64(len(m.assigned)+len(m.revoking)+len(m.target))
}

// inOrder are the members by id.
func (mg *modernGroup) inOrder() []*modernMember {
	all := make([]*modernMember, 0, len(mg.members))
	for _, m := range mg.members {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *modernMember) int { return strings.Compare(a.id, b.id) })
	return all
}

// state is ConsumerGroup.maybeUpdateGroupState.
func (mg *modernGroup) state() State {
	switch {
	case len(mg.members) == 0:
		return Empty
	case mg.epoch > mg.targetEpoch:
		return Assigning
	}
	for _, m := range mg.members {
		if m.state != settled || m.epoch != mg.targetEpoch {
			return Reconciling
		}
	}
	return Stable
}

// hold gives a member partitions, in place of those that it had.
func (mg *modernGroup) hold(m *modernMember, assigned, revoking held) {
	for _, had := range []held{m.assigned, m.revoking} {
		for p := range had {
			if mg.owners[p] == m.id {
				delete(mg.owners, p)
			}
		}
	}
	m.assigned, m.revoking = assigned, revoking
	for _, has := range []held{assigned, revoking} {
		for p := range has {
			mg.owners[p] = m.id
		}
	}
}

// state is the group's, whichever its type.
func (g *Group) stateNow() State {
	if g.modern != nil && g.state != Dead {
		return g.modern.state()
	}
	return g.state
}

func (g *Group) kind() Type {
	if g.modern != nil {
		return Consumer
	}
	return Classic
}

// vacant says whether nobody is in the group.
func (g *Group) vacant() bool { return g.stateNow() == Empty }

// alarm is a time after which something is done.
type alarm struct {
	timer *time.Timer
	turn  int // numbers the times: one that was replaced does nothing
}

func (a *alarm) stop() {
	a.turn++
	if a.timer != nil {
		a.timer.Stop()
	}
}

// in begins the time anew. The group is locked when f runs.
func (a *alarm) in(g *Group, d time.Duration, f func()) {
	a.stop()
	turn := a.turn
	a.timer = g.c.later(d, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if a.turn == turn {
			f()
		}
	})
}

// stop ends all timers.
func (mg *modernGroup) stop() {
	for _, m := range mg.members {
		m.quiet()
	}
}

func (m *modernMember) quiet() {
	m.session.stop()
	if m.revoke != nil {
		m.revoke.stop()
	}
}
