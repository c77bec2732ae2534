package group

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// State is where a group stands, under Kafka's names.
type State string

const (
	Empty               State = "Empty"
	PreparingRebalance  State = "PreparingRebalance"
	CompletingRebalance State = "CompletingRebalance"
	Stable              State = "Stable"
	Dead                State = "Dead"
)

// Group is one group.
type Group struct {
	c  *Coordinator
	id string

	mu           sync.Mutex
	state        State
	since        time.Time // when the state began, as far as Empty needs it
	generation   int32
	protocolType string // "" without members, and for those who only commit
	protocol     string
	leader       string // member id
	members      map[string]*member
	instances    map[string]string      // group.instance.id: member id
	pending      map[string]*time.Timer // ids that were handed out and did not join yet, see promise
	offsets      map[TopicPartition]Offset
	open         map[int64]*openTxn // offsets of transactions that did not end, by producer id
	modern       *modernGroup       // nil: it is a classic group

	timer *time.Timer // of the rebalance that goes on
	turn  int         // numbers the timers: one that was replaced does nothing
	grace time.Time   // up to here an initial rebalance may be put off
	fresh bool        // somebody joined since the last delay
}

func newGroup(c *Coordinator, id string) *Group {
	return &Group{c: c, id: id, state: Empty, since: c.cfg.Now(), members: map[string]*member{}, instances: map[string]string{},
		pending: map[string]*time.Timer{}, offsets: map[TopicPartition]Offset{}, open: map[int64]*openTxn{}}
}

// Protocol is an assignor that a member knows, and its subscription under it.
type Protocol struct {
	Name     string
	Metadata []byte
}

// member is one of the group.
type member struct {
	id                   string
	instance             *string
	clientID, clientHost string
	session, rebalance   time.Duration
	protocols            []Protocol
	assignment           []byte
	synced               bool // has asked for its assignment in this generation

	join  chan<- Joined // has room for one; nil: does not wait
	sync  chan<- Synced
	timer *time.Timer
	turn  int
}

func (m *member) metadata(protocol string) []byte {
	for _, p := range m.protocols {
		if p.Name == protocol {
			return p.Metadata
		}
	}
	return nil
}

func knows(protocols []Protocol, name string) bool {
	return slices.ContainsFunc(protocols, func(p Protocol) bool { return p.Name == name })
}

// size is what the member takes in memory, about.
func (m *member) size() int64 {
	const overhead, overheadEach = 512, 64
	n := overhead + len(m.id) + len(m.clientID) + len(m.clientHost) + len(m.assignment)
	if m.instance != nil {
		n += len(*m.instance)
	}
	for _, p := range m.protocols {
		n += overheadEach + len(p.Name) + len(p.Metadata)
	}
	return int64(n)
}

// groupBytes is what a group takes in memory without members and offsets, about.
func groupBytes(id string) int64 { return int64(512 + len(id)) }

// promiseBytes is what an id that was handed out takes in memory, about.
func promiseBytes(id string) int64 { return int64(256 + len(id)) }

func sameProtocols(a, b []Protocol) bool {
	return slices.EqualFunc(a, b, func(a, b Protocol) bool { return a.Name == b.Name && string(a.Metadata) == string(b.Metadata) })
}

// inOrder are the members by id.
func (g *Group) inOrder() []*member {
	all := make([]*member, 0, len(g.members))
	for _, m := range g.members {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *member) int { return strings.Compare(a.id, b.id) })
	return all
}

// known says how many members know each protocol, and how many there are; one
// can be left out.
func (g *Group) known(but string) (by map[string]int, members int) {
	by = map[string]int{}
	for id, m := range g.members {
		if id == but {
			continue
		}
		members++
		for i, p := range m.protocols {
			if !knows(m.protocols[:i], p.Name) { // it may name one twice
				by[p.Name]++
			}
		}
	}
	return by, members
}

// accepts says whether a member with the protocols could be in the group: all
// others must know one of them.
func (g *Group) accepts(protocolType string, protocols []Protocol, but string) bool {
	by, others := g.known(but)
	return others == 0 || protocolType == g.protocolType &&
		slices.ContainsFunc(protocols, func(p Protocol) bool { return by[p.Name] == others })
}

// vote is the protocol that all know and most prefer (GroupMetadata
// .selectProtocol); of equals the first by name.
func (g *Group) vote() string {
	by, all := g.known("")
	votes := map[string]int{}
	for _, m := range g.members {
		for _, p := range m.protocols {
			if by[p.Name] == all {
				votes[p.Name]++
				break
			}
		}
	}
	best := ""
	for name, n := range votes {
		if best == "" || n > votes[best] || n == votes[best] && name < best {
			best = name
		}
	}
	return best
}

// add takes a member in.
func (g *Group) add(m *member) {
	if len(g.members) == 0 {
		g.leader = m.id
	}
	g.members[m.id] = m
	if m.instance != nil {
		g.instances[*m.instance] = m.id
	}
}

// drop takes a member out, and tells it if it waits.
func (g *Group) drop(m *member, why error) {
	delete(g.members, m.id)
	if m.instance != nil && g.instances[*m.instance] == m.id {
		delete(g.instances, *m.instance)
	}
	g.c.grow(-m.size())
	m.quiet()
	m.answerJoin(Joined{Member: m.id, Generation: noGeneration, Err: why})
	m.answerSync(Synced{Err: why})
	if g.leader == m.id {
		g.leader = ""
		for _, other := range g.inOrder() {
			if g.leader == "" || other.join != nil && g.members[g.leader].join == nil {
				g.leader = other.id
			}
		}
	}
}

func (m *member) answerJoin(a Joined) {
	if m.join != nil {
		m.join <- a
		m.join = nil
	}
}

func (m *member) answerSync(a Synced) {
	if m.sync != nil {
		m.sync <- a
		m.sync = nil
	}
}

// quiet ends the member's timer.
func (m *member) quiet() {
	m.turn++
	if m.timer != nil {
		m.timer.Stop()
	}
}

// heard begins the member's session timeout anew.
func (g *Group) heard(m *member) {
	m.quiet()
	turn := m.turn
	m.timer = g.c.later(m.session, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if m.turn != turn || g.members[m.id] != m {
			return
		}
		if m.join != nil || m.sync != nil {
			g.heard(m) // it waits for us, not we for it
			return
		}
		g.c.cfg.Log.Info("a member of a consumer group was not heard of in time", "group", g.id, "member", m.id, "session_timeout", m.session)
		g.remove(m, ErrUnknownMember)
	})
}

// after runs f when the time is over, unless the group's timer is set anew
// before.
func (g *Group) after(d time.Duration, f func()) {
	g.turn++
	turn := g.turn
	if g.timer != nil {
		g.timer.Stop()
	}
	g.timer = g.c.later(d, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.turn == turn {
			f()
		}
	})
}

func (g *Group) cancelTimer() {
	g.turn++
	if g.timer != nil {
		g.timer.Stop()
	}
}

// stop ends all timers and answers all who wait.
func (g *Group) stop() {
	g.cancelTimer()
	for _, t := range g.pending {
		t.Stop()
	}
	if g.modern != nil {
		g.modern.stop()
	}
	for _, m := range g.members {
		m.quiet()
		m.answerJoin(Joined{Member: m.id, Generation: noGeneration, Err: ErrClosed})
		m.answerSync(Synced{Err: ErrClosed})
	}
}
