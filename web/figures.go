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
var figureGroups = []string{"cpu", "memory", "network", "process"}

// figures keeps the host's last minute of samples.
type figures struct {
	feed *Feed
	take func() (host.Sample, error)

	mu      sync.Mutex
	at      time.Time
	latest  []templates.Figure
	history map[string][]*float64
	failed  error
}

func newFigures(feed *Feed, take func() (host.Sample, error)) *figures {
	return &figures{feed: feed, take: take, history: map[string][]*float64{}}
}

// run takes samples until the channel is closed.
func (f *figures) run(every time.Duration, stop <-chan struct{}, failed func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := f.sample(); err != nil {
			failed(err)
		}
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

// sampled is the body of live.sample.
type sampled struct {
	// At is Unix time in milliseconds.
	At      int64              `json:"at"`
	Time    string             `json:"time"`
	Figures []templates.Figure `json:"figures"`
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
	shown := make([]templates.Figure, len(s.Figures))
	for i, g := range s.Figures {
		shown[i] = templates.Figure{Name: g.Name, Value: g.Value, Text: figureText(g), Provenance: string(g.Provenance)}
		if g.Reason != "" {
			shown[i].Reason = locale.Speak(g.Reason)
		}
		h := append(f.history[g.Name], g.Value)
		f.history[g.Name] = h[max(0, len(h)-templates.TrendDepth):]
	}
	f.at, f.latest = s.At, shown
	f.mu.Unlock()
	return f.feed.publish("live.sample", sampled{At: s.At.UnixMilli(), Time: s.At.Format(time.TimeOnly), Figures: shown})
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
	if len(f.latest) == 0 {
		return
	}
	d.SampledAt, d.State.Sampled = f.at.Format(time.TimeOnly), f.at.UnixMilli()
	groups := map[string]*templates.FigureGroup{}
	for _, figure := range f.latest {
		name := groupOf(figure.Name)
		if groups[name] == nil {
			groups[name] = &templates.FigureGroup{Name: name}
		}
		figure.History = d.State.History[figure.Name]
		groups[name].Figures = append(groups[name].Figures, figure)
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
