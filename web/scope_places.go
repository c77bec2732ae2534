package web

import (
	"slices"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// pageBytes is the size of a page that faults and the page cache count in.
const pageBytes = 4096

// growth is how one figure changes along a run: after step At[i] it is
// Value[i], until At[i+1].
type growth struct {
	At    []int   `json:"at"`
	Value []int64 `json:"value"`

	peak int64 // the most that it was, in what has been forgotten as well
}

func newGrowth(begin int64) *growth {
	return &growth{At: []int{0}, Value: []int64{begin}, peak: max(begin, 0)}
}

// from is the figure as it stands, with nothing of how it came to that.
func (g *growth) from(step int) *growth {
	return &growth{At: []int{step}, Value: []int64{g.now()}, peak: g.peak}
}

func (g *growth) now() int64 { return g.Value[len(g.Value)-1] }

// set notes the value after a step; it never falls below 0, because a page may
// be sent the first events of a run only.
func (g *growth) set(step int, v int64) {
	v = max(v, 0)
	if v == g.now() {
		return
	}
	g.peak = max(g.peak, v)
	if g.At[len(g.At)-1] == step {
		g.Value[len(g.Value)-1] = v
		return
	}
	g.At, g.Value = append(g.At, step), append(g.Value, v)
}

func (g *growth) add(step int, v int64) { g.set(step, g.now()+v) }

func (g *growth) most() int64 { return g.peak }

// contents is what a place holds along a run: bytes of its own, bytes that it
// refers to but does not hold, the references to those, and as Room what it
// held at the most, of both kinds together.
type contents struct {
	Own  *growth `json:"own"`
	Lent *growth `json:"lent"`
	Refs *growth `json:"refs"`
	Room int64   `json:"room"`

	shelf shelf
	peak  int64 // of Own and Lent together, so far
}

// see notes what the place holds now, if it never held as much.
func (c *contents) see() { c.peak = max(c.peak, c.Own.now()+c.Lent.now()) }

// occupancy follows bytes and references through the places of a run. It draws
// what the events say and adds no rule about costs or counts. What a
// device moves, or the CPU word by word to or from a device, arrives, and leaves its
// source, at the first step that begins when the move has ended.
func occupancy(s lab.Scenario, events []trace.Event) map[trace.Place]*contents {
	return fill(s, events).places
}

// fill plays a run's events on its places and on the pages of its file.
func fill(s lab.Scenario, events []trace.Event) *filling {
	o := newFilling(s)
	for i, e := range events {
		o.next(i+1, e)
	}
	o.finish(len(events))
	o.room(s.Size)
	o.pages.end()
	return o
}

// newFilling has the places and pages as they are before the first event.
func newFilling(s lab.Scenario) *filling {
	o := &filling{places: map[trace.Place]*contents{}, size: s.Size, file: ofFile(s), pages: newFilePages(s)}
	for _, p := range trace.Places() {
		o.places[p] = &contents{Own: newGrowth(0), Lent: newGrowth(0), Refs: newGrowth(0)}
	}
	if s.Cache == lab.Warm {
		o.places[trace.PageCache].Own = newGrowth(s.Size)
	}
	o.places[trace.DiskPlace].Own = newGrowth(s.Size)
	return o
}

// next plays one more event.
func (o *filling) next(step int, e trace.Event) {
	o.working = slices.DeleteFunc(o.working, func(d trace.Event) bool {
		if d.End() > e.At {
			return false
		}
		o.take(step, d, o.size)
		return true
	})
	if o.file {
		o.pages.begins(step, e)
	}
	if (e.Kind == trace.DMA || e.Kind == trace.PIO) && e.Dur > 0 {
		o.working = append(o.working, e)
		return
	}
	o.take(step, e, o.size)
}

// finish plays what still works at the end: the last event ends no sooner.
func (o *filling) finish(step int) {
	for _, d := range o.working {
		o.take(step, d, o.size)
	}
	o.working = nil
}

// room says how much each place held at the most.
func (o *filling) room(size int64) {
	for _, c := range o.places {
		c.see()
		c.Room = max(c.Own.most(), c.Lent.most(), c.peak)
	}
	o.places[trace.PageCache].Room = max(o.places[trace.PageCache].Room, size)
}

// ofFile says whether the offsets of a run's events are offsets of its file; what
// a relay passes on has none.
func ofFile(s lab.Scenario) bool {
	p, _ := transfer.Lookup(s.Path)
	return p.Source == transfer.FromFile
}

type filling struct {
	places map[trace.Place]*contents
	// received are the bytes in the socket buffer that came from the wire; the
	// others wait to be sent.
	received int64
	// file: the events' offsets are those of the file, whose pages are followed.
	file  bool
	pages *filePages
	read  shelf // what the receiver has
	links [][2]int

	size    int64         // of the file
	working []trace.Event // DMA and PIO that have not ended
}

func (o *filling) take(step int, e trace.Event, size int64) {
	if o.file && e.Endpoint != trace.Receiver {
		o.pages.ended(step, e)
	}
	switch e.Kind {
	case trace.PageFault:
		// A fault brings in a page, or the pages around it; the bytes tell if
		// the kernel did.
		m := o.places[trace.UserMapping].Own
		o.mapTo(step, e, min(size, m.now()+max(e.Bytes, e.Units()*pageBytes)))
		return
	case trace.Compute:
		if e.Detail == "encrypt" && e.To == trace.SocketBuffer {
			// The records are in memory of the socket; what was lent is no longer needed.
			s := o.places[trace.SocketBuffer]
			o.release(step, trace.SocketBuffer, e, min(e.Bytes, s.Lent.now()))
			o.put(step, e, e.Bytes)
		}
		return
	case trace.CPUCopy, trace.DMA, trace.PIO, trace.Descriptor:
	default:
		return
	}
	if e.Endpoint == trace.Receiver {
		o.drain(step, trace.SocketBuffer, e)
		o.read.put(hold(step, e, e.Bytes, o.file))
		return
	}
	o.arrive(step, e, size)
	o.depart(step, e)
	if to := o.places[e.To]; to != nil {
		to.see()
	}
}

// arrive fills the place that the bytes or references go to.
func (o *filling) arrive(step int, e trace.Event, size int64) {
	to := o.places[e.To]
	if to == nil {
		return
	}
	switch {
	case e.Kind == trace.Descriptor:
		to.Lent.add(step, e.Bytes)
		to.Refs.add(step, e.Units())
		h := hold(step, e, e.Bytes, o.file)
		to.shelf.put(h)
		if h.Pages != nil && (e.From == trace.PageCache || e.To == trace.Pipe) { // what leaves a pipe takes its references along
			o.pages.refer(step, e, h.Pages[0], h.Pages[1], 1)
		}
	case e.To == trace.UserBuffer:
		to.Own.set(step, e.Bytes) // the next piece overwrites the last
		to.shelf.clear(step)
		to.shelf.put(hold(step, e, e.Bytes, o.file))
	case e.To == trace.PageCache:
		to.Own.set(step, min(size, to.Own.now()+e.Bytes))
	case e.To == trace.SocketBuffer && e.Kind == trace.CPUCopy && replaces(e.Detail):
		// Bytes take the place of the references to them; what the buffer had of
		// its own is there as before.
		lent := min(e.Bytes, to.Lent.now())
		o.release(step, trace.SocketBuffer, e, lent)
		if e.From == trace.SocketBuffer {
			o.put(step, e, lent)
		} else {
			o.put(step, e, e.Bytes)
		}
	case e.To == trace.SocketBuffer && (e.From == trace.Wire || e.From == trace.NICRing):
		o.received += e.Bytes
		o.put(step, e, e.Bytes)
	default:
		o.put(step, e, e.Bytes)
	}
}

// put adds bytes of its own to the place that an event goes to.
func (o *filling) put(step int, e trace.Event, bytes int64) {
	to := o.places[e.To]
	to.Own.add(step, bytes)
	if bytes > 0 {
		to.shelf.put(hold(step, e, bytes, o.file))
	}
}

// mapTo says how much of the file is mapped, from its beginning.
func (o *filling) mapTo(step int, e trace.Event, bytes int64) {
	m := o.places[trace.UserMapping]
	if m.Own.now() == bytes {
		return
	}
	m.Own.set(step, bytes)
	m.shelf.clear(step)
	h := held{From: step, By: e.Seq, Bytes: bytes, Source: trace.PageCache}
	h.at(0)
	h.reach()
	m.shelf.put(h)
}

// replaces says whether a copy is of what the socket buffer has already.
func replaces(detail string) bool {
	return detail == "no-gather" || detail == "linearise" || detail == "zerocopy-copied"
}

// depart empties the places that pass on what they hold. A copy leaves its
// source as it is, except that the socket buffer is done with what was sent.
func (o *filling) depart(step int, e trace.Event) {
	switch {
	case e.From == trace.Pipe && e.To != trace.Pipe: // tee(2) leaves the first pipe as it is
		o.drain(step, trace.Pipe, e)
	case e.From == trace.SocketBuffer && (e.To == trace.UserBuffer || e.To == trace.Pipe):
		// A relay takes what has come.
		taken := min(e.Bytes, o.received)
		o.received -= taken
		o.places[trace.SocketBuffer].Own.add(step, -taken)
		o.places[trace.SocketBuffer].shelf.take(step, false, taken)
	case e.From == trace.UserMapping:
		// What is copied out of the mapping had to be mapped.
		o.mapTo(step, e, max(o.places[trace.UserMapping].Own.now(), e.Offset+e.Bytes))
	case e.To == trace.NICRing && e.Kind != trace.CPUCopy:
		o.drain(step, trace.SocketBuffer, e)
	}
}

// drain takes an event's bytes out of a place, references first. DMA out of the
// socket buffer itself takes the bytes that wait there to be sent first: the
// references beside them came later, and are to be sent later.
func (o *filling) drain(step int, p trace.Place, e trace.Event) {
	c := o.places[p]
	lent := min(e.Bytes, c.Lent.now())
	if p == trace.SocketBuffer && e.From == p && e.Kind == trace.DMA {
		lent = min(lent, max(e.Bytes-(c.Own.now()-o.received), 0))
	}
	o.release(step, p, e, lent)
	own := min(e.Bytes-lent, c.Own.now())
	c.Own.add(step, -own)
	c.shelf.take(step, false, own)
}

// release gives up the references to some of the bytes that a place refers to;
// each stands for an equal part of them. Those of a pipe go on to where it is
// emptied into.
func (o *filling) release(step int, p trace.Place, e trace.Event, bytes int64) {
	c := o.places[p]
	before := c.Lent.now()
	if before == 0 {
		return
	}
	rest := before - bytes
	c.Refs.set(step, (c.Refs.now()*rest+before-1)/before)
	c.Lent.set(step, rest)
	for _, gone := range c.shelf.take(step, true, bytes) {
		if gone.By != e.Seq {
			o.links = append(o.links, [2]int{gone.By, e.Seq})
		}
		if gone.Pages == nil || p == trace.Pipe && e.Kind == trace.Descriptor {
			continue
		}
		first, end := *gone.Offset/pageBytes, (*gone.Offset+gone.Bytes)/pageBytes
		if gone.last { // a page that is left in part stays lent until the rest of it is
			end = (*gone.Offset + gone.Bytes + pageBytes - 1) / pageBytes
		}
		o.pages.refer(step, e, first, end-first, -1)
	}
}
