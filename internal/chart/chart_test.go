package chart_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
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
	p := chart.Panel{Title: "Time", Axis: "ms per call", Unit: "ms", Format: func(v float64) string { return fmt.Sprintf("%g", v) }}
	for i := range n {
		f.Lines = append(f.Lines, chart.Line{Group: fmt.Sprintf("line %d", i)})
		p.Values = append(p.Values, []*float64{value(1), value(float64(10 * i)), value(200)})
	}
	if n > 0 {
		p.Values[0][1] = nil
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

// Axes are named with their unit and kind.
func TestAxesAreLabelled(t *testing.T) {
	f := figure(1)
	f.Subtitle = []string{"64MiB a run", "modelled"}
	svg := render(t, f)
	for _, want := range []string{">chunk (log scale)<", ">ms per call (log scale)<", ">64MiB a run<", ">modelled<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s", want)
		}
	}
}

// key is how the legend tells a line: row by row the class (of its hue), the
// dashes and the marker.
var key = regexp.MustCompile(`role="listitem" aria-label="([^"]*)" class="c(\d)( hollow)?".*?stroke-dasharray="([^"]*)".*?class="mark" d="([^"]*)"`)

// grid has variants of groups.
func grid(groups, variants int) chart.Figure {
	f := figure(groups * variants)
	for i := range f.Lines {
		f.Lines[i] = chart.Line{Group: fmt.Sprintf("path %d", i/variants), Variant: fmt.Sprintf("variant %d", i%variants)}
	}
	return f
}

// In one row of panels no two lines look alike without their colours, and a group
// has one hue and one marker, whatever its variants. No row has more lines than
// can be told apart, and all lines are there.
func TestLinesDifferWithoutColour(t *testing.T) {
	for _, size := range [][2]int{{8, 1}, {1, 8}, {4, 2}, {14, 1}, {14, 2}, {3, 10}, {2, 17}, {5, 3}, {1, 1}} {
		svg := render(t, grid(size[0], size[1]))
		lines, hues := 0, map[string]string{}
		for _, row := range strings.Split(svg, `aria-label="legend"`)[1:] {
			row, _, _ = strings.Cut(row, `role="group"`)
			looks := map[string]string{}
			keys := key.FindAllStringSubmatch(row, -1)
			for _, m := range keys {
				look := strings.Join(m[3:], "/")
				if other := looks[look]; other != "" {
					t.Errorf("%v: %s and %s look alike", size, m[1], other)
				}
				looks[look] = m[1]
				group, _, _ := strings.Cut(m[1], ",")
				if hue := hues[group]; hue != "" && hue != m[2]+m[5] {
					t.Errorf("%v: %s has two hues or markers", size, group)
				}
				hues[group] = m[2] + m[5]
			}
			if lines += len(keys); len(keys) == 0 || len(keys) > chart.PerPanel {
				t.Errorf("%v: a row has %d lines, want 1 to %d", size, len(keys), chart.PerPanel)
			}
		}
		if lines != size[0]*size[1] {
			t.Errorf("%v: the legends name %d lines", size, lines)
		}
	}
}

// A group is not torn over two rows if it fits into one; rows have the same axes.
func TestRows(t *testing.T) {
	f := grid(3, 3)
	f.Panels[0].Values[8][2] = value(1e6)
	svg := render(t, f)
	if n := strings.Count(svg, `aria-label="legend"`); n != 2 {
		t.Fatalf("9 lines are in %d rows, want 2", n)
	}
	first, second, _ := strings.Cut(svg, "Lines 7 to 9 of 9")
	if strings.Contains(first, "path 2,") || strings.Contains(second, "path 1,") {
		t.Error("a path is torn apart, though it fits into a row")
	}
	ticks := regexp.MustCompile(`<text class="y"[^>]*>[^<]*<`)
	if a, b := ticks.FindAllString(first, -1), ticks.FindAllString(second, -1); len(a) == 0 || !slices.Equal(a, b) {
		t.Errorf("the rows' axes have %s and %s", a, b)
	}
	f = figure(2)
	f.Panels[1].Values = f.Panels[1].Values[:1]
	if err := chart.Render(t.Context(), io.Discard, f); err == nil {
		t.Error("a panel without the values of a line is drawn")
	}
}

// A gap ends the line and begins it anew. Every y axis is logarithmic, from a
// round number to another; zero has a place of its own below.
func TestAxes(t *testing.T) {
	path := regexp.MustCompile(`<g role="img"[^>]*><path class="line"[^>]* d="([^"]*)"`)
	for _, row := range []struct {
		values []*float64
		line   string
		ticks  string
	}{
		{[]*float64{value(1), nil, value(200)}, "M0 202M254 0", "1 10 100"},
		{[]*float64{value(1), value(10), value(100)}, "M0 202L127 101L254 0", "1 2 5 10 20 50 100"},
		{[]*float64{value(100), value(100), value(100)}, "M0 202L127 202L254 202", "100 200 500 1000"},
		{[]*float64{value(0), value(10), value(1000)}, "M0 202L127 178L254 0", "0 10 20 50 100 200 500 1000"},
		{[]*float64{value(0.3), value(30), value(40000)}, "M0 195.4L127 120.6L254 3.6", "1 10 100 1000 10000"},
		{[]*float64{value(0), value(0), value(0)}, "M0 202L127 202L254 202", "0 1 2 5 10"},
		{[]*float64{nil, nil, nil}, "", "1 2 5 10"},
	} {
		f := figure(1)
		f.Panels = f.Panels[:1]
		f.Panels[0].Values = [][]*float64{row.values}
		svg := render(t, f)
		var ticks []string
		for _, m := range regexp.MustCompile(`<text class="y"[^>]*>([^<]*)<`).FindAllStringSubmatch(svg, -1) {
			ticks = append(ticks, m[1])
		}
		if got := path.FindStringSubmatch(svg)[1]; got != row.line || strings.Join(ticks, " ") != row.ticks {
			t.Errorf("%s: line %q, ticks %v", row.ticks, got, ticks)
		}
	}
}

// Between what the rounds of a value lie is drawn as a bar, and told in words;
// one that is all the same has none.
func TestRanges(t *testing.T) {
	f := figure(1)
	f.Panels = f.Panels[:1]
	f.Panels[0].Values = [][]*float64{{value(10), value(20), value(40)}}
	f.Panels[0].Ranges = [][]chart.Range{{{Low: 10, High: 10}, {Low: 10, High: 100}, {Low: 40, High: 40}}}
	svg := render(t, f)
	if m := regexp.MustCompile(`<path class="bar" d="([^"]*)"`).FindStringSubmatch(svg); m == nil || m[1] != "M127 202V0" {
		t.Errorf("the bars are %q, want one over the whole height in the middle", m)
	}
	if want := "1 KiB: 10 ms, 2 KiB: 20 ms (10 to 100), 4 KiB: 40 ms"; !strings.Contains(svg, want) {
		t.Errorf("no %q", want)
	}
	f.Panels[0].Ranges = nil
	if svg := render(t, f); strings.Contains(svg, `class="bar"`) {
		t.Error("a bar is drawn where no range is known")
	}
	f.Panels[0].Ranges = [][]chart.Range{{}, {}}
	if err := chart.Render(t.Context(), io.Discard, f); err == nil {
		t.Error("a panel with ranges of more lines than there are is drawn")
	}
}

// A mark stands at its place, with its text on the side where there is room.
func TestMarks(t *testing.T) {
	f := figure(1)
	f.Panels[0].Marks = []chart.Mark{{X: 1, Text: "begins"}, {X: 4, Text: "ends"}}
	svg := render(t, f)
	for _, want := range []string{
		`<path class="note" d="M0 0V202"></path> <text x="5" y="10" text-anchor="start">begins</text>`,
		`<path class="note" d="M254 0V202"></path> <text x="249" y="10" text-anchor="end">ends</text>`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s", want)
		}
	}
}

// Panels stand beside each other as the columns say, the others below.
func TestColumns(t *testing.T) {
	for _, c := range []struct {
		columns, panels int
		corners         string // of the panels, relative to the first one
	}{{0, 3, "0 0, 340 0, 680 0"}, {2, 3, "0 0, 340 0, 0 300"}, {4, 2, "0 0, 340 0"}, {1, 2, "0 0, 0 300"}} {
		f := figure(1)
		f.Columns, f.Panels = c.columns, slices.Repeat(f.Panels[:1], c.panels)
		var corners []string
		x0, y0 := 0.0, 0.0
		for i, m := range regexp.MustCompile(`role="group" aria-label="Time" transform="translate\(([0-9.]+) ([0-9.]+)\)"`).FindAllStringSubmatch(render(t, f), -1) {
			var x, y float64
			fmt.Sscan(m[1], &x)
			fmt.Sscan(m[2], &y)
			if i == 0 {
				x0, y0 = x, y
			}
			corners = append(corners, fmt.Sprintf("%g %g", x-x0, y-y0))
		}
		if got := strings.Join(corners, ", "); got != c.corners {
			t.Errorf("%d panels in %d columns stand at %s, want %s", c.panels, c.columns, got, c.corners)
		}
	}
}

// What is followed in time is on linear axes from 0 on: a value twice as high is twice
// as far from the axis. It has no marks, and its ends are told in words.
func TestLinearFigures(t *testing.T) {
	f := figure(1)
	f.Linear, f.X = true, []float64{0, 60, 120}
	f.Panels = f.Panels[:1]
	f.Panels[0].Values = [][]*float64{{value(50), value(100), value(0)}}
	svg := render(t, f)
	path := regexp.MustCompile(`class="line"[^>]* d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"`).FindStringSubmatch(svg)
	if path == nil {
		t.Fatalf("no line of three points in %s", svg)
	}
	var at [6]float64
	for i, text := range path[1:] {
		fmt.Sscan(text, &at[i])
	}
	bottom := at[5] // of the value 0
	if first, second := bottom-at[1], bottom-at[3]; second != 2*first || first <= 0 {
		t.Errorf("50 is drawn %v above 0, and 100 %v", first, second)
	}
	if at[0] != 0 || at[4] != 2*at[2] {
		t.Errorf("0, 60 and 120 are drawn at %v, %v and %v", at[0], at[2], at[4])
	}
	if strings.Contains(svg, ">-0<") {
		t.Error("the axis begins at -0")
	}
	if strings.Contains(svg, "log scale") || strings.Count(svg, `class="mark"`) > 1 { // one is in the legend
		t.Error("it speaks of a log scale, or marks single values")
	}
	if want := `aria-label="line 0. first 50 ms at 0 KiB, last 0 ms at 120 KiB, least 0 ms at 120 KiB, most 100 ms at 60 KiB"`; !strings.Contains(svg, want) {
		t.Errorf("no %s", want)
	}
}
