package web

import (
	"context"
	"slices"
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
	at    int           // the place last told, 1 being next
	place chan int      // the newest place that the waiter has not taken yet
}

func newQueue(places int) *queue { return &queue{free: places} }

// enter waits for a turn and returns how to end it. place is called with the
// place in the queue, each time it changes and never after enter has returned.
// It must not wait, or the turn passes unused.
func (q *queue) enter(ctx context.Context, place func(int)) (leave func(), err error) {
	q.mu.Lock()
	if q.free > 0 {
		q.free--
		q.mu.Unlock()
		return q.leave, nil
	}
	w := &waiter{turn: make(chan struct{}), place: make(chan int, 1)}
	q.waiting = append(q.waiting, w)
	q.tell()
	q.mu.Unlock()
	for {
		select {
		case <-w.turn:
			return q.leave, nil
		case at := <-w.place:
			place(at)
		case <-ctx.Done():
			q.abandon(w)
			return nil, context.Cause(ctx)
		}
	}
}

// tell leaves each waiter its place if that has changed; one that was not taken
// yet is replaced. q.mu is held, so the channel's room is there.
func (q *queue) tell() {
	for i, w := range q.waiting {
		if w.at == i+1 {
			continue
		}
		select {
		case <-w.place:
		default:
		}
		w.at = i + 1
		w.place <- w.at
	}
}

// leave gives the turn to the next who waits.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.free++
		return
	}
	close(q.waiting[0].turn)
	q.waiting = slices.Delete(q.waiting, 0, 1)
	q.tell()
}

// abandon takes a waiter out; one whose turn has come meanwhile passes it on.
func (q *queue) abandon(w *waiter) {
	q.mu.Lock()
	i := slices.Index(q.waiting, w)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		q.tell()
	}
	q.mu.Unlock()
	if i < 0 {
		q.leave()
	}
}
