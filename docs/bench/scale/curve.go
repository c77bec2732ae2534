//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// curve is one thing that grows, and what its size costs.
type curve struct {
	// name is that of its files, and of -curves.
	name, title string
	// size names what grows.
	size string
	// about says what is measured, and how; why says what the knees are, both in
	// Markdown. What why says was found by profiling.
	about, why string
	sizes      []int
	// quick are the sizes of a short look.
	quick  []int
	series []series
	// open makes what all points share: it is closed when the curve ends.
	open func(ctx context.Context, s setting) (measurer, error)
}

// series is one of the figures of a curve.
type series struct {
	// name is that of the figure in the JSON; unit is what its values are in.
	name, title, unit string
	// work says that the figure is one of work: where it grows faster than the
	// size, it is said to.
	work bool
}

// figures are by the name of their series.
type figures map[string]float64

// measurer measures the points of a curve.
type measurer interface {
	measure(ctx context.Context, size int) (figures, error)
	io.Closer
}

// setting is what curves are measured with.
type setting struct {
	binary string // the copyscope command
	// dir is for temporary data, which stays until the whole run ends: on some file
	// systems what was just removed makes the next files dearer.
	dir   string
	quick bool
}

// plan says how much is measured.
type plan struct {
	setting
	points int           // of each curve, the smallest ones; 0: all
	rounds int           // of each point
	limit  time.Duration // of each curve
	say    func(format string, arguments ...any)
}

// run measures a curve, round by round over all sizes, so that what else the
// machine does strikes all of them alike. It begins no point that is likely to
// end behind the limit, and what is complete when ctx ends is kept; the error
// is then ctx's.
func (c *curve) run(ctx context.Context, p plan) (r *result, err error) {
	sizes := c.sizes
	if p.quick {
		sizes = c.quick
	}
	if p.points > 0 {
		sizes = sizes[:min(p.points, len(sizes))]
	}
	began := time.Now()
	r = newResult(c, p.quick)
	defer func() { r.finish(time.Since(began)) }()
	m, err := c.open(ctx, p.setting)
	if err != nil {
		return r, fmt.Errorf("%s: %w", c.name, err)
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	longest := map[int]time.Duration{}
	for round := range p.rounds {
		for _, size := range sizes {
			if likely := max(longest[size], longest[before(sizes, size)]); time.Since(began)+likely > p.limit {
				r.cut(size, round)
				continue
			}
			point := time.Now()
			f, err := m.measure(ctx, size)
			if ctx.Err() != nil {
				r.Interrupted = true
				return r, context.Cause(ctx)
			}
			if err != nil {
				return r, fmt.Errorf("%s, %d %s, round %d: %w", c.name, size, c.size, round+1, err)
			}
			longest[size] = max(longest[size], time.Since(point))
			r.add(size, f)
			p.say("%s %d: %v", c.name, size, time.Since(point).Round(time.Millisecond))
		}
	}
	return r, nil
}

// before is the size before the given one, which takes less long; or itself.
func before(sizes []int, size int) int {
	return sizes[max(0, slices.Index(sizes, size)-1)]
}

// curves are all that there are, in the order of the report.
func curves() []*curve {
	return []*curve{partitions(), segments(), consumers(), connections(), simulatorEvents(), viewers()}
}

// named finds curves by their names, in the order of the report.
func named(names []string) (out []*curve, err error) {
	all := curves()
	var known []string
	for _, c := range all {
		known = append(known, c.name)
		if slices.Contains(names, c.name) {
			out = append(out, c)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("-curves: there is no curve %q; use some of %v", name, known)
		}
	}
	return out, nil
}
