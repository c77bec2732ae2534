package web

import (
	"context"
	"sync"
)

// queue lets so many runs go at a time and tells those that wait their place.
type queue struct {
	mu      sync.Mutex
	free    int
	waiting []*waiter
}

type waiter struct {
	turn  chan struct{} // closed when it is the waiter's turn
	place func(int)     // told the place, 1 being next
}

func newQueue(places int) *queue { return &queue{free: places} }

// enter waits for a turn and returns how to end it. place is called with the
// place in the queue, each time it changes, from other goroutines.
func (q *queue) enter(ctx context.Context, place func(int)) (leave func(), err error) {
	q.mu.Lock()
	if q.free > 0 {
		q.free--
		q.mu.Unlock()
		return q.leave, nil
	}
	w := &waiter{turn: make(chan struct{}), place: place}
	q.waiting = append(q.waiting, w)
	at := len(q.waiting)
	q.mu.Unlock()
	place(at)
	select {
	case <-w.turn:
		return q.leave, nil
	case <-ctx.Done():
		q.abandon(w)
		return nil, context.Cause(ctx)
	}
}

// leave gives the turn to the next who waits.
func (q *queue) leave() {
	q.mu.Lock()
	rest := q.waiting
	if len(rest) == 0 {
		q.free++
		q.mu.Unlock()
		return
	}
	next := rest[0]
	q.waiting = append([]*waiter(nil), rest[1:]...)
	rest = q.waiting
	q.mu.Unlock()
	close(next.turn)
	for i, w := range rest {
		go w.place(i + 1) // a slow client must not hold up the others
	}
}

// abandon takes a waiter out; one whose turn has come meanwhile passes it on.
func (q *queue) abandon(w *waiter) {
	q.mu.Lock()
	for i, other := range q.waiting {
		if other == w {
			q.waiting = append(q.waiting[:i:i], q.waiting[i+1:]...)
			q.mu.Unlock()
			return
		}
	}
	q.mu.Unlock()
	q.leave()
}
