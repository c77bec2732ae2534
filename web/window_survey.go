package web

import (
	"context"

	"copyscope/internal/trace"
)

// checkEvents is after how many events a survey keeps the state of a run, from
// which a window is played.
const checkEvents = 1 << 14

// survey is what is known of a long run as a whole: its state now and then, and
// what every window of it needs.
type survey struct {
	playing
	every  int
	points []*walk // before every so many events
	rooms  map[trace.Place]int64
	used   *usage
	// first has the steps at which terms come first that are explained there.
	first    map[trace.Place]int
	overview *overview
}

// surveyOf plays a run from its begin to its end and keeps its state before every
// so many events. progress is told now and then
// how many of its events are done.
func surveyOf(ctx context.Context, p playing, log *trace.Log, events, every int, progress func(done, total int64)) (*survey, error) {
	v := &survey{playing: p, every: every, used: newUsage(), first: map[trace.Place]int{}, rooms: map[trace.Place]int64{}, overview: newOverview(log, events)}
	w := newWalk(p.drawn)
	for i := range events {
		if i%every == 0 {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			progress(int64(i), int64(events))
			w = w.fresh()
			v.points = append(v.points, w)
			w = w.fresh()
		}
		e := p.event(log, i)
		w.next(e)
		v.used.see(e)
		v.overview.see(i, e)
		v.uses(trace.PageCache, i+1, namesPageCache(e))
		v.uses(trace.KernelMode, i+1, namesKernelMode(e))
	}
	w.finish()
	w.filled.room(p.drawn.Size)
	v.overview.finish()
	for p, c := range w.filled.places {
		v.rooms[p] = c.Room
	}
	return v, nil
}

func (v *survey) uses(term trace.Place, step int, names bool) {
	if names && v.first[term] == 0 {
		v.first[term] = step
	}
}

// at is the state after a step, from which the history is noted.
func (v *survey) at(log *trace.Log, step int) *walk {
	w := v.points[min(step/v.every, len(v.points)-1)].fresh()
	for w.step < step {
		w.next(v.event(log, w.step))
	}
	return w.fresh()
}
