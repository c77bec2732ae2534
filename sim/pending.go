package sim

import "copyscope/internal/trace"

// pending is an event whose place in the order is not settled yet; told is when
// it was told, which decides between events of one time.
type pending struct {
	trace.Event
	told int
}

func (p pending) before(q pending) bool {
	return p.At < q.At || p.At == q.At && p.told < q.told
}

// laterEvents is a heap of events, the earliest first.
type laterEvents []pending

func (l laterEvents) Len() int           { return len(l) }
func (l laterEvents) Less(i, k int) bool { return l[i].before(l[k]) }
func (l laterEvents) Swap(i, k int)      { l[i], l[k] = l[k], l[i] }
func (l *laterEvents) Push(x any)        { *l = append(*l, x.(pending)) }
func (l *laterEvents) Pop() any {
	old := *l
	x := old[len(old)-1]
	*l = old[:len(old)-1]
	return x
}
