package trace

import (
	"maps"
	"slices"
)

// state is what a counter has counted, by class.
type state struct {
	tallies []tally

	started     bool // an event of the transfer was seen
	first, last Ns

	// The most that one call moved into the user buffer, and the largest piece that
	// was made in it: the buffers are at least as large as both together.
	moved, made int64
	buffer      Provenance // weakest of the events that said so

	// The calls of the threads, by their number: of the first ones in a slice, of
	// the rest, which few machines have, in a map.
	threads []call
	others  map[int32]*call
}

// denseThreads bounds the slice: memory must not grow with a number that an
// event claims.
const denseThreads = 1024

// call is the latest call of a thread.
type call struct {
	index int // of its span, in the log; -1 outside of one
	bytes int64
	cpu   int64
	moved int64 // into the user buffer
	class int32
	n     int32 // Event.Call
	state callState
}

type callState uint8

const (
	noCall callState = iota
	under            // it has not returned
	over             // it has, and was counted
)

// count counts one event. It is the hot path of every run: no map, no
// allocation. index is the event's in its log, or -1.
func (s *state) count(k *ruled, e *Entry, index int) {
	t := &s.tallies[k.id]
	t.events++
	if k.marks&clocked == 0 {
		t.bytes += e.Bytes
		return
	}
	if !s.started {
		s.started, s.first, s.last = true, e.At, e.At
	}
	s.first = min(s.first, e.At)
	if k.marks != clocked {
		if k.marks&span != 0 {
			// What a span says in advance counts when the call returns. So does its
			// time: it ends with the switch back to user mode, which is an event of
			// its own.
			*s.call(e.Thread) = call{index: index, bytes: e.Bytes, cpu: int64(e.CPU), class: k.id, n: e.Call, state: under}
			return
		}
		s.special(k, e)
	}
	s.last = max(s.last, e.At+e.Dur)
	t.units += max(e.N, 1)
	t.bytes += e.Bytes
	t.cpu += int64(max(e.CPU, 0))
}

// special does what events of few classes do besides.
func (s *state) special(k *ruled, e *Entry) {
	switch {
	case k.marks&back != 0:
		if c := s.call(e.Thread); c.state == under && c.n != 0 && c.n == e.Call {
			c.state = over
			t := &s.tallies[c.class]
			t.units++
			t.bytes += c.bytes
			t.cpu += max(c.cpu, 0)
		}
	case k.marks&moves != 0:
		n := e.Bytes
		if c := s.call(e.Thread); c.state == under && c.n != 0 && c.n == e.Call {
			c.moved += n
			n = c.moved
		}
		s.widen(&s.moved, k, n)
	case k.marks&makes != 0:
		s.widen(&s.made, k, e.Bytes)
	}
}

func (s *state) widen(piece *int64, k *ruled, bytes int64) {
	if bytes > *piece {
		*piece = bytes
		s.buffer = Weakest(s.buffer, k.provenance)
	}
}

// prolong notes that a counted event ends later than it said.
func (s *state) prolong(k *ruled, end Ns) {
	if k.marks&clocked != 0 && k.marks&span == 0 {
		s.last = max(s.last, end)
	}
}

// returned notes what the call moved in the end whose span has that index.
func (s *state) returned(index int, thread int32, bytes int64) {
	c := s.call(thread)
	if c.state == noCall || c.index != index {
		return // of no phase that counts
	}
	if c.state == over {
		s.tallies[c.class].bytes += bytes - c.bytes
	}
	c.bytes = bytes
}

// call is the latest call of a thread.
func (s *state) call(thread int32) *call {
	if uint(thread) < uint(len(s.threads)) {
		return &s.threads[thread]
	}
	return s.newThread(thread)
}

func (s *state) newThread(thread int32) *call {
	if uint(thread) < denseThreads {
		s.threads = append(s.threads, make([]call, int(thread)+1-len(s.threads))...)
		return &s.threads[thread]
	}
	c := s.others[thread]
	if c == nil {
		if s.others == nil {
			s.others = map[int32]*call{}
		}
		c = &call{}
		s.others[thread] = c
	}
	return c
}

// clone is a copy with room for so many classes.
func (s *state) clone(classes int) state {
	out := *s
	out.tallies = make([]tally, classes)
	copy(out.tallies, s.tallies)
	out.threads = slices.Clone(s.threads)
	out.others = maps.Clone(s.others)
	for thread, c := range out.others {
		copied := *c
		out.others[thread] = &copied
	}
	return out
}
