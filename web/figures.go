package web

import (
	"slices"
	"strings"
	"sync"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/locale"
	"copyscope/templates"
)

// figureGroups is the order of the groups, which are the first words of the
// figures' names.
var figureGroups = []string{"broker", "load", "cpu", "memory", "disk", "network", "pressure", "process", "connection"}

// membersShown is how many devices or processors of one kind are shown: a
// server has dozens.
const membersShown = 16

// figures keeps the host's newest samples.
type figures struct {
	feed *Feed
	take func() (host.Sample, error)
	past *past

	mu      sync.Mutex
	latest  sampled
	history map[string][]*float64
	failed  error

	every time.Duration
	paced chan struct{} // told when every has changed
}

func newFigures(feed *Feed, past *past, take func() (host.Sample, error), every time.Duration) *figures {
	return &figures{feed: feed, past: past, take: take, history: map[string][]*float64{}, every: every, paced: make(chan struct{}, 1)}
}

// run takes samples until the channel is closed.
func (f *figures) run(stop <-chan struct{}, failed func(error)) {
	tick := time.NewTicker(f.interval())
	defer tick.Stop()
	for {
		if err := f.sample(); err != nil {
			failed(err)
		}
		select {
		case <-tick.C:
		case <-f.paced:
			tick.Reset(f.interval())
		case <-stop:
			return
		}
	}
}

// sampled is the body of live.sample.
type sampled struct {
	// At is Unix time in milliseconds.
	At   int64  `json:"at"`
	Time string `json:"time"`
	// Interval is the real time since the sample before; empty for the first.
	Interval string             `json:"interval"`
	Figures  []templates.Figure `json:"figures"`
	// Hidden is how many figures of a group are not shown, as there are so many
	// devices or processors.
	Hidden      map[string]int            `json:"hidden,omitempty"`
	Connections []templates.ConnectionRow `json:"connections"`
	// Unfollowed is how many more connections there are.
	Unfollowed int `json:"unfollowed"`
}

// newSampled writes a sample's texts.
func newSampled(s host.Sample) sampled {
	out := sampled{At: s.At.UnixMilli(), Time: s.At.Format(time.TimeOnly), Figures: []templates.Figure{},
		Hidden: map[string]int{}, Connections: connectionRows(s.Connections), Unfollowed: s.Unfollowed}
	if s.Interval > 0 {
		out.Interval = templates.Duration(int64(s.Interval))
	}
	if s.Interval > 0 && s.Interval < 900*time.Millisecond {
		out.Time = s.At.Format("15:04:05.0")
	}
	members := map[string]int{}
	for _, g := range s.Figures {
		if g.Of != "" {
			if members[g.Name]++; members[g.Name] > membersShown {
				out.Hidden[groupOf(g.Name)]++
				continue
			}
		}
		out.Figures = append(out.Figures, shownFigure(g))
	}
	return out
}

func shownFigure(g host.Figure) templates.Figure {
	shown := templates.Figure{Name: g.Name, Of: g.Of, Value: g.Value, Text: figureText(g), Provenance: string(g.Provenance)}
	if g.Reason != "" {
		shown.Reason = locale.Speak(g.Reason)
	}
	return shown
}

func connectionRows(all []host.Connection) []templates.ConnectionRow {
	rows := make([]templates.ConnectionRow, len(all))
	for i, c := range all {
		rows[i] = templates.ConnectionRow{Peer: c.Peer, Congestion: c.Congestion}
		for _, f := range c.Figures {
			rows[i].Figures = append(rows[i].Figures, shownFigure(f))
		}
	}
	return rows
}

// sample takes one sample, keeps it and publishes it. A failure is reported
// once, when it begins.
func (f *figures) sample() error {
	s, err := f.take()
	f.mu.Lock()
	again := err != nil && f.failed != nil
	f.failed = err
	if err != nil {
		f.mu.Unlock()
		if again {
			return nil
		}
		return err
	}
	body := newSampled(s)
	history := make(map[string][]*float64, len(body.Figures)) // of what is there: devices go
	for _, g := range body.Figures {
		h := append(f.history[g.Key()], g.Value)
		history[g.Key()] = h[max(0, len(h)-templates.TrendDepth):]
	}
	f.history, f.latest = history, body
	f.mu.Unlock()
	f.past.add(body.At, body.Figures)
	return f.feed.publish("live.sample", body)
}

// fill puts the newest figures into the page's data.
func (f *figures) fill(d *templates.LiveData) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		d.NoSample = f.failed.Error()
	}
	d.State.History = make(map[string][]*float64, len(f.history))
	for name, h := range f.history {
		d.State.History[name] = slices.Clone(h)
	}
	d.State.Hz, d.ConnectionNames = hertz(f.every), host.ConnectionFigureNames()
	if len(f.latest.Figures) == 0 {
		return
	}
	d.SampledAt, d.SampledOver, d.State.Sampled = f.latest.Time, f.latest.Interval, f.latest.At
	d.Connections, d.Unfollowed = f.latest.Connections, f.latest.Unfollowed
	groups := map[string]*templates.FigureGroup{}
	for _, figure := range f.latest.Figures {
		name := groupOf(figure.Name)
		if groups[name] == nil {
			groups[name] = &templates.FigureGroup{Name: name, Hidden: f.latest.Hidden[name]}
		}
		figure.History = d.State.History[figure.Key()]
		groups[name].Figures = append(groups[name].Figures, figure)
	}
	d.Charts = shownCharts(f.latest.Figures)
	for _, c := range d.Charts {
		d.State.Charts = append(d.State.Charts, c.Chart)
	}
	for _, name := range append(slices.Clone(figureGroups), "other") {
		if g := groups[name]; g != nil {
			d.Groups = append(d.Groups, *g)
		}
	}
}

func groupOf(figure string) string {
	word, _, _ := strings.Cut(figure, "_")
	if slices.Contains(figureGroups, word) {
		return word
	}
	return "other"
}
