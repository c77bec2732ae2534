package chart

import (
	"fmt"
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
}

// tick is a place on an axis, relative to the panel's area.
type tick struct {
	at    string
	label string
}

// line is one series in a panel.
type line struct {
	class, dash, path string
	text              string // all of it in words
	marks             []mark
}

type mark struct{ path, text string }

func layOut(f Figure) plan {
	p := plan{id: f.ID, title: f.Title, description: f.Description, width: max(len(f.Panels), 1) * panelWidth}
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
			r.panels = append(r.panels, layOutPanel(f, in, all, s, float64(k*panelWidth), y))
		}
		y += panelHeight
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
	out := panel{title: in.Title, axis: in.Axis + " (" + logScale + ")", xLabel: f.XLabel + " (" + logScale + ")",
		x: x + left, y: y + above, width: panelWidth - left - right, height: panelHeight - above - below}
	across := scale{low: f.X[0], high: f.X[len(f.X)-1], from: 0, to: out.width}
	up, ticks := vertical(known(in.Values), out.height, 0)
	out.decades = up.from
	for _, v := range ticks {
		out.yTicks = append(out.yTicks, tick{num(up.at(v)), in.Format(v)})
	}
	every := (len(f.X) + 4) / 5 // five labels fit beside each other
	for i, v := range f.X {
		t := tick{at: num(across.at(v))}
		if i%every == 0 {
			t.label = f.FormatX(v)
		}
		out.xTicks = append(out.xTicks, t)
	}
	for i := s.first; i < s.end; i++ {
		out.lines = append(out.lines, layOutLine(f, in, f.Lines[i].Name(), all[i], in.Values[i], across, up))
	}
	return out
}

func layOutLine(f Figure, in Panel, name string, as look, values []*float64, across, up scale) line {
	out := line{class: as.class(), dash: as.dash}
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
		word := strings.TrimSuffix(f.FormatX(f.X[k])+": "+in.Format(*v)+" "+in.Unit, " ")
		words = append(words, word)
		out.marks = append(out.marks, mark{marker(as.hue, x, y), name + ", " + word})
	}
	out.path = strings.Join(path, "")
	out.text = name + ". " + strings.Join(words, ", ")
	return out
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
