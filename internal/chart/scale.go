package chart

import "math"

// scale puts values of an axis on a line from one coordinate to another.
type scale struct {
	low, high float64 // values at the ends
	from, to  float64 // their coordinates
	log       bool
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	if low == high {
		return (s.from + s.to) / 2
	}
	return s.from + (v-low)/(high-low)*(s.to-s.from)
}

// logFrom is the ratio of the largest to the smallest value from which on a
// linear axis would hide the smaller ones.
const logFrom = 30

// vertical chooses the y axis for values: logarithmic, in whole decades, if they
// are above 0 and far apart; else linear from 0 on. It returns the ticks.
func vertical(values []float64, bottom, top float64) (scale, []float64) {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if high > 0 && low > 0 && high/low >= logFrom {
		return decades(low, high, bottom, top)
	}
	if high == 0 {
		high = 1
	}
	step := niceStep(high / 4)
	var ticks []float64
	n := math.Ceil(high/step - 1e-9)
	for i := 0.0; i <= n; i++ {
		ticks = append(ticks, i*step)
	}
	return scale{low: 0, high: n * step, from: bottom, to: top}, ticks
}

func decades(low, high, bottom, top float64) (scale, []float64) {
	first, last := math.Floor(math.Log10(low)+1e-9), math.Ceil(math.Log10(high)-1e-9)
	var ticks []float64
	for i := first; i <= last; i++ {
		ticks = append(ticks, math.Pow(10, i))
	}
	return scale{low: ticks[0], high: ticks[len(ticks)-1], from: bottom, to: top, log: true}, ticks
}

// niceStep is the smallest of 1, 2, 5 times a power of ten that is at least v.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}
