package broker

import (
	"context"
	"slices"
	"sync"
)

// budget is an amount that many share. Who finds too little left waits; those
// who wait get their share in the order in which they came, so that a large one
// is not overtaken for ever.
type budget struct {
	mu      sync.Mutex
	left    int64
	waiting []*share
}

// share is what someone waits for; granted is closed when it is theirs.
type share struct {
	n       int64
	granted chan struct{}
}

func newBudget(n int64) *budget { return &budget{left: n} }

// enter takes n, which must not be more than the whole budget, or fails when
// the context ends before there is room.
func (b *budget) enter(ctx context.Context, n int64) error {
	b.mu.Lock()
	if len(b.waiting) == 0 && n <= b.left {
		b.left -= n
		b.mu.Unlock()
		return nil
	}
	s := &share{n, make(chan struct{})}
	b.waiting = append(b.waiting, s)
	b.grant()
	b.mu.Unlock()
	select {
	case <-s.granted:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, s); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	} else {
		b.left += n // it was granted meanwhile
	}
	b.grant()
	return ctx.Err()
}

// leave gives n back.
func (b *budget) leave(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
	b.grant()
}

// grant serves those who wait, as far as the budget goes.
func (b *budget) grant() {
	for len(b.waiting) > 0 && b.waiting[0].n <= b.left {
		b.left -= b.waiting[0].n
		close(b.waiting[0].granted)
		b.waiting = b.waiting[1:]
	}
}
