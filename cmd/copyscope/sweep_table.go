package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/lab"
	"copyscope/internal/sweep"
	"copyscope/internal/trace"
)

// sweepColumns are the figures' titles and how people read their values.
var sweepColumns = map[sweep.Figure]struct {
	title  string
	format func(float64) string
}{
	sweep.CPUPerGB:         {"CPU ms/GB", func(v float64) string { return fmt.Sprintf("%.1f", v/1e6) }},
	sweep.Throughput:       {"MB/s", func(v float64) string { return fmt.Sprintf("%.0f", v/1e6) }},
	sweep.Syscalls:         {"syscalls", wholeNumber},
	sweep.ModeSwitches:     {"mode switches", wholeNumber},
	sweep.ContextSwitches:  {"context switches", wholeNumber},
	sweep.CPUCopiesPerByte: {"CPU copies/byte", func(v float64) string { return fmt.Sprintf("%.2f", v) }},
	sweep.Packets:          {"packets", wholeNumber},
}

func wholeNumber(v float64) string { return humanize.Comma(int64(math.Round(v))) }

// printSweep prints a table for each series, a line for each value; rounds is how often
// each real point was measured.
func printSweep(w io.Writer, r *sweep.Report, rounds int) error {
	out := &strings.Builder{}
	marks := map[trace.Provenance]bool{}
	reasons := map[string][]sweep.Figure{}
	var order []string
	for _, s := range r.Series {
		fmt.Fprintln(out, seriesTitle(r.Parameter, s))
		rows := [][]string{{string(r.Parameter)}}
		for _, name := range sweep.FigureNames() {
			rows[0] = append(rows[0], sweepColumns[name].title)
		}
		for i, p := range s.Points {
			row := []string{r.Parameter.Format(r.Values[i])}
			for _, name := range sweep.FigureNames() {
				c := p.Figures[name]
				marks[c.Provenance] = true
				if !c.Known() {
					if reasons[c.Reason] == nil {
						order = append(order, c.Reason)
					}
					if n := reasons[c.Reason]; len(n) == 0 || n[len(n)-1] != name {
						reasons[c.Reason] = append(n, name)
					}
					row = append(row, "–")
					continue
				}
				row = append(row, sweepColumns[name].format(c.Value)+" "+provenanceMark[c.Provenance])
			}
			rows = append(rows, row)
		}
		fmt.Fprintf(out, "%s\n\n", renderFigures(w, rows))
	}
	fmt.Fprintln(out, marksUsed(marks))
	if slices.ContainsFunc(r.Series, func(s sweep.Series) bool { return s.Side == trace.Real }) {
		fmt.Fprintln(out, roundsTold(rounds))
	}
	for _, reason := range order {
		fmt.Fprintf(out, "– %s: %s\n", sweepColumns[reasons[reason][0]].title, reason)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// roundsTold says what a measured figure rests on: a single measurement looks like any
// other number.
func roundsTold(rounds int) string {
	if rounds == 1 {
		return "● one measurement each, and the next one may differ: --rounds 5 gives medians of five"
	}
	return fmt.Sprintf("● medians of %d rounds each", rounds)
}

// seriesTitle names a series and what stays the same along it.
func seriesTitle(swept sweep.Parameter, s sweep.Series) string {
	p, title := s.Points[0], s.Name()
	if swept != sweep.Size {
		title += ", " + lab.FormatSize(p.Bytes)
	}
	if swept != sweep.Chunk {
		title += ", " + lab.FormatSize(p.Chunk) + " chunks"
	}
	if swept != sweep.Connections && p.Connections > 1 {
		title += ", " + humanize.Comma(int64(p.Connections)) + " connections"
	}
	return title
}
