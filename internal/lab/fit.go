package lab

import (
	"context"
	"math"
	"slices"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// A run's processor time is, in the model, a sum: each cost times how often it
// is paid. How often follows from the program alone, and the model knows it. So
// many runs are many equations for the few costs that no experiment shows alone.

// nothing is a rate at which bytes take no time.
const nothing = 1 << 60

// fitRounds: context switches depend on how long things take, so the model is
// asked again with what was found.
const fitRounds = 3

// fit finds the fitted costs from real runs and sets them in the profile. It
// returns, by cost, the paths that it was found from.
func (l *Lab) fit(ctx context.Context, profile *sim.Profile, runs []calibrationRun) (map[string][]string, error) {
	times := make([][]float64, len(runs)) // by run and cost: how often it is paid, or for how many bytes
	for i, r := range runs {
		times[i] = make([]float64, len(fitted))
		for k, name := range fitted {
			n, err := l.paid(ctx, r.scenario, name)
			if err != nil {
				return nil, err
			}
			times[i][k] = n
		}
	}
	for range fitRounds {
		rows, rest := make([][]float64, len(runs)), make([]float64, len(runs))
		for i, r := range runs {
			whole, err := l.modelledCPU(ctx, r.scenario, *profile)
			if err != nil {
				return nil, err
			}
			fixed := whole
			rows[i] = make([]float64, len(fitted))
			for k, name := range fitted {
				fixed -= times[i][k] * nsOf(costNamed(profile, name))
				rows[i][k] = times[i][k] / r.cpu
			}
			rest[i] = 1 - max(fixed, 0)/r.cpu
		}
		for k, v := range leastErrors(rows, rest) {
			if column(rows, k) {
				setNs(costNamed(profile, fitted[k]), v)
			}
		}
	}
	from := map[string][]string{}
	for k, name := range fitted {
		for i, r := range runs {
			if p := r.scenario.Path; times[i][k] > 0 && !slices.Contains(from[name], p) {
				from[name] = append(from[name], p)
			}
		}
	}
	return from, nil
}

// column says whether any run pays cost k.
func column(rows [][]float64, k int) bool {
	return slices.ContainsFunc(rows, func(r []float64) bool { return r[k] > 0 })
}

// nsOf is a cost in ns: for a rate, of a byte.
func nsOf(c sim.Cost) float64 {
	switch {
	case c.Time != nil:
		return float64(*c.Time)
	case *c.Rate == 0:
		return 0
	}
	return 1e9 / float64(*c.Rate)
}

func setNs(c sim.Cost, ns float64) {
	if c.Time != nil {
		c.Set(int64(math.Round(ns)))
		return
	}
	c.Set(int64(math.Round(1e9 / max(ns, 1e-6))))
}

// paid asks the model how often a run pays a cost: its processor time on a
// machine that has no other.
func (l *Lab) paid(ctx context.Context, s Scenario, name string) (float64, error) {
	p := sim.Profile{Name: "unit"}
	for _, c := range p.Costs() {
		if c.Rate != nil {
			c.Set(nothing)
		}
	}
	c := costNamed(&p, name)
	if c.Time != nil {
		c.Set(1)
	} else {
		c.Set(1e9) // a ns for each byte
	}
	return l.modelledCPU(ctx, s, p)
}

// modelledCPU is the processor time of a real run's scenario on the model.
func (l *Lab) modelledCPU(ctx context.Context, s Scenario, p sim.Profile) (float64, error) {
	s = asModelled(s)
	r, err := (&Lab{Profile: &p, facts: l.facts}).simulate(ctx, s, Options{AsThisHost: true})
	if err != nil {
		return 0, err
	}
	return r.Counter.Count(trace.CPUTime).Value, nil
}

// leastErrors solves rows × x = want for the x ≥ 0 with the least sum of errors:
// a run that something disturbed pulls no harder than any other. Squares are
// weighted anew until they are errors (iteratively reweighted least squares).
func leastErrors(rows [][]float64, want []float64) (x []float64) {
	const small = 0.02 // errors below are as good as none
	weighted, target := rows, want
	for range 20 {
		x = nonNegative(weighted, target)
		weighted, target = make([][]float64, len(rows)), make([]float64, len(rows))
		for i, r := range rows {
			left := want[i]
			for k, v := range r {
				left -= v * x[k]
			}
			weight := math.Sqrt(1 / max(math.Abs(left), small))
			weighted[i], target[i] = make([]float64, len(r)), weight*want[i]
			for k, v := range r {
				weighted[i][k] = weight * v
			}
		}
	}
	return x
}

// nonNegative solves rows × x = want for the x ≥ 0 with the least squares, one
// unknown after the other until they rest.
func nonNegative(rows [][]float64, want []float64) []float64 {
	x := make([]float64, len(rows[0]))
	left := slices.Clone(want)
	for range 100_000 {
		moved := 0.0
		for k := range x {
			var slope, square float64
			for i, r := range rows {
				slope += r[k] * left[i]
				square += r[k] * r[k]
			}
			if square == 0 {
				continue
			}
			step := max(slope/square, -x[k])
			x[k] += step
			for i, r := range rows {
				left[i] -= step * r[k]
			}
			moved = max(moved, math.Abs(step)/(x[k]+1e-9))
		}
		if moved < 1e-9 {
			break
		}
	}
	return x
}
