package sweep

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/dustin/go-humanize"

	"copyscope/internal/chart"
)

// drawn are the panels of a drawing.
var drawn = []struct {
	figure      Figure
	title, unit string
	format      func(float64) string
}{
	{CPUPerGB, "CPU time per GB, ms", "ms", func(v float64) string { return plain(v / 1e6) }},
	{Throughput, "Throughput, MB/s", "MB/s", func(v float64) string { return plain(v / 1e6) }},
	{ModeSwitches, "Mode switches", "", plain},
	{ContextSwitches, "Context switches", "", plain},
}

// plain writes a number in three digits, or all before the point.
func plain(v float64) string {
	if v >= 100 {
		return humanize.Comma(int64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// axisTitles name the swept parameter.
var axisTitles = map[Parameter]string{Chunk: "chunk (bytes asked for by a call)", Size: "file size", Connections: "connections"}

// WriteSVG draws the curves: small multiples over one logarithmic axis.
func (r *Report) WriteSVG(w io.Writer) error {
	f := chart.Figure{ID: "sweep", Title: "CPU time, throughput and switches by " + string(r.Parameter), XLabel: axisTitles[r.Parameter], Names: names(r.Series),
		FormatX: func(v float64) string { return r.Parameter.Format(int64(v)) }}
	f.Description = fmt.Sprintf("%d series by %s from %s to %s: CPU time per gigabyte, throughput, mode switches and context switches. Each line has a marker of its own.",
		len(r.Series), r.Parameter, r.Parameter.Format(r.Values[0]), r.Parameter.Format(r.Values[len(r.Values)-1]))
	for _, v := range r.Values {
		f.X = append(f.X, float64(v))
	}
	for _, d := range drawn {
		p := chart.Panel{Title: d.title, Unit: d.unit, Format: d.format}
		for _, s := range r.Series {
			line := make([]*float64, len(s.Points))
			for i, point := range s.Points {
				if c := point.Figures[d.figure]; c.Known() {
					line[i] = &c.Value
				}
			}
			p.Lines = append(p.Lines, line)
		}
		f.Panels = append(f.Panels, p)
	}
	return chart.Render(context.Background(), w, f)
}
