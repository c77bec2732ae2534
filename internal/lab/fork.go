package lab

import (
	"context"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// Fork is where a run and its what-if part.
type Fork struct {
	// Was and Is are the places of the two runs in the report's list.
	Was int `json:"was"`
	Is  int `json:"is"`
	// Step is how many events come before the change, At the modelled time at which
	// the next one begins, nil if the run has no more; Changes are what is different
	// from there on.
	Step    int       `json:"step"`
	At      *trace.Ns `json:"at_ns,omitempty"`
	Changes []Change  `json:"changes"`
	// Parts numbers the first event that differs; 0: none of the first
	// [forkWindow] does. WasEvents and IsEvents are the first ones from there on.
	Parts     int           `json:"parts,omitempty"`
	WasEvents []trace.Event `json:"was_events,omitempty"`
	IsEvents  []trace.Event `json:"is_events,omitempty"`
}

// Change is one setting of the modelled machine before and after.
type Change struct {
	Key string `json:"key"`
	Was string `json:"was"`
	Is  string `json:"is"`
}

const (
	// forkWindow is how many events after the fork are searched for a difference.
	forkWindow = 100_000
	// forkShown is how many events of each run a fork tells.
	forkShown = 5
)

// RunFork runs a scenario with a what-if, and before it the same without one.
func (l *Lab) RunFork(ctx context.Context, s Scenario, o Options) (was, is *Result, fork Fork, err error) {
	change, err := parseWhatIf(s.WhatIf)
	if err != nil {
		return nil, nil, fork, err
	}
	o.SkipEvents, o.MaxEvents = max(change.Step-1, 0), min(change.Step, maxEvents)+forkWindow
	base := s
	base.WhatIf = ""
	if was, err = l.Run(ctx, base, o); err != nil {
		return nil, nil, fork, err
	}
	if is, err = l.Run(ctx, s, o); err != nil {
		return nil, nil, fork, err
	}
	fork.Step = change.Step
	if change.Step < was.TotalEvents {
		fork.compare(was.Run.Events, is.Run.Events)
	}
	fork.Changes, err = l.changes(base, *change, o)
	return was, is, fork, err
}

// changes are the settings that the change makes different, those that follow
// from others included.
func (l *Lab) changes(s Scenario, change sim.Change, o Options) ([]Change, error) {
	before, err := l.config(s.Normal(), o)
	if err != nil {
		return nil, err
	}
	after := before
	change.Apply(&after)
	out := []Change{}
	for _, k := range knobs {
		if was, is := k.get(&before), k.get(&after); was != is {
			out = append(out, Change{k.key, was, is})
		}
	}
	return out, nil
}

// compare finds the first event after the fork that differs, in what both runs
// keep.
func (f *Fork) compare(was, is []trace.Event) {
	was, is = from(was, f.Step+1), from(is, f.Step+1)
	f.At = &was[0].At
	i := 0
	for i < len(was) && i < len(is) && begins(was[i]) == begins(is[i]) {
		i++
	}
	if i == len(was) && i == len(is) {
		return
	}
	f.Parts = f.Step + 1 + i
	f.WasEvents, f.IsEvents = first(was[i:]), first(is[i:])
}

// begins is an event without what only its end tells, which for a call or a
// wait is the end of what it encloses.
func begins(e trace.Event) trace.Event {
	if e.Kind == trace.Syscall || e.Kind == trace.Wait {
		e.Dur, e.Bytes, e.Ret, e.Errno = 0, 0, 0, ""
	}
	return e
}

// from is the events from a number on.
func from(events []trace.Event, seq int) []trace.Event {
	return events[min(max(seq-events[0].Seq, 0), len(events)):]
}

func first(events []trace.Event) []trace.Event { return events[:min(forkShown, len(events))] }
