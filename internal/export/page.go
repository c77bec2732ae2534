package export

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// PageOptions are what a page needs beside the run.
type PageOptions struct {
	// Version is the program's.
	Version string
	// Tell gives a sentence for each event of a run.
	Tell func(locale.Lang, *trace.Run) []string
	// Total is how many events there are, if the run has only the first of them,
	// and Counts are of all; nil: of those that the run has.
	Total  int
	Counts trace.Counts
}

// pageEvents bounds the events of a page: a browser steps through so many with
// ease. A longer run is cut, which the page says.
const pageEvents = 10_000

// page is what the template renders.
type page struct {
	run      *trace.Run // its first pageEvents
	total    int
	partly   bool // nobody has the counts of all of them
	version  string
	t        map[locale.Lang]*locale.Translator
	say      map[locale.Lang][]string
	timeline drawing
	counts   []pageCount
	data     string
}

// pageCount is a row of the table of counts.
type pageCount struct {
	name  trace.CountName
	count trace.Count // of the whole run
	text  string
}

// pageData is what the script reads: when events begin, and how the counts grow.
type pageData struct {
	At     []trace.Ns                     `json:"at"`
	Call   []int                          `json:"call"`
	Counts map[trace.CountName]pageSeries `json:"counts"`
}

// pageSeries is how a count grows, as text: after event At[i] it is Text[i].
type pageSeries struct {
	At   []int    `json:"at"`
	Text []string `json:"text"`
}

// Page writes a page that stands alone: style, script and data are in it, its
// content policy allows those by their hashes and nothing else, and it fetches
// nothing. Without scripts it shows the timeline, the counts and every event.
func Page(w io.Writer, run *trace.Run, o PageOptions) error {
	p := page{run: run, total: max(o.Total, len(run.Events)), partly: o.Total > len(run.Events) && o.Counts == nil, version: o.Version, t: map[locale.Lang]*locale.Translator{}, say: map[locale.Lang][]string{}}
	whole := o.Counts
	if whole == nil {
		whole = run.CountsAt(len(run.Events)).Counts()
	}
	for _, name := range trace.CountNames() {
		c := whole[name]
		p.counts = append(p.counts, pageCount{name, c, quantity(name, c)})
	}
	if len(run.Events) > pageEvents {
		cut := *run
		cut.Events = run.Events[:pageEvents]
		p.run = &cut
	}
	for _, lang := range locale.Languages() {
		p.t[lang] = locale.New(lang)
		p.say[lang] = o.Tell(lang, p.run)
	}
	p.timeline = layOut(p.run)
	text, err := json.Marshal(dataOf(p.run))
	if err != nil {
		return err
	}
	p.data = string(text)
	return document(p).Render(context.Background(), w)
}

func dataOf(run *trace.Run) pageData {
	d := pageData{Counts: map[trace.CountName]pageSeries{}}
	for _, e := range run.Events {
		d.At, d.Call = append(d.At, e.At), append(d.Call, e.Call)
	}
	for name, s := range run.Grow() {
		series := pageSeries{At: s.At}
		for _, v := range s.Value {
			series.Text = append(series.Text, templates.Quantity(v, s.Unit))
		}
		d.Counts[name] = series
	}
	return d
}

func quantity(name trace.CountName, c trace.Count) string {
	if !c.Known() {
		return "–"
	}
	return templates.Quantity(c.Value, trace.UnitOf(name))
}

// cut is the message that there are more events than the page has.
func (p page) cut() string {
	if p.partly {
		return "export.cut.partly"
	}
	return "export.cut"
}

// policy allows the inline script and style by their hashes, and nothing else.
func policy() string {
	return fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'", hashOf(pageScript), hashOf(style()))
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// provenance is the weakest of the run's events.
func (p page) provenance() trace.Provenance {
	weakest := trace.Provenance("")
	for _, e := range p.run.Events {
		if e.Kind == trace.Syscall {
			weakest = trace.Weakest(weakest, e.Provenance)
		}
	}
	if weakest == "" {
		return p.run.Base
	}
	return weakest
}
