package main

import (
	"testing"

	"copyscope/internal/trace"
)

// The last line counts apart what held by a tolerance that hardly anything misses.
func TestOutcomeCountsLooseTolerancesApart(t *testing.T) {
	exact := trace.Comparison{Predicted: 64.0, Verdict: trace.Equal}
	within := func(predicted, bound float64) trace.Comparison {
		return trace.Comparison{Predicted: predicted, Verdict: trace.Within, Bound: bound}
	}
	for _, c := range []struct {
		rows []trace.Comparison
		want string
	}{
		{[]trace.Comparison{exact, within(64, 16)}, "all 2 predictions held"},
		{[]trace.Comparison{exact, within(64, 16), within(64, 192), within(1, 16)}, "all 4 predictions held (2 of them only within a tolerance as large as the figure)"},
		{[]trace.Comparison{within(1, 16), {Predicted: 3.0, Verdict: trace.Differs}}, "1 of 2 predictions did not hold"},
	} {
		if got := outcome(c.rows); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
