// Package chart draws line charts as SVG: panels that share one x axis and one
// legend, in as many rows as the lines need.
//
// The output is a document that stands alone: title and description for who
// cannot see it, marker and dashes for every line beside its colour, light and
// dark by the reader's preference, and text that stays text.
package chart

import (
	"context"
	"fmt"
	"io"
)

// Figure is one drawing.
type Figure struct {
	// ID is the prefix of the ids in the document, so that a page may hold several
	// figures.
	ID string
	// Title and Description are what a screen reader says first.
	Title, Description string
	// Subtitle are the lines below the title: what was run, and where.
	Subtitle []string
	// Linear says that the axes are linear, those of y from 0 on, and that no single
	// value is marked: for what is followed in time. Else all axes are logarithmic.
	Linear bool
	// XLabel names the x axis with its unit; X are its values in rising order, and,
	// if the axis is logarithmic, above 0.
	XLabel string
	X      []float64
	// FormatX writes a value of the x axis.
	FormatX func(float64) string
	// Lines are the same in every panel. Lines of one group stand together.
	Lines  []Line
	Panels []Panel
	// Columns is how many panels stand beside each other, 0 for all of them.
	Columns int
}

// Line tells what a line is of. Lines of one group have one hue and one marker;
// variants differ by dashes and by whether the marker is filled.
type Line struct{ Group, Variant string }

// Name is the line's name in full.
func (l Line) Name() string {
	if l.Variant == "" {
		return l.Group
	}
	return l.Group + ", " + l.Variant
}

// Panel is one pair of axes. A logarithmic y axis has a place of its own for zero.
type Panel struct {
	Title string
	// Axis is the unit of the y axis, as its label says it.
	Axis string
	// Unit follows a value where it stands alone, "" if it counts times.
	Unit string
	// Format writes a value of the y axis, without its unit.
	Format func(float64) string
	// Values hold a value for each x, line by line; nil is not known, and leaves a
	// gap.
	Values [][]*float64
	// Ranges, which may be nil, hold line by line between what the rounds behind
	// each value lie; a bar is drawn from the one to the other.
	Ranges [][]Range
	// Marks are places on the x axis that a text speaks of.
	Marks []Mark
}

// Range is between two values of the y axis. Where both are the same, no bar is
// drawn.
type Range struct{ Low, High float64 }

// Mark is a vertical line with a name.
type Mark struct {
	X    float64
	Text string
}

// PerPanel is how many lines a panel holds: no more hues than this are told
// apart by everyone. Further lines go into another row of panels, whose axes are
// the same.
const PerPanel = len(shapes)

// Render draws the figure.
func Render(ctx context.Context, w io.Writer, f Figure) error {
	for i, p := range f.Panels {
		if len(p.Values) != len(f.Lines) {
			return fmt.Errorf("panel %d has values of %d lines, the chart has %d lines", i+1, len(p.Values), len(f.Lines))
		}
		if p.Ranges != nil && len(p.Ranges) != len(f.Lines) {
			return fmt.Errorf("panel %d has ranges of %d lines, the chart has %d lines", i+1, len(p.Ranges), len(f.Lines))
		}
	}
	if err := drawing(layOut(f)).Render(ctx, w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
