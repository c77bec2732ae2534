package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"copyscope/internal/host"
	"copyscope/templates"
)

// charts are those of the live page, in its order: what the broker does and what
// that takes, then what the kernel does meanwhile. A chart has one unit.
var charts = []templates.Chart{
	{Name: "throughput", Unit: string(host.BytesPerSecond), Figures: []string{"broker_sent", "broker_received", "load_fetched", "load_produced"}},
	{Name: "cost", Unit: string(perGB), Figures: []string{"broker_cpu_per_gb", "load_cpu_per_gb"}},
	{Name: "calls", Unit: string(host.PerSecond), Figures: []string{"broker_syscalls", "broker_mode_switches"}},
	{Name: "switches", Unit: string(host.PerSecond), Figures: []string{"process_voluntary_switches", "process_involuntary_switches", "cpu_context_switches"}},
	{Name: "requests", Unit: string(host.PerSecond), Figures: []string{"broker_fetches", "broker_produces"}},
	{Name: "cpu", Unit: string(host.Ratio), Figures: []string{"process_cpu_user", "process_cpu_system"}},
	{Name: "faults", Unit: string(host.PerSecond), Figures: []string{"process_minor_faults", "process_major_faults"}},
	{Name: "cache", Unit: string(host.Bytes), Figures: []string{"memory_page_cache", "memory_dirty"}},
	{Name: "disk", Unit: string(host.BytesPerSecond), Figures: []string{"memory_paged_in", "memory_paged_out"}},
}

// chartedFigures are the figures that a chart shows.
func chartedFigures() (names []string) {
	for _, c := range charts {
		names = append(names, c.Figures...)
	}
	return names
}

// shownCharts are the charts with the newest figures in their legends; a chart of
// which there is no figure is left out.
func shownCharts(latest []templates.Figure) (shown []templates.ChartView) {
	byName := map[string]templates.Figure{}
	for _, f := range latest {
		if f.Of == "" {
			byName[f.Name] = f
		}
	}
	for _, c := range charts {
		view := templates.ChartView{Chart: templates.Chart{Name: c.Name, Unit: c.Unit}}
		for _, name := range c.Figures {
			if f, ok := byName[name]; ok {
				view.Figures = append(view.Figures, name)
				view.Legend = append(view.Legend, f)
			}
		}
		if len(view.Legend) > 0 {
			shown = append(shown, view)
		}
	}
	return shown
}

const (
	// chartedFor is how far back the charts go.
	chartedFor = 15 * time.Minute
	// samplesKept is how many samples of them are kept for a page that opens.
	samplesKept = int(chartedFor/time.Second) * mostHertz
	// marksKept is how many annotations are kept.
	marksKept = 200
)

// past keeps the charted figures of the last quarter of an hour, and the
// annotations, so that a page that opens, or has lost messages, has them too.
type past struct {
	names []string

	mu    sync.Mutex
	rows  []pastRow // a ring: the oldest is at next once it is full
	next  int
	marks []mark
}

// pastRow is one sample; a value that lacks is nil.
type pastRow struct {
	at     int64
	values []*float64
}

// mark is an annotation of the charts, and the body of live.mark.
type mark struct {
	// At is Unix time in milliseconds.
	At int64 `json:"at"`
	// Kind is path, begin or end; Path is the one from then on, Topic whose.
	Kind  string `json:"kind"`
	Topic string `json:"topic"`
	Path  string `json:"path"`
}

func newPast() *past { return &past{names: chartedFigures()} }

// add keeps a sample and forgets the oldest one that no longer fits.
func (p *past) add(at int64, figures []templates.Figure) {
	row := pastRow{at, make([]*float64, len(p.names))}
	byName := make(map[string]*float64, len(figures))
	for _, f := range figures {
		if f.Of == "" {
			byName[f.Name] = f.Value
		}
	}
	for i, name := range p.names {
		row.values[i] = byName[name]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.rows) < samplesKept {
		p.rows = append(p.rows, row)
		return
	}
	p.rows[p.next] = row
	p.next = (p.next + 1) % samplesKept
}

func (p *past) annotate(m mark) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marks = append(p.marks, m)
	p.marks = p.marks[max(0, len(p.marks)-marksKept):]
}

// pastBody is /live/history.json: the charted figures by name, each with a value
// or null for every time in At.
type pastBody struct {
	At     []int64                      `json:"at"`
	Series map[string][]json.RawMessage `json:"series"`
	Marks  []mark                       `json:"marks"`
}

func (p *past) body() pastBody {
	oldest := time.Now().Add(-chartedFor).UnixMilli()
	p.mu.Lock()
	defer p.mu.Unlock()
	b := pastBody{At: []int64{}, Series: map[string][]json.RawMessage{}, Marks: append([]mark{}, p.marks...)}
	for _, name := range p.names {
		b.Series[name] = []json.RawMessage{}
	}
	for i := range p.rows {
		row := p.rows[(p.next+i)%len(p.rows)]
		if row.at < oldest {
			continue
		}
		b.At = append(b.At, row.at)
		for j, name := range p.names {
			text := json.RawMessage("null")
			if v := row.values[j]; v != nil {
				text = strconv.AppendFloat(nil, *v, 'g', 6, 64) // what a chart can show
			}
			b.Series[name] = append(b.Series[name], text)
		}
	}
	return b
}

// history answers /live/history.json.
func (l *live) history(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err := json.NewEncoder(w).Encode(l.past.body()); err != nil {
		l.server.config.Log.Debug("live history", "err", err)
	}
}

// annotate marks the charts of every page.
func (l *live) annotate(m mark) {
	m.At = time.Now().UnixMilli()
	l.past.annotate(m)
	if err := l.feed.publish("live.mark", m); err != nil {
		l.server.config.Log.Error("live feed", "err", err)
	}
}
