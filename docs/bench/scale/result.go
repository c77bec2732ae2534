//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/spread"
)

// result is what was measured of a curve, as its JSON file has it. Schema is 1.
type result struct {
	Schema int        `json:"schema"`
	Curve  string     `json:"curve"`
	Begun  time.Time  `json:"begun"`
	TookNs int64      `json:"took_ns"`
	Host   host.Facts `json:"host"`
	CPU    string     `json:"cpu"`
	Go     string     `json:"go"`
	// Load are the load averages of the last minute (proc_loadavg(5)) when it began
	// and when it ended.
	Load [2]string `json:"load"`
	// Quick is a short look: fewer sizes and rounds.
	Quick       bool `json:"quick"`
	Interrupted bool `json:"interrupted"`
	// Left are sizes that were not measured, for want of time.
	Left   []int    `json:"left,omitempty"`
	Series []points `json:"series"`
}

// points are the measured values of one series.
type points struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Points []point `json:"points"`
	Knee   *knee   `json:"knee,omitempty"`
	// Growth is the exponent from the knee, or from the first size, to the end.
	Growth *float64 `json:"growth,omitempty"`
	// Behind is how many sizes that is of.
	Behind int `json:"behind"`
}

// point is one size: a sample of each round, and how far they lie apart.
type point struct {
	Size    int           `json:"size"`
	Samples []float64     `json:"samples"`
	Spread  spread.Spread `json:"spread"`
}

func newResult(c *curve, quick bool) *result {
	r := &result{Schema: 1, Curve: c.name, Begun: time.Now().UTC(), Host: host.ReadFacts(""), CPU: processor(), Go: runtime.Version(), Quick: quick}
	r.Load[0] = loadAverage()
	for _, s := range c.series {
		r.Series = append(r.Series, points{Name: s.name, Unit: s.unit, Points: []point{}})
	}
	return r
}

// add takes the figures of a round in; one that is not there was not measured.
func (r *result) add(size int, f figures) {
	for i := range r.Series {
		s := &r.Series[i]
		v, ok := f[s.Name]
		if !ok {
			continue
		}
		n := slices.IndexFunc(s.Points, func(p point) bool { return p.Size == size })
		if n < 0 {
			n = len(s.Points)
			s.Points = append(s.Points, point{Size: size})
		}
		s.Points[n].Samples = append(s.Points[n].Samples, v)
	}
}

// cut notes a size for which there was no time in the round.
func (r *result) cut(size, round int) {
	if round == 0 {
		r.Left = append(r.Left, size)
	}
}

// finish computes what follows from the samples.
func (r *result) finish(took time.Duration) {
	r.TookNs, r.Load[1] = int64(took), loadAverage()
	for i := range r.Series {
		s := &r.Series[i]
		for k := range s.Points {
			s.Points[k].Spread = spread.Of(s.Points[k].Samples)
		}
		s.Knee = findKnee(s.medians())
		from := 0.0
		if s.Knee != nil {
			from = s.Knee.Size
		}
		var g float64
		if g, s.Behind = growth(s.medians(), from); s.Behind >= 2 {
			s.Growth = &g
		}
	}
}

func (s *points) medians() (out []at) {
	for _, p := range s.Points {
		out = append(out, at{float64(p.Size), p.Spread.Median})
	}
	return out
}

// rounds is how many rounds most points have: the most of any.
func (r *result) rounds() (n int) {
	for _, s := range r.Series {
		for _, p := range s.Points {
			n = max(n, p.Spread.N)
		}
	}
	return n
}

// sizes are those of which anything was measured, in order.
func (r *result) sizes() (out []int) {
	for _, s := range r.Series {
		for _, p := range s.Points {
			out = append(out, p.Size)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// of are the points of a series; none, if what was measured then had no such.
func (r *result) of(name string) *points {
	for i := range r.Series {
		if r.Series[i].Name == name {
			return &r.Series[i]
		}
	}
	return &points{Name: name}
}

// of is the point of a size, or nil.
func (s *points) of(size int) *point {
	for i := range s.Points {
		if s.Points[i].Size == size {
			return &s.Points[i]
		}
	}
	return nil
}

func (r *result) write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, r.Curve+".json"), append(text, '\n'), 0o644)
}

// readResult reads what was measured of a curve; nil if nothing was.
func readResult(dir, name string) (*result, error) {
	path := filepath.Join(dir, name+".json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := &result{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w; remove it, and measure the curve anew", path, err)
	}
	if r.Schema != 1 || r.Curve != name {
		return nil, fmt.Errorf("%s: schema %d of curve %q, want schema 1 of %q; remove it, and measure the curve anew", path, r.Schema, r.Curve, name)
	}
	return r, nil
}

func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// processor is the model as /proc/cpuinfo names it.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if key, name, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(name)
		}
	}
	return runtime.GOARCH
}
