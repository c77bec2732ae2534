package export

import (
	"context"
	"fmt"
	"io"
	"strings"

	"copyscope/internal/trace"
	"copyscope/templates"
)

// Sizes of the drawing, in px.
const (
	drawingWidth = 1100
	gutter       = 190 // for the tracks' names
	margin       = 12
	trackHeight  = 20
	barHeight    = 15
	levelInset   = 3 // how much lower what nests stands
	titleHeight  = 34
	axisHeight   = 24
	hair         = 0.8 // the width of what is too brief to be seen
)

// drawing is a timeline, laid out.
type drawing struct {
	title, description string
	height             int
	tracks             []drawnTrack
	ticks              []tick
	links              []string // paths
	first, last        trace.Ns
	alone              bool // a document of its own, with a style
}

type drawnTrack struct {
	name string
	y    int
	bars []bar
}

// bar is an event, or several of one kind that are too close to be told apart.
type bar struct {
	kind            trace.Kind
	x, y, w, h      float64
	title           string
	provenance      trace.Provenance
	standsFor, edge int
}

type tick struct {
	x    float64
	text string
}

// maxTitles bounds the bars that have a text of their own: beyond it a drawing
// would be larger than a browser likes.
const maxTitles = 4000

// layOut places every event of a run.
func layOut(run *trace.Run) drawing {
	tracks, of := tracksOf(run)
	d := drawing{title: heading(run), first: run.Events[0].At}
	for _, e := range run.Events {
		d.last = max(d.last, e.End())
	}
	d.last = max(d.last, d.first+1)
	d.description = fmt.Sprintf("%d events on %d tracks, %s", len(run.Events), len(tracks), templates.Duration(int64(d.last-d.first)))
	y := titleHeight
	for _, t := range tracks {
		drawn := drawnTrack{name: t.name(run), y: y}
		if t.endpoint == trace.Receiver {
			drawn.name = "receiver · " + drawn.name
		}
		drawn.bars = d.bars(run, t, float64(y))
		d.tracks = append(d.tracks, drawn)
		y += trackHeight
	}
	for _, l := range links(run) {
		if len(d.links) == maxTitles {
			break
		}
		a, b := d.x(run.Events[l.descriptor].At), d.x(run.Events[l.dma].At)
		from, to := float64(titleHeight+of[l.descriptor]*trackHeight+barHeight), float64(titleHeight+of[l.dma]*trackHeight)
		d.links = append(d.links, fmt.Sprintf("M%s %sL%s %s", num(a), num(from), num(b), num(to)))
	}
	d.ticks = d.axis()
	d.height = y + axisHeight
	return d
}

// x is where a time stands.
func (d *drawing) x(at trace.Ns) float64 {
	return gutter + float64(at-d.first)/float64(d.last-d.first)*(drawingWidth-gutter-margin)
}

func (d *drawing) bars(run *trace.Run, t *track, top float64) (out []bar) {
	var open []trace.Ns
	for _, i := range t.events {
		e := &run.Events[i]
		for len(open) > 0 && open[len(open)-1] <= e.At {
			open = open[:len(open)-1]
		}
		inset := float64(min(len(open), 3) * levelInset)
		x := d.x(e.At)
		b := bar{kind: e.Kind, x: x, y: top + inset, w: max(d.x(e.End())-x, hair), h: barHeight - inset, title: barTitle(e), provenance: e.Provenance, standsFor: 1, edge: i}
		if n := len(out); n > 0 && b.w <= hair && out[n-1].w <= hair && out[n-1].kind == b.kind && x-out[n-1].x < hair/2 {
			out[n-1].standsFor++
			out[n-1].title = fmt.Sprintf("%d × %s", out[n-1].standsFor, e.Kind)
		} else {
			if n >= maxTitles {
				b.title = ""
			}
			out = append(out, b)
		}
		if e.Dur > 0 {
			open = append(open, e.End())
		}
	}
	return out
}

func barTitle(e *trace.Event) string {
	text := fmt.Sprintf("%d: %s", e.Seq, title(e))
	if e.Bytes > 0 {
		text += ", " + templates.Size(e.Bytes)
	}
	return fmt.Sprintf("%s, %s at %s, %s", text, templates.Duration(int64(e.Dur)), templates.Duration(int64(e.At)), e.Provenance)
}

// maxTicks is how many times fit below the drawing.
const maxTicks = 9

// axis has ticks at round times.
func (d *drawing) axis() (out []tick) {
	span := d.last - d.first
	step := trace.Ns(1)
	for i := 0; span/step > maxTicks; i++ {
		step = step * []trace.Ns{2, 5, 2}[i%3] / []trace.Ns{1, 2, 1}[i%3] // 1, 2, 5, 10, …
	}
	for at := (d.first + step - 1) / step * step; at <= d.last; at += step {
		out = append(out, tick{d.x(at), templates.Duration(int64(at))})
	}
	return out
}

// heading names a run in one line.
func heading(run *trace.Run) string {
	parts := []string{run.Path, string(run.Side)}
	if run.Scenario != "" {
		parts = []string{run.Scenario}
	}
	if run.Machine != "" {
		parts = append(parts, run.Machine)
	}
	return strings.Join(parts, " · ")
}

func num(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }

// SVG draws the timeline: a track for each actor and thread, a bar for each event,
// a line from each descriptor to its DMA.
func SVG(w io.Writer, run *trace.Run) error { return drawingOf(w, run, PageOptions{}) }

// drawingOf says in its title if there are more events than the run has.
func drawingOf(w io.Writer, run *trace.Run, o PageOptions) error {
	d := layOut(run)
	if o.Total > len(run.Events) {
		d.title += fmt.Sprintf(" · the first %d of %d events", len(run.Events), o.Total)
	}
	d.alone = true
	if err := picture(d).Render(context.Background(), w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
