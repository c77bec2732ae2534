package chart

import (
	"fmt"
	"math"
	"strings"
)

// fromZero is a linear y axis for values, from 0 to a round number, and its ticks.
func fromZero(values []float64, bottom, top float64) (scale, []float64) {
	high := 0.0
	for _, v := range values {
		high = max(high, v)
	}
	ticks := roundTicks(0, high)
	return scale{low: 0, high: ticks[len(ticks)-1], from: bottom, to: top, zero: bottom, linear: true}, ticks
}

// roundTicks are round numbers, 1, 2 or 5 times a power of ten apart, about five of
// them, from the first that is not below low; the last is not below high.
func roundTicks(low, high float64) (ticks []float64) {
	if high <= low {
		high = low + 1
	}
	apart := step(stepAbove((high - low) / 5))
	for i := math.Ceil(low/apart - 1e-9); ; i++ {
		ticks = append(ticks, i*apart+0) // no −0
		if i*apart >= high*(1-1e-9) {
			return ticks
		}
	}
}

// sum is a line with many points in words.
func (f Figure) sum(in Panel, values []*float64) string {
	var at []int
	for k, v := range values {
		if v != nil {
			at = append(at, k)
		}
	}
	if len(at) == 0 {
		return "not known"
	}
	least, most := at[0], at[0]
	for _, k := range at {
		if *values[k] < *values[least] {
			least = k
		}
		if *values[k] > *values[most] {
			most = k
		}
	}
	var words []string
	for _, w := range []struct {
		name string
		k    int
	}{{"first", at[0]}, {"last", at[len(at)-1]}, {"least", least}, {"most", most}} {
		words = append(words, fmt.Sprintf("%s %s at %s", w.name, strings.TrimSpace(in.Format(*values[w.k])+" "+in.Unit), f.FormatX(f.X[w.k])))
	}
	return strings.Join(words, ", ")
}
