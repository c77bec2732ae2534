package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/sim"
	"copyscope/templates"
)

// What the server simulates for a page that may have no scripts: little enough
// to be done while the page loads.
const (
	renderPieces = 4096    // calls
	renderBytes  = 1 << 30 // a larger run has too many events for it
	renderTime   = 2 * time.Second
	renderAround = 8 // events shown before and after the step
)

// scopeModules are the modules that the page needs, so that all are fetched at
// once.
var scopeModules = []string{"page.js", "keys.js", "socket.js", "scope/address.js", "scope/align.js", "scope/controls.js",
	"scope/format.js", "scope/geometry.js", "scope/lane.js", "scope/laneview.js", "scope/listing.js", "scope/machine.js",
	"scope/motion.js", "scope/narration.js", "scope/player.js", "scope/prediction.js", "scope/scoreboard.js",
	"scope/screen.js",
	"scope/series.js", "scope/settings.js", "scope/svg.js", "scope/table.js", "scope/timeline.js", "scope/words.js"}

// scopeMessages are the prefixes of the messages that the scripts show.
var scopeMessages = []string{"kind", "actor", "place", "path", "provenance", "count", "verdict", "side", "detail", "scope.band",
	"scope.compare", "scope.control", "scope.cpu", "scope.label", "scope.lane", "scope.machine", "scope.place",
	"scope.say", "scope.score", "scope.state", "scope.timeline", "scope.truncated", "scope.word"}

// page renders the scope in the state that the address holds.
func (s *scope) page(w http.ResponseWriter, r *http.Request) {
	if to, ok := formAddress(r.URL.Query()); ok {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	data := s.pageData(w, r, "scope", scopeMessages...)
	data.Styles = []string{"scope/scope.css"}
	data.Modules = []string{"scope/main.js"}
	data.Preload = scopeModules
	data.Socket = true
	page := templates.ScopePage{PageData: data, OpeningA: openingAddress().A.String(), OpeningB: openingAddress().B.String(),
		Second: second().String(), Presets: presets(), Groups: choosablePaths(), Profiles: sim.ProfileNames()}
	status := http.StatusOK
	at, err := parseScopeAddress(r.URL.Query())
	if err != nil {
		status = http.StatusBadRequest
		page.Problem = problemOf(data.Translator, err)
	}
	page.Step = at.Step
	b := second()
	if at.B != nil {
		b = *at.B
	}
	page.Lanes = []templates.ScopeLane{
		s.lane(r.Context(), data.Translator, "a", at.A, at.Step, true),
		s.lane(r.Context(), data.Translator, "b", b, at.Step, at.B != nil),
	}
	page.Steps = stepLinks(at, page.Lanes)
	s.render(w, r, status, templates.Scope(page))
}

// stepLinks lead a page without scripts to other steps.
func stepLinks(at scopeAddress, lanes []templates.ScopeLane) []templates.ScopeLink {
	last := 0
	for _, l := range lanes {
		if l.Result != nil {
			last = max(last, len(l.Result.Run.Events))
		}
	}
	to := func(step int) string {
		at.Step = min(max(step, 0), last)
		return at.String()
	}
	step := at.Step
	return []templates.ScopeLink{
		{Name: "first", Address: to(0)}, {Name: "step-back", Address: to(step - 1)},
		{Name: "step-forward", Address: to(step + 1)}, {Name: "last", Address: to(last)},
	}
}

func problemOf(t *locale.Translator, err error) *templates.ScopeProblem {
	var f *lab.FieldError
	if errors.As(err, &f) {
		return &templates.ScopeProblem{Field: f.Field, Value: f.Value, Remedy: t.Sentence(f.Remedy)}
	}
	return &templates.ScopeProblem{Field: "address", Remedy: t.Sentence(err.Error())}
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

// presets are comparisons worth seeing, each one click away.
func presets() []templates.ScopeLink {
	story := func(path string) lab.Scenario { return opening(path) }
	with := func(s lab.Scenario, change func(*lab.Scenario)) lab.Scenario {
		change(&s)
		return s.Normal()
	}
	host := with(story("sendfile"), func(s *lab.Scenario) {
		s.Side, s.Cache, s.Size = trace.Real, lab.Warm, 256<<10
	})
	model := with(host, func(s *lab.Scenario) { s.Side, s.Model, s.Net = trace.Sim, lab.Linux, lab.Loopback })
	list := []struct {
		name string
		a, b lab.Scenario
	}{
		{"story", story("read-write"), story("sendfile")},
		{"mmap", story("read-write"), story("mmap-write")},
		{"gather", with(story("sendfile"), func(s *lab.Scenario) { s.SG = false }), story("sendfile")},
		{"splice", story("sendfile"), story("splice")},
		{"pio", with(story("read-write"), func(s *lab.Scenario) { s.DMA = false }), story("read-write")},
		{"host", model, host},
		{"lab", with(host, func(s *lab.Scenario) { s.Net, s.SG = lab.Veth, false }), with(host, func(s *lab.Scenario) { s.Net, s.SG = lab.Veth, true })},
	}
	out := make([]templates.ScopeLink, len(list))
	for i, p := range list {
		at := scopeAddress{A: p.a, B: &p.b, Align: "step"}
		out[i] = templates.ScopeLink{Name: p.name, Address: at.String()}
	}
	return out
}
