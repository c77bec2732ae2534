package txn_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/txn"
)

// Whatever producers do, and wherever the coordinator ends: what was answered
// holds. A transaction that was answered as committed is committed in each of its
// partitions, one that was answered as aborted, or was fenced or timed out, in
// none; all have ended when the next transaction of the id begins; a producer
// that was fenced gets nothing done any more; no epoch is handed out twice.
func TestRandomCalls(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &model{t: t, w: newWorld(), dice: rand.New(rand.NewPCG(seed, 1)), handed: map[txn.Producer]bool{}}
				m.c = m.w.open(t)
				for range 300 {
					m.step()
				}
				m.settle()
				m.c.Close()
			})
		})
	}
}

// model is one transactional id with its producers, of which the last is alive.
type model struct {
	t    *testing.T
	w    *world
	c    *txn.Coordinator
	dice *rand.Rand

	v       txn.Version
	alive   txn.Producer
	zombies []txn.Producer
	handed  map[txn.Producer]bool
	known   bool // alive is set

	open    map[int32]bool // partitions of the transaction
	decided int            // 0: not; 1: commit; 2: abort
	before  [4]int         // markers of each partition when the transaction began
}

func (m *model) step() {
	switch m.dice.IntN(14) {
	case 0:
		m.init()
	case 1, 2, 3, 4:
		m.add()
	case 5, 6, 7:
		m.end(m.dice.IntN(3) > 0)
	case 8:
		m.zombie()
	case 9: // it ends anywhere, and comes back
		m.c.Close()
		m.w.failing(nil, 0)
		for n := range int32(4) {
			m.w.setOffline(at(n), false)
		}
		m.c = m.w.open(m.t)
	case 10: // the disk fails after so many appends
		m.w.failing(errors.New("full"), m.dice.IntN(3))
	case 11:
		m.w.failing(nil, 0)
	case 12:
		m.w.setOffline(at(m.dice.Int32N(4)), m.dice.IntN(2) == 0)
	case 13:
		time.Sleep(time.Duration(m.dice.IntN(40)) * time.Second)
	}
}

// init lets another producer take the id.
func (m *model) init() {
	p, err := m.c.Init("x", time.Minute, nil)
	if err != nil {
		// The producer that had it may be fenced, or not: what it does tells.
		return
	}
	if m.handed[p] {
		m.t.Fatalf("%+v was handed out twice", p)
	}
	m.handed[p] = true
	if m.known {
		m.zombies = append(m.zombies, m.alive)
	}
	m.over()
	m.alive, m.known, m.v = p, true, txn.V0
	if m.dice.IntN(2) == 0 {
		m.v = txn.V2
	}
}

// over: no transaction goes on any more. It looks at how the last one ended.
func (m *model) over() {
	if m.open == nil {
		return
	}
	for n := range int32(4) {
		markers := m.w.marked(at(n))[m.before[n]:]
		if !m.open[n] {
			if len(markers) > 0 {
				m.t.Fatalf("partition %d was in no transaction, and has %+v", n, markers)
			}
			continue
		}
		if len(markers) == 0 {
			m.t.Fatalf("partition %d has no marker, the transaction is over (decided %d)", n, m.decided)
		}
		for _, k := range markers {
			if k.Commit != markers[0].Commit || m.decided == 1 && !k.Commit || m.decided == 2 && k.Commit || k.Commit && m.decided == 0 {
				m.t.Fatalf("partition %d has %+v; answered was %d", n, markers, m.decided)
			}
		}
	}
	m.open, m.decided = nil, 0
}

func (m *model) add() {
	if !m.known {
		return
	}
	n := m.dice.Int32N(4)
	var err error
	if m.v == txn.V2 {
		var done func()
		if _, done, err = m.c.Write("x", m.alive, ats(n), txn.V2); err == nil {
			done()
		}
	} else {
		err = m.c.Add("x", m.alive, ats(n), txn.V0)
	}
	if err != nil {
		m.mayBeFenced(err)
		return
	}
	if m.decided != 0 {
		m.over()
	}
	if m.open == nil {
		m.open = map[int32]bool{}
		for n := range int32(4) {
			m.before[n] = len(m.w.marked(at(n)))
		}
	}
	m.open[n] = true
}

// mayBeFenced: the id's last producer is fenced only by a timeout, or by another
// that was told to ask again.
func (m *model) mayBeFenced(err error) {
	if errors.Is(err, txn.ErrFenced) || errors.Is(err, txn.ErrMapping) {
		m.zombies = append(m.zombies, m.alive)
		m.known = false
	}
}

func (m *model) end(commit bool) {
	if !m.known || m.v == txn.V2 && (m.open == nil || m.decided != 0) {
		return // what ends with V2 is sent again below
	}
	before := m.alive
	p, err := m.c.End("x", m.alive, commit, m.v)
	if err != nil {
		if m.open != nil && m.decided == 0 && errors.Is(err, txn.ErrStore) {
			return // nothing was stored
		}
		m.mayBeFenced(err)
		return
	}
	switch {
	case m.open != nil && m.decided == 0:
		m.decided = 2
		if commit {
			m.decided = 1
		}
	case m.open != nil && m.v == txn.V0 && (m.decided == 1) != commit:
		m.t.Fatalf("it was decided as %d, and then answered as commit %v", m.decided, commit)
	}
	if m.alive = p; m.v == txn.V2 {
		if m.handed[p] {
			m.t.Fatalf("%+v was handed out twice", p)
		}
		m.handed[p] = true
		// What is sent again has the same answer, or is told that it goes on.
		again, err := m.c.End("x", before, commit, m.v)
		if err == nil && again != p || err != nil && !errors.Is(err, txn.ErrConcurrent) {
			m.t.Fatalf("sent again it gave %+v, %v; before %+v", again, err, p)
		}
	}
}

// zombie lets one that was fenced try something.
func (m *model) zombie() {
	if len(m.zombies) == 0 {
		return
	}
	p := m.zombies[m.dice.IntN(len(m.zombies))]
	if err := m.c.Add("x", p, ats(0), txn.V0); err == nil {
		m.t.Fatalf("%+v was fenced, and adds", p)
	}
	if _, done, err := m.c.Write("x", p, ats(0), txn.V2); err == nil {
		done()
		m.t.Fatalf("%+v was fenced, and writes", p)
	}
	if _, err := m.c.End("x", p, true, txn.V0); err == nil {
		m.t.Fatalf("%+v was fenced, and commits", p)
	}
}

// settle lets everything come to its end, and looks.
func (m *model) settle() {
	m.w.failing(nil, 0)
	for n := range int32(4) {
		m.w.setOffline(at(n), false)
	}
	time.Sleep(2 * time.Minute)
	for s := range m.c.Stats().ByState {
		if s != txn.Empty && s != txn.CompleteAbort && s != txn.CompleteCommit {
			m.t.Fatalf("it is %s for ever", s)
		}
	}
	m.over()
}
