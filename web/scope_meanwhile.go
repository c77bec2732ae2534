package web

import (
	"slices"

	"copyscope/internal/trace"
)

// meanwhile is what goes on when an event begins: the steps of earlier moves
// that others than the sender's CPU have under way, and the line of the program
// whose call is open.
type meanwhile struct {
	Moving []int  `json:"moving,omitempty"`
	Open   string `json:"open,omitempty"`
}

// meanwhiles tells for each event what goes on when it begins.
func meanwhiles(events []trace.Event) []meanwhile {
	all := make([]meanwhile, len(events))
	var now underWay
	for i, e := range events {
		all[i] = now.tell(e)
		now.next(i+1, e)
	}
	return all
}

// underWay is what goes on at a step.
type underWay struct {
	moving []lasting
	call   trace.Event
}

// lasting is a step whose event lasts until a time.
type lasting struct {
	step  int
	until trace.Ns
}

// tell says what goes on when an event begins.
func (u *underWay) tell(e trace.Event) meanwhile {
	var m meanwhile
	for _, other := range u.moving {
		if other.until > e.At {
			m.Moving = append(m.Moving, other.step)
		}
	}
	call := u.call
	if ownCall(e) {
		call = e
	}
	switch {
	case e.Line != "":
		m.Open = e.Line
	case e.At < call.End():
		m.Open = call.Line
	}
	return m
}

// next takes an event in.
func (u *underWay) next(step int, e trace.Event) {
	u.moving = slices.DeleteFunc(u.moving, func(other lasting) bool { return other.until <= e.At })
	if ownCall(e) {
		u.call = e
	}
	if e.Dur > 0 && (e.Kind == trace.DMA || e.Kind == trace.CPUCopy && e.Endpoint == trace.Receiver) {
		u.moving = append(u.moving, lasting{step, e.End()})
	}
}

func ownCall(e trace.Event) bool { return e.Kind == trace.Syscall && e.Endpoint != trace.Receiver }
