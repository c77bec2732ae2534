package chart

import (
	"fmt"
	"slices"
)

// look is how a line is told from the others.
type look struct {
	hue    int // of the group, as the marker's shape is
	dash   string
	hollow bool
}

// looks gives every line its look. Groups have hues and shapes in turn, variants
// have dashes and fillings: of neighbours as many as [PerPanel] differ.
func looks(lines []Line) []look {
	out := make([]look, len(lines))
	var groups, variants []string
	for i, l := range lines {
		g, v := place(&groups, l.Group), place(&variants, l.Variant)
		out[i] = look{hue: g % len(shapes), dash: dashes[v%len(dashes)], hollow: (v+v/len(dashes))%2 == 1}
	}
	return out
}

// place is where the name stands in the list; a new one goes to its end.
func place(names *[]string, name string) int {
	i := slices.Index(*names, name)
	if i < 0 {
		i = len(*names)
		*names = append(*names, name)
	}
	return i
}

// class names the look to the style sheet.
func (l look) class() string {
	if l.hollow {
		return fmt.Sprintf("c%d hollow", l.hue)
	}
	return fmt.Sprintf("c%d", l.hue)
}

// span is the lines from first to before end, which share a row of panels.
type span struct{ first, end int }

// rows shares the lines out, at most [PerPanel] to a row. A group that fits into
// one row is not torn apart; one that does not is cut into pieces of about the
// same size.
func rows(lines []Line) []span {
	var out []span
	row := span{}
	for i := 0; i < len(lines); {
		end := i + 1
		for end < len(lines) && lines[end].Group == lines[i].Group {
			end++
		}
		pieces := (end - i + PerPanel - 1) / PerPanel
		if row.end > row.first && (pieces > 1 || end-row.first > PerPanel) {
			out = append(out, row)
			row = span{i, i}
		}
		for k := 1; k < pieces; k++ {
			cut := i + (end-i)*k/pieces
			out = append(out, span{row.first, cut})
			row = span{cut, cut}
		}
		row.end, i = end, end
	}
	return append(out, row)
}
