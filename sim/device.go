package sim

import (
	"container/heap"

	"copyscope/internal/trace"
)

// engine is something that does one thing at a time beside the CPU: a DMA
// engine, a disk, a receiver.
type engine struct{ free trace.Ns }

// start reserves the engine for a duration from at on and says when it begins
// and ends.
func (e *engine) start(at, dur trace.Ns) (begin, end trace.Ns) {
	begin = max(at, e.free)
	e.free = begin + dur
	return begin, e.free
}

// completion is a device's "done", at a time in the future.
type completion struct {
	at        trace.Ns
	order     int
	done      func()
	interrupt string // the interrupt's detail, or empty if the device raises none
	actor     trace.Actor
	from      trace.Place
}

// deviceQueue orders completions by time, and those of one time by when they
// were started.
type deviceQueue struct {
	items  completions
	orders int
}

func (q *deviceQueue) push(c completion) {
	q.orders++
	c.order = q.orders
	heap.Push(&q.items, c)
}

func (q *deviceQueue) pop() completion       { return heap.Pop(&q.items).(completion) }
func (q *deviceQueue) empty() bool           { return len(q.items) == 0 }
func (q *deviceQueue) due(end trace.Ns) bool { return len(q.items) > 0 && q.items[0].at <= end }

type completions []completion

func (c completions) Len() int { return len(c) }
func (c completions) Less(i, k int) bool {
	if c[i].at != c[k].at {
		return c[i].at < c[k].at
	}
	return c[i].order < c[k].order
}
func (c completions) Swap(i, k int) { c[i], c[k] = c[k], c[i] }
func (c *completions) Push(x any)   { *c = append(*c, x.(completion)) }
func (c *completions) Pop() any {
	old := *c
	x := old[len(old)-1]
	*c = old[:len(old)-1]
	return x
}
