// Package chart draws line charts as SVG: panels beside each other that share
// one logarithmic x axis and one legend.
//
// The output is a document that stands alone: title and description for who
// cannot see it, a marker of its own for every line beside its colour, light and
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
	// XLabel names the x axis; X are its values in rising order, above 0.
	XLabel string
	X      []float64
	// FormatX writes a value of the x axis.
	FormatX func(float64) string
	// Names are those of the lines, the same in every panel.
	Names  []string
	Panels []Panel
}

// Panel is one pair of axes.
type Panel struct {
	Title string
	// Unit follows a value where it stands alone, "" if it counts times.
	Unit string
	// Format writes a value of the y axis, without its unit.
	Format func(float64) string
	// Lines hold a value for each x, line by line; nil is not known, and leaves a
	// gap.
	Lines [][]*float64
}

// MaxLines is how many lines can be told apart.
const MaxLines = len(shapes) * len(dashes)

// Render draws the figure.
func Render(ctx context.Context, w io.Writer, f Figure) error {
	if len(f.Names) > MaxLines {
		return fmt.Errorf("%d lines in one chart: %d at the most can be told apart", len(f.Names), MaxLines)
	}
	if err := drawing(layOut(f)).Render(ctx, w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
