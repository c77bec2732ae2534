package web

import (
	"iter"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/templates"
)

// shownRun is a run as a lane shows it, whichever way it came to be; texts are
// in the reader's language.
type shownRun struct {
	source     laneSource
	run        *trace.Run
	total      int // events, of which run has the first
	windows    int // events that windows can be had of
	provenance trace.Provenance
	about      string
	listing    []transfer.Line
	chips      []string
	notes      []string
	playing
	dark     []darkLeg
	settings map[string]string
	// groups are the choices of whose events count, of counts only what the
	// chosen ones do.
	groups []laneGroup
	counts func(*trace.Event) bool
	// log has the events of a simulated run as far as they were to be kept, whole the
	// counts of all.
	log   *trace.Log
	whole trace.Counts
}

// playing is what it takes to play a run's events, or a window of them.
type playing struct {
	// drawn is the scenario that the drawing's places are filled for.
	drawn lab.Scenario
	// thread tells whose an event is, if there are several threads.
	thread func(*trace.Event) string
	// named makes of an event of the log what is shown of it; nil: it is that.
	named func(trace.Event) trace.Event
}

// event is an event of a log, by its index.
func (p playing) event(log *trace.Log, i int) trace.Event {
	if p.named == nil {
		return log.Event(i)
	}
	return p.named(log.Event(i))
}

// all are the events that the log has.
func (s *shownRun) all() iter.Seq[trace.Event] {
	return func(yield func(trace.Event) bool) {
		for i := range min(s.log.Len(), keptEvents) {
			if !yield(s.event(s.log, i)) {
				return
			}
		}
	}
}

// laneGroup is one choice of whose events count: "" is all.
type laneGroup struct {
	Name    string `json:"name"`
	Text    string `json:"text"`
	Threads int    `json:"threads,omitempty"`
}

// ofResult is a run of the lab.
func ofResult(t *locale.Translator, r *lab.Result) *shownRun {
	s := &shownRun{source: ofLab(r.Scenario), run: r.Run, total: r.TotalEvents, provenance: r.Run.Base, about: t.T("path." + r.Scenario.Path),
		listing: r.Listing, chips: chips(t, r.Scenario), notes: notes(t, r.Notes), playing: playing{drawn: r.Scenario}, log: r.Log, dark: darkLegs(t, r), settings: settings(r.Scenario)}
	if r.Counter != nil {
		s.whole = r.Counter.Counts()
	}
	if r.Scenario.Side == trace.Real {
		s.provenance = trace.Measured
	}
	if r.Machine != "" {
		s.chips = append(s.chips, r.Machine)
	}
	return s
}

// grow is how the counts grow, of the events that count.
func (s *shownRun) grow() map[trace.CountName]*trace.Series { return s.counted().GrowOf(s.counts) }

// countsAt is the counts after a step.
func (s *shownRun) countsAt(step int) trace.Counts {
	return s.counted().CountsOf(step, s.counts).Counts()
}

// counted is the run with the payload that a count per byte is divided by: of a run
// that goes on after what can be shown, the bytes that the shown part sent. The bytes
// of the whole file would make too little of copies that a part of it took.
func (s *shownRun) counted() *trace.Run {
	if s.log != nil || s.run.Side == trace.Sim || s.total <= len(s.run.Events) {
		return s.run
	}
	part := *s.run
	part.Payload = int64(s.run.CountsAt(len(s.run.Events)).Count(trace.BytesSent).Value)
	return &part
}

// tellers gives the sentence of one event after the other.
func (s *shownRun) teller(t *locale.Translator) func(trace.Event) string {
	return s.says(t, newNarrator(t, s.run))
}

// says has a narrator say whose an event is.
func (p playing) says(t *locale.Translator, n *narrator) func(trace.Event) string {
	if p.thread == nil {
		return n.tell
	}
	return func(e trace.Event) string {
		say := n.tell(e)
		if name := p.thread(&e); name != "" {
			return t.T("scope.say.thread", "Thread", name, "Say", say)
		}
		return say
	}
}

// loud says that there are more events than are shown; empty if not.
func (s *shownRun) loud(t *locale.Translator) string {
	if s.total <= len(s.run.Events) {
		return ""
	}
	id := "scope.truncated"
	if !s.source.isLab() {
		id = "scope.truncated.fixed" // no setting makes it shorter
	}
	return t.T(id, "Shown", len(s.run.Events), "Total", s.total)
}

// notes are the remarks on a run in the reader's words.
func notes(t *locale.Translator, all []lab.Note) []string {
	out := []string{}
	for _, n := range all {
		var args []any
		for name, v := range n.Args {
			args = append(args, name, v)
		}
		out = append(out, t.T(n.Key, args...))
	}
	return out
}

// lane fills a lane with what the run shows at a step.
func (s *shownRun) lane(t *locale.Translator, l *templates.ScopeLane, step int) {
	l.Run, l.Listing, l.Chips, l.About = s.run, s.listing, s.chips, s.about
	l.Step = min(step, len(s.run.Events))
	l.Counts, l.Before = s.countsAt(l.Step), s.countsAt(l.Step-1)
	l.Say = t.T("scope.say.start.plain") // the scripts add what key leads on
	tell := s.teller(t)
	for _, e := range s.run.Events[:l.Step] {
		l.Say = tell(e)
	}
	from := max(1, min(l.Step-renderAround, len(s.run.Events)-2*renderAround))
	for k := from; k <= min(len(s.run.Events), from+2*renderAround); k++ {
		l.Rows = append(l.Rows, templates.ScopeRow{Step: k, Event: s.run.Events[k-1], Current: k == l.Step})
	}
	l.Notes, l.Loud = s.notes, s.loud(t)
}
