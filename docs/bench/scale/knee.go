//go:build linux

package main

import "math"

// at is a value of a curve: what a size costs.
type at struct{ size, value float64 }

// knee is where a curve bends most.
type knee struct {
	// Size is where.
	Size float64 `json:"size"`
	// Factor is how far the curve there lies from the chord, the straight line
	// between its ends on logarithmic axes: below 1 the curve bends upwards, above 1
	// downwards.
	Factor float64 `json:"factor"`
}

// kneeFactor is how far from the chord a value must lie to be a knee: less is
// what rounds of one measurement differ by.
const kneeFactor = 1.5

// findKnee finds the point that lies farthest from the chord, as in Satopää et
// al., Finding a "Kneedle" in a Haystack (2011), on logarithmic axes: there the
// chord is the one power law that joins the ends, and what lies off it is where
// one law gives way to another. It is nil where no value lies off by kneeFactor.
// What is not above 0 has no logarithm and is left out.
func findKnee(curve []at) *knee {
	curve = positive(curve)
	if len(curve) < 3 {
		return nil
	}
	first, last := curve[0], curve[len(curve)-1]
	slope := exponent(first, last)
	best := knee{Factor: 1}
	for _, p := range curve[1 : len(curve)-1] {
		chord := first.value * math.Pow(p.size/first.size, slope)
		if f := p.value / chord; math.Abs(math.Log(f)) > math.Abs(math.Log(best.Factor)) {
			best = knee{p.size, f}
		}
	}
	if math.Abs(math.Log(best.Factor)) < math.Log(kneeFactor) {
		return nil
	}
	return &best
}

// growth is the exponent by which the curve grows from a size to its end: 0 does
// not grow, 1 is linear, 2 quadratic. It is the slope of the least squares on
// logarithmic axes; of is how many sizes it is of, and fewer than two have none.
func growth(curve []at, from float64) (exponent float64, of int) {
	var n, sx, sy, sxx, sxy float64
	for _, p := range positive(curve) {
		if p.size < from {
			continue
		}
		x, y := math.Log(p.size), math.Log(p.value)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	if n < 2 {
		return 0, int(n)
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx), int(n)
}

// exponent is that of the power law that joins two points.
func exponent(a, b at) float64 { return math.Log(b.value/a.value) / math.Log(b.size/a.size) }

func positive(curve []at) (out []at) {
	for _, p := range curve {
		if p.size > 0 && p.value > 0 {
			out = append(out, p)
		}
	}
	return out
}
