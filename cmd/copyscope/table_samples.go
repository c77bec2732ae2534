package main

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/internal/copysample"
	"copyscope/internal/lab"
)

// sampleParts are the rows of the table of samples.
var sampleParts = []struct {
	title string
	of    func(*copysample.Figures) copysample.Part
}{
	{"samples of the sending thread", func(f *copysample.Figures) copysample.Part { return f.All }},
	{"  in the kernel", func(f *copysample.Figures) copysample.Part { return f.Kernel }},
	{"  in copy routines", func(f *copysample.Figures) copysample.Part { return f.Copies }},
	{"    to user memory", func(f *copysample.Figures) copysample.Part { return f.ToUser }},
	{"    from user memory", func(f *copysample.Figures) copysample.Part { return f.FromUser }},
	{"    linearising", func(f *copysample.Figures) copysample.Part { return f.Linearising }},
	{"  in the receiver's copies", func(f *copysample.Figures) copysample.Part { return f.Receiver }},
}

// sampleRows has a row for each kind of sample and a column for each path; nil if none
// were asked for.
func sampleRows(group []lab.RunReport) [][]string {
	header := []string{"samples"}
	for _, r := range group {
		if r.Samples == nil {
			return nil
		}
		header = append(header, r.Path)
	}
	rows := [][]string{header}
	for _, part := range sampleParts {
		row := []string{part.title}
		for _, r := range group {
			text := "–"
			if f := r.Samples.Figures; f != nil {
				p := part.of(f)
				text = fmt.Sprintf("%s (%.1f ms) %s", humanize.Comma(p.Samples), float64(p.CPU)/1e6, provenanceMark[r.Samples.Provenance])
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return rows
}

// sampleNotes say how the samples were taken, what was lost, and why there are none.
func sampleNotes(group []lab.RunReport) (out []string) {
	told := map[string]bool{}
	for _, r := range group {
		note := "– samples: " + r.Samples.Reason
		if f := r.Samples.Figures; f != nil {
			note = fmt.Sprintf("a sample for every %v of processor time, by the kernel's functions", time.Duration(f.Every))
			if f.Lost > 0 {
				out = append(out, fmt.Sprintf("%s: %s samples found no room and are not counted", r.Path, humanize.Comma(f.Lost)))
			}
		}
		if !told[note] {
			out = append(out, note)
		}
		told[note] = true
	}
	return out
}
