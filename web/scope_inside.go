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
	all = map[string][]held{}
	for _, p := range []trace.Place{trace.UserBuffer, trace.UserMapping, trace.Pipe, trace.SocketBuffer} {
		all[string(p)] = o.places[p].shelf.shown()
	}
	all["receiver"] = o.read.shown()
	queues, links := deviceQueues(s, events)
	for p, queue := range queues {
		all[string(p)] = queue.shown()
	}
	links = append(links, o.links...)
	slices.SortFunc(links, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	return all, slices.Compact(links)
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
		if e.Kind == trace.Syscall {
			continue
		}
		name := string(e.Actor)
		if e.Endpoint == trace.Receiver {
			name = "receiver"
		}
		s := all[name]
		if s == nil {
			s = &sums{newGrowth(0), newGrowth(0), newGrowth(0)}
			all[name] = s
		}
		s.Events.add(i+1, 1)
		s.Time.add(i+1, int64(e.Dur))
		if moves(e.Kind) {
			s.Bytes.add(i+1, e.Bytes)
		}
	}
	return all
}

// moves says whether an event of a kind moves bytes; others only name how many
// they are about.
func moves(k trace.Kind) bool {
	return k == trace.CPUCopy || k == trace.DMA || k == trace.PIO
}
