package lesson

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/sim/scenario"
)

const (
	// keptEvents is how many of its first events a run keeps: places and events are
	// found among them.
	keptEvents = 100_000
	// keptInAll bounds the events that the runs in the cache keep, 250 bytes each.
	keptInAll = 400_000
	// playTime bounds the running of one scenario.
	playTime = 30 * time.Second
)

// Lab runs scenarios.
type Lab interface {
	Run(ctx context.Context, s lab.Scenario, o lab.Options) (*lab.Result, error)
}

// Player runs the scenarios of lessons, each once however many ask, and keeps the
// latest.
type Player struct {
	lab  Lab
	once singleflight.Group
	turn chan struct{} // as many as may run side by side

	mu    sync.Mutex
	kept  map[string]*Played
	order []string // by latest use, the oldest first
	total int      // events
}

// NewPlayer makes a player whose runs go through a lab.
func NewPlayer(l Lab) *Player {
	return &Player{lab: l, turn: make(chan struct{}, 2), kept: map[string]*Played{}}
}

// Played is a run that is over.
type Played struct {
	// Machine names the machine of a recorded run.
	Machine string
	// Events is how many there were.
	Events int

	kept      int
	event     func(i int) trace.Event
	counterAt func(step int) *trace.Counter
	end       *trace.Counter
	groups    map[string]*trace.Counter
	groupOf   func(e trace.Event) string // empty without groups
}

// Play runs a run, or gives what is kept of it. It ends with the context; the run
// itself goes on for whoever else waits for it.
func (p *Player) Play(ctx context.Context, r Run) (*Played, error) {
	name := r.String()
	if kept := p.find(name); kept != nil {
		return kept, nil
	}
	done := p.once.DoChan(name, func() (any, error) {
		if kept := p.find(name); kept != nil {
			return kept, nil
		}
		p.turn <- struct{}{}
		defer func() { <-p.turn }()
		bounded, cancel := context.WithTimeout(context.Background(), playTime)
		defer cancel()
		played, err := p.play(bounded, r)
		if err == nil {
			p.keep(name, played)
		}
		return played, err
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case r := <-done:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Played), nil
	}
}

func (p *Player) find(name string) *Played {
	p.mu.Lock()
	defer p.mu.Unlock()
	played := p.kept[name]
	if played != nil {
		p.touch(name)
	}
	return played
}

// touch makes a run the latest.
func (p *Player) touch(name string) {
	for i, n := range p.order {
		if n == name {
			p.order = append(p.order[:i], p.order[i+1:]...)
			break
		}
	}
	p.order = append(p.order, name)
}

func (p *Player) keep(name string, played *Played) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept[name] = played
	p.total += played.kept
	p.touch(name)
	for p.total > keptInAll && len(p.order) > 1 {
		oldest := p.order[0]
		p.order = p.order[1:]
		p.total -= p.kept[oldest].kept
		delete(p.kept, oldest)
	}
}

func (p *Player) play(ctx context.Context, r Run) (*Played, error) {
	if r.File != "" {
		return playFile(ctx, r.File)
	}
	if r.Lab.Side == trace.Real {
		return nil, fmt.Errorf("%s is a real run; a lesson computes with simulated and recorded ones", r)
	}
	result, err := p.lab.Run(ctx, r.Lab, lab.Options{MaxEvents: keptEvents})
	if err != nil {
		return nil, err
	}
	run := result.Run
	return &Played{Machine: result.Machine, Events: result.TotalEvents, kept: len(run.Events), end: result.Counter,
		event: func(i int) trace.Event { return run.Events[i] }, counterAt: run.CountsAt, groupOf: func(trace.Event) string { return "" }}, nil
}

// kernelGroup is what belongs to none of a scenario file's threads.
const kernelGroup = "kernel"

func playFile(ctx context.Context, name string) (*Played, error) {
	s, err := scenario.Load(name)
	if err != nil {
		return nil, err
	}
	result, err := s.Run(ctx, scenario.Options{Keep: keptEvents})
	if err != nil {
		return nil, err
	}
	log := result.Log
	groups := map[string]*trace.Counter{kernelGroup: result.Kernel}
	for _, g := range result.Groups {
		groups[g.Name] = g.Counter
	}
	var turn sync.Mutex // a log is used by one goroutine at a time
	return &Played{Events: log.Len(), kept: min(log.Len(), keptEvents), end: log.Counter(), groups: groups,
		groupOf: func(e trace.Event) string {
			if m, ok := result.Members[e.Thread]; ok {
				return result.Groups[m.Group].Name
			}
			return kernelGroup
		},
		event: func(i int) trace.Event {
			turn.Lock()
			defer turn.Unlock()
			return log.Event(i)
		},
		counterAt: func(step int) *trace.Counter {
			turn.Lock()
			defer turn.Unlock()
			return log.CounterAt(step)
		}}, nil
}

// Step is the step that a place stands for: how many events were told by then.
func (p *Played) Step(at Place) (int, error) {
	switch {
	case at.Word == "start" || !at.Given():
		return 0, nil
	case at.Word == "end":
		return p.Events, nil
	case at.N > p.Events:
		return 0, fmt.Errorf("%d: the run has %d events", at.N, p.Events)
	case at.N > p.kept:
		return 0, fmt.Errorf("%d: a lesson reaches the first %d events of a run", at.N, p.kept)
	case at.N > 0:
		return at.N, nil
	}
	step, matching := at.Event.Step(p.kept, func(i int) bool { return p.matches(at.Event, i) })
	if step > 0 {
		return step, nil
	}
	return 0, fmt.Errorf("no such event: the run has %d that match%s", matching, p.cut())
}

// matches says whether the i-th event is one of those that are meant.
func (p *Played) matches(s *Selector, i int) bool {
	e := p.event(i)
	return s.Is(e) && (s.Group == "" || s.Group == p.groupOf(e))
}

// cut tells that only a part of the run was looked at, if so.
func (p *Played) cut() string {
	if p.kept < p.Events {
		return fmt.Sprintf(" among its first %d of %d events", p.kept, p.Events)
	}
	return ""
}

// How many events of a run a page reaches: the steps of a walk lie among them.
const (
	// ShownEvents is of recorded runs, and of the others what a page is sent at first.
	ShownEvents = 10_000
	// ReachedEvents is of simulated runs, which a page steps through window by window.
	ReachedEvents = 12_000_000
)

// reach is how many events of the run a page reaches.
func (r Run) reach() int {
	if r.Side() == trace.Sim {
		return ReachedEvents
	}
	return ShownEvents
}

// StepOf is the step of a run at which a place of a walk is: its end is the last
// event that a page reaches.
func (s *Seen) StepOf(ctx context.Context, name string, at Place) (int, error) {
	run, err := s.Run(name)
	if err != nil {
		return 0, err
	}
	played, err := s.Play(ctx, name)
	if err != nil {
		return 0, err
	}
	if at.N > 0 && at.N <= min(played.Events, run.reach()) {
		return at.N, nil
	}
	step, err := played.Step(at)
	switch {
	case err != nil:
		return 0, fmt.Errorf("in %s: %w", name, err)
	case at.Word == "end":
		return min(step, run.reach()), nil
	case step > run.reach():
		return 0, fmt.Errorf("in %s: step %d; a page shows the first %d events of this run", name, step, ShownEvents)
	}
	return step, nil
}
