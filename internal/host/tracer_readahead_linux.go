package host

import (
	"copyscope/internal/trace"
	"copyscope/internal/tracepoint"
)

// windows follows the readahead of a file: what was asked for and missed, and which
// window the kernel reads then (mm/readahead.c). The simulator tells the same.
type windows struct {
	*beside
	pages int64 // of the file
	size  int64 // of a page, in bytes
	by    map[int32]*plan
}

// plan is how a thread came to read ahead.
type plan struct {
	detail string
	// asked are the pages that were asked for and missed.
	asked [2]int64
	// told is the last window that was told. Large folios of it that the kernel cannot
	// have are read page by page, which it tells again (do_page_cache_ra, called from
	// page_cache_ra_order).
	told [2]int64
}

func newWindows(b *beside, bytes, page int64) *windows {
	return &windows{beside: b, pages: (bytes + page - 1) / page, size: page, by: map[int32]*plan{}}
}

// faulted: a thread began anew. A fault that finds no page asks for a window around
// it and says nothing before (do_sync_mmap_readahead, mm/filemap.c).
func (w *windows) faulted(thread int32) {
	if w != nil {
		w.by[thread] = nil
	}
}

// hit takes one hit, if it is of these.
func (w *windows) hit(t *tracer, h tracepoint.Hit) bool {
	if w == nil {
		return false
	}
	name := w.names[h.ID]
	value := func(field string) int64 { return w.field[name+" "+field].Int(h.Raw) }
	switch name {
	case pointSyncRA:
		index := value("index")
		p := &plan{detail: "initial", asked: [2]int64{index, min(index+value("req_count"), w.pages)}}
		w.by[h.Thread] = p
		if n := p.asked[1] - index; n > 0 {
			t.tell(h, trace.Event{Kind: trace.CacheMiss, Actor: trace.KernelCode, To: trace.PageCache, N: n, Offset: index * w.size})
		}
	case pointAsyncRA:
		w.by[h.Thread] = &plan{detail: "async"}
	case pointOrderRA:
		w.planned(t, h, value("index"), value("size"), value("async_size"))
	case pointReadRA:
		w.planned(t, h, value("index"), value("nr_to_read"), value("lookahead_size"))
	default:
		return false
	}
	return true
}

// planned: the kernel is to read a window. What of it was asked for is told as
// missed, so the window's event is the rest. Its bytes are the lookahead: the page
// that they begin with is marked, and whoever comes there starts the next window.
func (w *windows) planned(t *tracer, h tracepoint.Hit, index, pages, lookahead int64) {
	p := w.by[h.Thread]
	if p == nil {
		p = &plan{detail: "around"}
		w.by[h.Thread] = p
	}
	if p.told[0] <= index && index < p.told[1] {
		return
	}
	end := min(index+pages, w.pages)
	p.told = [2]int64{index, end}
	from := index
	if p.asked[0] <= from && from < p.asked[1] {
		from = p.asked[1]
	}
	if from < end {
		t.tell(h, trace.Event{Kind: trace.Readahead, Actor: trace.KernelCode, To: trace.PageCache, N: end - from, Offset: from * w.size,
			Bytes: min(lookahead, end-from) * w.size, Detail: p.detail})
	}
}
