package web

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/templates"
)

// appendsKept is how many appends a page shows.
const appendsKept = 20

// appends follows what producers send to the broker, as fetches follows what it
// serves.
type appends struct {
	feed  *Feed
	now   func() time.Time
	dirty chan struct{}

	mu     sync.Mutex
	totals map[string]*trace.Appended // by engine
	kept   []trace.Appended           // the newest, oldest first
	pace   pace
}

func newAppends(feed *Feed, now func() time.Time) *appends {
	return &appends{feed: feed, now: now, dirty: make(chan struct{}, 1), totals: map[string]*trace.Appended{}}
}

// appended takes one more append, or a sum of them. It never waits for a page.
func (f *appends) appended(a trace.Appended) {
	at := f.now().Unix()
	f.mu.Lock()
	t := f.totals[a.Engine]
	if t == nil {
		t = &trace.Appended{Engine: a.Engine, SyscallsByName: map[string]int64{}}
		f.totals[a.Engine] = t
	}
	t.Stands += a.Stands
	t.Bytes += a.Bytes
	t.Records += a.Records
	t.Duplicates += a.Duplicates
	t.Dur += a.Dur
	for name, n := range a.SyscallsByName {
		t.SyscallsByName[name] += n
	}
	if a.Topic == "" {
		f.pace.sum(a.Began.Unix(), a.Stands)
	} else if f.pace.shown(at) {
		f.kept = append(f.kept, a)
		f.kept = f.kept[max(0, len(f.kept)-appendsKept):]
	}
	f.mu.Unlock()
	wake(f.dirty)
}

// appendedNow is the body of live.appends: the newest rows, newest first, and
// the totals as they stand.
type appendedNow struct {
	Rows   []templates.AppendRow      `json:"rows"`
	Totals []templates.AppendTotalRow `json:"totals"`
	Window *templates.Window          `json:"window"`
}

func (f *appends) present() appendedNow {
	f.mu.Lock()
	defer f.mu.Unlock()
	body := appendedNow{Rows: []templates.AppendRow{}, Totals: []templates.AppendTotalRow{}, Window: f.pace.row()}
	for _, a := range slices.Backward(f.kept) {
		row := templates.AppendRow{
			Time:      a.Began.Format("15:04:05.000"),
			Where:     fmt.Sprintf("%s-%d", a.Topic, a.Partition),
			Client:    a.Client,
			Engine:    a.Engine,
			Bytes:     templates.Size(a.Bytes),
			Records:   humanize.Comma(a.Records),
			Syscalls:  callsText(a.SyscallsByName),
			Duration:  templates.Duration(int64(a.Dur)),
			Duplicate: a.Duplicates > 0,
		}
		if a.Err != "" {
			row.Error = locale.Speak(a.Err)
		}
		body.Rows = append(body.Rows, row)
	}
	for _, engine := range slices.SortedFunc(maps.Keys(f.totals), strings.Compare) {
		t := f.totals[engine]
		body.Totals = append(body.Totals, templates.AppendTotalRow{
			Engine:     engine,
			Appends:    humanize.Comma(t.Stands),
			Bytes:      templates.Size(t.Bytes),
			Records:    humanize.Comma(t.Records),
			Duplicates: humanize.Comma(t.Duplicates),
			Syscalls:   callsText(t.SyscallsByName),
			Duration:   templates.Duration(int64(t.Dur)),
		})
	}
	return body
}

func (f *appends) flush() error { return f.feed.publish("live.appends", f.present()) }

// fill puts the newest appends into the page's data.
func (f *appends) fill(d *templates.LiveData) {
	now := f.present()
	d.Appends, d.AppendTotals, d.AppendWindow, d.AppendsKept = now.Rows, now.Totals, now.Window, appendsKept
}
