package talk

import (
	"context"
	"fmt"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
)

// Plan is a deck with all that its runs decide: where each slide stops and which
// choice is right.
type Plan struct {
	*Deck
	Slides []PlannedSlide
}

// PlannedSlide is a slide with its runs.
type PlannedSlide struct {
	*Slide
	// Steps are the scope's steps that the speaker stops at. A question has two
	// stops, while it is open and when the answers are shown; a text has one, and so
	// have counts, which are those of the whole runs.
	Steps []int
	// Lanes are the runs of a scope.
	Lanes []PlannedLane
	// Right is the index of the right choice, −1 if there is none.
	Right int
	// Answer is the count that decides; nil if the question has no answer.
	Answer *trace.Count
}

// PlannedLane is a run of a slide.
type PlannedLane struct {
	ID string
	// Wanted is what the deck asks for; Result may be of a recorded run that
	// stands for it.
	Wanted lab.Scenario
	Result *lab.Result
	// Why is why a real run is not shown: the one that stands for it, if there is
	// one, was recorded on another machine.
	Why string
}

// Stops is how many places the speaker stops at on a slide.
func (s *PlannedSlide) Stops() int {
	switch {
	case s.Ask != nil:
		return 2
	case s.Scope != nil && s.Scope.View == "machine":
		return max(1, len(s.Steps))
	}
	return 1
}

// Runner runs a scenario; a real one that this host cannot run gives an error of
// type [*lab.UnavailableError].
type Runner func(ctx context.Context, s lab.Scenario) (*lab.Result, error)

// Make runs what a deck shows and asks, each scenario once. The deck is one that
// [Parse] read from the file, whose name is for errors.
func Make(ctx context.Context, file string, d *Deck, run Runner) (*Plan, error) {
	m := &maker{run: run, done: map[string]PlannedLane{}}
	p := &Plan{Deck: d}
	for i := range d.Slides {
		s := PlannedSlide{Slide: &d.Slides[i], Right: -1}
		at := fmt.Sprintf("slides[%d]", i)
		var err error
		switch {
		case s.Ask != nil && s.Ask.Answer != nil:
			err = m.answer(ctx, &s)
			at += ".ask.answer"
		case s.Scope != nil:
			err = m.scope(ctx, &s)
			at += ".scope"
		}
		if err != nil {
			return nil, &yamlfile.Error{File: file, Line: d.fields.Line(at), Field: at, Text: err.Error()}
		}
		p.Slides = append(p.Slides, s)
	}
	return p, nil
}

type maker struct {
	run  Runner
	done map[string]PlannedLane
}

// lane runs a scenario. Where the host cannot run it for real, the run that was
// recorded on another machine stands in.
func (m *maker) lane(ctx context.Context, id string, s lab.Scenario) (PlannedLane, error) {
	name := s.String()
	if l, ok := m.done[name]; ok {
		l.ID = id
		return l, nil
	}
	l := PlannedLane{ID: id, Wanted: s}
	result, err := m.run(ctx, s)
	if err != nil && s.Side == trace.Real && ctx.Err() == nil {
		instead, ok := lab.RecordedInstead(s)
		if !ok {
			return l, fmt.Errorf("%s: %w; no recorded run stands for it: choose another scenario, see copyscope record --list", s, err)
		}
		l.Why = err.Error()
		result, err = m.run(ctx, instead)
	}
	if err != nil {
		return l, fmt.Errorf("%s: %w", s, err)
	}
	l.Result = result
	m.done[name] = l
	return l, nil
}

func (m *maker) scope(ctx context.Context, s *PlannedSlide) error {
	var runs []Run
	for _, l := range s.Scope.Lanes() {
		planned, err := m.lane(ctx, l.ID, l.Scenario)
		if err != nil {
			return err
		}
		s.Lanes = append(s.Lanes, planned)
		runs = append(runs, Run{l.ID, planned.Result.Run.Events})
	}
	var err error
	s.Steps, err = s.Scope.steps(runs)
	return err
}

func (m *maker) answer(ctx context.Context, s *PlannedSlide) error {
	planned, err := m.lane(ctx, "a", s.Ask.Answer.Scenario())
	if err != nil {
		return err
	}
	count := planned.Result.Counter.Count(trace.CountName(s.Ask.Answer.Count))
	if !count.Known() {
		return fmt.Errorf("count %s: it cannot be told of this run: %s", s.Ask.Answer.Count, count.Reason)
	}
	s.Answer = &count
	for i, choice := range s.Ask.Choices {
		if *choice.Value == count.Value {
			s.Right = i
		}
	}
	if s.Right < 0 {
		return fmt.Errorf("count %s is %v, which no choice has: offer it", s.Ask.Answer.Count, count.Value)
	}
	return nil
}
