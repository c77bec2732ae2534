package chart

import (
	"fmt"
	"slices"
	"strings"
)

// Measures of the drawing, in pixels.
const (
	panelWidth  = 340 // with its margins
	panelHeight = 300
	left        = 64 // of a panel, for the labels of its y axis
	right       = 22
	above       = 52
	below       = 46
	head        = 34 // of the drawing, for its title
	subtitleRow = 18
	margin      = 12
)

// logScale is what the label of a logarithmic axis says.
const logScale = "log scale"

// plan is a figure with every coordinate computed.
type plan struct {
	id, title, description string
	subtitle               []label
	width, height          int
	rows                   []row
}

// row is a legend and the panels that it is of.
type row struct {
	legend legend
	panels []panel
}

type panel struct {
	title, axis   string
	x, y          float64 // of the panel's corner
	width, height float64 // of the area between the axes
	decades       float64 // where the logarithmic part of the y axis ends; below is zero
	xLabel        string
	xTicks        []tick
	yTicks        []tick
	lines         []line
	notes         []note
}

// note is a mark as it is drawn: where its line stands, and on which side of it
// the text is.
type note struct{ x, textX, anchor, text string }

// tick is a place on an axis, relative to the panel's area.
type tick struct {
	at    string
	label string
}

// line is one series in a panel.
type line struct {
	class, dash, path string
	bars              string // of the ranges
	text              string // all of it in words
	marks             []mark
}

type mark struct{ path, text string }

func layOut(f Figure) plan {
	columns := max(len(f.Panels), 1)
	if f.Columns > 0 {
		columns = min(columns, f.Columns)
	}
	p := plan{id: f.ID, title: f.Title, description: f.Description, width: columns * panelWidth}
	y := float64(head)
	for _, text := range f.Subtitle {
		p.subtitle = append(p.subtitle, label{num(margin), num(y + 8), text})
		y += subtitleRow
	}
	all, spans := looks(f.Lines), rows(f.Lines)
	for i, s := range spans {
		heading := "Lines, in each of the panels below"
		if len(spans) > 1 {
			heading = fmt.Sprintf("Lines %d to %d of %d, in each of the panels below; all rows have the same axes", s.first+1, s.end, len(f.Lines))
		}
		r := row{legend: layOutLegend(heading, f.Lines[s.first:s.end], all[s.first:s.end], margin, y+margin, float64(p.width-2*margin))}
		y += margin + r.legend.height
		for k, in := range f.Panels {
			r.panels = append(r.panels, layOutPanel(f, in, all, s, float64(k%columns*panelWidth), y+float64(k/columns*panelHeight)))
		}
		y += float64((len(f.Panels) + columns - 1) / columns * panelHeight)
		p.rows = append(p.rows, r)
		if i < len(spans)-1 {
			y += margin
		}
	}
	p.height = int(y)
	return p
}

// layOutPanel draws the lines of one row. The y axis is as all lines need it, so
// that rows can be compared.
func layOutPanel(f Figure, in Panel, all []look, s span, x, y float64) panel {
	out := panel{title: in.Title, axis: in.Axis, xLabel: f.XLabel,
		x: x + left, y: y + above, width: panelWidth - left - right, height: panelHeight - above - below}
	across := scale{low: f.X[0], high: f.X[len(f.X)-1], from: 0, to: out.width, linear: f.Linear}
	axis := vertical
	if f.Linear {
		axis = fromZero
	} else {
		out.axis, out.xLabel = out.axis+" ("+logScale+")", out.xLabel+" ("+logScale+")"
	}
	values := known(in.Values)
	for _, r := range slices.Concat(in.Ranges...) {
		values = append(values, r.Low, r.High)
	}
	up, ticks := axis(values, out.height, 0)
	out.decades = up.from
	for _, v := range ticks {
		out.yTicks = append(out.yTicks, tick{num(up.at(v)), in.Format(v)})
	}
	out.xTicks = f.xTicks(across)
	for i := s.first; i < s.end; i++ {
		out.lines = append(out.lines, layOutLine(f, in, i, all[i], across, up))
	}
	for _, m := range in.Marks {
		x := across.at(m.X)
		n := note{x: num(x), textX: num(x + 5), anchor: "start", text: m.Text}
		if x > out.width/2 { // the text stays within the panel
			n.textX, n.anchor = num(x-5), "end"
		}
		out.notes = append(out.notes, n)
	}
	return out
}

// xTicks are at each value, or, if the axis is linear, at round numbers.
func (f Figure) xTicks(across scale) (all []tick) {
	if f.Linear {
		for _, v := range roundTicks(across.low, across.high) {
			if v <= across.high*(1+1e-9) {
				all = append(all, tick{num(across.at(v)), f.FormatX(v)})
			}
		}
		return all
	}
	every := (len(f.X) + 4) / 5 // five labels fit beside each other
	for i, v := range f.X {
		t := tick{at: num(across.at(v))}
		if i%every == 0 {
			t.label = f.FormatX(v)
		}
		all = append(all, t)
	}
	return all
}

// layOutLine draws the i-th line.
func layOutLine(f Figure, in Panel, i int, as look, across, up scale) line {
	out := line{class: as.class(), dash: as.dash}
	name, values := f.Lines[i].Name(), in.Values[i]
	ranges := make([]Range, len(values))
	if in.Ranges != nil {
		ranges = in.Ranges[i]
	}
	out.bars = bars(f.X, values, ranges, across, up)
	var path, words []string
	pen := "M"
	for k, v := range values {
		if v == nil {
			pen = "M"
			words = append(words, f.FormatX(f.X[k])+": not known")
			continue
		}
		x, y := across.at(f.X[k]), up.at(*v)
		path = append(path, pen+num(x)+" "+num(y))
		pen = "L"
		if f.Linear {
			continue
		}
		word := strings.TrimSuffix(f.FormatX(f.X[k])+": "+in.Format(*v)+" "+in.Unit, " ")
		if r := ranges[k]; r.Low < r.High {
			word += " (" + in.Format(r.Low) + " to " + in.Format(r.High) + ")"
		}
		words = append(words, word)
		out.marks = append(out.marks, mark{marker(as.hue, x, y), name + ", " + word})
	}
	out.path = strings.Join(path, "")
	out.text = name + ". " + strings.Join(words, ", ")
	if f.Linear {
		out.text = name + ". " + f.sum(in, values)
	}
	return out
}

// bars is the path of a line's ranges.
func bars(xs []float64, values []*float64, ranges []Range, across, up scale) string {
	b := &strings.Builder{}
	for k, r := range ranges {
		if values[k] != nil && r.Low < r.High {
			fmt.Fprintf(b, "M%s %sV%s", num(across.at(xs[k])), num(up.at(r.Low)), num(up.at(r.High)))
		}
	}
	return b.String()
}

// known gathers the values of all lines.
func known(lines [][]*float64) (out []float64) {
	for _, l := range lines {
		for _, v := range l {
			if v != nil {
				out = append(out, *v)
			}
		}
	}
	return out
}
