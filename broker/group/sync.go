package group

import "context"

// Identity is how a member says who it is.
type Identity struct {
	Group, Member string
	Instance      *string
	// Generation is the member's epoch, in a group of type Consumer.
	Generation int32
	// Old is of an OffsetCommit before version 9, which members of such a group do
	// not send.
	Old bool
}

// check compares the identity with the group; it says nothing of the state.
func (g *Group) check(who Identity) (*member, error) {
	if who.Instance != nil {
		known, ok := g.instances[*who.Instance]
		switch {
		case !ok:
			return nil, ErrUnknownMember
		case known != who.Member:
			return nil, ErrFenced
		}
	}
	m := g.members[who.Member]
	if m == nil {
		return nil, ErrUnknownMember
	}
	if who.Generation != g.generation {
		return nil, ErrGeneration
	}
	return m, nil
}

// Sync is what a member asks for its assignment with. Assignments are the
// leader's, by member id. Type and protocol are checked where they are told.
type Sync struct {
	Identity
	ProtocolType, Protocol *string
	Assignments            map[string][]byte
}

// Synced is the answer.
type Synced struct {
	Err                    error
	ProtocolType, Protocol string
	Assignment             []byte
}

// Sync waits for the leader's assignments, or brings them.
func (c *Coordinator) Sync(ctx context.Context, s Sync) Synced {
	if err := checkID(s.Group); err != nil {
		return Synced{Err: err}
	}
	if c.closed.Load() {
		return Synced{Err: ErrClosed}
	}
	g := c.find(s.Group)
	if g == nil {
		return Synced{Err: ErrUnknownMember}
	}
	answer, wait := g.sync(s)
	if wait == nil {
		return answer
	}
	select {
	case answer = <-wait:
		return answer
	case <-ctx.Done():
		return Synced{Err: ErrRebalance}
	}
}

// sync lets go of the lock, which is held.
func (g *Group) sync(s Sync) (Synced, <-chan Synced) {
	defer g.mu.Unlock()
	if g.modern != nil {
		return g.modern.classicSync(s), nil
	}
	m, err := g.check(s.Identity)
	if err != nil {
		return Synced{Err: err}, nil
	}
	if s.ProtocolType != nil && *s.ProtocolType != g.protocolType || s.Protocol != nil && *s.Protocol != g.protocol {
		return Synced{Err: ErrProtocol}, nil
	}
	switch g.state {
	case PreparingRebalance:
		return Synced{Err: ErrRebalance}, nil
	case Stable:
		m.synced = true
		g.endIfSynced()
		g.heard(m)
		return g.synced(m), nil
	case CompletingRebalance:
	default:
		return Synced{Err: ErrUnknownMember}, nil
	}
	m.answerSync(Synced{Err: ErrRebalance}) // of an older call
	wait := make(chan Synced, 1)
	m.sync, m.synced = wait, true
	if m.id == g.leader {
		g.assign(s.Assignments)
	}
	return Synced{}, wait
}

// assign takes the leader's assignments, stores them and answers who waits.
// Members that it left out have nothing to do.
func (g *Group) assign(assignments map[string][]byte) {
	before := map[*member][]byte{}
	var grown int64
	for _, m := range g.members {
		before[m] = m.assignment
		grown += int64(len(assignments[m.id]) - len(m.assignment))
		m.assignment = assignments[m.id]
	}
	err := g.c.grow(grown)
	if err == nil {
		if err = g.c.append(g.id, []Record{g.record()}); err != nil {
			g.c.grow(-grown)
		}
	}
	if err != nil {
		for m, was := range before {
			m.assignment = was
		}
		g.failSyncs(err)
		g.prepare()
		return
	}
	g.state = Stable
	for _, m := range g.members {
		if m.sync != nil {
			g.heard(m)
			m.answerSync(g.synced(m))
		}
	}
	g.endIfSynced()
}

// endIfSynced ends the time in which members must ask for their assignments, when
// all have.
func (g *Group) endIfSynced() {
	for _, m := range g.members {
		if !m.synced {
			return
		}
	}
	g.cancelTimer()
}

func (g *Group) synced(m *member) Synced {
	return Synced{ProtocolType: g.protocolType, Protocol: g.protocol, Assignment: m.assignment}
}

// failSyncs answers who waits with an error; from now on they must be heard of.
func (g *Group) failSyncs(err error) {
	for _, m := range g.members {
		if m.sync != nil {
			g.heard(m)
			m.answerSync(Synced{Err: err})
		}
	}
}

// expireSyncs is the end of the time in which members must ask for their
// assignments, the leader by bringing them: who did not is out, static or not,
// and the others begin again (expirePendingSync in GroupMetadataManager.java).
func (g *Group) expireSyncs() {
	if g.state != CompletingRebalance && g.state != Stable {
		return
	}
	for _, m := range g.inOrder() {
		if !m.synced {
			g.drop(m, ErrUnknownMember)
		}
	}
	if len(g.members) == 0 {
		g.generation++
		g.becomeEmpty()
		return
	}
	g.prepare()
}

// Heartbeat tells that a member is alive, and it whether it must join again.
func (c *Coordinator) Heartbeat(who Identity) error {
	if err := checkID(who.Group); err != nil {
		return err
	}
	g := c.find(who.Group)
	if g == nil {
		return ErrUnknownMember
	}
	defer g.mu.Unlock()
	if g.modern != nil {
		return g.modern.classicHeartbeat(who)
	}
	m, err := g.check(who)
	if err != nil {
		return err
	}
	switch g.state {
	case Empty, Dead:
		return ErrUnknownMember
	case PreparingRebalance:
		g.heard(m)
		return ErrRebalance
	}
	g.heard(m)
	return nil
}
