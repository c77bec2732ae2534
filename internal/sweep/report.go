package sweep

import (
	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// Report is what `copyscope sweep --json` prints. Field names are stable within
// one schema version.
type Report struct {
	Schema    int       `json:"schema"`
	Parameter Parameter `json:"parameter"`
	Values    Span      `json:"values"`
	Series    []Series  `json:"series"`
	// host names the machine that real points were measured on; "" if none was.
	host string
}

// Series is one curve: what stays the same along it, and its points, one for
// each value.
type Series struct {
	Path  string     `json:"path"`
	Side  trace.Side `json:"side"`
	Model lab.Model  `json:"model,omitempty"`
	Cache lab.Cache  `json:"cache"`
	Net   lab.Net    `json:"net"`
	// DMA and SG are the modelled machine's switches; a real run has none.
	DMA *bool `json:"dma,omitempty"`
	SG  *bool `json:"sg,omitempty"`
	// Profile names the modelled hardware; a real run has none.
	Profile string  `json:"profile,omitempty"`
	Points  []Point `json:"points"`
}

// Point is one run.
type Point struct {
	Bytes       int64   `json:"bytes"`
	Chunk       int64   `json:"chunk"`
	Connections int     `json:"connections"`
	Figures     Figures `json:"figures"`
}

func newSeries(s lab.Scenario, l *lab.Lab) Series {
	out := Series{Path: s.Path, Side: s.Side, Model: s.Model, Cache: s.Cache, Net: s.Net, Points: []Point{}}
	if s.Side == trace.Sim {
		out.DMA, out.SG, out.Profile = &s.DMA, &s.SG, l.ProfileName(s)
	}
	return out
}
