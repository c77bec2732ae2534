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
	var moving []int
	var call trace.Event
	for i, e := range events {
		moving = slices.DeleteFunc(moving, func(step int) bool { return events[step-1].End() <= e.At })
		all[i].Moving = slices.Clone(moving)
		if e.Kind == trace.Syscall && e.Endpoint != trace.Receiver {
			call = e
		}
		switch {
		case e.Line != "":
			all[i].Open = e.Line
		case e.At < call.End():
			all[i].Open = call.Line
		}
		if e.Dur > 0 && (e.Kind == trace.DMA || e.Kind == trace.CPUCopy && e.Endpoint == trace.Receiver) {
			moving = append(moving, i+1)
		}
	}
	return all
}
