// Package sweep runs scenarios again and again with one parameter varied, and
// gives the figures that make a curve: CPU time per gigabyte, throughput,
// syscalls and switches, each with its provenance.
package sweep

import (
	"context"
	"fmt"
	"slices"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// Plan is a sweep before it runs.
type Plan struct {
	// The parameters; exactly one of them has more than one value.
	Chunk, Size, Connections Span
	// Series are the curves; their sizes and chunks are not looked at.
	Series []lab.Scenario
	// Rounds is how often each real point is measured, 1 or more; the median of
	// each figure counts. A simulated point is the same every time.
	Rounds int
}

// swept finds the parameter that varies.
func (p Plan) swept() (Parameter, Span, error) {
	var name Parameter
	var values Span
	for i, s := range []Span{p.Chunk, p.Size, p.Connections} {
		if len(s) < 2 {
			continue
		}
		if name != "" {
			return "", nil, fmt.Errorf("--%s and --%s are both ranges; give one of them a single value", name, Parameters()[i])
		}
		name, values = Parameters()[i], s
	}
	if name == "" {
		return "", nil, fmt.Errorf("nothing is swept: give --chunk, --size or --connections a range such as %s", Chunk.example())
	}
	return name, values, nil
}

// Progress is told how far a sweep is: the point that runs, of so many, and how
// many of its bytes are done.
type Progress func(point, points int, what string, done, total int64)

// Check finds what cannot run, before anything does.
func (p Plan) Check() error {
	_, values, err := p.swept()
	if err != nil {
		return err
	}
	if p.Rounds < 1 {
		return fmt.Errorf("--rounds %d: use 1 or more", p.Rounds)
	}
	for _, s := range p.Series {
		for i := range values {
			s, o := p.point(s, i)
			if err := lab.Check(s, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// point is the i-th scenario of a series.
func (p Plan) point(s lab.Scenario, i int) (lab.Scenario, lab.Options) {
	pick := func(s Span) int64 { return s[min(i, len(s)-1)] }
	s.Size, s.Chunk = pick(p.Size), pick(p.Chunk)
	return s.Normal(), lab.Options{Connections: int(pick(p.Connections))}
}

// Run runs the plan: series by series, and in each value by value.
func Run(ctx context.Context, l *lab.Lab, p Plan, progress Progress) (*Report, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	parameter, values, _ := p.swept()
	report := &Report{Schema: trace.Schema, Parameter: parameter, Values: values, Series: []Series{}}
	// Beside measurements, the model follows this host's settings.
	asThisHost := slices.ContainsFunc(p.Series, func(s lab.Scenario) bool { return s.Side == trace.Real })
	if asThisHost {
		report.host = l.HostName()
	}
	for i, scenario := range p.Series {
		series := newSeries(scenario.Normal(), l)
		for k, v := range values {
			s, o := p.point(scenario, k)
			o.AsThisHost = asThisHost
			if progress != nil {
				what := fmt.Sprintf("%s, %s %s", series.Name(), parameter, parameter.Format(v))
				o.Progress = func(done, total int64) {
					progress(i*len(values)+k+1, len(p.Series)*len(values), what, done, total)
				}
			}
			figures, err := p.measure(ctx, l, s, o)
			if err != nil {
				return nil, err
			}
			series.Points = append(series.Points, Point{Bytes: s.Size, Chunk: s.Chunk, Connections: o.Connections, Figures: figures})
		}
		report.Series = append(report.Series, series)
	}
	return report, nil
}

// measure runs one point, a real one in rounds.
func (p Plan) measure(ctx context.Context, l *lab.Lab, s lab.Scenario, o lab.Options) (Figures, error) {
	rounds := 1
	if s.Side == trace.Real {
		rounds = p.Rounds
	}
	var all []Figures
	for range rounds {
		r, err := l.Run(ctx, s, o)
		if err != nil {
			return nil, err
		}
		all = append(all, figuresOf(r))
	}
	return median(all), nil
}
