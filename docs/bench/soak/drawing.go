//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"copyscope/internal/chart"
)

// drawing is one SVG file: panels over the minutes of the run. Each panel has a key
// of the figures for each line.
type drawing struct {
	name, title string
	lines       []string
	panels      [][]string
}

var drawn = []drawing{
	{"memory", "Memory and disk of the server", []string{"server"}, [][]string{{"rss_anon"}, {"rss"}, {"heap_in_use"}, {"heap_goal"}, {"disk"}, {"own_disk"}}},
	{"counts", "What the server has open", []string{"server"}, [][]string{{"goroutines"}, {"descriptors"}, {"threads"}, {"connections"}}},
	{"pages", "What the pages hold", []string{livePage, otherPages}, [][]string{{"page_heap_live", "page_heap_others"}, {"page_nodes_live", "page_nodes_others"}}},
}

func figureOf(key string) figure {
	for _, f := range figures {
		if f.Key == key {
			return f
		}
	}
	panic("no figure " + key) // of the table above
}

// write draws it, unless there are no samples.
func (d drawing) write(ctx context.Context, r *result, dir string) error {
	if len(r.Samples) == 0 {
		return nil
	}
	f := chart.Figure{ID: "soak-" + d.name, Linear: true, Title: d.title, XLabel: "minutes since the load began",
		Subtitle:    []string{fmt.Sprintf("%s, Linux %s, %d processors", r.Date, r.Kernel, r.CPUs)},
		Description: fmt.Sprintf("%d samples in %.0f minutes of a mixed load. All axes are linear, and the vertical ones begin at 0.", len(r.Samples), r.Seconds/60),
		FormatX:     func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }}
	for _, s := range r.Samples {
		f.X = append(f.X, s.After/60)
	}
	for _, l := range d.lines {
		f.Lines = append(f.Lines, chart.Line{Group: l})
	}
	for _, keys := range d.panels {
		first := figureOf(keys[0])
		p := chart.Panel{Title: first.Title, Axis: "number", Format: f.FormatX}
		if len(keys) > 1 { // of the pages: without "of the live page"
			p.Title = map[string]string{"page_heap_live": "heap of the script", "page_nodes_live": "elements of the document"}[keys[0]]
		}
		per := 1.0
		if first.Unit == "bytes" {
			per, p.Axis, p.Unit = mb, "MB", "MB"
		}
		for _, key := range keys {
			var line []*float64
			for _, s := range r.Samples {
				var at *float64
				if v, ok := s.Values[key]; ok {
					v /= per
					at = &v
				}
				line = append(line, at)
			}
			p.Values = append(p.Values, line)
		}
		f.Panels = append(f.Panels, p)
	}
	var b bytes.Buffer
	if err := chart.Render(ctx, &b, f); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, d.name+".svg"), b.Bytes(), 0o644)
}
