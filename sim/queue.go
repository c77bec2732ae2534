package sim

import "copyscope/internal/trace"

// timed is something with a place in time; order decides between two of one
// time.
type timed struct {
	at    trace.Ns
	order int
}

func (t timed) before(u timed) bool { return t.at < u.at || t.at == u.at && t.order < u.order }

// heap keeps things by their time, the earliest first. (container/heap would
// put each of them into an interface, at one allocation for each event of a
// device.)
type heap[T any] struct {
	items []T
	time  func(*T) timed
}

func (h *heap[T]) empty() bool { return len(h.items) == 0 }

func (h *heap[T]) push(x T) {
	h.items = append(h.items, x)
	for i := len(h.items) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.time(&h.items[i]).before(h.time(&h.items[up])) {
			break
		}
		h.items[i], h.items[up] = h.items[up], h.items[i]
		i = up
	}
}

func (h *heap[T]) pop() T {
	top, last := h.items[0], len(h.items)-1
	h.items[0] = h.items[last]
	var none T
	h.items[last] = none
	h.items = h.items[:last]
	for i := 0; ; {
		least := i
		for _, k := range [2]int{2*i + 1, 2*i + 2} {
			if k < last && h.time(&h.items[k]).before(h.time(&h.items[least])) {
				least = k
			}
		}
		if least == i {
			return top
		}
		h.items[i], h.items[least] = h.items[least], h.items[i]
		i = least
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
