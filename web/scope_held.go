package web

import (
	"copyscope/internal/trace"
)

// held is one item inside a place: a piece of bytes, references to bytes that
// lie elsewhere, a descriptor in a device's queue. It is there after step From
// until step Until; Until 0 is beyond the last event that the page has.
type held struct {
	From  int `json:"from"`
	Until int `json:"until,omitempty"`
	// By is the step of the event that brought it; 0 is before the first.
	By int `json:"by,omitempty"`
	// Begun and Ended are the steps from which a device has begun, and ended,
	// its work on an item of its queue.
	Begun int `json:"begun,omitempty"`
	Ended int `json:"ended,omitempty"`
	// Lent: the item is references; the bytes stay in Source.
	Lent   bool        `json:"lent,omitempty"`
	Source trace.Place `json:"source,omitempty"`
	Bytes  int64       `json:"bytes"`
	// Units are references, packets or requests, as the event counts them.
	Units int64 `json:"units,omitempty"`
	// Offset is the file offset of the first byte, Seq its place in the stream
	// that is sent; nil where the events do not tell.
	Offset *int64 `json:"offset,omitempty"`
	Seq    *int64 `json:"seq,omitempty"`
	// Linear: the payload lies in one piece of memory, not in pages.
	Linear bool `json:"linear,omitempty"`
	// Older is how many items this one stands for that came long before the window
	// of the run that the page has; what is told of them is their bytes.
	Older int `json:"older,omitempty"`
	// Pages are the first page of the file that the item refers to, how many, where
	// in the first its bytes begin, and how many of them are in the last; nil where
	// it refers to none, or the offset is not told.
	Pages *[4]int64 `json:"pages,omitempty"`
}

// hold is an item that an event brings, with the offset if it tells one.
func hold(step int, e trace.Event, bytes int64, file bool) held {
	h := held{From: step, By: e.Seq, Bytes: bytes, Source: e.From}
	if e.Kind == trace.Descriptor {
		h.Lent, h.Units = true, e.Units()
	}
	if file && e.Endpoint != trace.Receiver {
		h.at(e.Offset)
	}
	if h.Lent && e.From != trace.UserBuffer {
		h.reach()
	}
	return h
}

// at says where in the file the item's bytes are.
func (h *held) at(offset int64) { h.Offset = &offset }

// reach says which pages of the file the item is of.
func (h *held) reach() {
	if h.Offset == nil {
		return
	}
	first, start := *h.Offset/pageBytes, *h.Offset%pageBytes
	n := (start + max(h.Bytes, 1) + pageBytes - 1) / pageBytes
	last := h.Bytes
	if n > 1 {
		last = start + h.Bytes - (n-1)*pageBytes
	}
	h.Pages = &[4]int64{first, n, start, last}
}

// piece is a part of an item that left a place.
type piece struct {
	held
	last bool // nothing of the item is left
}

// shelf is what lies in a place, in the order in which it came.
type shelf struct {
	items []held
	open  []int // those that are there, by index
}

func (s *shelf) put(h held) {
	s.open = append(s.open, len(s.items))
	s.items = append(s.items, h)
}

// take removes bytes, the oldest first, of what is lent or of what is not. Of an
// item that goes in part the rest stays as an item of its own.
func (s *shelf) take(step int, lent bool, bytes int64) []piece {
	var gone []piece
	var rest []int
	for _, i := range s.open {
		if bytes <= 0 || s.items[i].Lent != lent {
			rest = append(rest, i)
			continue
		}
		s.items[i].Until = step
		p := piece{held: s.items[i], last: bytes >= s.items[i].Bytes}
		if !p.last {
			p.Bytes = bytes
			left := s.items[i]
			left.From, left.Until, left.Bytes = step, 0, left.Bytes-bytes
			if left.Units > 0 {
				left.Units = (left.Units*left.Bytes + p.held.Bytes + left.Bytes - 1) / (p.held.Bytes + left.Bytes)
			}
			if left.Offset != nil {
				left.at(*left.Offset + bytes)
			}
			if left.Pages != nil {
				left.reach()
			}
			rest = append(rest, len(s.items))
			s.items = append(s.items, left)
		}
		bytes -= p.Bytes
		gone = append(gone, p)
	}
	s.open = rest
	return gone
}

// clear removes all that is there.
func (s *shelf) clear(step int) {
	for _, i := range s.open {
		s.items[i].Until = step
	}
	s.open = nil
}

// shown are the items that are there after some step at all.
func (s *shelf) shown() []held {
	out := []held{}
	for _, h := range s.items {
		if h.Until == 0 || h.Until > h.From {
			out = append(out, h)
		}
	}
	return out
}
