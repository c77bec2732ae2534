package claim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"copyscope/internal/chart"
	"copyscope/internal/lab"
)

// curve says what is drawn of a claim's table: its figures over the last label,
// which is a number or a size, a line for each of the others.
type curve struct {
	table, title, x string
	panels          []curvePanel
	value           func(label string) (float64, error)
	format          func(float64) string
}

// curvePanel is one pair of axes: a column, or two columns that are of two paths.
type curvePanel struct {
	title, unit string
	columns     []string
	of          []string // what each column is of, if there are two
}

var curves = map[string]curve{
	"speedup": {table: "speedup", title: "read-write and sendfile by chunk", x: "chunk: bytes a call is asked for", panels: []curvePanel{
		{"CPU time of the sending side", "ms per GB", []string{"cpu_read_write", "cpu_sendfile"}, []string{"read-write", "sendfile"}},
		{"Throughput", "MB/s", []string{"throughput_read_write", "throughput_sendfile"}, []string{"read-write", "sendfile"}}},
		value:  func(label string) (float64, error) { n, err := lab.ParseSize("chunk", label); return float64(n), err },
		format: func(v float64) string { return lab.FormatSize(int64(v)) }},
	"switches": {table: "connections", title: "Connections served on one processor", x: "connections: number of sockets", panels: []curvePanel{
		{"Processor time by request", "ns", []string{"request_time"}, nil},
		{"Context switches by request", "", []string{"context_switches"}, nil}},
		value:  func(label string) (float64, error) { return strconv.ParseFloat(label, 64) },
		format: func(v float64) string { return comma(strconv.FormatFloat(v, 'f', 0, 64)) }},
}

// HasCurve says whether the report can be drawn.
func (r *Report) HasCurve() bool {
	_, ok := curves[r.Claim]
	return ok
}

// WriteSVG draws the report's curves.
func (r *Report) WriteSVG(w io.Writer) error {
	c, ok := curves[r.Claim]
	i := slices.IndexFunc(r.Tables, func(t Table) bool { return t.Name == c.table })
	if !ok || i < 0 {
		return fmt.Errorf("the claim %s has no curve", r.Claim)
	}
	t := r.Tables[i]
	f := chart.Figure{ID: r.Claim, Title: c.title, XLabel: c.x, FormatX: c.format, Subtitle: []string{
		fmt.Sprintf("measured on %s, Linux %s · %s · medians", r.Machine.Processor, r.Machine.Kernel, r.At.Format(time.DateTime))}}
	x := len(t.Keys) - 1
	var lines []string
	for _, row := range t.Rows {
		v, err := c.value(row.Labels[x])
		if err != nil {
			return err
		}
		if !slices.Contains(f.X, v) {
			f.X = append(f.X, v)
		}
		if name := lineName(row, x); !slices.Contains(lines, name) {
			lines = append(lines, name)
		}
	}
	slices.Sort(f.X)
	if len(f.X) < 2 {
		return errors.New("a curve needs two values or more")
	}
	for n, p := range c.panels {
		panel := chart.Panel{Title: p.title, Axis: p.unit, Unit: p.unit, Format: Figures}
		if p.unit == "" {
			panel.Axis = "number by request"
		}
		for k, column := range p.columns {
			at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == column })
			for _, name := range lines {
				values := make([]*float64, len(f.X))
				for _, row := range t.Rows {
					v, _ := c.value(row.Labels[x])
					if figure := row.Figures[at]; lineName(row, x) == name && figure.Known() {
						values[slices.Index(f.X, v)] = &figure.Spread.Median
					}
				}
				panel.Values = append(panel.Values, values)
				if n == 0 {
					line := chart.Line{Group: name}
					if p.of != nil {
						line = chart.Line{Group: p.of[k], Variant: name}
					}
					f.Lines = append(f.Lines, line)
				}
			}
		}
		f.Panels = append(f.Panels, panel)
	}
	f.Description = fmt.Sprintf("%s: %d lines from %s to %s. All axes are logarithmic. %s.", c.title, len(f.Lines), c.format(f.X[0]), c.format(f.X[len(f.X)-1]), f.Subtitle[0])
	return chart.Render(context.Background(), w, f)
}

// lineName is the labels of a row but the one of the x axis.
func lineName(row Row, x int) (name string) {
	for i, l := range row.Labels[:x] {
		if i > 0 {
			name += ", "
		}
		name += l
	}
	return name
}
