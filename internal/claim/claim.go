// Package claim holds what people say of zero copy against the host that it runs
// on: what switches cost, how much faster sendfile is, what a neighbour notices,
// what is left over of a processor, and whether the model is right.
package claim

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
	"copyscope/sim"
)

// Options are those of [Run].
type Options struct {
	// Quick takes fewer rounds of less: enough to see whether it works, too few to
	// be believed.
	Quick bool
	// Rate is the fixed throughput of neighbour and headroom in bytes per second; 0
	// is half of what the slowest path can do.
	Rate int64
	// Profile is what prediction predicts with; nil calibrates first.
	Profile *sim.Profile
	// Progress is told how far it is; total stays the same.
	Progress func(done, total int64)
}

// Claim is one that can be measured here.
type Claim struct {
	// Name is the subcommand's and the page's.
	Name string
	// Short says what it measures.
	Short string
	run   func(ctx context.Context, l *lab.Lab, o Options) (*Report, error)
}

// Claims lists all of them.
func Claims() []Claim {
	return []Claim{
		{"switches", "What a mode switch and a context switch cost, and what part of the processor they take at 1 to 10,000 connections", remote("switches")},
		{"speedup", "How much faster sendfile is than read and write, by chunk and cache: CPU per gigabyte and throughput apart", speedup},
		{"neighbour", "How much another thread slows down that works in memory of its own while each path runs at the same throughput", remote("neighbour")},
		{"headroom", "How much of a processor is left over while each path runs at the same throughput", remote("headroom")},
		{"prediction", "How far the calibrated model's CPU and wall times are off, for every path", prediction},
	}
}

// Lookup finds a claim by its name.
func Lookup(name string) (Claim, bool) {
	for _, c := range Claims() {
		if c.Name == name {
			return c, true
		}
	}
	return Claim{}, false
}

// Names are those of all claims.
func Names() (out []string) {
	for _, c := range Claims() {
		out = append(out, c.Name)
	}
	return out
}

// Run measures one claim on this host.
func Run(ctx context.Context, l *lab.Lab, name string, o Options) (*Report, error) {
	c, ok := Lookup(name)
	if !ok {
		return nil, fmt.Errorf("claim %q: use one of %s", name, strings.Join(Names(), ", "))
	}
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	began := time.Now()
	r, err := c.run(ctx, l, o)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	r.Schema, r.Claim, r.Quick = trace.Schema, name, o.Quick
	r.At, r.Seconds = began.UTC().Truncate(time.Second), time.Since(began).Seconds()
	r.Machine.Processor, r.Machine.Facts = host.ProcessorName(), host.ReadFacts(l.Dir)
	r.Machine.PrivateCacheBytes, r.Machine.LastCacheBytes = host.CacheSizes()
	if load, known := host.Load(); known {
		r.Machine.Load = &load
		if cpus := r.Machine.CPUs; cpus > 0 && load > float64(cpus)+1 { // the measurement itself keeps as many busy
			r.Limits = append([]Note{note("claims.busy", "Load", Short(load), "CPUs", fmt.Sprint(cpus))}, r.Limits...)
		}
	}
	return r, nil
}

// Report is what was measured of one claim.
type Report struct {
	Schema int       `json:"schema"`
	Claim  string    `json:"claim"`
	At     time.Time `json:"at"`
	// Seconds is how long it took; Quick says that it was too short to be believed.
	Seconds float64 `json:"seconds"`
	Quick   bool    `json:"quick"`
	Machine Machine `json:"machine"`
	// Findings say what the tables mean for the claim, Limits what could not be
	// done or seen.
	Findings []Note  `json:"findings"`
	Limits   []Note  `json:"limits,omitempty"`
	Tables   []Table `json:"tables"`
}

// Machine is the machine that a report is of.
type Machine struct {
	Processor string `json:"processor,omitempty"`
	host.Facts
	// PrivateCacheBytes is the largest cache that a processor has for itself,
	// LastCacheBytes the last level; 0 is not known.
	PrivateCacheBytes int64 `json:"private_cache_bytes,omitempty"`
	LastCacheBytes    int64 `json:"last_cache_bytes,omitempty"`
	// Load is the load average at the end, what was measured included.
	Load *float64 `json:"load,omitempty"`
}

// Note is a sentence: a key of the message catalogues, what to put into it, and
// the sentence in English.
type Note struct {
	host.Note
	Text string `json:"text,omitempty"`
}

// note makes one from pairs of name and text.
func note(key string, pairs ...string) Note {
	n := Note{Note: host.Note{Key: key, Args: map[string]any{}}}
	for i := 0; i+1 < len(pairs); i += 2 {
		n.Args[pairs[i]] = pairs[i+1]
	}
	return n
}

// Table has a row for each thing that was measured.
type Table struct {
	Name string `json:"name"`
	// Keys name the labels of a row, Columns its figures.
	Keys    []string `json:"keys"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
}

// Column names a figure and its unit: ns, %, ×, MB/s, ms/GB, ms or nothing, which
// counts.
type Column struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`
}

// Row is one thing that was measured.
type Row struct {
	Labels  []string `json:"labels"`
	Figures []Figure `json:"figures"`
}

// Figure is one measurement, in the unit of its column.
type Figure struct {
	Provenance trace.Provenance `json:"provenance"`
	// Spread summarises Samples, the rounds as they were; a figure that is known
	// has both, another one a Reason.
	Spread  *spread.Spread `json:"spread,omitempty"`
	Samples []float64      `json:"samples,omitempty"`
	Reason  string         `json:"reason,omitempty"`
}

// Known says whether there is a value.
func (f Figure) Known() bool { return f.Spread != nil }

// Median is the value, 0 if there is none.
func (f Figure) Median() float64 {
	if f.Spread == nil {
		return 0
	}
	return f.Spread.Median
}

// figureOf is a figure of rounds.
func figureOf(p trace.Provenance, samples []float64) Figure {
	s := spread.Of(samples)
	if s.N == 0 {
		return missing("no round came to an end")
	}
	return Figure{Provenance: p, Spread: &s, Samples: samples}
}

func measured(samples []float64) Figure { return figureOf(trace.Measured, samples) }
func derived(samples []float64) Figure  { return figureOf(trace.Derived, samples) }

// missing is a figure that there is none of.
func missing(reason string) Figure {
	return Figure{Provenance: trace.Unavailable, Reason: reason}
}

// each computes a figure's rounds from those of others, which have as many.
func each(f func(v ...float64) float64, of ...[]float64) (out []float64) {
	n := len(of[0])
	for _, s := range of {
		n = min(n, len(s))
	}
	for i := range n {
		v := make([]float64, len(of))
		for k, s := range of {
			v[k] = s[i]
		}
		out = append(out, f(v...))
	}
	return out
}

// ratio is a by b.
func ratio(v ...float64) float64 { return v[0] / v[1] }

// Short writes a number in three digits, or all before the point.
func Short(v float64) string {
	switch {
	case v >= 99.95 || v <= -99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995 || v <= -9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// Figures writes a number as tables do: thousands with separators.
func Figures(v float64) string {
	if v >= 999.5 || v <= -999.5 {
		return humanize.Comma(int64(math.Round(v)))
	}
	return Short(v)
}

// Say puts the sentences into words; say gives a message by its key, filled from
// pairs of name and value.
func (r *Report) Say(say func(key string, pairs ...any) string) {
	for _, notes := range [][]Note{r.Findings, r.Limits} {
		for i, n := range notes {
			notes[i].Text = say(n.Key, n.Pairs()...)
		}
	}
}

// Pairs are what to put into the sentence, as pairs of name and value.
func (n Note) Pairs() (out []any) {
	for _, name := range slices.Sorted(maps.Keys(n.Args)) {
		out = append(out, name, n.Args[name])
	}
	return out
}

// ShippedProfile is one of the shipped profiles, to predict with.
func ShippedProfile(name string) (*sim.Profile, error) {
	p, err := sim.LookupProfile(name)
	return &p, err
}

// comma puts separators into a whole number.
func comma(n string) string {
	v, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return n
	}
	return humanize.Comma(v)
}
