package load

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"copyscope/internal/host"
)

// Report is what a benchmark measured. Schema is 1.
type Report struct {
	Schema   int            `json:"schema"`
	Bench    string         `json:"bench"`
	Settings map[string]any `json:"settings"`
	Host     host.Facts     `json:"host"`
	Go       string         `json:"go"`
	// Congestion is the congestion control in force at the client's sockets.
	Congestion string  `json:"congestion,omitempty"`
	Rounds     []Round `json:"rounds"`
	// Median is, by side, of all rounds.
	Median map[string]Figures `json:"median"`
	// Ratio is the broker's median over the bare server's.
	Ratio       *Figure  `json:"ratio,omitempty"`
	Notes       []string `json:"notes,omitempty"`
	Interrupted bool     `json:"interrupted"`
}

// Round is one measurement of one side.
type Round struct {
	Round   int     `json:"round"`
	Side    string  `json:"side"`
	Figures Figures `json:"figures"`
}

// The sides.
const (
	RawSide   = "raw"
	FranzSide = "franz"
	BareSide  = "bare"
)

func newReport(bench string, settings map[string]any) *Report {
	return &Report{Schema: 1, Bench: bench, Settings: settings, Host: host.ReadFacts(""), Go: runtime.Version(),
		Rounds: []Round{}, Median: map[string]Figures{}}
}

// note takes a remark in, once.
func (r *Report) note(text string) {
	if text != "" && !slices.Contains(r.Notes, text) {
		r.Notes = append(r.Notes, text)
	}
}

// side is what takes its turn in each round.
type side struct {
	name   string
	writes bool // it begins when the disk has caught up
	run    func(ctx context.Context) (Figures, error)
}

// rounds runs the sides in turns: A B A B. When ctx ends, what was measured of
// the round that it cut is kept, and said to be cut.
func (r *Report) rounds(ctx context.Context, n int, sides []side) error {
	defer r.summarise()
	for round := range n {
		for _, s := range sides {
			if s.writes && n*len(sides) > 1 { // one measurement alone is compared with nothing
				r.note(Settle(ctx))
			}
			f, err := s.run(ctx)
			if f != nil && (err == nil || ctx.Err() != nil) {
				r.Rounds = append(r.Rounds, Round{round + 1, s.name, f})
			}
			if ctx.Err() != nil {
				r.Interrupted = true
				r.note(fmt.Sprintf("interrupted in round %d of %d; its figures are of the time until then", round+1, n))
				return context.Cause(ctx)
			}
			if err != nil {
				return fmt.Errorf("round %d, %s: %w", round+1, s.name, err)
			}
		}
	}
	return nil
}

// summarise computes medians and the ratio.
func (r *Report) summarise() {
	values := map[string]map[string][]float64{}
	for _, round := range r.Rounds {
		if values[round.Side] == nil {
			values[round.Side], r.Median[round.Side] = map[string][]float64{}, Figures{}
		}
		for name, f := range round.Figures {
			if f.Value == nil {
				r.Median[round.Side][name] = f
				continue
			}
			all := append(values[round.Side][name], *f.Value)
			values[round.Side][name] = all
			m := median(all)
			f.Value = &m
			r.Median[round.Side][name] = f
		}
	}
	of, bare := r.Median[RawSide][BytesPerSecond].Value, r.Median[BareSide][BytesPerSecond].Value
	if of != nil && bare != nil && *bare > 0 {
		f := Figures{}
		f.derive("ratio", "ratio", *of / *bare)
		ratio := f["ratio"]
		r.Ratio = &ratio
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
