package web

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// progressEvery bounds how often a run tells how far it is.
const progressEvery = 100 * time.Millisecond

// runRequest is the body of scope.run.
type runRequest struct {
	Lane     string      `json:"lane"`
	Scenario string      `json:"scenario"`
	Lang     locale.Lang `json:"lang"`
}

// scopeFault is the body of an error about a scenario: a [Problem] that names
// the field.
type scopeFault struct {
	Problem
	Field string `json:"field,omitempty"`
	Value string `json:"value,omitempty"`
}

// laneHead is the body of scope.lane: all about a run but its events.
type laneHead struct {
	Schema     int               `json:"schema"`
	Lane       string            `json:"lane"`
	Scenario   string            `json:"scenario"`
	Settings   map[string]string `json:"settings"`
	Title      string            `json:"title"`
	About      string            `json:"about"`
	Side       trace.Side        `json:"side"`
	Provenance trace.Provenance  `json:"provenance"`
	Chips      []string          `json:"chips"`
	Notes      []string          `json:"notes"`
	Listing    []transfer.Line   `json:"listing"`
	Total      int               `json:"total"`
	// Windows is how many events of a long run can be shown, window by window; 0:
	// what is shown is all that there is to come.
	Windows int                               `json:"windows,omitempty"`
	Shown   int                               `json:"shown"`
	Order   []trace.CountName                 `json:"order"`
	Counts  map[trace.CountName]*trace.Series `json:"counts"`
	// Totals are the counts of the whole run, where the series above end before it:
	// the last value of a series is no total there.
	Totals     trace.Counts              `json:"totals,omitempty"`
	Places     map[trace.Place]*contents `json:"places"`
	Uses       []string                  `json:"uses"`
	Actors     []trace.Actor             `json:"actors"`
	Boundaries []int                     `json:"boundaries"`
	Dark       []darkLeg                 `json:"dark"`
	// Trace is the run in the trace format, but for its events.
	Trace trace.Run `json:"trace"`
	// Added names the fields of the events that the trace format does not have.
	Added []string `json:"added"`
	// Inside are the items of each place, Pages the pages of the file; Pages is
	// null where the run has no file.
	Inside map[string][]held `json:"inside"`
	Pages  *filePages        `json:"pages"`
	// Links lead from the step of a cause to that of what came of it.
	Links [][2]int `json:"links"`
	// Sums are what each actor had done after each step.
	Sums map[string]*sums `json:"sums"`
	// Groups are the choices of whose events count, Group the chosen one.
	Groups []laneGroup `json:"groups,omitempty"`
	Group  string      `json:"group,omitempty"`
}

// shownEvent is an event as the page gets it: with its sentence and what the
// CPU and others do meanwhile.
type shownEvent struct {
	trace.Event
	meanwhile
	CPUState string `json:"cpu_state"`
	// Pages are the first page of the file that the event works on in the page
	// cache, and how many.
	Pages *[2]int64 `json:"pages,omitempty"`
	Say   string    `json:"say"`
	// Who is the thread that the event is of, if there are several.
	Who string `json:"who,omitempty"`
}

// run answers scope.run: scope.queued while others go first, scope.progress,
// then scope.lane, the events in batches of scope.events, scope.done and, for
// a real run, scope.predictions.
func (s *scope) run(ctx context.Context, c *Client, m Message) error {
	var req runRequest
	if err := m.Decode(&req); err != nil {
		return err
	}
	t := locale.New(req.Lang)
	source, err := parseSource(req.Scenario)
	if err == nil {
		err = s.allowHere(source.lab, c.framed)
	}
	if err == nil && source.trace != "" {
		err = errImported(source.trace)
	}
	if err != nil {
		return c.Send("error", m.ID, faultOf(t, err))
	}
	scenario := source.lab
	s.kept.drop(func(r *keptRun) bool { return r.client == c && r.lane == req.Lane })
	leave, err := s.line(source).enter(ctx, func(place int) {
		c.Offer("scope.queued", m.ID, map[string]any{"lane": req.Lane, "place": place})
	})
	if err != nil {
		return c.Send("scope.cancelled", m.ID, map[string]any{"lane": req.Lane})
	}
	leaveOnce := sync.OnceFunc(leave)
	defer leaveOnce()
	if source.file != "" {
		return s.fileRun(ctx, c, m.ID, t, req.Lane, source, leaveOnce)
	}
	result, err := s.lab.Run(ctx, scenario, lab.Options{MaxEvents: scopeEvents, Whole: keptEvents, Progress: progress(c, m.ID, req.Lane)})
	if ctx.Err() != nil {
		return c.Send("scope.cancelled", m.ID, map[string]any{"lane": req.Lane})
	}
	var lacking *lab.UnavailableError
	if errors.As(err, &lacking) {
		leaveOnce()
		return s.notHere(ctx, c, m.ID, t, req.Lane, scenario, lacking.Reason)
	}
	if err != nil {
		return c.Send("error", m.ID, faultOf(t, err))
	}
	leaveOnce() // sending may take as long as the client likes
	if result.Log != nil && result.TotalEvents > scopeEvents {
		return s.keepRun(ctx, c, m.ID, t, req.Lane, ofResult(t, result))
	}
	if err := send(c, m.ID, t, req.Lane, ofResult(t, result)); err != nil {
		return err
	}
	if scenario.Side == trace.Sim {
		return nil
	}
	rows, err := s.compare(ctx, result)
	if ctx.Err() != nil {
		return c.Send("scope.cancelled", m.ID, map[string]any{"lane": req.Lane})
	}
	if err != nil {
		return c.Send("error", m.ID, faultOf(t, err))
	}
	return c.Send("scope.predictions", m.ID, predictions(t, req.Lane, rows, ""))
}

// line is where a run waits for its turn.
func (s *scope) line(source laneSource) *queue {
	switch scenario := source.lab; {
	case scenario.Side == trace.Real:
		return s.real
	case source.isLab() && scenario.Size/scenario.Chunk > largePieces:
		return s.large
	}
	return s.sims
}

// fileRun answers scope.run for a scenario file; leave ends its turn. Of a long run
// there are windows with the counts of all threads, not with those of a group.
func (s *scope) fileRun(ctx context.Context, c *Client, id string, t *locale.Translator, lane string, source laneSource, leave func()) error {
	run, err := runFile(ctx, t, source, keptEvents, progress(c, id, lane))
	if ctx.Err() != nil {
		return c.Send("scope.cancelled", id, map[string]any{"lane": lane})
	}
	if err != nil {
		return c.Send("error", id, faultOf(t, err))
	}
	leave()
	if run.total > scopeEvents && run.counts == nil {
		return s.keepRun(ctx, c, id, t, lane, run)
	}
	return send(c, id, t, lane, run)
}

// predictions is the body of scope.predictions; why says why this host can
// measure nothing of them.
func predictions(t *locale.Translator, lane string, rows []trace.Comparison, why string) map[string]any {
	for i := range rows {
		rows[i].Reason = t.Sentence(rows[i].Reason)
	}
	return map[string]any{"lane": lane, "rows": rows, "why": why}
}

// notHere answers scope.run for a path that this host's kernel cannot run: with
// what is predicted for it, and why nothing stands beside that.
func (s *scope) notHere(ctx context.Context, c *Client, id string, t *locale.Translator, lane string, scenario lab.Scenario, reason string) error {
	why := t.T("scope.not-measurable", "Why", t.Sentence(reason))
	leave, err := s.sims.enter(ctx, func(int) {})
	if err != nil {
		return c.Send("scope.cancelled", id, map[string]any{"lane": lane})
	}
	prediction, err := s.lab.Predict(ctx, scenario)
	leave()
	if ctx.Err() != nil {
		return c.Send("scope.cancelled", id, map[string]any{"lane": lane})
	}
	if err != nil {
		return c.Send("error", id, faultOf(t, err))
	}
	if err := c.Send("scope.predictions", id, predictions(t, lane, lab.NotMeasurable(prediction, reason), why)); err != nil {
		return err
	}
	remedy := t.T("scope.not-measurable.remedy")
	return c.Send("error", id, scopeFault{Problem: Problem{"unavailable", why, remedy}, Field: "path", Value: scenario.Path})
}

// compare holds the prediction against a real run. The prediction is a simulated
// run like others and waits for its turn; that is not told, since the page has
// the run already.
func (s *scope) compare(ctx context.Context, result *lab.Result) ([]trace.Comparison, error) {
	leave, err := s.sims.enter(ctx, func(int) {})
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.lab.Compare(ctx, result)
}

// cancel answers scope.cancel, whose id is that of the run to end.
func (s *scope) cancel(_ context.Context, c *Client, m Message) error {
	var req struct {
		Run string `json:"run"`
	}
	if err := m.Decode(&req); err != nil {
		return err
	}
	if !c.Cancel(req.Run) {
		return Problem{"cancel", "no run " + req.Run + " is under way", "it may have ended already"}
	}
	return nil
}

func faultOf(t *locale.Translator, err error) scopeFault {
	var f *lab.FieldError
	if errors.As(err, &f) {
		field, value := oneLine(f.Field, nameShown), oneLine(f.Value, nameShown)
		return scopeFault{Problem: Problem{"field", t.T("scope.fault", "Field", field, "Value", value), t.Sentence(f.Remedy)}, Field: field, Value: value}
	}
	p := Problem{"failed", err.Error(), "change the scenario, or try again"}.in(t)
	p.Message = visible(p.Message, reasonShown) // it may quote a file
	return scopeFault{Problem: p}
}

// progress tells the client now and then how far a run is. The run does not
// wait for a slow client: waiting would be part of what is measured.
func progress(c *Client, id, lane string) func(done, total int64) {
	return offer(c, "scope.progress", id, lane)
}

func offer(c *Client, kind, id, lane string) func(done, total int64) {
	var last time.Time
	return func(done, total int64) {
		if time.Since(last) < progressEvery {
			return
		}
		last = time.Now()
		c.Offer(kind, id, map[string]any{"lane": lane, "done": done, "total": total})
	}
}

// send sends a run: what it is, then its events, then the end.
func send(c *Client, id string, t *locale.Translator, lane string, r *shownRun) error {
	return tellRun(t, lane, r, func(kind string, body any) error { return c.Send(kind, id, body) })
}

// tellRun tells all about a run, message by message.
func tellRun(t *locale.Translator, lane string, r *shownRun, tell func(kind string, body any) error) error {
	if err := tell("scope.lane", headOf(t, lane, r)); err != nil {
		return err
	}
	events := r.shown(t)
	for from := 0; from < len(events); from += scopeBatch {
		batch := events[from:min(from+scopeBatch, len(events))]
		if err := tell("scope.events", map[string]any{"lane": lane, "from": from, "events": batch}); err != nil {
			return err
		}
	}
	return tell("scope.done", map[string]any{"lane": lane, "events": len(events)})
}

// shown are a run's events as a page gets them.
func (r *shownRun) shown(t *locale.Translator) []shownEvent {
	events := r.run.Events
	states, beside, say, file := cpuStates(events), meanwhiles(events), r.teller(t), ofFile(r.drawn)
	all := make([]shownEvent, 0, len(events))
	for i, e := range events {
		one := shownEvent{Event: e, meanwhile: beside[i], CPUState: states[i], Pages: touched(e, file), Say: say(e)}
		if r.thread != nil {
			one.Who = r.thread(&e)
		}
		all = append(all, one)
	}
	return all
}

func headOf(t *locale.Translator, lane string, r *shownRun) laneHead {
	events := r.run.Events
	filled := fill(r.drawn, events)
	h := laneHead{
		Schema: trace.Schema, Lane: lane, Scenario: r.source.String(), Settings: r.settings,
		Title: r.source.title(), About: r.about, Side: r.run.Side, Provenance: r.provenance, Chips: r.chips, Notes: r.notes,
		Listing: r.listing, Total: r.total, Shown: len(events), Windows: r.windows,
		Order: trace.CountNames(), Counts: r.grow(), Places: filled.places,
		Boundaries: boundaries(events), Dark: r.dark,
		Sums: actorSums(events), Groups: r.groups, Group: r.source.group,
	}
	h.Inside, h.Links = filled.insides(r.drawn, events)
	if h.Links == nil {
		h.Links = [][2]int{}
	}
	if filled.file {
		h.Pages = filled.pages
	}
	h.Trace = *r.run
	h.Trace.Events = []trace.Event{}
	h.Added = addedFields()
	for _, series := range h.Counts {
		series.Reason = t.Sentence(series.Reason)
	}
	if r.total > len(events) {
		h.Totals = make(trace.Counts, len(r.whole))
		for name, n := range r.whole {
			n.Reason = t.Sentence(n.Reason)
			h.Totals[name] = n
		}
	}
	drawn := newUsage()
	for _, e := range events {
		drawn.see(e)
	}
	h.Uses, h.Actors = drawn.uses(), drawn.who()
	return h
}

// settings are a scenario's fields as the page's form shows them; fields that
// do not matter for it are left out.
func settings(s lab.Scenario) map[string]string {
	m := map[string]string{"path": s.Path, "side": string(s.Side), "size": lab.FormatSize(s.Size), "chunk": lab.FormatSize(s.Chunk)}
	if cached(s) {
		m["cache"] = string(s.Cache)
	}
	if s.Side == trace.Sim {
		m["model"], m["dma"], m["sg"] = string(s.Model), lab.OnOff(s.DMA), lab.OnOff(s.SG)
		if s.Model == lab.Linux && sends(s) {
			m["net"] = string(s.Net)
		}
	}
	if s.Side == trace.Sim {
		m["whatif"], m["profile"], m["cpus"], m["llc"] = s.WhatIf, s.Profile, "", "" // empty: the default
		if s.CPUs > 0 {
			m["cpus"] = strconv.Itoa(s.CPUs)
		}
		if s.LLC > 0 {
			m["llc"] = lab.FormatSize(s.LLC)
		}
	}
	if s.Path == "io-uring" {
		m["zerocopy"] = lab.OnOff(s.ZeroCopy)
	}
	if p, _ := transfer.Lookup(s.Path); p.UserMemory {
		m["touch"] = lab.OnOff(s.Touch)
	}
	return m
}

// boundaries are the steps at which a syscall is entered or left.
func boundaries(events []trace.Event) []int {
	steps := []int{}
	for i, e := range events {
		if e.Kind == trace.ModeSwitch {
			steps = append(steps, i+1)
		}
	}
	return steps
}
