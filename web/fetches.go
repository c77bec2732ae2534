package web

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

const (
	// rowsPerSecond is how many fetches of one second are shown as rows; beyond
	// it only the totals and the second's count grow.
	rowsPerSecond = 20
	// rowsKept is how many rows a page keeps.
	rowsKept = 100
	// flushEvery is the shortest time between two messages.
	flushEvery = 100 * time.Millisecond
)

// fetches follows what the broker serves. Serving only adds a few numbers
// under a lock; a goroutine of its own makes messages of them.
type fetches struct {
	feed  *Feed
	now   func() time.Time
	dirty chan struct{}

	mu     sync.Mutex
	totals map[string]*total
	// fresh are the rows not published yet, kept the newest rows, oldest first.
	fresh, kept []row
	count       int64 // numbers the rows, so that a page takes each once
	pace        pace
}

// row is a fetch that pages show.
type row struct {
	number int64
	trace.Served
}

// total is what the fetches of one path add up to.
type total struct {
	fetches, bytes int64
	dur            trace.Ns
	calls          map[string]int64
}

func newFetches(feed *Feed, now func() time.Time) *fetches {
	return &fetches{feed: feed, now: now, dirty: make(chan struct{}, 1), totals: map[string]*total{}}
}

// served takes one more fetch. It never waits for a page.
func (f *fetches) served(s trace.Served) {
	at := f.now().Unix()
	f.mu.Lock()
	t := f.totals[s.Path]
	if t == nil {
		t = &total{calls: map[string]int64{}}
		f.totals[s.Path] = t
	}
	t.fetches += max(1, s.Stands)
	t.bytes += s.Bytes
	t.dur += s.Dur
	for name, n := range s.SyscallsByName {
		t.calls[name] += n
	}
	if s.Stands > 1 || s.Topic == "" {
		f.pace.sum(s.Began.Unix(), s.Stands)
	} else if f.pace.shown(at) {
		f.count++
		f.fresh = append(f.fresh, row{f.count, s})
		f.kept = append(f.kept, row{f.count, s})
		f.kept = f.kept[max(0, len(f.kept)-rowsKept):]
	}
	f.mu.Unlock()
	wake(f.dirty)
}

// fetched is the body of live.fetches: the rows since the last one, oldest
// first; the totals as they stand.
type fetched struct {
	Rows   []templates.FetchRow `json:"rows"`
	Totals []templates.TotalRow `json:"totals"`
	Window *templates.Window    `json:"window"`
}

func (f *fetches) flush() error {
	f.mu.Lock()
	body := fetched{Rows: rows(f.fresh), Totals: f.totalRows(), Window: f.pace.row()}
	f.fresh = nil
	f.mu.Unlock()
	return f.feed.publish("live.fetches", body)
}

// fill puts the newest fetches into the page's data.
func (f *fetches) fill(d *templates.LiveData) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d.Fetches = rows(f.kept)
	d.State.Fetch = f.count
	slices.Reverse(d.Fetches)
	d.Totals = f.totalRows()
	d.Window = f.pace.row()
	d.Kept = rowsKept
}

func rows(served []row) []templates.FetchRow {
	out := make([]templates.FetchRow, len(served))
	for i, s := range served {
		out[i] = templates.FetchRow{
			Number:   s.number,
			Time:     s.Began.Format("15:04:05.000"),
			Where:    fmt.Sprintf("%s-%d", s.Topic, s.Partition),
			Client:   s.Client,
			Path:     s.Path,
			Bytes:    templates.Size(s.Bytes),
			Syscalls: callsText(s.SyscallsByName),
			Duration: templates.Duration(int64(s.Dur)),
			Twin:     twin(s.Served),
		}
		if s.Err != "" {
			out[i].Error = locale.Speak(s.Err)
		}
		if s.Why != "" {
			out[i].Why = locale.Speak(s.Why)
		}
	}
	return out
}

// twin is the scope's address with the same transfer simulated, or empty for
// one that moved nothing. The text of a scenario needs no escaping in a query.
func twin(s trace.Served) string {
	scenario := lab.Default()
	scenario.Path, scenario.Side, scenario.Model = s.Path, trace.Sim, lab.Linux
	scenario.Size, scenario.Chunk = s.Bytes, int64(s.Chunk)
	scenario.Cache, scenario.Net = lab.Warm, lab.Loopback
	if scenario.Validate() != nil {
		return ""
	}
	return "/scope?a=" + scenario.String()
}

func (f *fetches) totalRows() []templates.TotalRow {
	out := []templates.TotalRow{}
	for _, path := range slices.SortedFunc(maps.Keys(f.totals), strings.Compare) {
		t := f.totals[path]
		out = append(out, templates.TotalRow{
			Path:     path,
			Fetches:  humanize.Comma(t.fetches),
			Bytes:    templates.Size(t.bytes),
			Syscalls: callsText(t.calls),
			Duration: templates.Duration(int64(t.dur)),
		})
	}
	return out
}
