//go:build linux

package main

import (
	"math"
	"testing"
)

// drawn is a curve of the sizes 1, 10, …, 100,000.
func drawn(f func(size float64) float64) (out []at) {
	for size := 1.0; size <= 1e5; size *= 10 {
		out = append(out, at{size, f(size)})
	}
	return out
}

func TestKneeIsWhereOneLawGivesWayToAnother(t *testing.T) {
	for _, c := range []struct {
		name   string
		curve  []at
		size   float64 // 0: no knee
		upward bool
	}{
		{"constant, then linear", drawn(func(n float64) float64 { return 100 + n }), 100, true},
		{"linear, then constant", drawn(func(n float64) float64 { return min(n, 1000) }), 1000, false},
		{"constant, then falling", drawn(func(n float64) float64 { return 1 / max(n, 100) }), 100, false},
		{"linear, then quadratic", drawn(func(n float64) float64 { return n + n*n/1e3 }), 1000, true},
		{"a power", drawn(func(n float64) float64 { return 3 * math.Pow(n, 1.7) }), 0, false},
		{"the same", drawn(func(float64) float64 { return 5 }), 0, false},
		{"noise of a third", drawn(func(n float64) float64 { return n * (1 + 0.33*math.Mod(math.Log10(n), 2)) }), 0, false},
		{"two points", drawn(func(n float64) float64 { return n })[:2], 0, false},
		{"nothing", nil, 0, false},
		{"nothing above zero", drawn(func(float64) float64 { return 0 }), 0, false},
	} {
		k := findKnee(c.curve)
		switch {
		case k == nil && c.size == 0:
		case k == nil:
			t.Errorf("%s: no knee, want one at %v", c.name, c.size)
		case k.Size != c.size || (k.Factor < 1) != c.upward:
			t.Errorf("%s: a knee at %v by a factor of %.2f; want size %v (0: none), upwards: %v", c.name, k.Size, k.Factor, c.size, c.upward)
		}
	}
}

func TestGrowthIsTheExponentFromASize(t *testing.T) {
	mixed := drawn(func(n float64) float64 { return max(100, n*n/1e4) })
	for _, c := range []struct {
		name  string
		curve []at
		from  float64
		want  float64
		of    int
	}{
		{"linear", drawn(func(n float64) float64 { return 7 * n }), 0, 1, 6},
		{"quadratic", drawn(func(n float64) float64 { return n * n }), 0, 2, 6},
		{"the same", drawn(func(float64) float64 { return 9 }), 0, 0, 6},
		{"behind its knee", mixed, 1000, 2, 3},
		{"a single point", mixed, 1e5, 0, 1},
		{"a zero among them", append(drawn(func(n float64) float64 { return n }), at{1e6, 0}), 0, 1, 6},
	} {
		if got, of := growth(c.curve, c.from); math.Abs(got-c.want) > 1e-9 || of != c.of {
			t.Errorf("%s: growth %v of %d sizes, want %v of %d", c.name, got, of, c.want, c.of)
		}
	}
}
