package chart_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"copyscope/internal/chart"
)

func value(v float64) *float64 { return &v }

// figure has n lines over three values; of the first line the middle is not
// known.
func figure(n int) chart.Figure {
	f := chart.Figure{ID: "f", Title: "a < b & c", Description: "what it shows", XLabel: "chunk", X: []float64{1, 2, 4},
		FormatX: func(v float64) string { return fmt.Sprintf("%g KiB", v) }}
	p := chart.Panel{Title: "Time", Unit: "ms", Format: func(v float64) string { return fmt.Sprintf("%g", v) }}
	for i := range n {
		f.Names = append(f.Names, fmt.Sprintf("line %d", i))
		p.Lines = append(p.Lines, []*float64{value(1), value(float64(10 * i)), value(200)})
	}
	if n > 0 {
		p.Lines[0][1] = nil
	}
	f.Panels = []chart.Panel{p, p}
	return f
}

func render(t *testing.T, f chart.Figure) string {
	t.Helper()
	b := &strings.Builder{}
	if err := chart.Render(t.Context(), b, f); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return b.String()
		} else if err != nil {
			t.Fatalf("no XML: %v", err)
		}
	}
}

// Who cannot see the drawing hears all of it: title, description, and each line
// value by value, gaps included.
func TestTheDrawingIsToldInWords(t *testing.T) {
	svg := render(t, figure(2))
	for _, want := range []string{
		`aria-labelledby="f-title"`, `<title id="f-title">a &lt; b &amp; c</title>`, `<desc id="f-description">what it shows</desc>`,
		`aria-label="line 0. 1 KiB: 1 ms, 2 KiB: not known, 4 KiB: 200 ms"`, `<title>line 1, 2 KiB: 10 ms</title>`,
		"prefers-color-scheme: dark",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s", want)
		}
	}
}

// No two lines look alike without their colours: marker or dashes differ.
func TestLinesDifferWithoutColour(t *testing.T) {
	svg := render(t, figure(chart.MaxLines))
	_, legend, _ := strings.Cut(svg, `aria-label="legend"`)
	looks := map[string]bool{}
	for _, m := range regexp.MustCompile(`stroke-dasharray="([^"]*)".*?class="mark" d="([^"]*)"`).FindAllStringSubmatch(legend, -1) {
		looks[m[1]+"/"+m[2]] = true
	}
	if len(looks) != chart.MaxLines {
		t.Errorf("%d lines look different, want %d", len(looks), chart.MaxLines)
	}
	if err := chart.Render(t.Context(), io.Discard, figure(chart.MaxLines+1)); err == nil {
		t.Errorf("%d lines are drawn, though %d can be told apart", chart.MaxLines+1, chart.MaxLines)
	}
}

// A gap ends the line and begins it anew; what is far apart gets a logarithmic
// axis in whole decades, what contains a zero a linear one from 0 on.
func TestAxes(t *testing.T) {
	path := regexp.MustCompile(`class="line"[^>]* d="([^"]*)"`)
	f := figure(1)
	if got := path.FindStringSubmatch(render(t, f))[1]; strings.Count(got, "M") != 2 || strings.Contains(got, "L") {
		t.Errorf("the line with a gap is %q, want two points apart", got)
	}
	f.Panels = f.Panels[:1]
	f.Panels[0].Lines = [][]*float64{{value(1), value(10), value(100)}}
	svg := render(t, f) // each decade as wide as the other
	if got := path.FindStringSubmatch(svg)[1]; got != "M0 200L127 100L254 0" {
		t.Errorf("the line of decades is %q", got)
	}
	f.Panels[0].Lines = [][]*float64{{value(0), value(50), value(100)}}
	if got := path.FindStringSubmatch(render(t, f))[1]; got != "M0 200L127 100L254 0" {
		t.Errorf("the line from 0 is %q", got)
	}
	f.Panels[0].Lines = [][]*float64{{nil, nil, nil}}
	render(t, f)
}
