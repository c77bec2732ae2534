package web

import "copyscope/internal/trace"

// usage is which places and actors a run has, so that only those are drawn.
type usage struct {
	places map[trace.Place]bool
	actors map[trace.Actor]bool
	// receiver: it is drawn as a place and an actor of its own.
	receiver bool
}

func newUsage() *usage {
	return &usage{places: map[trace.Place]bool{}, actors: map[trace.Actor]bool{}}
}

func (u *usage) see(e trace.Event) {
	if e.Endpoint == trace.Receiver {
		u.receiver = true
		return
	}
	u.actors[e.Actor] = true
	if e.Kind != trace.Syscall { // a call names where bytes go in the end
		u.places[e.From], u.places[e.To] = true, true
	}
}

func (u *usage) uses() []string {
	out := []string{}
	for _, p := range trace.Places() {
		if u.places[p] {
			out = append(out, string(p))
		}
	}
	if u.receiver {
		out = append(out, "receiver")
	}
	return out
}

func (u *usage) who() []trace.Actor {
	out := []trace.Actor{}
	for _, a := range trace.Actors() {
		if u.actors[a] {
			out = append(out, a)
		}
	}
	return out
}
