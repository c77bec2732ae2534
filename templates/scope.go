package templates

import (
	"slices"
	"strconv"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// ScopePage is the scope as the server renders it: complete enough to be read
// without scripts, and the frame that the scripts fill.
type ScopePage struct {
	PageData
	Lanes []ScopeLane // a and b; the second may be empty
	Step  int
	// Opening are the scenarios of a page whose address names none, Second the
	// one of a lane that is added.
	OpeningA, OpeningB, Second string
	// Problem is what is wrong with the address.
	Problem *ScopeProblem
	Presets []ScopeLink
	// Steps lead to other steps where there are no scripts.
	Steps []ScopeLink
	// Groups are the paths to choose from.
	Groups []ScopePathGroup
	// Profiles are the names of the modelled hardware.
	Profiles []string
}

// ScopePathGroup are paths for one purpose, under the last part of a message's
// id.
type ScopePathGroup struct {
	Name  string
	Paths []ScopePath
}

// ScopePath is one path to choose: an address that opens it beside another one,
// and what it needs, each by the last part of a message's id.
type ScopePath struct {
	Path, Address string
	Needs         []string
}

// paths is how many there are.
func (p ScopePage) paths() int {
	n := 0
	for _, g := range p.Groups {
		n += len(g.Paths)
	}
	return n
}

// ScopeLane is one lane.
type ScopeLane struct {
	ID       string
	Shown    bool
	Scenario lab.Scenario
	// Result is the run, cut to the events that a page shows; nil if the server
	// does not run it for a page without scripts.
	Result *lab.Result
	// Why says why there is no result.
	Why string
	// Step is the lane's own step.
	Step   int
	Counts trace.Counts
	Before trace.Counts
	Rows   []ScopeRow
	Say    string
	Chips  []string
	Notes  []string
	Loud   string
}

// ScopeRow is one event of the table around the step.
type ScopeRow struct {
	Step    int
	Event   trace.Event
	Current bool
}

// ScopeProblem is what is wrong with an address: field, value, remedy.
type ScopeProblem struct{ Field, Value, Remedy string }

// ScopeLink leads to another state of the page: a comparison worth seeing, or
// another step.
type ScopeLink struct{ Name, Address string }

func (l ScopeLane) provenance() string {
	switch l.Scenario.Side {
	case trace.Real:
		return string(trace.Measured)
	case trace.RecordedSide:
		return string(trace.Recorded)
	}
	return string(trace.Modelled)
}

// badge says where a lane's events come from.
func (p ScopePage) badge(l ScopeLane) string {
	if l.Scenario.Side != trace.Sim {
		return p.Term("provenance", l.provenance())
	}
	return p.Term("side", string(trace.Sim))
}

// current is the label of the line that the step's event belongs to.
func (l ScopeLane) current() transfer.Label {
	if l.Result == nil || l.Step < 1 || l.Step > len(l.Result.Run.Events) {
		return ""
	}
	return transfer.Label(l.Result.Run.Events[l.Step-1].Line)
}

func (l ScopeLane) listing() []transfer.Line {
	if l.Result != nil {
		return l.Result.Listing
	}
	p, _ := transfer.Lookup(l.Scenario.Path)
	return p.Listing
}

// ready are the lanes with a result, for the scoreboard.
func (p ScopePage) ready() []ScopeLane {
	var out []ScopeLane
	for _, l := range p.Lanes {
		if l.Shown && l.Result != nil {
			out = append(out, l)
		}
	}
	return out
}

// headlines are the counts that the scoreboard shows first and large.
var headlines = []trace.CountName{trace.Syscalls, trace.ModeSwitches, trace.CPUCopies, trace.DMATransfers, trace.CPUTime}

// scoreRow is a count on the scoreboard. A quiet one is zero in every run from
// the first step to the last.
type scoreRow struct {
	Name            trace.CountName
	Headline, Quiet bool
}

// scoreRows are all counts, the headlines first.
func (p ScopePage) scoreRows() []scoreRow {
	var rows []scoreRow
	for _, name := range headlines {
		rows = append(rows, scoreRow{Name: name, Headline: true})
	}
	var ends []trace.Counts
	for _, l := range p.ready() {
		ends = append(ends, l.Result.Run.CountsAt(len(l.Result.Run.Events)).Counts())
	}
	for _, name := range trace.CountNames() {
		if slices.Contains(headlines, name) {
			continue
		}
		tells := func(end trace.Counts) bool { return !end[name].Known() || end[name].Value != 0 }
		rows = append(rows, scoreRow{Name: name, Quiet: len(ends) > 0 && !slices.ContainsFunc(ends, tells)})
	}
	return rows
}

// difference is by how much lane B's count exceeds lane A's at the step.
func (p ScopePage) difference(name trace.CountName) string {
	ready := p.ready()
	if len(ready) < 2 || !ready[0].Counts[name].Known() || !ready[1].Counts[name].Known() {
		return "–"
	}
	by := ready[1].Counts[name].Value - ready[0].Counts[name].Value
	if by == 0 {
		return "="
	}
	return Change(by, trace.UnitOf(name))
}

func (p ScopePage) provenanceText(name trace.Provenance, reason string) string {
	text := p.Term("provenance", string(name))
	if reason != "" {
		text += ": " + reason
	}
	return text
}

// choice is the word for one value of a field.
func (p ScopePage) choice(area, value string) string { return p.T(area + "." + value) }

// way is where an event went, in the reader's words.
func (p ScopePage) way(e trace.Event) string {
	var ends []string
	for _, place := range []trace.Place{e.From, e.To} {
		if place != "" {
			ends = append(ends, p.Term("place", string(place)))
		}
	}
	return strings.Join(ends, " → ")
}

// processors and cacheSize are the fields that are empty by default.
func (l ScopeLane) processors() string {
	if l.Scenario.CPUs == 0 {
		return ""
	}
	return strconv.Itoa(l.Scenario.CPUs)
}

func (l ScopeLane) cacheSize() string {
	if l.Scenario.LLC == 0 {
		return ""
	}
	return lab.FormatSize(l.Scenario.LLC)
}

func currentStep(is bool) string {
	if is {
		return "step"
	}
	return "false"
}

// number writes a value for scripts and tests.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// scopeIcons are the paths of the buttons' signs, in a box of 16 by 16.
var scopeIcons = map[string]string{
	"first":        "M1 2h2v12H1zM15 2v12L4 8z",
	"call-back":    "M8 2v12L0 8zM16 2v12L8 8z",
	"step-back":    "M12 2v12L3 8z",
	"step-forward": "M4 2l9 6-9 6z",
	"call-forward": "M0 2l8 6-8 6zM8 2l8 6-8 6z",
	"last":         "M1 2l11 6-11 6zM13 2h2v12h-2z",
}

// problemField is the field that is wrong, or nothing.
func problemField(p *ScopeProblem) string {
	if p == nil {
		return ""
	}
	return p.Field
}
