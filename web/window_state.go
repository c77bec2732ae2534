package web

import (
	"slices"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// walk is the state of a run after a step: what its places hold and what is
// under way. It goes on from there event by event, and notes the history from
// where it began.
type walk struct {
	step    int
	filled  *filling
	devices *devices
	now     underWay
	sums    map[string]*sums
	code    []trace.Event // by code, that has not ended
	mode    trace.Place   // in which the CPU is
}

func newWalk(s lab.Scenario) *walk {
	return &walk{filled: newFilling(s), devices: newDevices(s), sums: map[string]*sums{}, mode: trace.UserMode}
}

func (w *walk) next(e trace.Event) {
	w.step++
	w.filled.next(w.step, e)
	w.devices.next(w.step, e)
	w.now.next(w.step, e)
	addUp(w.sums, w.step, e)
	w.code = slices.DeleteFunc(w.code, func(c trace.Event) bool { return c.End() <= e.At })
	if byCode(e) && e.Dur > 0 {
		w.code = append(w.code, e)
	}
	if e.Kind == trace.ModeSwitch && e.To != "" {
		w.mode = e.To
	}
}

// finish ends what is under way after the last event.
func (w *walk) finish() {
	w.filled.finish(w.step)
	w.devices.finish(w.step)
}

// fresh is the same state without its history: a copy that goes on by itself.
func (w *walk) fresh() *walk {
	out := *w
	out.filled = w.filled.fresh(w.step)
	out.devices = w.devices.fresh()
	out.now.moving = slices.Clone(w.now.moving)
	out.code = slices.Clone(w.code)
	out.sums = make(map[string]*sums, len(w.sums))
	for name, s := range w.sums {
		out.sums[name] = &sums{s.Events.from(w.step), s.Time.from(w.step), s.Bytes.from(w.step)}
	}
	return &out
}

func (o *filling) fresh(step int) *filling {
	out := *o
	out.links, out.working = nil, slices.Clone(o.working)
	out.read = o.read.fresh()
	out.read.sum(freshItems)
	out.pages = o.pages.fresh(step)
	out.places = make(map[trace.Place]*contents, len(o.places))
	for p, c := range o.places {
		n := &contents{Own: c.Own.from(step), Lent: c.Lent.from(step), Refs: c.Refs.from(step), Room: c.Room, peak: c.peak}
		if slices.Contains(shelved, p) {
			n.shelf = c.shelf.fresh()
		}
		out.places[p] = n
	}
	return &out
}

func (d *devices) fresh() *devices {
	out := *d
	disk, ring := d.disk.fresh(), d.ring.fresh()
	out.disk, out.ring, out.working = &disk, &ring, slices.Clone(d.working)
	return &out
}

// fresh has what is there, and nothing of what was.
func (s *shelf) fresh() shelf {
	out := shelf{items: make([]held, len(s.open)), open: make([]int, len(s.open))}
	for i, k := range s.open {
		out.items[i], out.open[i] = s.items[k], i
	}
	return out
}

// freshItems is how many of the items that a receiver has had are known one by
// one at the begin of a window: it keeps them all.
const freshItems = 64

// sum makes one item of all but the last n.
func (s *shelf) sum(n int) {
	if len(s.items) <= n+1 {
		return
	}
	older := s.items[:len(s.items)-n]
	one := held{From: older[len(older)-1].From, Source: older[0].Source}
	for _, h := range older {
		one.Bytes += h.Bytes
		one.Older += max(h.Older, 1)
	}
	s.items = append([]held{one}, s.items[len(older):]...)
	s.open = s.open[:len(s.items)]
}

// fresh has the pages as they are. Neighbours in one state are one run, of which
// is not told since when they are in it.
func (p *filePages) fresh(step int) *filePages {
	out := &filePages{PageBytes: p.PageBytes, N: p.N, Spans: []pageSpan{}, counts: slices.Clone(p.counts)}
	for _, q := range p.Squares {
		last := len(q.At) - 1
		out.Squares = append(out.Squares, pageSquare{First: q.First, N: q.N, At: []int{step}, State: []string{q.State[last]}, Have: []int64{q.Have[last]}})
	}
	for _, r := range p.runs {
		if n := len(out.runs); n > 0 {
			if last := &out.runs[n-1]; last.state == r.state && last.refs == r.refs {
				if last.by != r.by || last.since != r.since {
					last.since, last.by = max(last.since, r.since), 0
				}
				last.n += r.n
				continue
			}
		}
		out.runs = append(out.runs, r)
	}
	return out
}

// toldBy is which of the terms that are explained where they come first have come
// by a step.
func toldBy(first map[trace.Place]int, step int) map[trace.Place]bool {
	out := map[trace.Place]bool{}
	for p, at := range first {
		if at <= step {
			out[p] = true
		}
	}
	return out
}
