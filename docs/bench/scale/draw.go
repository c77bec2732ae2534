//go:build linux

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"

	"copyscope/internal/chart"
)

// panelsBeside is how many panels stand beside each other: as wide as a page.
const panelsBeside = 3

// draw draws the curve: a panel for each series, over one axis of sizes.
func (c *curve) draw(w io.Writer, r *result) error {
	f := chart.Figure{ID: "scale-" + c.name, Title: c.title, Columns: panelsBeside, XLabel: c.size,
		Description: fmt.Sprintf("One panel for each figure, against the number of %s. All axes are logarithmic. The numbers are in the table of docs/bench/scale.md.", c.size),
		Subtitle:    []string{fmt.Sprintf("%s, %d processors, Linux %s, %s", r.CPU, r.Host.CPUs, r.Host.Kernel, r.Go)},
		FormatX:     short, Lines: []chart.Line{{Group: "median of the rounds; half of them lie in the bar"}}}
	sizes := r.sizes()
	for _, size := range sizes {
		f.X = append(f.X, float64(size))
	}
	for _, s := range c.series {
		p := chart.Panel{Title: s.title, Axis: s.unit, Unit: s.unit, Format: number}
		values, ranges := make([]*float64, len(sizes)), make([]chart.Range, len(sizes))
		measured := r.of(s.name)
		for k, size := range sizes {
			if at := measured.of(size); at != nil {
				values[k], ranges[k] = &at.Spread.Median, chart.Range{Low: at.Spread.Q1, High: at.Spread.Q3}
			}
		}
		p.Values, p.Ranges = [][]*float64{values}, [][]chart.Range{ranges}
		if k := measured.Knee; k != nil {
			p.Marks = []chart.Mark{{X: k.Size, Text: "knee: " + humanize.Comma(int64(k.Size))}}
		}
		f.Panels = append(f.Panels, p)
	}
	return chart.Render(context.Background(), w, f)
}

// short writes a size in few letters: 10k, 2M.
func short(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e6, "M"}, {1e3, "k"}} {
		if v >= unit.size {
			return number(v/unit.size) + unit.name
		}
	}
	return number(v)
}
