package web

import (
	"slices"
	"sort"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim/scenario"
)

// Steps is a run as a lane of the scope page shows it, for views that are no page.
// All that it tells is what the page is sent: [laneHead] and what goes with the
// events. Step n shows the run after its n-th event; step 0 is before the first.
// Texts are in the language that it was made for.
type Steps struct {
	t      *locale.Translator
	run    *shownRun
	head   laneHead
	states []string
	beside []meanwhile
	first  map[trace.Place]int // the step at which a term is explained
	known  map[string]bool     // the messages that there are
	got    *growth             // what the receiver has
}

// StepsOf steps through a run of the lab, as many events of it as the result keeps.
func StepsOf(t *locale.Translator, r *lab.Result) *Steps { return stepsOf(t, ofResult(t, r)) }

// StepsOfScenario steps through a scenario file's run; it has a line of the program
// for each group of threads.
func StepsOfScenario(t *locale.Translator, r *scenario.Result) *Steps {
	return stepsOf(t, ofScenarioFile(t, laneSource{file: r.Scenario.Name}, r))
}

func stepsOf(t *locale.Translator, run *shownRun) *Steps {
	events := run.run.Events
	s := &Steps{t: t, run: run, head: headOf(t, "", run), states: cpuStates(events), beside: meanwhiles(events), first: map[trace.Place]int{}}
	for i, e := range events {
		for term, names := range map[trace.Place]bool{trace.PageCache: namesPageCache(e), trace.KernelMode: namesKernelMode(e)} {
			if _, told := s.first[term]; names && !told {
				s.first[term] = i + 1
			}
		}
	}
	s.known = narratorAt(t, nil, nil).known
	s.got = newGrowth(0)
	for _, h := range s.head.Inside["receiver"] {
		s.got.add(h.From, h.Bytes)
	}
	s.head.Inside, s.head.Links, s.head.Sums, s.head.Pages = nil, nil, nil, nil // most of the memory of a long run
	return s
}

// narrator goes on after a step.
func (s *Steps) narrator(step int) *narrator {
	return &narrator{t: s.t, counter: s.run.run.CountsAt(step), known: s.known, told: toldBy(s.first, step)}
}

// Len is how many steps there are.
func (s *Steps) Len() int { return len(s.run.run.Events) }

// Loud says that the run has more events than steps; empty if it has not.
func (s *Steps) Loud() string { return s.run.loud(s.t) }

// Title is the path or the scenario file's name.
func (s *Steps) Title() string { return s.head.Title }

// Provenance is how the run is known.
func (s *Steps) Provenance() trace.Provenance { return s.head.Provenance }

// Chips are the run's settings in a few words each.
func (s *Steps) Chips() []string { return s.head.Chips }

// Listing is the program.
func (s *Steps) Listing() []transfer.Line { return s.head.Listing }

// Event is what happened last; false at step 0.
func (s *Steps) Event(step int) (trace.Event, bool) {
	if step < 1 || step > s.Len() {
		return trace.Event{}, false
	}
	return s.run.run.Events[step-1], true
}

// Say is the sentence of a step.
func (s *Steps) Say(step int) string {
	e, ok := s.Event(step)
	if !ok {
		return s.t.T("scope.say.start.plain")
	}
	return s.run.says(s.t, s.narrator(step-1))(e)
}

// Line is the line of the program whose call is open at a step; empty if none is.
func (s *Steps) Line(step int) string {
	if _, ok := s.Event(step); !ok {
		return ""
	}
	return s.beside[step-1].Open
}

// CPU says what the sender's CPU does during a step, and with what.
func (s *Steps) CPU(step int) (state, with string) {
	e, ok := s.Event(step)
	if !ok {
		return s.t.T("scope.cpu." + cpuFree), ""
	}
	id := "scope.cpu." + s.states[step-1]
	for _, more := range []string{id + "." + string(e.Kind) + "." + e.Detail, id + "." + string(e.Kind), id + ".all"} {
		if s.known[more] {
			with = s.t.T(more)
			break
		}
	}
	return s.t.T(id, "Call", e.Syscall), with
}

// Count is a count after a step. Its provenance is that of the whole run.
func (s *Steps) Count(name trace.CountName, step int) trace.Count {
	g := s.head.Counts[name]
	if g == nil {
		return trace.Count{Provenance: trace.Unavailable}
	}
	c := trace.Count{Provenance: g.Provenance, Reason: g.Reason}
	if i := latest(g.At, step); c.Known() && i >= 0 {
		c.Value = g.Value[i]
	}
	return c
}

// Content is what a place holds: bytes of its own, bytes that it only refers to, and
// the references to those; Room is the most that it holds during the run.
type Content struct{ Own, Lent, Refs, Room int64 }

// Content is what a place holds after a step.
func (s *Steps) Content(p trace.Place, step int) Content {
	c := s.head.Places[p]
	if c == nil {
		return Content{}
	}
	return Content{Own: c.Own.after(step), Lent: c.Lent.after(step), Refs: c.Refs.after(step), Room: c.Room}
}

// Received is what the receiver has taken after a step; false if there is none.
func (s *Steps) Received(step int) (Content, bool) {
	return Content{Own: s.got.after(step), Room: s.got.most()}, slices.Contains(s.head.Uses, "receiver")
}

// after is the figure after a step.
func (g *growth) after(step int) int64 {
	if i := latest(g.At, step); i >= 0 {
		return g.Value[i]
	}
	return 0
}

// latest is the index of the last of some steps that is not after step, or -1.
func latest(at []int, step int) int { return sort.SearchInts(at, step+1) - 1 }

// Uses says whether the run has a place at all.
func (s *Steps) Uses(p trace.Place) bool { return slices.Contains(s.head.Uses, string(p)) }

// PlaceName is the word for a place, as its box on the page is called.
func (s *Steps) PlaceName(p trace.Place) string {
	return (&narrator{t: s.t, known: s.known}).place(p)
}

// Dark says that what the disk or the card moves cannot be observed in this run, and
// why in a few words; empty if it can.
func (s *Steps) Dark(device trace.Place) string {
	for _, d := range s.head.Dark {
		if d.From == device && device == trace.DiskPlace || d.To == device && device == trace.NICRing {
			return d.Label
		}
	}
	return ""
}

// Actors are who does something in the run, the receiver apart, in the order of the
// timeline's tracks.
func (s *Steps) Actors() []trace.Actor { return s.head.Actors }

// Boundaries are the steps at which a syscall is entered or left.
func (s *Steps) Boundaries() []int { return s.head.Boundaries }

// PartsFrom is the first step at which a run does not do what another one does, or
// after which one of them has finished; 0 if they do the same as far as is known.
func (s *Steps) PartsFrom(other *Steps) int {
	one, two := s.run.run.Events, other.run.run.Events
	compared := min(len(one), len(two))
	for i := range compared {
		if doingOf(one[i]) != doingOf(two[i]) {
			return i + 1
		}
	}
	shorter := s
	if len(two) < len(one) {
		shorter = other
	}
	if len(one) != len(two) && shorter.Loud() == "" {
		return compared + 1
	}
	return 0
}
