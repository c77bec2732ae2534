package web

import (
	"slices"

	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

// windowEvents is how many events of a long run a page is sent at a time.
const windowEvents = 1000

// runWindow is the body of scope.window: what [laneHead] and the events tell, of
// the steps after Begin up to End. Histories begin at Begin with what is exact
// there; what came before is not told.
type runWindow struct {
	Lane       string                            `json:"lane"`
	Begin      int                               `json:"begin"`
	End        int                               `json:"end"`
	Total      int                               `json:"total"`
	Mode       trace.Place                       `json:"mode"` // of the CPU after step Begin
	Counts     map[trace.CountName]*trace.Series `json:"counts"`
	Places     map[trace.Place]*contents         `json:"places"`
	Uses       []string                          `json:"uses"`
	Actors     []trace.Actor                     `json:"actors"`
	Boundaries []int                             `json:"boundaries"`
	Inside     map[string][]held                 `json:"inside"`
	Pages      *filePages                        `json:"pages"`
	Links      [][2]int                          `json:"links"`
	Sums       map[string]*sums                  `json:"sums"`
	Events     []shownEvent                      `json:"events"`
}

// windowAround is the window that a step is shown in: it is in the middle, but for the
// ends of the run.
func windowAround(step, total int) (begin, end int) {
	return windowOver(step, windowEvents, total)
}

func windowOver(step, events, total int) (begin, end int) {
	begin = max(0, min(step-events/2, total-events))
	return begin, min(begin+events, total)
}

// windowOf plays the window of a run.
func windowOf(t *locale.Translator, log *trace.Log, v *survey, begin, end, total int) *runWindow {
	p := v.playing
	before := v.at(log, begin)
	w := before.fresh()
	events := make([]trace.Event, 0, end-begin)
	for i := begin; i < end; i++ {
		events = append(events, p.event(log, i))
		w.next(events[i-begin])
	}
	if end == total {
		w.finish()
	}
	out := &runWindow{Begin: begin, End: end, Total: total, Mode: before.mode, Counts: log.Grow(begin, end), Places: w.filled.places,
		Uses: v.used.uses(), Actors: v.used.who(), Boundaries: []int{}, Inside: w.filled.items(w.devices.queues()), Sums: w.sums, Links: [][2]int{}}
	for p, c := range out.Places {
		c.Room = v.rooms[p]
	}
	if w.filled.file {
		out.Pages = w.filled.pages.end()
	}
	for _, step := range boundaries(events) {
		out.Boundaries = append(out.Boundaries, begin+step)
	}
	interrupt := func(step int) bool { return step > begin && events[step-begin-1].Kind == trace.Interrupt }
	for _, link := range sorted(append(w.devices.links(interrupt), w.filled.links...)) {
		if link[1] > begin {
			out.Links = append(out.Links, link)
		}
	}
	for _, series := range out.Counts {
		series.Reason = t.Sentence(series.Reason)
	}
	states := cpuStatesOf(events, codeOf(codeAround(log, before.code, events, total)))
	say := p.says(t, narratorAt(t, log.CounterAt(begin), toldBy(v.first, begin)))
	file := ofFile(p.drawn)
	now := before.now
	for i, e := range events {
		one := shownEvent{Event: e, meanwhile: now.tell(e), CPUState: states[i], Pages: touched(e, file), Say: say(e)}
		if p.thread != nil {
			one.Who = p.thread(&e)
		}
		out.Events = append(out.Events, one)
		now.next(begin+i+1, e)
	}
	return out
}

// codeAround is what may overlap a window's events: the work that has not ended
// when it begins, its own, and what begins before the last of its events ends.
func codeAround(log *trace.Log, before, events []trace.Event, total int) []trace.Event {
	all := append(slices.Clone(before), events...)
	if len(events) == 0 {
		return all
	}
	var last trace.Ns
	for _, e := range events {
		if e.Kind != trace.Wait && e.Kind != trace.Syscall && !byCode(e) {
			last = max(last, e.End())
		}
	}
	for i := events[len(events)-1].Seq; i < total; i++ {
		e := log.Event(i)
		if e.At >= last {
			break
		}
		all = append(all, e)
	}
	return all
}
