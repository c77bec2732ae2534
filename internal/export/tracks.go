package export

import (
	"cmp"
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

// tracksOf shares events out to tracks on which they nest: each lies within the one
// that is open, or begins after its end. It also gives each event's track.
func tracksOf(run *trace.Run) (tracks []*track, of []int) {
	order := make([]int, len(run.Events))
	for i := range order {
		order[i] = i
	}
	// What encloses goes before what is enclosed.
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(run.Events[a].At, run.Events[b].At), cmp.Compare(run.Events[b].Dur, run.Events[a].Dur))
	})
	index := map[trackKey]int{}
	of = make([]int, len(run.Events))
	for _, i := range order {
		e := &run.Events[i]
		key := trackKey{endpoint: e.Endpoint, actor: e.Actor}
		if e.Actor == trace.UserCode || e.Actor == trace.KernelCode || e.Actor == trace.Scheduler {
			key.thread = e.Thread
		}
		for ; ; key.spill++ {
			at, ok := index[key]
			if !ok {
				at = len(tracks)
				index[key] = at
				tracks = append(tracks, &track{trackKey: key})
			}
			t := tracks[at]
			if t.fits(e.At, e.End()) {
				t.events = append(t.events, i)
				if e.Dur > 0 {
					t.open = append(t.open, e.End())
				}
				of[i] = at
				break
			}
		}
	}
	return inOrder(tracks, of)
}

// inOrder sorts the tracks: by endpoint, by thread, and then as the bands of the
// pages stand.
func inOrder(tracks []*track, of []int) ([]*track, []int) {
	rank := map[trace.Actor]int{}
	for i, a := range trace.Actors() {
		rank[a] = i
	}
	sorted := slices.Clone(tracks)
	slices.SortStableFunc(sorted, func(a, b *track) int {
		return cmp.Or(strings.Compare(string(b.endpoint), string(a.endpoint)), cmp.Compare(a.device(), b.device()),
			cmp.Compare(a.thread, b.thread), cmp.Compare(rank[a.actor], rank[b.actor]), cmp.Compare(a.spill, b.spill))
	})
	place := map[*track]int{}
	for i, t := range sorted {
		place[t] = i
	}
	for i := range of {
		of[i] = place[tracks[of[i]]]
	}
	return sorted, of
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

// links pairs each transfer of the card that gathers with the latest descriptor
// of the same bytes before it: the one that overlaps its range of the file. A
// descriptor may be fetched by several transfers, and of two that both name the
// bytes the later one is meant.
func links(run *trace.Run) (out []link) {
	var lent []int // the latest descriptors to a socket or a device
	const remembered = 4096
	for i, e := range run.Events {
		switch {
		case e.Kind == trace.Descriptor && (e.To == trace.SocketBuffer || e.To == trace.NICRing):
			if len(lent) >= remembered {
				lent = append(lent[:0], lent[remembered/2:]...)
			}
			lent = append(lent, i)
		case e.Kind == trace.DMA && e.Actor == trace.NICDMA && e.Detail == "gather":
			for j := len(lent) - 1; j >= 0; j-- {
				d := run.Events[lent[j]]
				if d.Endpoint == e.Endpoint && d.Offset < e.Offset+max(e.Bytes, 1) && e.Offset < d.Offset+max(d.Bytes, 1) {
					out = append(out, link{lent[j], i})
					break
				}
			}
		}
	}
	return out
}
