package web

import (
	"context"

	"copyscope/internal/trace"
)

// partRequest is the body of scope.part: two lanes with long runs.
type partRequest struct {
	Lane string `json:"lane"`
	With string `json:"with"`
}

// runParting is the body of scope.parted.
type runParting struct {
	Lane string `json:"lane"`
	With string `json:"with"`
	// Step is the first at which the runs do not do the same, or after which one
	// of them has finished; 0: none within what was compared.
	Step int `json:"step"`
	// Compared is how many events of each were, Whole that these are all.
	Compared int  `json:"compared"`
	Whole    bool `json:"whole"`
}

// part answers scope.part: where two long runs part.
func (s *scope) part(ctx context.Context, c *Client, m Message) error {
	var req partRequest
	if err := m.Decode(&req); err != nil {
		return err
	}
	var runs [2]*keptRun
	var logs [2]*trace.Log
	for i, lane := range []string{req.Lane, req.With} {
		run, log, err := s.longRun(ctx, c, lane)
		if err != nil {
			return err
		}
		run.mu.Unlock() // a log that is there stays what it is
		runs[i], logs[i] = run, log
	}
	leave, err := s.sims.enter(ctx, func(int) {})
	if err != nil {
		return err
	}
	defer leave()
	shorter, longer := runs[0], runs[1]
	if shorter.total > longer.total {
		shorter, longer = longer, shorter
	}
	out := runParting{Lane: req.Lane, With: req.With, Compared: shorter.total}
	out.Step, err = partingOf(ctx, logs[0], logs[1], shorter.total)
	if err != nil {
		return err
	}
	over := shorter.total == shorter.whole // its end is known
	if out.Step == 0 && over && longer.total > shorter.total {
		out.Step = shorter.total + 1
	}
	out.Whole = out.Step == 0 && over && longer.total == longer.whole
	return c.Send("scope.parted", m.ID, out)
}

// partingOf is the first of so many steps at which two runs do not do the same, or 0.
func partingOf(ctx context.Context, one, other *trace.Log, events int) (int, error) {
	for i := range events {
		if i%checkEvents == 0 && ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		if doingOf(one.Event(i)) != doingOf(other.Event(i)) {
			return i + 1, nil
		}
	}
	return 0, nil
}

// doingOf leaves of an event what it does: neither when, nor in which line of which
// program, nor on which thread, nor how that is known; of a call or a wait, nor
// what only its end tells. static/scope/parting.js has the same rule for what a page
// has of its runs.
func doingOf(e trace.Event) trace.Event {
	d := trace.Event{Endpoint: e.Endpoint, Phase: e.Phase, Kind: e.Kind, Actor: e.Actor, From: e.From, To: e.To, N: e.N, Syscall: e.Syscall, Detail: e.Detail}
	if e.Kind != trace.Syscall && e.Kind != trace.Wait {
		d.Bytes, d.Errno = e.Bytes, e.Errno
	}
	return d
}
