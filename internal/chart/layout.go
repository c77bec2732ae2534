package chart

import (
	"fmt"
	"strings"
)

// Measures of the drawing, in pixels.
const (
	panelWidth  = 340 // with its margins
	panelHeight = 280
	left        = 64 // of a panel, for the labels of its y axis
	right       = 22
	above       = 34
	below       = 46
	head        = 34 // of the drawing, for its title
	legendRow   = 20
	legendCell  = 340
)

// plan is a figure with every coordinate computed.
type plan struct {
	id, title, description string
	width, height          int
	panels                 []panel
	legend                 []key
}

type panel struct {
	title         string
	x, y          float64 // of the panel's corner
	width, height float64 // of the area between the axes
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

// key is a series' entry in the legend.
type key struct {
	class, dash, marker, name string
	x, y                      string
}

func layOut(f Figure) plan {
	columns := max(len(f.Panels), 1)
	p := plan{id: f.ID, title: f.Title, description: f.Description, width: columns * panelWidth}
	for i, panel := range f.Panels {
		p.panels = append(p.panels, layOutPanel(f, panel, float64(i*panelWidth)))
	}
	cells := max(p.width/legendCell, 1)
	top := head + panelHeight + legendRow
	for i, name := range f.Names {
		x, y := float64(i%cells*legendCell+left), float64(top+i/cells*legendRow)
		p.legend = append(p.legend, key{class: class(i), dash: dash(i), marker: marker(i, 16, 0), name: name, x: num(x), y: num(y)})
	}
	p.height = top + (len(f.Names)+cells-1)/cells*legendRow
	p.height += legendRow / 2
	return p
}

func layOutPanel(f Figure, in Panel, x float64) panel {
	out := panel{title: in.Title, x: x + left, y: head + above, width: panelWidth - left - right, height: panelHeight - above - below, xLabel: f.XLabel}
	across := scale{low: f.X[0], high: f.X[len(f.X)-1], from: 0, to: out.width, log: true}
	up, ticks := vertical(known(in.Lines), out.height, 0)
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
	for i, values := range in.Lines {
		out.lines = append(out.lines, layOutLine(f, in, i, values, across, up))
	}
	return out
}

func layOutLine(f Figure, in Panel, i int, values []*float64, across, up scale) line {
	out := line{class: class(i), dash: dash(i)}
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
		out.marks = append(out.marks, mark{marker(i, x, y), f.Names[i] + ", " + word})
	}
	out.path = strings.Join(path, "")
	out.text = f.Names[i] + ". " + strings.Join(words, ", ")
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

func class(i int) string { return fmt.Sprintf("c%d", i%len(shapes)) }

func dash(i int) string { return dashes[i/len(shapes)%len(dashes)] }
