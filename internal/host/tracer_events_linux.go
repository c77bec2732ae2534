package host

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"copyscope/internal/trace"
	"copyscope/internal/tracepoint"
)

// request is a part of the disk, by which the end of a transfer is found.
type request struct{ sector, sectors int64 }

// events makes events of what began by until and was not told yet, in order. What
// the kernel has begun and not ended is told when it has; all else up to until is
// told now, so that it stands there then.
func (t *tracer) events(until trace.Ns) []trace.Event {
	if t == nil {
		return nil
	}
	hits, _ := t.reader.Hits() // what fails, fails again in end
	for _, h := range hits {
		switch uint64(h.ID) {
		case t.points[pointInsert].ID:
			t.inserted(h)
		case t.points[pointDelete].ID:
			t.deleted(h)
		case t.points[pointIssue].ID:
			t.issued(h)
		case t.points[pointInterrupt].ID:
			t.asked = &h
		case t.points[pointComplete].ID:
			t.completed(h)
		default:
			t.other(h)
		}
	}
	t.packets.settle(t)
	for i := range t.pending {
		t.pending[i].At = max(t.pending[i].At, t.told)
	}
	slices.SortStableFunc(t.pending, func(a, b trace.Event) int { return cmp.Compare(a.At, b.At) })
	n := sort.Search(len(t.pending), func(i int) bool { return t.pending[i].At > until })
	out := t.pending[:n:n]
	t.pending, t.told = slices.Clone(t.pending[n:]), until
	return out
}

// other takes a hit of what each run has besides, or of packets.
func (t *tracer) other(h tracepoint.Hit) {
	switch {
	case t.windows.hit(t, h):
	case t.hits.hit(h):
		if t.hits.isFault(h) {
			t.windows.faulted(h.Thread)
		}
	default:
		t.packets.hit(t, h)
	}
}

func (t *tracer) int(point, field string, h tracepoint.Hit) int64 {
	return t.field[point+" "+field].Int(h.Raw)
}

// tell keeps an event that the kernel told of.
func (t *tracer) tell(h tracepoint.Hit, e trace.Event) {
	e.At, e.Endpoint, e.Phase, e.Provenance = t.clock(h.At), t.endpoint, trace.Transfer, trace.Measured
	t.pending = append(t.pending, e)
}

// derive keeps an event that follows by rule from what the kernel told.
func (t *tracer) derive(h tracepoint.Hit, e trace.Event) {
	t.tell(h, e)
	t.pending[len(t.pending)-1].Provenance = trace.Derived
}

// inserted: a folio of the file, of 2 to the power of order pages, came into the
// page cache.
func (t *tracer) inserted(h tracepoint.Hit) {
	index, pages := t.int(pointInsert, "index", h), int64(1)<<t.int(pointInsert, "order", h)
	t.hits.inserted(h.Thread, index, pages)
	t.tell(h, trace.Event{Kind: trace.Readahead, Actor: trace.KernelCode, N: pages, Offset: index * t.page, Detail: "insert"})
}

// deleted: a folio of the file was taken out of the page cache.
func (t *tracer) deleted(h tracepoint.Hit) {
	pages := int64(1) << t.int(pointDelete, "order", h)
	t.evicted += pages
	t.tell(h, trace.Event{Kind: trace.Evict, Actor: trace.KernelCode, From: trace.PageCache, N: pages, Offset: t.int(pointDelete, "index", h) * t.page, Detail: "evict"})
}

// issued: the disk was told to read a part of the file.
func (t *tracer) issued(h tracepoint.Hit) {
	r := request{t.int(pointIssue, "sector", h), t.int(pointIssue, "nr_sector", h)}
	off := t.file.offset(r.sector)
	if off < 0 || !strings.HasPrefix(t.field[pointIssue+" rwbs"].String(h.Raw), "R") {
		return
	}
	if _, again := t.reading[r]; again { // the driver had no room for it, and was asked once more
		return
	}
	t.reading[r] = h
	t.tell(h, trace.Event{Kind: trace.DeviceCommand, Actor: trace.KernelCode, From: trace.CPUPlace, To: trace.DiskPlace,
		Bytes: r.sectors * sectorBytes, Offset: off, Detail: "disk-read"})
}

// completed: the disk has brought it, by DMA, and said so by its last interrupt,
// which may tell of several requests, those of others among them.
func (t *tracer) completed(h tracepoint.Hit) {
	r := request{t.int(pointComplete, "sector", h), t.int(pointComplete, "nr_sector", h)}
	began, ok := t.reading[r]
	delete(t.reading, r)
	if !ok {
		return
	}
	if t.asked != nil {
		t.tell(*t.asked, trace.Event{Kind: trace.Interrupt, Actor: trace.Disk, From: trace.DiskPlace, To: trace.CPUPlace, N: 1, Detail: "disk-done"})
		t.asked = nil
	}
	if t.into != "" {
		t.tell(began, trace.Event{Kind: trace.DMA, Actor: trace.DiskDMA, From: trace.DiskPlace, To: t.into,
			Bytes: r.sectors * sectorBytes, Offset: t.file.offset(r.sector), Dur: trace.Ns(h.At - began.At)})
	}
}
