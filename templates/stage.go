package templates

import (
	"slices"
	"strconv"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// StageData is what a stage shows before scripts take over, and without them.
type StageData struct {
	*locale.Translator
	Lanes []ScopeLane // every lane that there may be, in order
	Step  int
	// Ref is the lane against which differences are shown; empty: the first.
	Ref string
	// Ghosts are the lanes that show a run as it was before a change.
	Ghosts []string
	Parts  StageParts
	// Steps lead to other steps where there are no scripts.
	Steps []ScopeLink
	// The following are for settings: the paths and the scenario files to choose
	// from, and the names of the modelled hardware.
	Groups          []ScopePathGroup
	Files, Profiles []string
}

// StageParts are the parts of a stage that are shown beside its lanes. Settings
// are the fields of each lane's scenario; the page has their form. Share is the
// dialog that gives the state away.
type StageParts struct{ Narration, Timeline, Scoreboard, Legend, Controls, Settings, Share bool }

func (p StageParts) side() bool { return p.Narration || p.Timeline || p.Scoreboard || p.Legend }

// shown is how many lanes there are.
func (s StageData) shown() int {
	n := 0
	for _, l := range s.Lanes {
		if l.Shown {
			n++
		}
	}
	return n
}

// ScopeLane is one lane.
type ScopeLane struct {
	ID    string
	Shown bool
	// Source is what the lane shows, or would if it were added, as addresses
	// write it; Path what its settings' choice of a path has, Scenario their
	// other fields.
	Source, Path, Title, About string
	Scenario                   lab.Scenario
	Listing                    []transfer.Line
	// Run is cut to the events that a page shows; nil if the server does not run
	// it for a page without scripts.
	Run *trace.Run
	// Why says why there is no run.
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
	// Told are the messages of the websocket that tell all about the run, if it is
	// short: the page shows it without asking.
	Told []ScopeTold
}

// ScopeTold is a message about a run.
type ScopeTold struct {
	Type string `json:"type"`
	Body any    `json:"body"`
}

// ScopeRow is one event of the table around the step.
type ScopeRow struct {
	Step    int
	Event   trace.Event
	Current bool
}

// imported says whether the lane shows a trace that only the reader's browser has:
// what gives its figures their right is not known here.
func (l ScopeLane) imported() bool { return strings.HasPrefix(l.Source, "import=") }

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
func (s StageData) badge(l ScopeLane) string {
	if l.Scenario.Side != trace.Sim {
		return s.Term("provenance", l.provenance())
	}
	return s.Term("side", string(trace.Sim))
}

// current is the label of the line that the step's event belongs to.
func (l ScopeLane) current() transfer.Label {
	if l.Run == nil || l.Step < 1 || l.Step > len(l.Run.Events) {
		return ""
	}
	return transfer.Label(l.Run.Events[l.Step-1].Line)
}

// ready are the lanes with a result, for the scoreboard.
func (s StageData) ready() []ScopeLane {
	var out []ScopeLane
	for _, l := range s.Lanes {
		if l.Shown && l.Run != nil {
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
func (s StageData) scoreRows() []scoreRow {
	var rows []scoreRow
	for _, name := range headlines {
		rows = append(rows, scoreRow{Name: name, Headline: true})
	}
	var ends []trace.Counts
	for _, l := range s.ready() {
		ends = append(ends, l.Run.CountsAt(len(l.Run.Events)).Counts())
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

// taught says whether a lane is the textbook's, whose words differ from ours.
func (s StageData) taught() bool {
	return slices.ContainsFunc(s.Lanes, func(l ScopeLane) bool { return l.Shown && l.Scenario.Model == lab.Textbook })
}

// reference is the lane against which differences are shown: the one that was
// chosen, else the first.
func (s StageData) reference() ScopeLane {
	var first ScopeLane
	for _, l := range s.Lanes {
		if l.Shown && l.ID == s.Ref {
			return l
		}
		if l.Shown && first.ID == "" {
			first = l
		}
	}
	return first
}

// other is the lane that is not the reference, of two.
func (s StageData) other() ScopeLane {
	ref := s.reference().ID
	for _, l := range s.Lanes {
		if l.Shown && l.ID != ref {
			return l
		}
	}
	return ScopeLane{}
}

// over says whether the lane's step is the last of its run.
func (l ScopeLane) over() bool {
	return l.Run != nil && l.Step == len(l.Run.Events) && l.Loud == ""
}

// open says whether one of several lanes is under way: until none is, their counts
// are not what the runs come to.
func (s StageData) open() bool {
	ready := s.ready()
	return len(ready) > 1 && s.Step > 0 && slices.ContainsFunc(ready, func(l ScopeLane) bool { return !l.over() })
}

// progress says how far a lane is.
func (s StageData) progress(l ScopeLane) string {
	if l.over() {
		return s.T("scope.score.over")
	}
	return s.T("scope.score.under-way", "Step", l.Step, "Last", len(l.Run.Events))
}

// against names the difference of two lanes.
func (s StageData) against() string {
	return strings.ToUpper(s.other().ID) + " − " + strings.ToUpper(s.reference().ID)
}

// difference is by how much a lane's count exceeds the reference's at the step.
func (s StageData) difference(l ScopeLane, name trace.CountName) string {
	ref := s.reference()
	if l.Run == nil || ref.Run == nil || !l.Counts[name].Known() || !ref.Counts[name].Known() {
		return "–"
	}
	by := l.Counts[name].Value - ref.Counts[name].Value
	if by == 0 {
		return "="
	}
	return Change(by, trace.UnitOf(name))
}

func (s StageData) provenanceText(name trace.Provenance, reason string) string {
	text := s.Term("provenance", string(name))
	if reason != "" {
		text += ": " + reason
	}
	return text
}

// choice is the word for one value of a field.
func (s StageData) choice(area, value string) string { return s.T(area + "." + value) }

// way is where an event went, in the reader's words.
func (s StageData) way(e trace.Event) string {
	var ends []string
	for _, place := range []trace.Place{e.From, e.To} {
		if place != "" {
			ends = append(ends, s.Term("place", string(place)))
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
