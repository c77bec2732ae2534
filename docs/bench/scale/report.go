//go:build linux

package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// figuresDir is where the JSON and the drawings are.
func figuresDir(out string) string { return filepath.Join(out, "scale") }

const preface = `# Scale curves

What the product costs, against the size of what it holds. Written by ` + "`make scale`" + ` (` + "`go run ./docs/bench/scale`" + `); the samples of all rounds are beside the drawings in [scale/](scale), as JSON.

Values are medians of the rounds; in brackets, and as bars in the drawings, half of the rounds lie. All axes are logarithmic: a straight line is a power of the size. The rounds take turns over all sizes. Client and server share the machine and talk over loopback.

A *knee* is the size whose value lies farthest from the straight line between the curve's ends, if it lies off by a factor of ` + "1.5" + ` or more. *Growth* is the exponent from the knee on (without a knee: of the whole curve), by least squares: 0 stays the same, 1 is linear; with fewer than three sizes behind the knee it says little.
`

// worseThanLinear is the growth of a figure of work from which on the report
// says that it is too much: more than 1, and what rounds differ by. It takes
// three sizes to say so.
const worseThanLinear = 1.15

// report draws and writes what was measured of all curves, whenever that was.
func report(out string) error {
	b := &strings.Builder{}
	b.WriteString(preface)
	for _, c := range curves() {
		r, err := readResult(figuresDir(out), c.name)
		if err != nil {
			return err
		}
		if r == nil {
			continue
		}
		c.section(b, r)
		drawing, err := os.Create(filepath.Join(figuresDir(out), c.name+".svg"))
		if err != nil {
			return err
		}
		err = c.draw(drawing, r)
		if closed := drawing.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(out, "scale.md"), []byte(b.String()), 0o644)
}

// section writes what was measured of the curve.
func (c *curve) section(b *strings.Builder, r *result) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n%s\n\n![%s](scale/%s.svg)\n\n", c.title, c.about, r.circumstances(), c.title, c.name)
	fmt.Fprintf(b, "| %s |", c.size)
	for _, s := range c.series {
		fmt.Fprintf(b, " %s, %s |", s.title, s.unit)
	}
	b.WriteString("\n| ---: |" + strings.Repeat(" ---: |", len(c.series)) + "\n")
	for _, size := range r.sizes() {
		fmt.Fprintf(b, "| %s |", humanize.Comma(int64(size)))
		for _, s := range c.series {
			b.WriteString(" " + r.cell(s.name, size) + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, s := range c.series {
		if words := c.words(s, r); words != "" {
			fmt.Fprintf(b, "- %s\n", words)
		}
	}
	fmt.Fprintf(b, "\n%s\n", c.why)
}

// circumstances are the machine, and what else it did.
func (r *result) circumstances() string {
	s := fmt.Sprintf("%s, %d processors, Linux %s, %s; %s; up to %d rounds in %v; load average %s before and %s after.",
		r.CPU, r.Host.CPUs, r.Host.Kernel, r.Go, r.Begun.Format(time.DateOnly), r.rounds(), time.Duration(r.TookNs).Round(time.Second), r.Load[0], r.Load[1])
	if r.Quick {
		s += " This was a short look (`-quick`)."
	}
	if r.Interrupted {
		s += " It was interrupted: there are fewer rounds or sizes than there would be."
	}
	if len(r.Left) > 0 {
		var left []string
		for _, size := range r.Left {
			left = append(left, humanize.Comma(int64(size)))
		}
		s += " There was no time for " + strings.Join(left, ", ") + "."
	}
	return s
}

func (r *result) cell(name string, size int) string {
	p := r.of(name).of(size)
	switch {
	case p == nil:
		return "–"
	case p.Spread.IQR() == 0:
		return number(p.Spread.Median)
	}
	return fmt.Sprintf("%s (%s – %s)", number(p.Spread.Median), number(p.Spread.Q1), number(p.Spread.Q3))
}

// words tell the series' knee and growth, if sizes enough were measured.
func (c *curve) words(s series, r *result) string {
	p := r.of(s.name)
	if p.Growth == nil {
		return ""
	}
	words := fmt.Sprintf("**%s**: no knee; growth %.2f.", s.title, *p.Growth)
	if p.Knee != nil {
		bend := "bends upwards"
		if p.Knee.Factor > 1 {
			bend = "bends downwards"
		}
		words = fmt.Sprintf("**%s**: knee at %s, where it %s (%s times the straight line); growth %.2f from there on.",
			s.title, humanize.Comma(int64(p.Knee.Size)), bend, number(p.Knee.Factor), *p.Growth)
	}
	if s.work && p.Behind >= 3 && *p.Growth > worseThanLinear {
		words += " That is worse than linear."
	}
	return words
}

// number writes a value in three digits, or all before the point.
func number(v float64) string {
	if math.Abs(v) >= 100 {
		return humanize.Comma(int64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
