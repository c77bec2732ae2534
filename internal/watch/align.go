package watch

import (
	"copyscope/internal/trace"
	"copyscope/web"
)

// The alignments: which step each lane shows at a step of the screen.
// static/scope/align.js has the same three.
const (
	byStep  = "step"  // every lane shows its step n, a finished one its last
	byBytes = "bytes" // equally many bytes sent; steps that send none are spread evenly between those that do
	byTime  = "time"  // what had begun at the same time
)

var alignments = []string{byStep, byBytes, byTime}

// alignment matches the lanes' steps with those of the screen.
type alignment struct {
	lens   []int
	points [][]int // by screen step and lane; nil: by step
	last   int
}

func alignmentOf(name string, lanes []*web.Steps) alignment {
	a := alignment{}
	var keys [][]float64
	for _, l := range lanes {
		a.lens = append(a.lens, l.Len())
		a.last = max(a.last, l.Len())
		switch name {
		case byTime:
			keys = append(keys, times(l))
		case byBytes:
			keys = append(keys, sent(l))
		}
	}
	if keys != nil && len(lanes) > 1 {
		a.points = merge(keys)
		a.last = len(a.points) - 1
	}
	return a
}

// own is the step that a lane shows at a step of the screen.
func (a alignment) own(lane, step int) int {
	if a.points == nil {
		return min(step, a.lens[lane])
	}
	return a.points[min(step, a.last)][lane]
}

// find is the first step of the screen at which a lane shows its own step.
func (a alignment) find(lane, own int) int {
	if a.points == nil {
		return own
	}
	for step, p := range a.points {
		if p[lane] >= own {
			return step
		}
	}
	return a.last
}

func times(l *web.Steps) []float64 {
	out := make([]float64, l.Len())
	for i := range out {
		e, _ := l.Event(i + 1)
		out[i] = float64(e.At)
	}
	return out
}

func sent(l *web.Steps) []float64 {
	out := make([]float64, l.Len())
	count := func(step int) float64 { return l.Count(trace.BytesSent, step).Value }
	for from := 1; from <= l.Len(); {
		to := from + 1
		for to <= l.Len() && count(to) == count(from) {
			to++
		}
		rise := 1.0
		if to <= l.Len() {
			rise = count(to) - count(from)
		}
		for step := from; step < to; step++ {
			out[step-1] = count(from) + rise*float64(step-from)/float64(to-from)
		}
		from = to
	}
	return out
}

// merge walks all lists of ascending keys together; each point holds how many keys
// of each list have been passed. Equal keys advance together, one of each list at a
// time.
func merge(lists [][]float64) [][]int {
	passed := make([]int, len(lists))
	points := [][]int{append([]int(nil), passed...)}
	for {
		next, any := 0.0, false
		for i, keys := range lists {
			if passed[i] < len(keys) && (!any || keys[passed[i]] < next) {
				next, any = keys[passed[i]], true
			}
		}
		if !any {
			return points
		}
		for i, keys := range lists {
			if passed[i] < len(keys) && keys[passed[i]] <= next {
				passed[i]++
			}
		}
		points = append(points, append([]int(nil), passed...))
	}
}
