package export

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"copyscope/internal/trace"
)

// trackKey says on which track an event stands: an actor's, and of those who run
// on a thread, that thread's.
type trackKey struct {
	endpoint trace.Endpoint
	actor    trace.Actor
	thread   int
	// spill is 0, or higher for what would overlap in part with what stands on
	// the track already.
	spill int
}

// track is one line of a timeline, on which events nest or follow each other.
type track struct {
	trackKey
	events []int // indices into the run's events
	open   []trace.Ns
}

// fits says whether an event nests in what is open on the track.
func (t *track) fits(at, end trace.Ns) bool {
	for n := len(t.open); n > 0 && t.open[n-1] <= at; n = len(t.open) {
		t.open = t.open[:n-1]
	}
	return len(t.open) == 0 || end <= t.open[len(t.open)-1]
}

// tracking shares events out to tracks on which they nest: each lies within the one
// that is open, or begins after its end.
type tracking struct {
	tracks []*track
	index  map[trackKey]int
}

// place gives the tracks of events that begin at the same time, by their index, and
// the order in which they nest: what encloses goes before what is enclosed.
func (s *tracking) place(group []trace.Event) (order, of []int) {
	if s.index == nil {
		s.index = map[trackKey]int{}
	}
	order, of = make([]int, len(group)), make([]int, len(group))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(group[b].Dur, group[a].Dur) })
	for _, i := range order {
		e := &group[i]
		key := trackKey{endpoint: e.Endpoint, actor: e.Actor}
		if e.Actor == trace.UserCode || e.Actor == trace.KernelCode || e.Actor == trace.Scheduler {
			key.thread = e.Thread
		}
		for ; ; key.spill++ {
			at, ok := s.index[key]
			if !ok {
				at = len(s.tracks)
				s.index[key] = at
				s.tracks = append(s.tracks, &track{trackKey: key})
			}
			t := s.tracks[at]
			if t.fits(e.At, e.End()) {
				if e.Dur > 0 {
					t.open = append(t.open, e.End())
				}
				of[i] = at
				break
			}
		}
	}
	return order, of
}

// together gives the events that begin at the same time at a time. What it gives is
// overwritten by the next.
func together(events iter.Seq[trace.Event]) iter.Seq[[]trace.Event] {
	return func(yield func([]trace.Event) bool) {
		var group []trace.Event
		for e := range events {
			if len(group) > 0 && group[0].At != e.At {
				if !yield(group) {
					return
				}
				group = group[:0]
			}
			group = append(group, e)
		}
		if len(group) > 0 {
			yield(group)
		}
	}
}

// tracksOf are the tracks of a run with their events, and each event's track.
func tracksOf(run *trace.Run) (tracks []*track, of []int) {
	var s tracking
	of = make([]int, 0, len(run.Events))
	for group := range together(slices.Values(run.Events)) {
		order, at := s.place(group)
		for _, i := range order {
			t := s.tracks[at[i]]
			t.events = append(t.events, len(of)+i)
		}
		of = append(of, at...)
	}
	tracks, rank := inOrder(s.tracks)
	for i := range of {
		of[i] = rank[of[i]]
	}
	return tracks, of
}

// inOrder sorts the tracks: by endpoint, by thread, and then as the bands of the
// pages stand. ranks are where each of them went.
func inOrder(tracks []*track) (sorted []*track, ranks []int) {
	rank := map[trace.Actor]int{}
	for i, a := range trace.Actors() {
		rank[a] = i
	}
	sorted = slices.Clone(tracks)
	slices.SortStableFunc(sorted, func(a, b *track) int {
		return cmp.Or(strings.Compare(string(b.endpoint), string(a.endpoint)), cmp.Compare(a.device(), b.device()),
			cmp.Compare(a.thread, b.thread), cmp.Compare(rank[a.actor], rank[b.actor]), cmp.Compare(a.spill, b.spill))
	})
	place := map[*track]int{}
	for i, t := range sorted {
		place[t] = i
	}
	for _, t := range tracks {
		ranks = append(ranks, place[t])
	}
	return sorted, ranks
}

// device is 1 for what stands below the threads.
func (t *track) device() int {
	switch t.actor {
	case trace.DiskDMA, trace.NICDMA, trace.Disk, trace.NIC:
		return 1
	}
	return 0
}

// link is a flow: the descriptor that named the bytes, and the DMA transfer that
// fetched them.
type link struct{ descriptor, dma int }

// lender pairs each transfer of the card that gathers with the latest descriptor
// of the same bytes before it: the one that overlaps its range of the file. A
// descriptor may be fetched by several transfers, and of two that both name the
// bytes the later one is meant.
type lender struct{ lent []lent } // the latest descriptors to a socket or a device

// lent is a descriptor, with its index and its track.
type lent struct {
	index, track  int
	at            trace.Ns
	endpoint      trace.Endpoint
	offset, bytes int64
}

// remembered is how many descriptors may wait for their transfer.
const remembered = 4096

// next takes the next event; of a transfer it gives the descriptor.
func (l *lender) next(index, track int, e *trace.Event) (lent, bool) {
	switch {
	case e.Kind == trace.Descriptor && (e.To == trace.SocketBuffer || e.To == trace.NICRing):
		if len(l.lent) >= remembered {
			l.lent = append(l.lent[:0], l.lent[remembered/2:]...)
		}
		l.lent = append(l.lent, lent{index, track, e.At, e.Endpoint, e.Offset, e.Bytes})
	case e.Kind == trace.DMA && e.Actor == trace.NICDMA && e.Detail == "gather":
		for _, d := range slices.Backward(l.lent) {
			if d.endpoint == e.Endpoint && d.offset < e.Offset+max(e.Bytes, 1) && e.Offset < d.offset+max(d.bytes, 1) {
				return d, true
			}
		}
	}
	return lent{}, false
}

func links(run *trace.Run) (out []link) {
	var l lender
	for i := range run.Events {
		if d, ok := l.next(i, 0, &run.Events[i]); ok {
			out = append(out, link{d.index, i})
		}
	}
	return out
}
