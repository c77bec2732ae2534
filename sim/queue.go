package sim

import "copyscope/internal/trace"

// timed is something with a place in time; order decides between two of one
// time.
type timed struct {
	at    trace.Ns
	order int
}

func (t timed) before(u timed) bool { return t.at < u.at || t.at == u.at && t.order < u.order }

// agenda keeps things by their time, the earliest first. What is moved about in
// its heap are their places only: the things themselves have pointers, whose
// moves the garbage collector would want to hear of. (container/heap would put
// each of them into an interface, at one allocation for each event of a device.)
type agenda[T any] struct {
	heap   []due
	things []T
	free   []int32 // places in things
}

// due is when a thing is due, and its place.
type due struct {
	timed
	place int32
}

func (a *agenda[T]) empty() bool { return len(a.heap) == 0 }

// by says whether something is due by a time.
func (a *agenda[T]) by(at trace.Ns) bool { return len(a.heap) > 0 && a.heap[0].at <= at }

func (a *agenda[T]) push(t timed, x T) {
	d := due{t, int32(len(a.things))}
	if n := len(a.free) - 1; n >= 0 {
		d.place, a.free = a.free[n], a.free[:n]
		a.things[d.place] = x
	} else {
		a.things = append(a.things, x)
	}
	i := len(a.heap)
	a.heap = append(a.heap, d)
	for i > 0 {
		up := (i - 1) / 2
		if !d.before(a.heap[up].timed) {
			break
		}
		a.heap[i] = a.heap[up]
		i = up
	}
	a.heap[i] = d
}

// pop takes the first thing. Its place keeps a copy until it is used again: to
// wipe it would cost more than what it holds on to.
func (a *agenda[T]) pop() T {
	place, last := a.heap[0].place, len(a.heap)-1
	d := a.heap[last]
	a.heap = a.heap[:last]
	for i := 0; last > 0; {
		least := 2*i + 1
		if right := least + 1; right < last && a.heap[right].before(a.heap[least].timed) {
			least = right
		}
		if least >= last || !a.heap[least].before(d.timed) {
			a.heap[i] = d
			break
		}
		a.heap[i] = a.heap[least]
		i = least
	}
	a.free = append(a.free, place)
	return a.things[place]
}

// fifo is a queue: the first in, the first out.
type fifo[T any] struct {
	things []T
	begin  int
}

func (q *fifo[T]) empty() bool { return q.begin == len(q.things) }
func (q *fifo[T]) add(x T)     { q.things = append(q.things, x) }
func (q *fifo[T]) first() T    { return q.things[q.begin] }
func (q *fifo[T]) all() []T    { return q.things[q.begin:] }

// drop takes the first n off. Now and then the rest moves to the front: to move
// it each time would cost more than all else.
func (q *fifo[T]) drop(n int) {
	clear(q.things[q.begin : q.begin+n])
	q.begin += n
	if q.begin > 64 && q.begin*2 > len(q.things) {
		rest := copy(q.things, q.things[q.begin:])
		clear(q.things[rest:])
		q.things, q.begin = q.things[:rest], 0
	}
}

// engine is something that does one thing at a time beside the CPUs: a DMA
// engine, a receiver.
type engine struct{ free trace.Ns }

// start reserves the engine for a duration from at on and says when it begins
// and ends.
func (e *engine) start(at, dur trace.Ns) (begin, end trace.Ns) {
	begin = max(at, e.free)
	e.free = begin + dur
	return begin, e.free
}

// peer is the processor of another other end on this host: one of its own, or one
// of those that all share, in turn.
func (m *Machine) peer() *engine {
	if len(m.peers) == 0 {
		return new(engine)
	}
	e := &m.peers[m.ends%len(m.peers)]
	m.ends++
	return e
}
