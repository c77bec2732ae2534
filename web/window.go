package web

import (
	"context"
	"sort"

	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

// windowRequest is the body of scope.window and scope.find.
type windowRequest struct {
	Lane string      `json:"lane"`
	Step int         `json:"step"`
	Lang locale.Lang `json:"lang"`
	// Bytes, At and Boundary are what scope.find looks for: the first step after
	// which so many bytes were sent, at which so many ns had passed, or that enters
	// or leaves a system call, after (1) or before (-1) Step.
	Bytes    *int64    `json:"bytes"`
	At       *trace.Ns `json:"at_ns"`
	Boundary int       `json:"boundary"`
}

// keepRun sends a run that is longer than what a page is sent at once and keeps it
// for the page, which may ask for windows of it.
func (s *scope) keepRun(ctx context.Context, c *Client, id string, t *locale.Translator, lane string, r *shownRun) error {
	run := s.kept.keep(c, lane, r)
	r.windows = run.total
	if err := send(c, id, t, lane, r); err != nil {
		close(run.ready)
		return err
	}
	leave, err := s.sims.enter(ctx, func(int) {})
	if err == nil {
		err = run.look(ctx, offer(c, "scope.keeping", id, lane))
		leave()
	} else {
		close(run.ready)
	}
	if err != nil { // the page keeps what it has
		s.kept.drop(func(other *keptRun) bool { return other == run })
		return c.Send("scope.kept", id, map[string]any{"lane": lane, "events": 0})
	}
	return c.Send("scope.kept", id, map[string]any{"lane": lane, "events": run.total, "total": run.whole, "overview": run.survey.overview})
}

// window answers scope.window: the part of a long run around a step.
func (s *scope) window(ctx context.Context, c *Client, m Message) error {
	var req windowRequest
	return s.withRun(ctx, c, m, &req, func(run *keptRun, log *trace.Log) error {
		begin, end := windowAround(max(0, min(req.Step, run.total)), run.total)
		w := windowOf(locale.New(req.Lang), log, run.survey, begin, end, run.total)
		w.Lane = req.Lane
		return c.Send("scope.window", m.ID, w)
	})
}

// find answers scope.find with the step that was looked for.
func (s *scope) find(ctx context.Context, c *Client, m Message) error {
	var req windowRequest
	return s.withRun(ctx, c, m, &req, func(run *keptRun, log *trace.Log) error {
		step := 0
		switch {
		case req.Bytes != nil:
			step = sort.Search(run.total, func(k int) bool {
				return log.CounterAt(k).Count(trace.BytesSent).Value >= float64(*req.Bytes)
			})
		case req.At != nil: // the last event that has begun
			step = sort.Search(run.total, func(i int) bool { return log.Event(i).At > *req.At })
		case req.Boundary > 0:
			for step = max(0, req.Step) + 1; step < run.total && log.Event(step-1).Kind != trace.ModeSwitch; step++ {
			}
			step = min(step, run.total)
		case req.Boundary < 0:
			for step = min(req.Step, run.total+1) - 1; step > 0 && log.Event(step-1).Kind != trace.ModeSwitch; step-- {
			}
			step = max(step, 0)
		default:
			return Problem{"body", "scope.find says nothing to look for", "give bytes, at_ns or boundary"}
		}
		return c.Send("scope.found", m.ID, map[string]any{"lane": req.Lane, "step": step})
	})
}

// withRun answers a request about the run of a lane, which nobody else asks
// about meanwhile.
func (s *scope) withRun(ctx context.Context, c *Client, m Message, req *windowRequest, answer func(*keptRun, *trace.Log) error) error {
	if err := m.Decode(req); err != nil {
		return err
	}
	run, log, err := s.longRun(ctx, c, req.Lane)
	if err != nil {
		return err
	}
	defer run.mu.Unlock()
	return answer(run, log)
}

// longRun is the run of a lane, locked, with its log, which is made again if it
// had to make room.
func (s *scope) longRun(ctx context.Context, c *Client, lane string) (*keptRun, *trace.Log, error) {
	run := s.kept.find(c, lane)
	if run == nil {
		return nil, nil, errNotKept(lane)
	}
	select {
	case <-run.ready:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	if run.survey == nil {
		return nil, nil, errNotKept(lane)
	}
	run.mu.Lock()
	log := run.log.Load()
	if log != nil {
		return run, log, nil
	}
	log, err := s.again(ctx, run)
	if err != nil {
		run.mu.Unlock()
		return nil, nil, err
	}
	return run, log, nil
}

// again makes the log of a run once more: a simulated run is the same each time.
func (s *scope) again(ctx context.Context, run *keptRun) (*trace.Log, error) {
	leave, err := s.large.enter(ctx, func(int) {})
	if err != nil {
		return nil, err
	}
	defer leave()
	r, err := s.simulateKeeping(ctx, locale.New(locale.English), run.source, keptEvents)
	if err != nil {
		return nil, err
	}
	s.kept.restore(run, r.log)
	return r.log, nil
}

func errNotKept(lane string) error {
	return Problem{"window", "no run of lane " + lane + " is kept here", "run the lane's scenario again"}
}
