package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/sim"
	"copyscope/templates"
)

// laneIDs are the lanes that a stage may have, in order.
var laneIDs = []string{"a", "b"}

// stageModules are the modules that a page with a stage needs, so that all are
// fetched at once.
var stageModules = []string{"page.js", "keys.js", "socket.js", "scope/actions.js", "scope/address.js", "scope/align.js", "scope/contents.js", "scope/controls.js",
	"scope/format.js", "scope/geometry.js", "scope/inside.js", "scope/insideitems.js", "scope/insidepages.js", "scope/insideparts.js", "scope/lane.js", "scope/laneview.js", "scope/listing.js", "scope/machine.js",
	"scope/motion.js", "scope/narration.js", "scope/pagecell.js", "scope/placecell.js", "scope/player.js", "scope/prediction.js", "scope/runs.js", "scope/scoreboard.js",
	"scope/screen.js", "scope/series.js", "scope/settings.js", "scope/stage.js", "scope/svg.js", "scope/table.js",
	"scope/timeline.js", "scope/words.js"}

// stageMessages are the prefixes of the messages that a stage's scripts show.
var stageMessages = []string{"kind", "actor", "place", "path", "provenance", "count", "verdict", "side", "detail", "drawing", "scope.band",
	"scope.compare", "scope.control", "scope.cpu", "scope.label", "scope.lane", "scope.machine", "scope.place",
	"scope.say", "scope.score", "scope.state", "scope.timeline", "scope.truncated", "scope.word"}

// What the server simulates for a page that may have no scripts: little enough
// to be done while the page loads.
const (
	renderPieces = 4096    // calls
	renderBytes  = 1 << 30 // a larger run has too many events for it
	renderTime   = 2 * time.Second
	renderAround = 8 // events shown before and after the step
)

// stagePage is what a page with a stage is given: the data of every page with
// the stage's style sheet, modules and messages, and further messages below the
// given prefixes. The page adds the module that makes the stage.
func (s *Server) stagePage(w http.ResponseWriter, r *http.Request, name string, messages ...string) templates.PageData {
	data := s.pageData(w, r, name, slices.Concat(stageMessages, messages)...)
	data.Styles = []string{"scope/scope.css", "scope/inside.css"}
	data.Preload = slices.Clone(stageModules)
	data.Socket = true
	return data
}

// stage is a stage at a step, with the scenarios in its first lanes; what can be
// simulated while the page loads has its figures.
func (s *scope) stage(ctx context.Context, t *locale.Translator, scenarios []lab.Scenario, step int, parts templates.StageParts) templates.StageData {
	stage := templates.StageData{Translator: t, Step: step, Parts: parts, Second: second().String()}
	if parts.Settings {
		stage.Groups, stage.Profiles = choosablePaths(), sim.ProfileNames()
	}
	for i, id := range laneIDs {
		if i < len(scenarios) {
			stage.Lanes = append(stage.Lanes, s.lane(ctx, t, id, scenarios[i], step, true))
		} else {
			stage.Lanes = append(stage.Lanes, s.lane(ctx, t, id, second(), step, false))
		}
	}
	return stage
}

// lane renders a lane; a small simulated one with its figures at the step.
func (s *scope) lane(ctx context.Context, t *locale.Translator, id string, scenario lab.Scenario, step int, shown bool) templates.ScopeLane {
	l := templates.ScopeLane{ID: id, Shown: shown, Scenario: scenario, Chips: chips(t, scenario)}
	switch {
	case !shown:
		return l
	case scenario.Side == trace.Real:
		l.Why = t.T("scope.why.real")
		return l
	case scenario.Size/scenario.Chunk > renderPieces, scenario.Size > renderBytes:
		l.Why = t.T("scope.why.large")
		return l
	}
	ctx, stop := context.WithTimeout(ctx, renderTime)
	defer stop()
	result, err := s.renderRun(ctx, scenario)
	if errors.Is(err, context.DeadlineExceeded) {
		l.Why = t.T("scope.why.large")
		return l
	}
	if err != nil {
		l.Why = t.Sentence(err.Error())
		return l
	}
	run := result.Run
	l.Result = result
	l.Step = min(step, len(run.Events))
	l.Counts, l.Before = run.CountsAt(l.Step).Counts(), run.CountsAt(l.Step-1).Counts()
	l.Say = t.T("scope.say.start.plain") // the scripts add what key leads on
	if l.Step > 0 {
		teller := newNarrator(t, run)
		for _, e := range run.Events[:l.Step] {
			l.Say = teller.tell(e)
		}
	}
	from := max(1, min(l.Step-renderAround, len(run.Events)-2*renderAround))
	for k := from; k <= min(len(run.Events), from+2*renderAround); k++ {
		l.Rows = append(l.Rows, templates.ScopeRow{Step: k, Event: run.Events[k-1], Current: k == l.Step})
	}
	l.Notes = notes(t, result)
	if result.TotalEvents > len(run.Events) {
		l.Loud = t.T("scope.truncated", "Shown", len(run.Events), "Total", result.TotalEvents)
	}
	return l
}

// renderRun simulates in its turn: a page's request computes like any other.
func (s *scope) renderRun(ctx context.Context, scenario lab.Scenario) (*lab.Result, error) {
	leave, err := s.sims.enter(ctx, func(int) {})
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.lab.Run(ctx, scenario, lab.Options{MaxEvents: scopeEvents})
}

// chips are a scenario's settings in the reader's words.
func chips(t *locale.Translator, s lab.Scenario) []string {
	var out []string
	if s.Side == trace.Sim {
		out = append(out, t.Term("model", string(s.Model)))
	}
	if cached(s) {
		out = append(out, t.Term("cache", string(s.Cache)))
	}
	if sends(s) {
		out = append(out, t.Term("net", string(s.Net)))
	}
	if (s.Side == trace.Sim && s.Net == lab.NIC || s.Net == lab.Veth) && sends(s) {
		out = append(out, t.T("scope.chip.sg."+lab.OnOff(s.SG)))
	}
	if s.Side == trace.Sim && !s.DMA {
		out = append(out, t.T("scope.chip.dma.off"))
	}
	if s.ZeroCopy {
		out = append(out, t.T("scope.chip.zerocopy"))
	}
	if s.CPUs > 1 {
		out = append(out, t.T("scope.chip.cpus", "Count", s.CPUs))
	}
	if s.LLC > 0 {
		out = append(out, t.T("scope.chip.llc", "Size", templates.Size(s.LLC)))
	}
	if s.Profile != "" {
		out = append(out, s.Profile)
	}
	if s.WhatIf != "" {
		out = append(out, t.T("scope.chip.whatif", "Change", s.WhatIf))
	}
	size := templates.Size(s.Size)
	if s.Chunk < s.Size {
		size = t.T("scope.chip.chunks", "Size", size, "Chunk", templates.Size(s.Chunk))
	}
	return append(out, size)
}

// notes are the lab's remarks in the reader's words.
func notes(t *locale.Translator, r *lab.Result) []string {
	var out []string
	for _, n := range r.Notes {
		var args []any
		for name, v := range n.Args {
			args = append(args, name, v)
		}
		out = append(out, t.T(n.Key, args...))
	}
	return out
}
