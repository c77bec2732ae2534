package trace

// groups are the threads of a log that are counted apart, for whoever asks who
// did what and does not keep the events.
type groups struct {
	states []state // of the groups, from 1 on; 0 is what belongs to none
	of     []int   // a thread's group
}

// Join puts a thread into a group, from 0 to [LogOptions].Groups, before its
// first event. Threads that join none, and what devices do, are counted
// together ([Log.Ungrouped]).
func (l *Log) Join(thread, group int) {
	if n := thread + 1 - len(l.groups.of); n > 0 {
		l.groups.of = append(l.groups.of, make([]int, n)...)
	}
	l.groups.of[thread] = 1 + group
}

// group is where the events of a thread are counted besides, or nil.
func (l *Log) group(thread int32) *state {
	g := &l.groups
	if g.states == nil {
		return nil
	}
	s := &g.states[0]
	if uint(thread) < uint(len(g.of)) {
		s = &g.states[g.of[thread]]
	}
	if n := len(l.counter.rules.classes); len(s.tallies) < n {
		s.tallies = append(s.tallies, make([]tally, n-len(s.tallies))...)
	}
	return s
}

// Group has the counts so far of a group that moved payload bytes. It does not
// go on counting.
func (l *Log) Group(group int, payload int64) *Counter { return l.grouped(1+group, payload) }

// Ungrouped has the counts so far of what belongs to no group, per byte of
// payload.
func (l *Log) Ungrouped(payload int64) *Counter { return l.grouped(0, payload) }

func (l *Log) grouped(i int, payload int64) *Counter {
	c := l.counter.at(&l.groups.states[i])
	c.payload = payload
	return c
}
