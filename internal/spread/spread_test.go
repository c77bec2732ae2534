package spread_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"copyscope/internal/spread"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		name    string
		samples []float64
		want    spread.Spread
	}{
		{"nothing", nil, spread.Spread{}},
		{"one", []float64{7}, spread.Spread{Median: 7, Q1: 7, Q3: 7, N: 1}},
		{"all the same", []float64{3, 3, 3}, spread.Spread{Median: 3, Q1: 3, Q3: 3, N: 3}},
		{"in any order", []float64{5, 1, 4, 2, 3}, spread.Spread{Median: 3, Q1: 2, Q3: 4, MAD: 1, N: 5}},
		{"between two", []float64{1, 2, 3, 4}, spread.Spread{Median: 2.5, Q1: 1.75, Q3: 3.25, MAD: 1, N: 4}},
		{"one that was disturbed", []float64{10, 10, 10, 10, 1000}, spread.Spread{Median: 10, Q1: 10, Q3: 10, N: 5}},
		{"below zero", []float64{-1, -3, -2}, spread.Spread{Median: -2, Q1: -2.5, Q3: -1.5, MAD: 1, N: 3}},
		{"what is no number is no sample", []float64{math.NaN(), 2, math.Inf(1)}, spread.Spread{Median: 2, Q1: 2, Q3: 2, N: 1}},
	} {
		before := slices.Clone(c.samples)
		if got := spread.Of(c.samples); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if len(before) > 0 && before[0] == before[0] && !slices.Equal(before, c.samples) {
			t.Errorf("%s: the samples were changed", c.name)
		}
	}
}

func TestJudge(t *testing.T) {
	limit := spread.Limit{Relative: 0.25, Floor: 2, Rounds: 3}
	for _, c := range []struct {
		name    string
		samples []float64
		noisy   bool
		few     bool
	}{
		{"close together", []float64{100, 101, 102, 103, 104}, false, false},
		{"at the limit", []float64{75, 87.5, 100, 112.5, 125}, false, false},
		{"beyond the limit", []float64{60, 80, 100, 120, 140}, true, false},
		{"a small range does not matter", []float64{0, 0, 1, 2, 2}, false, false},
		{"around zero, widely", []float64{-9, -5, 0, 5, 9}, true, false},
		{"two rounds tell nothing", []float64{100, 100}, false, true},
		{"no round", nil, false, true},
	} {
		err := limit.Judge(spread.Of(c.samples))
		var noisy *spread.NoisyError
		var few *spread.FewError
		if errors.As(err, &noisy) != c.noisy || errors.As(err, &few) != c.few {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && err.Error() == "" {
			t.Errorf("%s: it says nothing", c.name)
		}
	}
}
