package web

import (
	"strings"
	"time"

	"copyscope/internal/spread"
	"copyscope/templates"
)

// mostIntervals bounds what is kept of one path: a minute at five a second, and
// some.
const mostIntervals = 400

// loadTally keeps, by path, what each interval of a load measured.
type loadTally struct{ paths map[string]*pathTally }

// pathTally is the intervals in which one path alone served.
type pathTally struct {
	took                       time.Duration
	rate, cost, calls, changes []float64
}

// add takes an interval in, unless several paths served in it, or none.
func (t *loadTally) add(before, now Traffic, over time.Duration) {
	path, moved, several := "", PathTraffic{}, false
	for name, p := range now.Paths {
		grown := PathTraffic{p.Bytes - before.Paths[name].Bytes, p.Syscalls - before.Paths[name].Syscalls}
		if grown.Bytes > 0 {
			several = path != ""
			path, moved = name, grown
		}
	}
	if path == "" || several || moved.Bytes < leastSent || over <= 0 {
		return
	}
	if t.paths == nil {
		t.paths = map[string]*pathTally{}
	}
	p := t.paths[path]
	if p == nil {
		p = &pathTally{}
		t.paths[path] = p
	}
	if len(p.rate) >= mostIntervals {
		return
	}
	p.took += over
	p.rate = append(p.rate, float64(moved.Bytes)/over.Seconds())
	if now.CPU >= 0 && before.CPU >= 0 {
		p.cost = append(p.cost, milliseconds(now.CPU-before.CPU)/(float64(moved.Bytes)/1e9))
	}
	if now.AtClient {
		return // a client knows neither calls nor switches
	}
	p.calls = append(p.calls, float64(moved.Syscalls)/(float64(moved.Bytes)/(1<<20)))
	if now.CPU >= 0 {
		p.changes = append(p.changes, float64(now.Switches-before.Switches)/over.Seconds())
	}
}

// rows are the medians of the paths that served, in the given order.
func (t *loadTally) rows(order []string) []templates.LoadRow {
	out := []templates.LoadRow{}
	for _, name := range order {
		p := t.paths[name]
		if p == nil {
			continue
		}
		out = append(out, templates.LoadRow{
			Path: name, Took: templates.Duration(int64(p.took.Round(100 * time.Millisecond))), Intervals: len(p.rate),
			Rate: byteRate(spread.Of(p.rate).Median), Cost: median(p.cost, " ms/GB"), Calls: median(p.calls, ""),
			Switches: median(twice(p.calls), ""), Changes: median(p.changes, "/s"),
		})
	}
	return out
}

// median writes the median of an interval's figure, or a dash without any.
func median(values []float64, unit string) string {
	if len(values) == 0 {
		return "–"
	}
	return significant(spread.Of(values).Median) + unit
}

// twice is the mode switches of calls: each has an entry and a return.
func twice(calls []float64) []float64 {
	out := make([]float64, len(calls))
	for i, c := range calls {
		out[i] = 2 * c
	}
	return out
}

func joined(names []string) string { return strings.Join(names, ", ") }
