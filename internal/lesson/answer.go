package lesson

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
)

// Units of values beside those of counts.
const (
	Percent = "percent"
	Ratio   = "ratio"
)

// Value is what an answer comes to: a number with its unit, or the name of a run.
type Value struct {
	Number float64
	// Name of the run that has the least or the most.
	Name string
	Unit string
	// Provenance is the weakest of all that went in; Machine names the machine of
	// recorded runs.
	Provenance trace.Provenance
	Machine    string
	// Reason why there is no value.
	Reason string
}

// Known says whether there is a value.
func (v Value) Known() bool { return v.Reason == "" }

// Is says whether two values are the same: the same run, or the same number.
func (v Value) Is(w Value) bool {
	if v.Name != "" || w.Name != "" {
		return v.Name == w.Name
	}
	return near(v.Number, w.Number, 1e-9)
}

// near says whether two numbers differ by no more than the relative error.
func near(a, b, within float64) bool {
	return math.Abs(a-b) <= within*math.Max(math.Abs(a), math.Abs(b))
}

// Seen is a file's runs with the values that a seed picked.
type Seen struct {
	player *Player
	runs   map[string]string
	// figures are answers that texts name.
	figures map[string]Answer
	Values  Values
}

// Seen is the lesson with a seed's values.
func (l *Lesson) Seen(p *Player, seed uint64) *Seen {
	return &Seen{player: p, runs: l.Runs, figures: l.Figures, Values: l.Pick(seed)}
}

// Seen are the card's runs.
func (c *Card) Seen(p *Player) *Seen { return &Seen{player: p, runs: c.Runs} }

// Run is a run by its name.
func (s *Seen) Run(name string) (Run, error) {
	text, ok := s.runs[name]
	if !ok {
		return Run{}, fmt.Errorf("%s is no run; %s", yamlfile.Quoted(name), yamlfile.Nearest(name, slices.Sorted(maps.Keys(s.runs))))
	}
	return ParseRun(s.Values.Fill(text))
}

// Play is what came of a run.
func (s *Seen) Play(ctx context.Context, name string) (*Played, error) {
	r, err := s.Run(name)
	if err != nil {
		return nil, err
	}
	return s.player.Play(ctx, r)
}

// Answer computes an answer.
func (s *Seen) Answer(ctx context.Context, a Answer) (Value, error) {
	e := a.expression
	switch {
	case a.Literal != "":
		v, err := number(s.Values.Fill(a.Literal))
		return Value{Number: v, Provenance: trace.Derived}, err
	case e.Count != "":
		return s.count(ctx, e)
	case e.Events != nil:
		return s.events(ctx, e)
	case e.Least != nil:
		return s.among(ctx, e.Least, 1)
	case e.Most != nil:
		return s.among(ctx, e.Most, -1)
	}
	of, how := e.operation()
	a1, err := s.Answer(ctx, of[0])
	if err != nil {
		return Value{}, err
	}
	a2, err := s.Answer(ctx, of[1])
	if err != nil {
		return Value{}, err
	}
	return how(a1, a2)
}

// operation are the two answers that something is made of, and how.
func (e expression) operation() ([]Answer, func(a, b Value) (Value, error)) {
	switch {
	case len(e.Difference) == 2:
		return e.Difference, func(a, b Value) (Value, error) { return a.with(b, a.Number-b.Number, cmp.Or(a.Unit, b.Unit)), nil }
	case len(e.Ratio) == 2:
		return e.Ratio, func(a, b Value) (Value, error) { return a.over(b, a.Number, 1, Ratio) }
	case len(e.PercentLess) == 2:
		return e.PercentLess, func(a, b Value) (Value, error) {
			v, err := a.over(a, a.Number-b.Number, 100, Percent)
			return v.with(b, v.Number, Percent), err
		}
	}
	return e.Sum.Of, func(a, b Value) (Value, error) { return a.with(b, a.Number+b.Number, cmp.Or(a.Unit, b.Unit)), nil }
}

// with is a value that two others were made into.
func (v Value) with(w Value, number float64, unit string) Value {
	return Value{Number: number, Unit: unit, Provenance: trace.Weakest(v.Provenance, w.Provenance), Machine: cmp.Or(v.Machine, w.Machine)}
}

// over divides by b's number.
func (v Value) over(b Value, n, times float64, unit string) (Value, error) {
	if b.Number == 0 {
		return Value{}, errors.New("a division by 0; ask for a difference, or for another count")
	}
	return v.with(b, times*n/b.Number, unit), nil
}

func (s *Seen) count(ctx context.Context, e expression) (Value, error) {
	played, err := s.Play(ctx, e.Run)
	if err != nil {
		return Value{}, err
	}
	counter := played.end
	if e.Group != "" {
		if counter = played.groups[e.Group]; counter == nil {
			return Value{}, noGroup(e.Group, played)
		}
	}
	if e.At.Given() {
		step, err := played.Step(e.At)
		if err != nil {
			return Value{}, err
		}
		if e.At.Word != "end" {
			counter = played.counterAt(step)
		}
	}
	name := trace.CountName(e.Count)
	n := counter.Count(name)
	if !n.Known() {
		return Value{}, fmt.Errorf("%s has no value in this run: %s", e.Count, n.Reason)
	}
	if e.Syscall != "" {
		n.Value = float64(counter.SyscallsByName()[e.Syscall])
	}
	return Value{Number: n.Value, Unit: string(trace.UnitOf(name)), Provenance: n.Provenance, Machine: played.Machine}, nil
}

func noGroup(name string, p *Played) error {
	if len(p.groups) == 0 {
		return fmt.Errorf("group %s: only the runs of scenario files have groups", yamlfile.Quoted(name))
	}
	return fmt.Errorf("group %s is none of %s", yamlfile.Quoted(name), strings.Join(slices.Sorted(maps.Keys(p.groups)), ", "))
}

func (s *Seen) events(ctx context.Context, e expression) (Value, error) {
	played, err := s.Play(ctx, e.Run)
	if err != nil {
		return Value{}, err
	}
	if played.kept < played.Events {
		return Value{}, fmt.Errorf("the run has %d events, more than the %d that are searched; use a smaller size", played.Events, keptEvents)
	}
	v := Value{Unit: string(trace.Times), Provenance: trace.Derived, Machine: played.Machine}
	switch e.Sum.Word {
	case "bytes":
		v.Unit = string(trace.Bytes)
	case "dur":
		v.Unit = string(trace.Nanos)
	}
	for i := range played.kept {
		if !played.matches(e.Events, i) {
			continue
		}
		event := played.event(i)
		v.Provenance = trace.Weakest(v.Provenance, event.Provenance)
		switch e.Sum.Word {
		case "bytes":
			v.Number += float64(event.Bytes)
		case "dur":
			v.Number += float64(event.Dur)
		default:
			v.Number++
		}
	}
	return v, nil
}

// among is the run that has the least (by is 1) or the most (−1) of a count.
func (s *Seen) among(ctx context.Context, a *Among, by float64) (best Value, err error) {
	tie := ""
	for i, name := range a.Of {
		v, err := s.count(ctx, expression{Run: name, Count: a.Count})
		if err != nil {
			return Value{}, err
		}
		switch {
		case i == 0 || by*v.Number < by*best.Number:
			provenance := v.Provenance
			if i > 0 {
				provenance = trace.Weakest(best.Provenance, v.Provenance)
			}
			best = Value{Number: v.Number, Name: name, Provenance: provenance, Machine: v.Machine}
			tie = ""
		case v.Number == best.Number:
			tie = name
		}
	}
	if tie != "" {
		return Value{}, fmt.Errorf("%s and %s have as much of %s; there is no single answer", best.Name, tie, a.Count)
	}
	return best, nil
}

// Choice is the value of a choice.
func (s *Seen) Choice(ctx context.Context, c Choice) (Value, error) {
	if c.Is != nil {
		return s.Answer(ctx, *c.Is)
	}
	if _, ok := s.runs[c.Value]; ok {
		return Value{Name: c.Value}, nil
	}
	n, err := number(s.Values.Fill(c.Value))
	return Value{Number: n}, err
}

// Value is what stands for a reference in a text: RUN.COUNT or RUN.GROUP.COUNT. Of
// a real run it is that of a recorded one, if there is one, else it has a reason.
func (s *Seen) Value(ctx context.Context, ref string) (Value, error) {
	name, rest, _ := strings.Cut(ref, ".")
	e := expression{Run: name, Count: rest}
	if i := strings.LastIndex(rest, "."); i >= 0 {
		e.Group, e.Count = rest[:i], rest[i+1:]
	}
	r, err := s.Run(name)
	if err != nil {
		return Value{}, err
	}
	if r.Side() == trace.Real {
		return s.ofReal(ctx, r, trace.CountName(e.Count))
	}
	return s.count(ctx, e)
}

// NotMeasured is the reason why a count of a real run is not known before the reader
// makes the run.
const NotMeasured = "it is not measured yet"

// ofReal is a count of the recorded run that stands for a real one.
func (s *Seen) ofReal(ctx context.Context, r Run, name trace.CountName) (Value, error) {
	unit := string(trace.UnitOf(name))
	played, ok, err := s.Instead(ctx, r)
	if err != nil {
		return Value{}, err
	}
	if !ok {
		return Value{Unit: unit, Provenance: trace.Unavailable, Reason: NotMeasured}, nil
	}
	n := played.end.Count(name)
	if !n.Known() {
		return Value{Unit: unit, Provenance: trace.Unavailable, Reason: n.Reason}, nil
	}
	return Value{Number: n.Value, Unit: unit, Provenance: n.Provenance, Machine: played.Machine}, nil
}
