package group

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
)

// noGeneration is told with errors.
const noGeneration = -1

// Join is what a member asks to join with.
type Join struct {
	Group, Member string
	Instance      *string
	// ClientID and ClientHost are told to who describes the group.
	ClientID, ClientHost string
	Session, Rebalance   time.Duration
	ProtocolType         string
	Protocols            []Protocol
	// NeedsID: who has no member id is given one and must come again with it
	// (KIP-394). SkipsAssignment: a leader that comes back to a group that is
	// not rebalanced can be told so (KIP-814).
	NeedsID, SkipsAssignment bool
}

// Joined is the answer. Members are set for the leader.
type Joined struct {
	Err            error
	Generation     int32
	ProtocolType   string
	Protocol       string
	Leader, Member string
	SkipAssignment bool
	Members        []JoinedMember
}

// JoinedMember is a member as its leader sees it.
type JoinedMember struct {
	ID       string
	Instance *string
	Metadata []byte
}

// maxProtocols bounds what a member may name. Each of a group's protocols is
// compared with each; consumers have one or two.
const maxProtocols = 100

// checkNames holds what others are told, in any version, and what is stored to
// what a string there can hold; in flexible versions a request's may be longer.
func checkNames(j Join) error {
	check := func(what, name string) error {
		if len(name) > longestName {
			return fmt.Errorf("%w: the %s has %d bytes, at most %d are possible", ErrName, what, len(name), longestName)
		}
		return nil
	}
	errs := []error{check("protocol type", j.ProtocolType)}
	if j.Instance != nil {
		errs = append(errs, check("group instance id", *j.Instance))
	}
	for _, p := range j.Protocols {
		errs = append(errs, check("name of a protocol", p.Name))
	}
	return errors.Join(errs...)
}

// Join makes a member, or brings it into the next generation. It waits until all
// are there.
func (c *Coordinator) Join(ctx context.Context, j Join) Joined {
	refused := func(err error) Joined { return Joined{Err: err, Member: j.Member, Generation: noGeneration} }
	if err := checkID(j.Group); err != nil {
		return refused(err)
	}
	if c.closed.Load() {
		return refused(ErrClosed)
	}
	if j.Session < c.cfg.MinSession || j.Session > c.cfg.MaxSession {
		return refused(fmt.Errorf("%w: %v, allowed are %v to %v", ErrSessionTimeout, j.Session, c.cfg.MinSession, c.cfg.MaxSession))
	}
	if j.ProtocolType == "" || len(j.Protocols) == 0 {
		return refused(fmt.Errorf("%w: a protocol type and at least one protocol are needed", ErrProtocol))
	}
	if len(j.Protocols) > maxProtocols {
		return refused(fmt.Errorf("%w: the member names %d protocols, at most %d are possible", ErrProtocol, len(j.Protocols), maxProtocols))
	}
	if err := checkNames(j); err != nil {
		return refused(err)
	}
	if j.Rebalance <= 0 {
		j.Rebalance = j.Session // version 0 has none
	}
	var g *Group
	if j.Member != "" {
		if g = c.find(j.Group); g == nil {
			return refused(ErrUnknownMember)
		}
	} else {
		var err error
		if g, err = c.findOrMake(j.Group); err != nil {
			return refused(err)
		}
	}
	answer, wait := g.join(j)
	if answer.Err != nil {
		c.forget(g) // if it was made for nothing
	}
	if wait == nil {
		return answer
	}
	select {
	case answer = <-wait:
		return answer
	case <-ctx.Done(): // its place is kept: it may come again with its id
		return refused(ErrRebalance)
	}
}

// join answers at once, or tells on what to wait. It lets go of the lock, which is
// held.
func (g *Group) join(j Join) (Joined, <-chan Joined) {
	defer g.mu.Unlock()
	refused := func(err error) (Joined, <-chan Joined) {
		return Joined{Err: err, Member: j.Member, Generation: noGeneration}, nil
	}
	if g.state == Dead {
		return refused(ErrUnknownMember)
	}
	if g.modern != nil && len(g.modern.members) > 0 {
		if j.Member == "" && j.Instance == nil && j.NeedsID {
			return g.handOut(j)
		}
		return g.modern.classicJoin(j), nil
	}
	if g.modern != nil { // nobody is in it: it becomes a classic group
		if err := g.dropModern(); err != nil {
			return refused(err)
		}
	}
	if j.Instance != nil {
		if known, ok := g.instances[*j.Instance]; ok {
			if j.Member == "" {
				return g.rejoinStatic(j, g.members[known])
			}
			if j.Member != known {
				return refused(ErrFenced)
			}
		}
	}
	if !g.accepts(j.ProtocolType, j.Protocols, j.Member) {
		return refused(fmt.Errorf("%w: the group has type %q, and its members share no protocol with this one", ErrProtocol, g.protocolType))
	}
	m := g.members[j.Member]
	_, promised := g.pending[j.Member]
	switch {
	case m != nil:
		return g.rejoin(j, m)
	case j.Member != "" && !promised:
		return refused(ErrUnknownMember)
	case j.Member == "" && len(g.members)+len(g.pending) >= g.c.cfg.MaxMembers:
		return refused(ErrFull)
	case j.Member == "" && j.Instance == nil && j.NeedsID:
		return g.handOut(j)
	}
	return g.enter(j)
}

// handOut gives a member the id to come again with.
func (g *Group) handOut(j Join) (Joined, <-chan Joined) {
	id := newMemberID(j.ClientID)
	if err := g.promise(id, j.Session); err != nil {
		return Joined{Err: err, Member: j.Member, Generation: noGeneration}, nil
	}
	return Joined{Err: ErrMemberRequired, Member: id, Generation: noGeneration}, nil
}

// newID is an id for who joins without one.
func (j *Join) newID() string {
	if j.Instance != nil {
		return newMemberID(*j.Instance)
	}
	return newMemberID(j.ClientID)
}

// newMemberID is the client's name, as much of it as a member id can hold, and
// what no other has.
func newMemberID(of string) string {
	own := "-" + rand.Text()
	if room := longestName - len(own); len(of) > room {
		of = strings.ToValidUTF8(of[:room], "")
	}
	return of + own
}

// promise keeps a place for the member id for a session timeout.
func (g *Group) promise(id string, session time.Duration) error {
	if err := g.c.grow(promiseBytes(id)); err != nil {
		return err
	}
	g.pending[id] = g.c.later(session, func() {
		g.mu.Lock()
		if g.redeem(id) {
			g.completeIfJoined()
		}
		g.mu.Unlock()
		g.c.forget(g)
	})
	return nil
}

// redeem ends a promise, if there was one.
func (g *Group) redeem(id string) bool {
	t := g.pending[id]
	if t == nil {
		return false
	}
	t.Stop()
	delete(g.pending, id)
	g.c.grow(-promiseBytes(id))
	return true
}

// enter adds a member and begins a rebalance.
func (g *Group) enter(j Join) (Joined, <-chan Joined) {
	id := j.Member
	if id == "" {
		id = j.newID()
	}
	g.redeem(id)
	m := memberOf(j, id)
	if err := g.c.grow(m.size()); err != nil {
		g.completeIfJoined() // nobody waits for the id any more
		return Joined{Err: err, Member: j.Member, Generation: noGeneration}, nil
	}
	if len(g.members) == 0 {
		g.protocolType = j.ProtocolType
	}
	g.add(m)
	g.heard(m)
	g.fresh = true
	return g.waitForJoin(m)
}

func memberOf(j Join, id string) *member {
	return &member{id: id, instance: j.Instance, clientID: j.ClientID, clientHost: j.ClientHost,
		session: j.Session, rebalance: j.Rebalance, protocols: j.Protocols}
}

// waitForJoin begins a rebalance, if none is on, and waits for it.
func (g *Group) waitForJoin(m *member) (Joined, <-chan Joined) {
	m.answerJoin(Joined{Member: m.id, Generation: noGeneration, Err: ErrRebalance}) // of an older call
	wait := make(chan Joined, 1)
	m.join = wait
	g.prepare()
	g.completeIfJoined()
	return Joined{}, wait
}

// rejoin is for a member that is known.
func (g *Group) rejoin(j Join, m *member) (Joined, <-chan Joined) {
	same := sameProtocols(m.protocols, j.Protocols)
	switch g.state {
	case CompletingRebalance:
		if same { // it did not get the answer
			g.heard(m)
			return g.joined(m), nil
		}
	case Stable:
		if same && m.id != g.leader {
			g.heard(m)
			return g.joined(m), nil
		}
	case Empty, Dead:
		return Joined{Err: ErrUnknownMember, Member: j.Member, Generation: noGeneration}, nil
	}
	if err := g.update(j, m); err != nil {
		return Joined{Err: err, Member: j.Member, Generation: noGeneration}, nil
	}
	return g.waitForJoin(m)
}

func (g *Group) update(j Join, m *member) error {
	next := *m
	next.protocols, next.session, next.rebalance = j.Protocols, j.Session, j.Rebalance
	next.clientID, next.clientHost = j.ClientID, j.ClientHost
	if err := g.c.grow(next.size() - m.size()); err != nil {
		return err
	}
	*m = next
	if len(g.members) == 1 {
		g.protocolType = j.ProtocolType
	}
	g.heard(m)
	return nil
}

// rejoinStatic is for an instance that comes back without its member id, after a
// restart (KIP-345): it gets a new one, and whoever has the old one is fenced.
// If nothing else changes, the others are not disturbed.
func (g *Group) rejoinStatic(j Join, old *member) (Joined, <-chan Joined) {
	refused := func(err error) (Joined, <-chan Joined) {
		return Joined{Err: err, Member: j.Member, Generation: noGeneration}, nil
	}
	if !g.accepts(j.ProtocolType, j.Protocols, old.id) {
		return refused(ErrProtocol)
	}
	next := memberOf(j, newMemberID(*j.Instance))
	next.assignment, next.synced = old.assignment, old.synced
	grown := next.size() - old.size()
	if err := g.c.grow(grown); err != nil {
		return refused(err)
	}
	led := g.leader
	g.replace(old, next)
	undisturbed := g.state == Stable && g.vote() == g.protocol
	if undisturbed {
		if err := g.c.append(g.id, []Record{g.record()}); err != nil {
			g.replace(next, old)
			g.c.grow(-grown)
			return refused(err)
		}
	}
	old.quiet()
	old.answerJoin(Joined{Member: old.id, Generation: noGeneration, Err: ErrFenced})
	old.answerSync(Synced{Err: ErrFenced})
	g.heard(next)
	if !undisturbed {
		return g.waitForJoin(next)
	}
	answer := g.joined(next)
	if led == old.id && !j.SkipsAssignment {
		answer.Leader, answer.Members = old.id, nil // so that it does not assign anew
	}
	answer.SkipAssignment = led == old.id && j.SkipsAssignment
	return answer, nil
}

// replace puts a member in the place of another of the same instance.
func (g *Group) replace(old, next *member) {
	delete(g.members, old.id)
	g.members[next.id], g.instances[*next.instance] = next, next.id
	if g.leader == old.id {
		g.leader = next.id
	}
}

// joined is the answer for a member of the current generation.
func (g *Group) joined(m *member) Joined {
	a := Joined{Generation: g.generation, ProtocolType: g.protocolType, Protocol: g.protocol, Leader: g.leader, Member: m.id}
	if m.id == g.leader {
		for _, other := range g.inOrder() {
			a.Members = append(a.Members, JoinedMember{other.id, other.instance, other.metadata(g.protocol)})
		}
	}
	return a
}

// prepare begins a rebalance, if none is on: all members must join again.
func (g *Group) prepare() {
	if g.state == PreparingRebalance {
		return
	}
	if g.state == CompletingRebalance {
		g.failSyncs(ErrRebalance)
	}
	first := g.state == Empty
	g.state = PreparingRebalance
	if first {
		g.grace = time.Now().Add(g.longestRebalance())
		g.delay()
		return
	}
	g.after(g.longestRebalance(), g.complete)
}

// delay puts the first rebalance off as long as members come in, but not longer
// than one of them would wait (DelayedJoin.scala, InitialDelayedJoin).
func (g *Group) delay() {
	g.fresh = false
	g.after(max(0, min(g.c.cfg.InitialDelay, time.Until(g.grace))), func() {
		if g.fresh && time.Now().Before(g.grace) {
			g.delay()
			return
		}
		g.grace = time.Time{}
		g.complete()
	})
}

func (g *Group) longestRebalance() (d time.Duration) {
	for _, m := range g.members {
		d = max(d, m.rebalance)
	}
	return d
}

// completeIfJoined ends the rebalance when nobody is missing. An initial delay
// is not cut short.
func (g *Group) completeIfJoined() {
	if g.state != PreparingRebalance || !g.grace.IsZero() || len(g.pending) > 0 {
		return
	}
	for _, m := range g.members {
		if m.join == nil {
			return
		}
	}
	g.complete()
}

// complete begins the next generation with those who joined. Dynamic members
// who did not are out; static ones have until their session ends.
func (g *Group) complete() {
	g.grace = time.Time{}
	for _, m := range g.inOrder() {
		if m.join == nil && m.instance == nil {
			g.drop(m, ErrUnknownMember)
		}
	}
	g.generation++
	if len(g.members) == 0 {
		g.becomeEmpty()
		return
	}
	if lead := g.members[g.leader]; lead == nil || lead.join == nil {
		for _, m := range g.inOrder() {
			if m.join != nil {
				g.leader = m.id
				break
			}
		}
	}
	if lead := g.members[g.leader]; lead == nil || lead.join == nil { // only static members, none of them here
		g.generation--
		g.after(g.longestRebalance(), g.complete)
		return
	}
	g.protocol = g.vote()
	g.state = CompletingRebalance
	for _, m := range g.members {
		m.synced = false
		if m.join != nil {
			g.heard(m)
			m.answerJoin(g.joined(m))
		}
	}
	g.after(g.longestRebalance(), g.expireSyncs)
}

// becomeEmpty is the end of the last member.
func (g *Group) becomeEmpty() {
	g.cancelTimer()
	g.state, g.since, g.protocol, g.leader = Empty, g.c.cfg.Now(), "", ""
	if err := g.c.append(g.id, []Record{g.record()}); err != nil {
		g.c.cfg.Log.Error("the end of a consumer group's last member could not be stored; after a restart its members are waited for", "group", g.id, "error", err)
	}
}

// remove takes a member out and rebalances the others.
func (g *Group) remove(m *member, why error) {
	g.drop(m, why)
	switch g.state {
	case Stable, CompletingRebalance:
		if len(g.members) == 0 {
			if g.state == CompletingRebalance {
				g.failSyncs(ErrRebalance)
			}
			g.generation++
			g.becomeEmpty()
			return
		}
		g.prepare()
	case PreparingRebalance:
		if len(g.members) == 0 && len(g.pending) == 0 {
			g.complete()
			return
		}
	}
	g.completeIfJoined()
}

// Leaver names a member that leaves, by id or by instance.
type Leaver struct {
	Member   string
	Instance *string
}

// Leave takes members out of a group; each has its own answer.
func (c *Coordinator) Leave(group string, leavers []Leaver) ([]error, error) {
	if err := checkID(group); err != nil {
		return nil, err
	}
	answers := make([]error, len(leavers))
	g := c.find(group)
	if g == nil {
		for i := range answers {
			answers[i] = ErrUnknownMember
		}
		return answers, nil
	}
	defer g.mu.Unlock()
	for i, l := range leavers {
		answers[i] = g.leave(l)
	}
	return answers, nil
}

func (g *Group) leave(l Leaver) error {
	if l.Instance == nil && g.redeem(l.Member) {
		g.completeIfJoined()
		return nil
	}
	if g.modern != nil {
		return g.modern.expel(l)
	}
	id := l.Member
	if l.Instance != nil {
		known, ok := g.instances[*l.Instance]
		switch {
		case !ok:
			return ErrUnknownMember
		case l.Member != "" && l.Member != known:
			return ErrFenced
		}
		id = known
	}
	m := g.members[id]
	if m == nil {
		return ErrUnknownMember
	}
	g.remove(m, ErrUnknownMember)
	return nil
}
