// Package spread says how far measurements of one thing lie apart, and whether
// they are close enough to be believed.
package spread

import (
	"fmt"
	"math"
	"slices"
)

// Spread is what rounds of one measurement came out as, in the unit of the
// samples. Without samples N is 0 and nothing else means anything.
type Spread struct {
	Median float64 `json:"median"`
	// Q1 and Q3 are the quartiles, between which half of the rounds are.
	Q1 float64 `json:"q1"`
	Q3 float64 `json:"q3"`
	// MAD is the median of the distances from the median.
	MAD float64 `json:"mad"`
	// N is how many rounds there were.
	N int `json:"n"`
}

// Of summarises samples, whose order is left alone. What is no number (NaN, ±Inf)
// is no sample.
func Of(samples []float64) Spread {
	s := slices.DeleteFunc(slices.Clone(samples), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(s) == 0 {
		return Spread{}
	}
	slices.Sort(s)
	out := Spread{Median: quantile(s, 0.5), Q1: quantile(s, 0.25), Q3: quantile(s, 0.75), N: len(s)}
	for i, v := range s {
		s[i] = math.Abs(v - out.Median)
	}
	slices.Sort(s)
	out.MAD = quantile(s, 0.5)
	return out
}

// quantile interpolates between the two nearest of sorted samples (Hyndman and
// Fan 1996, type 7, which R and NumPy take unless told otherwise).
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// IQR is the interquartile range, Q3 - Q1.
func (s Spread) IQR() float64 { return s.Q3 - s.Q1 }

// Relative is the interquartile range in parts of the median, 0 if both are 0.
func (s Spread) Relative() float64 {
	switch {
	case s.IQR() == 0:
		return 0
	case s.Median == 0:
		return math.Inf(1)
	}
	return s.IQR() / math.Abs(s.Median)
}

// Limit is how far rounds may lie apart to be believed.
type Limit struct {
	// Relative is the most that the interquartile range may be, in parts of the
	// median.
	Relative float64
	// Floor is a range, in the unit of the samples, that does not matter however
	// small the median is.
	Floor float64
	// Rounds is how many there must be.
	Rounds int
}

// Judge is nil if the rounds lie close enough together, else it says what they
// are and what they would have to be.
func (l Limit) Judge(s Spread) error {
	switch {
	case s.N < l.Rounds:
		return &FewError{s.N, l.Rounds}
	case s.IQR() <= l.Floor || s.Relative() <= l.Relative:
		return nil
	}
	return &NoisyError{s, l.Relative}
}

// NoisyError: rounds lie too far apart.
type NoisyError struct {
	Spread Spread
	Limit  float64
}

func (e *NoisyError) Error() string {
	if e.Spread.Median == 0 {
		return fmt.Sprintf("half of %d rounds lie around 0, more than noise may be", e.Spread.N)
	}
	return fmt.Sprintf("half of %d rounds lie within %.0f %% of the median, the limit is %.0f %%", e.Spread.N, 100*e.Spread.Relative(), 100*e.Limit)
}

// FewError: there were too few rounds to tell how far they lie apart.
type FewError struct{ N, Wanted int }

func (e *FewError) Error() string { return fmt.Sprintf("%d rounds, %d are needed", e.N, e.Wanted) }
