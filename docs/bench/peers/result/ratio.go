package result

import (
	"slices"

	"copyscope/internal/spread"
)

// value is a figure of a round, ok if it is known.
func (r Round) value(figure string) (v float64, ok bool) {
	f := r.Figures[figure]
	if f.Value == nil {
		return 0, false
	}
	return *f.Value, true
}

// Figure is a server's figure over all rounds of all runs.
func (f File) Figure(server, figure string) spread.Spread {
	var all []float64
	for _, run := range f.Runs {
		for _, r := range run.Rounds {
			if v, ok := r.value(figure); ok && r.Server == server {
				all = append(all, v)
			}
		}
	}
	return spread.Of(all)
}

// Ratio is how many times a server's figure is another's.
type Ratio struct {
	// Spread is of all rounds: each pair of turns that stood side by side.
	spread.Spread
	// Runs are the medians of each run, in order.
	Runs []float64
}

// Between is the least and the greatest of the runs' medians.
func (r Ratio) Between() (least, most float64) {
	if len(r.Runs) == 0 {
		return 0, 0
	}
	return slices.Min(r.Runs), slices.Max(r.Runs)
}

// Ratio compares two servers round by round: what disturbed the machine for longer
// than a turn disturbed both. A round that lacks one of them counts for nothing.
func (f File) Ratio(of, to, figure string) Ratio {
	return f.Compare(of, to, func(r Round) (float64, bool) { return r.value(figure) })
}

// Compare is Ratio of a number that is computed from a round.
func (f File) Compare(of, to string, number func(Round) (float64, bool)) (out Ratio) {
	var all []float64
	for _, run := range f.Runs {
		byRound := map[int]map[string]float64{}
		for _, r := range run.Rounds {
			if v, ok := number(r); ok {
				if byRound[r.Round] == nil {
					byRound[r.Round] = map[string]float64{}
				}
				byRound[r.Round][r.Server] = v
			}
		}
		var mine []float64
		for _, at := range byRound {
			a, both := at[of]
			b, there := at[to]
			if both && there && b > 0 {
				mine = append(mine, a/b)
			}
		}
		if len(mine) > 0 {
			out.Runs = append(out.Runs, spread.Of(mine).Median)
			all = append(all, mine...)
		}
	}
	out.Spread = spread.Of(all)
	return out
}

// Servers are those that have a round, in the order of their first.
func (f File) Servers() (names []string) {
	for _, run := range f.Runs {
		for _, r := range run.Rounds {
			if !slices.Contains(names, r.Server) {
				names = append(names, r.Server)
			}
		}
	}
	return names
}

// Absent are the reasons of all runs, by server.
func (f File) Absent() map[string]string {
	all := map[string]string{}
	for _, run := range f.Runs {
		for server, why := range run.Absent {
			if all[server] == "" {
				all[server] = why
			}
		}
	}
	return all
}
