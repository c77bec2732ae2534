package web

import (
	"cmp"
	"slices"
	"sort"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// pageState is what a page of the file is in the page cache.
type pageState uint8

// The states, the weakest first. A square that stands for many pages shows the
// strongest state among them.
const (
	pageAbsent    pageState = iota // not in the page cache
	pageEvicted                    // it was, and was thrown out
	pageAsked                      // a read found it missing, or readahead asks for it
	pageInserted                   // in the cache; the events do not tell when its bytes arrive
	pageClean                      // its bytes are those of the disk
	pageLent                       // clean, and something refers to it
	pageDirty                      // changed, not yet on the disk
	pageWriteback                  // on its way to the disk
	pageFilling                    // the device brings its bytes
	pageStates
)

var pageStateNames = [pageStates]string{"absent", "evicted", "asked", "inserted", "clean", "lent", "dirty", "writeback", "filling"}

func (s pageState) resident() bool { return s >= pageClean && s != pageFilling }

// pageSpan is a run of pages that are in one state from a step until another
// (0: beyond the last event).
type pageSpan struct {
	First int64  `json:"first"`
	N     int64  `json:"n"`
	State string `json:"state"`
	Refs  int64  `json:"refs,omitempty"`
	From  int    `json:"from"`
	Until int    `json:"until,omitempty"`
	By    int    `json:"by,omitempty"` // the step of the event that made it so
}

// pageSquare is how one square of the drawing changes: it stands for N pages, of
// which Have[i] are in the cache after step At[i], the strongest in State[i].
type pageSquare struct {
	First int64    `json:"first"`
	N     int64    `json:"n"`
	At    []int    `json:"at"`
	State []string `json:"state"`
	Have  []int64  `json:"have"`
}

// filePages are the pages of the file along a run.
type filePages struct {
	PageBytes int64        `json:"page_bytes"`
	N         int64        `json:"n"`
	Squares   []pageSquare `json:"squares"`
	Spans     []pageSpan   `json:"spans"`

	runs   []pageRun
	counts [][pageStates]int64 // of each square, by state
}

// pageRun is a run of neighbouring pages in one state, now.
type pageRun struct {
	first, n int64
	state    pageState
	refs     int64
	since    int
	by       int
}

// shown is the state with what refers to the pages.
func (r pageRun) shown() pageState {
	if r.state == pageClean && r.refs > 0 {
		return pageLent
	}
	return r.state
}

// maxSquares is how many squares the drawing has for the page cache.
const maxSquares = 16

func newFilePages(s lab.Scenario) *filePages {
	n := (s.Size + pageBytes - 1) / pageBytes
	p := &filePages{PageBytes: pageBytes, N: n, Squares: []pageSquare{}, Spans: []pageSpan{}}
	begin := pageRun{n: n}
	if s.Cache == lab.Warm {
		begin.state = pageClean
	}
	p.runs = []pageRun{begin}
	per := (n + maxSquares - 1) / maxSquares
	for first := int64(0); first < n; first += per {
		q := pageSquare{First: first, N: min(per, n-first)}
		p.Squares = append(p.Squares, q)
		var c [pageStates]int64
		c[begin.state] = q.N
		p.counts = append(p.counts, c)
	}
	for i := range p.Squares {
		p.note(i, 0)
	}
	return p
}

// note writes down what square i is after a step.
func (p *filePages) note(i, step int) {
	q, c := &p.Squares[i], p.counts[i]
	var have int64
	strongest := pageAbsent
	for s, n := range c {
		if n == 0 {
			continue
		}
		strongest = pageState(s)
		if pageState(s).resident() {
			have += n
		}
	}
	name, last := pageStateNames[strongest], len(q.At)-1
	switch {
	case last >= 0 && q.At[last] == step:
		q.State[last], q.Have[last] = name, have
	case last < 0 || q.State[last] != name || q.Have[last] != have:
		q.At, q.State, q.Have = append(q.At, step), append(q.State, name), append(q.Have, have)
	}
}

// change applies f to the runs that lie within some pages.
func (p *filePages) change(step int, e trace.Event, first, n int64, f func(r *pageRun)) {
	first, end := max(first, 0), min(first+n, p.N)
	if first >= end {
		return
	}
	p.split(first)
	p.split(end)
	from := sort.Search(len(p.runs), func(i int) bool { return p.runs[i].first >= first })
	for i := from; i < len(p.runs) && p.runs[i].first < end; i++ {
		before := p.runs[i]
		f(&p.runs[i])
		r := &p.runs[i]
		if r.state == before.state && r.refs == before.refs {
			continue
		}
		p.close(before, step)
		r.since, r.by = step, e.Seq
		p.recount(before, *r, step)
	}
}

func (p *filePages) split(at int64) {
	i := sort.Search(len(p.runs), func(i int) bool { return p.runs[i].first+p.runs[i].n > at })
	if i == len(p.runs) || p.runs[i].first >= at {
		return
	}
	r := p.runs[i]
	left, right := r, r
	left.n = at - r.first
	right.first, right.n = at, r.n-left.n
	p.runs = append(p.runs, pageRun{})
	copy(p.runs[i+1:], p.runs[i:])
	p.runs[i], p.runs[i+1] = left, right
}

func (p *filePages) close(r pageRun, step int) {
	if r.since == step && step > 0 || r.shown() == pageAbsent {
		return
	}
	p.Spans = append(p.Spans, pageSpan{First: r.first, N: r.n, State: pageStateNames[r.shown()], Refs: r.refs, From: r.since, Until: step, By: r.by})
}

// recount moves the pages of a run from one state to another in the squares
// that they lie in.
func (p *filePages) recount(before, after pageRun, step int) {
	if before.shown() == after.shown() {
		return
	}
	per := p.Squares[0].N
	for i := after.first / per; i < int64(len(p.Squares)) && p.Squares[i].First < after.first+after.n; i++ {
		q := p.Squares[i]
		n := min(after.first+after.n, q.First+q.N) - max(after.first, q.First)
		p.counts[i][before.shown()] -= n
		p.counts[i][after.shown()] += n
		p.note(int(i), step)
	}
}

// end closes what is still open.
func (p *filePages) end() *filePages {
	for _, r := range p.runs {
		p.close(r, 0)
	}
	// Neighbours that changed together are one run again.
	slices.SortFunc(p.Spans, func(a, b pageSpan) int {
		return cmp.Or(a.From-b.From, a.Until-b.Until, cmp.Compare(a.First, b.First))
	})
	joined := p.Spans[:0]
	for _, s := range p.Spans {
		if n := len(joined); n > 0 {
			if last := joined[n-1]; last.follows(s) {
				joined[n-1].N += s.N
				continue
			}
		}
		joined = append(joined, s)
	}
	p.Spans = joined
	slices.SortFunc(p.Spans, func(a, b pageSpan) int { return cmp.Or(cmp.Compare(a.First, b.First), a.From-b.From) })
	return p
}

// follows says whether the pages of next are the neighbours of the span's, and
// are in the same state for as long.
func (s pageSpan) follows(next pageSpan) bool {
	first := s.First + s.N
	s.First, s.N = next.First, next.N
	return s == next && next.First == first
}

func pagesOf(e trace.Event) (first, n int64) {
	first = e.Offset / pageBytes
	if e.Bytes > 0 && e.Kind != trace.Readahead && e.Kind != trace.CacheMiss {
		return first, (e.Offset+e.Bytes-1)/pageBytes - first + 1
	}
	return first, e.Units()
}

// touched are the first page of the file that an event works on in the page
// cache, and how many; nil if it does not, or does not tell which.
func touched(e trace.Event, file bool) *[2]int64 {
	if !file || e.Endpoint == trace.Receiver || e.Kind == trace.Syscall {
		return nil
	}
	switch {
	case e.Kind == trace.Evict && e.From != trace.PageCache:
		return nil
	case e.From != trace.PageCache && e.To != trace.PageCache && e.Kind != trace.Readahead && e.Kind != trace.CacheMiss && e.Kind != trace.CacheHit:
		return nil
	}
	first, n := pagesOf(e)
	return &[2]int64{first, n}
}

// begins is told when an event begins, take when it has ended.
func (p *filePages) begins(step int, e trace.Event) {
	first, n := pagesOf(e)
	set := func(s pageState, of func(pageState) bool) {
		p.change(step, e, first, n, func(r *pageRun) {
			if of(r.state) {
				r.state = s
			}
		})
	}
	missing := func(s pageState) bool { return s <= pageAsked }
	switch {
	case e.Kind == trace.Readahead && e.Detail == "insert":
		set(pageInserted, missing)
	case e.Kind == trace.CacheMiss || e.Kind == trace.Readahead:
		set(pageAsked, missing)
	case (e.Kind == trace.DMA || e.Kind == trace.PIO) && e.From == trace.DiskPlace && e.To == trace.PageCache:
		set(pageFilling, func(s pageState) bool { return s < pageClean })
	case e.Kind == trace.CacheHit: // so it is there, whoever brought it
		set(pageClean, func(s pageState) bool { return s < pageClean })
	case e.From == trace.PageCache && (e.Kind == trace.Writeback || e.To == trace.DiskPlace && (e.Kind == trace.DMA || e.Kind == trace.PIO)):
		set(pageWriteback, func(s pageState) bool { return s == pageDirty })
	}
}

// ended is told when an event has ended.
func (p *filePages) ended(step int, e trace.Event) {
	first, n := pagesOf(e)
	set := func(s pageState, of func(pageState) bool) {
		p.change(step, e, first, n, func(r *pageRun) {
			if of(r.state) {
				r.state = s
			}
		})
	}
	every := func(pageState) bool { return true }
	switch {
	case e.Kind == trace.Evict && e.From == trace.PageCache:
		set(pageEvicted, every)
	case (e.Kind == trace.DMA || e.Kind == trace.PIO) && e.From == trace.DiskPlace && e.To == trace.PageCache:
		set(pageClean, every)
	case (e.Kind == trace.DMA || e.Kind == trace.PIO) && e.From == trace.PageCache && e.To == trace.DiskPlace:
		set(pageClean, func(s pageState) bool { return s == pageWriteback }) // what was written meanwhile is dirty again
	case e.Kind == trace.CPUCopy && e.To == trace.PageCache:
		set(pageDirty, every)
	}
}

// refer adds references to pages, or gives some up.
func (p *filePages) refer(step int, e trace.Event, first, n, by int64) {
	p.change(step, e, first, n, func(r *pageRun) { r.refs = max(0, r.refs+by) })
}
