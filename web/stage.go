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
	"copyscope/sim/scenario"
	"copyscope/templates"
)

// laneIDs are the lanes that a stage may have, in order.
var laneIDs = []string{"a", "b", "c", "d"}

// stageModules are the modules that a page with a stage needs, so that all are
// fetched at once.
var stageModules = []string{"page.js", "keys.js", "socket.js", "scope/actions.js", "scope/address.js", "scope/align.js", "scope/contents.js", "scope/controls.js",
	"scope/explanation.js", "scope/format.js", "scope/geometry.js", "scope/inside.js", "scope/insideitems.js", "scope/insidepages.js", "scope/insideparts.js", "scope/following.js", "scope/imports.js", "scope/lane.js", "scope/laneview.js", "scope/lines.js", "scope/listing.js", "scope/machine.js",
	"scope/motion.js", "scope/narration.js", "scope/pagecell.js", "scope/placecell.js", "scope/parting.js", "scope/player.js", "scope/prediction.js", "scope/runs.js", "scope/scoreboard.js",
	"scope/screen.js", "scope/series.js", "scope/settings.js", "scope/stage.js", "scope/svg.js", "scope/table.js",
	"scope/timeline.js", "scope/whatif.js", "scope/words.js"}

// timelineModules are those of the timeline.
var timelineModules = []string{"scope/eventlist.js", "scope/explorer.js", "scope/gestures.js", "scope/minimap.js", "scope/overview.js",
	"scope/search.js", "scope/spans.js", "scope/tracks.js"}

// stageStyles are the style sheets of a stage.
var stageStyles = []string{"scope/scope.css", "scope/inside.css", "scope/timeline.css"}

// stageMessages are the prefixes of the messages that a stage's scripts show.
var stageMessages = []string{"kind", "actor", "place", "path", "provenance", "count", "verdict", "side", "model", "cache", "net", "detail", "drawing", "timeline", "scope.band",
	"scope.compare", "scope.control", "scope.cpu", "scope.field", "scope.import", "scope.label", "scope.lane", "scope.machine", "scope.parting", "scope.place", "scope.switch",
	"scope.say", "scope.score", "scope.share", "scope.state", "scope.timeline", "scope.truncated", "scope.whatif", "scope.window", "scope.word"}

// What the server simulates for a page that may have no scripts: little enough
// to be done while the page loads.
const (
	renderPieces = 4096    // calls
	renderBytes  = 1 << 30 // a larger run has too many events for it
	renderTime   = 2 * time.Second
	renderAround = 8   // events shown before and after the step
	toldEvents   = 200 // of a run that the page is given with itself
)

// stagePage is what a page with a stage is given: the data of every page with
// the stage's style sheet, modules and messages, and further messages below the
// given prefixes. The page adds the module that makes the stage.
func (s *Server) stagePage(w http.ResponseWriter, r *http.Request, name string, messages ...string) templates.PageData {
	data := s.pageData(w, r, name, slices.Concat(stageMessages, messages)...)
	data.Styles = slices.Clone(stageStyles)
	data.Preload = slices.Concat(stageModules, timelineModules)
	data.Socket, data.Legend = true, true
	return data
}

// stage is a stage at a step, with sources in some of its lanes; what can be
// simulated while the page loads has its figures.
func (s *scope) stage(ctx context.Context, t *locale.Translator, lanes map[string]laneSource, step int, parts templates.StageParts) templates.StageData {
	stage := templates.StageData{Translator: t, Step: step, Parts: parts}
	if parts.Settings {
		stage.Groups, stage.Files, stage.Profiles = choosablePaths(), scenario.Shipped(), sim.ProfileNames()
	}
	for _, id := range laneIDs {
		source, shown := lanes[id]
		if !shown {
			source = ofLab(added(id))
		}
		stage.Lanes = append(stage.Lanes, s.lane(ctx, t, id, source, step, shown))
	}
	return stage
}

// lane renders a lane; a small simulated one with its figures at the step.
func (s *scope) lane(ctx context.Context, t *locale.Translator, id string, source laneSource, step int, shown bool) templates.ScopeLane {
	l := templates.ScopeLane{ID: id, Shown: shown, Scenario: source.lab, Source: source.String(), Title: source.title(),
		Path: source.path(), Listing: source.listing()}
	if source.isLab() {
		l.Chips, l.About = chips(t, source.lab), t.T("path."+source.lab.Path)
	} else {
		l.Scenario = added(id) // what its settings begin with, should a path be chosen
	}
	if !shown {
		return l
	}
	ctx, stop := context.WithTimeout(ctx, renderTime)
	defer stop()
	run, err := s.renderRun(ctx, t, source)
	switch {
	case errors.Is(err, errNotRendered):
		l.Why = t.T("scope.why.real")
	case errors.Is(err, errTooLarge), errors.Is(err, context.DeadlineExceeded):
		l.Why = t.T("scope.why.large")
	case err != nil:
		l.Why = t.Sentence(err.Error())
	default:
		run.lane(t, &l, step)
		l.Told = s.told(t, id, run)
	}
	return l
}

// told are the messages that tell all about a short run, which the page then need
// not ask for.
func (s *scope) told(t *locale.Translator, id string, run *shownRun) []templates.ScopeTold {
	if run.total > toldEvents || len(run.run.Events) < run.total {
		return nil
	}
	var all []templates.ScopeTold
	tellRun(t, id, run, func(kind string, body any) error {
		all = append(all, templates.ScopeTold{Type: kind, Body: body})
		return nil
	})
	return all
}

// Why the server runs nothing for a page that may have no scripts.
var (
	errNotRendered = errors.New("real runs need scripts")
	errTooLarge    = errors.New("too large to be run while the page loads")
)

// renderRun simulates in its turn: a page's request computes like any other.
func (s *scope) renderRun(ctx context.Context, t *locale.Translator, source laneSource) (*shownRun, error) {
	switch {
	case source.trace != "":
		return nil, errImported(source.trace)
	case source.file != "":
		file, err := scenario.Load(source.file)
		if err != nil {
			return nil, err
		}
		if file.Estimate() > renderEvents {
			return nil, errTooLarge
		}
	case source.lab.Side == trace.Real:
		return nil, errNotRendered
	case source.lab.Size/source.lab.Chunk > renderPieces, source.lab.Size > renderBytes:
		return nil, errTooLarge
	}
	leave, err := s.sims.enter(ctx, func(int) {})
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.simulate(ctx, t, source)
}

// simulate runs what no host is needed for, without waiting for a turn.
func (s *scope) simulate(ctx context.Context, t *locale.Translator, source laneSource) (*shownRun, error) {
	return s.simulateKeeping(ctx, t, source, scopeEvents)
}

// simulateKeeping has so many of the events besides those that are shown.
func (s *scope) simulateKeeping(ctx context.Context, t *locale.Translator, source laneSource, keep int) (*shownRun, error) {
	if source.file != "" {
		return runFile(ctx, t, source, keep, nil)
	}
	result, err := s.lab.Run(ctx, source.lab, lab.Options{MaxEvents: scopeEvents, Whole: keep})
	if err != nil {
		return nil, err
	}
	return ofResult(t, result), nil
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
