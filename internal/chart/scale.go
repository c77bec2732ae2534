package chart

import "math"

// scale is an axis, logarithmic if it is not linear: it puts values on a line from
// one coordinate to another.
type scale struct {
	low, high float64 // values at the ends
	from, to  float64 // their coordinates
	zero      float64 // the coordinate of 0, which no logarithm reaches
	linear    bool
}

func (s scale) at(v float64) float64 {
	switch {
	case s.linear && s.high > s.low:
		return s.from + (v-s.low)/(s.high-s.low)*(s.to-s.from)
	case v <= 0:
		return s.zero
	case s.low == s.high:
		return (s.from + s.to) / 2
	}
	return s.from + math.Log(v/s.low)/math.Log(s.high/s.low)*(s.to-s.from)
}

// zeroGap is how far zero lies below the lowest decade, in pixels.
const zeroGap = 24

// vertical is the y axis for values: from 1, 2 or 5 times a power of ten to
// another such number, a decade or more, and below them a place for zero if one of them is. There
// is no other kind, so that nobody has to find out which kind a panel has. It
// returns the ticks: those numbers, or over more than two decades the powers of
// ten alone.
func vertical(values []float64, bottom, top float64) (scale, []float64) {
	low, high, zero := math.Inf(1), 0.0, false
	for _, v := range values {
		if v <= 0 {
			zero = true
			continue
		}
		low, high = min(low, v), max(high, v)
	}
	if high == 0 {
		low, high = 1, 10 // nothing above zero: any decade
	}
	first, last := stepBelow(low), stepAbove(high)
	last = max(last, first+3) // in less than a decade a trifle would look like a lot
	s := scale{low: step(first), high: step(last), from: bottom, to: top, zero: bottom}
	var ticks []float64
	if zero {
		s.from -= zeroGap
		ticks = append(ticks, 0)
	}
	for i := first; i <= last; i++ {
		if last-first <= 6 || i%3 == 0 {
			ticks = append(ticks, step(i))
		}
	}
	return s, ticks
}

// step is the i-th of the numbers …, 1, 2, 5, 10, 20, 50, …; 1 is the 0th.
func step(i int) float64 {
	k := (i%3 + 3) % 3
	return []float64{1, 2, 5}[k] * math.Pow(10, float64((i-k)/3))
}

// stepBelow is the last step that is not above v.
func stepBelow(v float64) int {
	i := 3 * int(math.Floor(math.Log10(v)))
	for step(i+1) <= v*(1+1e-9) {
		i++
	}
	return i
}

// stepAbove is the first step that is not below v.
func stepAbove(v float64) int {
	i := stepBelow(v)
	if step(i) < v*(1-1e-9) {
		i++
	}
	return i
}
