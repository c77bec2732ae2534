package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"copyscope/internal/claim"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// claims are the pages of what is said of zero copy, and the measurements that
// they start. The last one of each claim is kept while the server runs.
type claims struct {
	*Server
	// local: no other machine can reach the pages.
	local bool

	mu   sync.Mutex
	last map[string]*claimState
	done sync.WaitGroup
}

// claimState is what became of a claim so far.
type claimState struct {
	report    *claim.Report
	cancel    context.CancelFunc // of what is under way; nil if nothing is
	queued    bool
	percent   int
	failed    error
	cancelled bool
}

// claimSeconds is about how long each takes at the most.
var claimSeconds = map[string]int{"switches": 60, "speedup": 60, "neighbour": 60, "headroom": 30, "prediction": 90}

func (s *Server) claimRoutes() *claims {
	c := &claims{Server: s, local: s.local(), last: map[string]*claimState{}}
	for _, name := range claim.Names() {
		c.last[name] = &claimState{}
	}
	s.mux.HandleFunc("GET /claims", c.list)
	for pattern, handle := range map[string]func(w http.ResponseWriter, r *http.Request, name string){
		"GET /claims/{name}": c.page, "GET /claims/{name}/state": c.state,
		"POST /claims/{name}/run": c.run, "POST /claims/{name}/cancel": c.stop,
		"GET /claims/{name}/rounds.csv":  c.download("text/csv; charset=utf-8", "rounds.csv", (*claim.Report).WriteCSV),
		"GET /claims/{name}/report.json": c.download("application/json", "report.json", writeReport),
		"GET /claims/{name}/curve.svg":   c.download("image/svg+xml", "", (*claim.Report).WriteSVG),
	} {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			name := r.PathValue("name")
			if _, ok := claim.Lookup(name); !ok {
				s.missing(w, r)
				return
			}
			handle(w, r, name)
		})
	}
	return c
}

// close waits for the measurements, whose context the hub has ended.
func (c *claims) close() { c.done.Wait() }

// known is a copy of what is known of a claim.
func (c *claims) known(name string) claimState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *c.last[name]
}

func (c *claims) list(w http.ResponseWriter, r *http.Request) {
	p := c.pageData(w, r, "claims")
	p.Styles = []string{"lessons/lessons.css", "claims/claims.css"}
	var measured []templates.ClaimCard
	for _, name := range claim.Names() {
		card := templates.ClaimCard{Name: name}
		if known := c.known(name); known.report != nil {
			card.At = known.report.At.Format(time.DateTime) + " UTC"
			card.Findings = sentencesOf(p.Translator, known.report.Findings)
		}
		measured = append(measured, card)
	}
	ctx, stop := context.WithTimeout(r.Context(), lessonTime)
	defer stop()
	c.render(w, r, http.StatusOK, templates.Claims(p, c.lessons.cards(ctx, p, measured), measured))
}

func (c *claims) page(w http.ResponseWriter, r *http.Request, name string) {
	p := c.pageData(w, r, "claims", "claims.under-way", "claims.queued", "claims.away", "claims.lost")
	p.Title = p.T("claims.title." + name)
	p.Styles = []string{"claims/claims.css"}
	p.Modules = []string{"claims/claims.js"}
	// A browser names the site that a form was sent from only if the page lets it:
	// else the guard cannot tell this site's forms from another's.
	w.Header().Set("Referrer-Policy", "same-origin")
	known := c.known(name)
	d := templates.ClaimData{Name: name, Seconds: claimSeconds[name], State: known.shown(), Cancelled: known.cancelled}
	switch {
	case !c.local:
		d.Why = p.T("claims.run.remote")
	case c.config.Claims == nil:
		d.Why = p.T("claims.run.elsewhere")
	}
	if known.failed != nil {
		d.Failed = p.Sentence(known.failed.Error())
	}
	if known.report != nil {
		d.Report = claimReport(p.Translator, known.report)
	}
	c.render(w, r, http.StatusOK, templates.Claim(p, d))
}

func (k claimState) shown() templates.ClaimState {
	return templates.ClaimState{Running: k.cancel != nil, Queued: k.queued, Percent: k.percent}
}

// state answers the page's script.
func (c *claims) state(w http.ResponseWriter, _ *http.Request, name string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(c.known(name).shown())
}

// run starts a measurement, unless it is under way, and leads back to the page, where
// it says how far the measurement is.
// Only pages that no other machine reaches may: it loads this host.
func (c *claims) run(w http.ResponseWriter, r *http.Request, name string) {
	switch {
	case !c.local:
		c.refused(w, r, http.StatusForbidden, "refused.claim-remote", "Name", name)
		return
	case c.config.Claims == nil:
		c.refused(w, r, http.StatusNotImplemented, "claims.run.elsewhere")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
	c.start(name, claim.Options{Quick: r.PostFormValue("quick") != ""})
	http.Redirect(w, r, "/claims/"+name+"#start", http.StatusSeeOther)
}

func (c *claims) start(name string, o claim.Options) {
	ctx, cancel := context.WithCancel(c.hub.ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.last[name]
	if k.cancel != nil || ctx.Err() != nil {
		cancel()
		return
	}
	*k = claimState{report: k.report, cancel: cancel, queued: true}
	o.Progress = func(done, total int64) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if total > 0 {
			k.percent = int(100 * min(done, total) / total)
		}
	}
	c.done.Go(func() {
		defer cancel()
		report, err := c.measure(ctx, k, name, o)
		c.mu.Lock()
		defer c.mu.Unlock()
		k.cancel, k.queued, k.percent = nil, false, 0
		switch {
		case err == nil:
			k.report = report
		case ctx.Err() != nil:
			k.cancelled = true
		default:
			k.failed = err
		}
	})
}

// measure waits until no other real run is under way.
func (c *claims) measure(ctx context.Context, k *claimState, name string, o claim.Options) (*claim.Report, error) {
	leave, err := c.real.enter(ctx, func(int) {})
	if err != nil {
		return nil, err
	}
	defer leave()
	c.mu.Lock()
	k.queued = false
	c.mu.Unlock()
	return c.config.Claims(ctx, name, o)
}

// stop cancels what is under way.
func (c *claims) stop(w http.ResponseWriter, r *http.Request, name string) {
	if !c.local {
		c.refused(w, r, http.StatusForbidden, "refused.cancel-remote")
		return
	}
	c.mu.Lock()
	if cancel := c.last[name].cancel; cancel != nil {
		cancel()
	}
	c.mu.Unlock()
	http.Redirect(w, r, "/claims/"+name, http.StatusSeeOther)
}

// download gives the last report in some form; file is what it is saved as.
func (c *claims) download(kind, file string, write func(*claim.Report, io.Writer) error) func(http.ResponseWriter, *http.Request, string) {
	return func(w http.ResponseWriter, r *http.Request, name string) {
		report := c.known(name).report
		if report == nil {
			c.refused(w, r, http.StatusNotFound, "refused.unmeasured", "Name", name)
			return
		}
		text := &buffered{}
		if err := write(report, text); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-cache")
		if file != "" {
			w.Header().Set("Content-Disposition", `attachment; filename="copyscope-`+name+`-`+file+`"`)
		}
		w.Write(text.b)
	}
}

// buffered holds a document until it is whole.
type buffered struct{ b []byte }

func (b *buffered) Write(p []byte) (int, error) {
	b.b = append(b.b, p...)
	return len(p), nil
}

func writeReport(r *claim.Report, w io.Writer) error {
	said := *r
	said.Findings, said.Limits = slices.Clone(r.Findings), slices.Clone(r.Limits)
	english := locale.New(locale.English)
	said.Say(english.T)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(said)
}

// sentencesOf puts notes into the reader's language. What stands in one of them may
// be a label or a sentence of its own.
func sentencesOf(t *locale.Translator, notes []claim.Note) (out []string) {
	for _, n := range notes {
		pairs := n.Pairs()
		for i := 1; i < len(pairs); i += 2 {
			if text, ok := pairs[i].(string); ok {
				pairs[i] = t.Sentence(claimLabel(t, text))
			}
		}
		out = append(out, t.T(n.Key, pairs...))
	}
	return out
}

func claimReport(t *locale.Translator, r *claim.Report) *templates.ClaimReport {
	out := &templates.ClaimReport{At: r.At.Format(time.DateTime) + " UTC", Seconds: strconv.FormatFloat(r.Seconds, 'f', 0, 64), Quick: r.Quick, Curve: r.HasCurve(),
		Findings: sentencesOf(t, r.Findings), Limits: sentencesOf(t, r.Limits), Machine: claimMachine(r.Machine)}
	for _, table := range r.Tables {
		shown := templates.ClaimTable{Title: t.T("claims.table." + table.Name)}
		for _, k := range table.Keys {
			shown.Keys = append(shown.Keys, t.T("claims.key."+k))
		}
		for i, column := range table.Columns {
			shown.Columns = append(shown.Columns, templates.ClaimColumn{Title: t.T("claims.column." + column.Name), Unit: column.Unit, Provenance: string(provenanceIn(table, i))})
		}
		for _, row := range table.Rows {
			cells := templates.ClaimRow{}
			for _, label := range row.Labels {
				cells.Labels = append(cells.Labels, claimLabel(t, label))
			}
			for _, f := range row.Figures {
				cells.Cells = append(cells.Cells, claimCell(t, f))
			}
			shown.Rows = append(shown.Rows, cells)
		}
		out.Tables = append(out.Tables, shown)
	}
	return out
}

// provenanceIn is how the known figures of a column are known: all in one way.
func provenanceIn(t claim.Table, column int) trace.Provenance {
	for _, row := range t.Rows {
		if f := row.Figures[column]; f.Known() {
			return f.Provenance
		}
	}
	return trace.Unavailable
}

// claimLabel is a label in words, where there are any: paths and sizes are the same
// in every language.
func claimLabel(t *locale.Translator, label string) string {
	if id := locale.TermID("claims.label", label); slices.Contains(locale.IDs(locale.English), id) {
		return t.T(id)
	}
	return label
}

func claimCell(t *locale.Translator, f claim.Figure) templates.ClaimCell {
	if !f.Known() {
		return templates.ClaimCell{Reason: t.Sentence(f.Reason)}
	}
	cell := templates.ClaimCell{Text: claim.Figures(f.Spread.Median), Rounds: t.T("claims.rounds", "Count", strconv.Itoa(f.Spread.N))}
	if f.Spread.N > 1 {
		cell.Range = claim.Figures(f.Spread.Q1) + " – " + claim.Figures(f.Spread.Q3)
	}
	return cell
}

func claimMachine(m claim.Machine) []templates.ClaimFact {
	load := ""
	if m.Load != nil {
		load = claim.Short(*m.Load)
	}
	return []templates.ClaimFact{
		{Name: "processor", Text: m.Processor}, {Name: "cpus", Text: told(int64(m.CPUs), func(n int64) string { return strconv.FormatInt(n, 10) })},
		{Name: "private", Text: told(m.PrivateCacheBytes, templates.Size)}, {Name: "last", Text: told(m.LastCacheBytes, templates.Size)},
		{Name: "kernel", Text: m.Kernel}, {Name: "filesystem", Text: m.Filesystem}, {Name: "load", Text: load},
	}
}
