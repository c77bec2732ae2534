package sweep

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/chart"
)

// drawn are the panels of a drawing. Counts are those of a gigabyte (10⁹ bytes),
// as the time is, so that runs of different sizes can be compared.
var drawn = []struct {
	figure            Figure
	title, axis, unit string
	perGB             bool // the figure is one of the whole run
	format            func(float64) string
}{
	{CPUPerGB, "CPU time of the sending side", "ms per GB", "ms per GB", false, func(v float64) string { return plain(v / 1e6) }},
	{Throughput, "Throughput", "MB/s", "MB/s", false, func(v float64) string { return plain(v / 1e6) }},
	{ModeSwitches, "Mode switches", "number per GB", "per GB", true, plain},
	{ContextSwitches, "Context switches", "number per GB", "per GB", true, plain},
}

// plain writes a number in three digits, or all before the point.
func plain(v float64) string {
	if v >= 100 {
		return humanize.Comma(int64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// axisTitles name the swept parameter and its unit.
var axisTitles = map[Parameter]string{Chunk: "chunk: bytes a call is asked for", Size: "file size in bytes", Connections: "connections: number of sockets"}

// DrawnTogether is how many series one row of a drawing's panels holds; more go
// into further rows.
const DrawnTogether = chart.PerPanel

// WriteSVG draws the curves: small multiples over one logarithmic axis.
func (r *Report) WriteSVG(w io.Writer) error {
	f := chart.Figure{ID: "sweep", Title: "CPU time, throughput and switches by " + string(r.Parameter), Subtitle: r.caption(), XLabel: axisTitles[r.Parameter],
		FormatX: func(v float64) string { return r.Parameter.Format(int64(v)) }}
	f.Description = fmt.Sprintf("%d series by %s from %s to %s: CPU time, mode switches and context switches per gigabyte, and throughput. All axes are logarithmic. %s. A path has a colour and a marker of its own, its variants differ by dashes and filling.",
		len(r.Series), r.Parameter, r.Parameter.Format(r.Values[0]), r.Parameter.Format(r.Values[len(r.Values)-1]), strings.Join(f.Subtitle, ". "))
	for _, v := range r.Values {
		f.X = append(f.X, float64(v))
	}
	for i, variant := range variants(r.Series) {
		f.Lines = append(f.Lines, chart.Line{Group: r.Series[i].Path, Variant: variant})
	}
	for _, d := range drawn {
		p := chart.Panel{Title: d.title, Axis: d.axis, Unit: d.unit, Format: d.format}
		for _, s := range r.Series {
			line := make([]*float64, len(s.Points))
			for i, point := range s.Points {
				c := point.Figures[d.figure]
				if !c.Known() {
					continue
				}
				if d.perGB {
					c.Value *= 1e9 / float64(point.Bytes)
				}
				line[i] = &c.Value
			}
			p.Values = append(p.Values, line)
		}
		f.Panels = append(f.Panels, p)
	}
	return chart.Render(context.Background(), w, f)
}
