package web

import (
	"cmp"
	"slices"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// insides are the contents of a run's places, item by item, and the links between
// events, each from the step of a cause to that of what came of it: from a
// descriptor to the move of what it refers to, from a command to the device's
// work and on to its interrupt. The disk and the NIC have their queues; the page
// cache is told page by page ([filePages]).
func (o *filling) insides(s lab.Scenario, events []trace.Event) (all map[string][]held, links [][2]int) {
	queues, links := deviceQueues(s, events)
	return o.items(queues), sorted(append(links, o.links...))
}

// shelved are the places whose items are shown.
var shelved = []trace.Place{trace.UserBuffer, trace.UserMapping, trace.Pipe, trace.SocketBuffer}

// items are what is inside each place and in the devices' queues.
func (o *filling) items(queues map[trace.Place]*shelf) map[string][]held {
	all := map[string][]held{"receiver": o.read.shown()}
	for _, p := range shelved {
		all[string(p)] = o.places[p].shelf.shown()
	}
	for p, queue := range queues {
		all[string(p)] = queue.shown()
	}
	return all
}

func sorted(links [][2]int) [][2]int {
	slices.SortFunc(links, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	return slices.Compact(links)
}

// sums are what one actor has done after each step: how many events, for how
// long, with how many bytes. A range of steps is the difference of two.
type sums struct {
	Events *growth `json:"events"`
	Time   *growth `json:"time"`
	Bytes  *growth `json:"bytes"`
}

// actorSums adds up what each actor did. The span of a call is left out: it
// encloses what the kernel's code does, and waiting.
func actorSums(events []trace.Event) map[string]*sums {
	all := map[string]*sums{}
	for i, e := range events {
		addUp(all, i+1, e)
	}
	return all
}

// addUp adds an event to what its actor did.
func addUp(all map[string]*sums, step int, e trace.Event) {
	if e.Kind == trace.Syscall {
		return
	}
	name := trackOf(e)
	s := all[name]
	if s == nil {
		s = &sums{newGrowth(0), newGrowth(0), newGrowth(0)}
		all[name] = s
	}
	s.Events.add(step, 1)
	s.Time.add(step, int64(e.Dur))
	if moves(e.Kind) {
		s.Bytes.add(step, e.Bytes)
	}
}

// trackOf names the actor whose track an event is on.
func trackOf(e trace.Event) string {
	if e.Endpoint == trace.Receiver {
		return "receiver"
	}
	return string(e.Actor)
}

// moves says whether an event of a kind moves bytes; others only name how many
// they are about.
func moves(k trace.Kind) bool {
	return k == trace.CPUCopy || k == trace.DMA || k == trace.PIO
}
