//go:build linux

package main

import (
	"math"
	"slices"
)

// A trend says whether a figure grows, from its samples after the first quarter of
// the run: in the first, caches fill.
//
// Two estimates of the growth over those three quarters are made, and neither minds
// a few wild samples. One is the slope of Theil and Sen (the median of the slopes
// of all pairs, Sen 1968), times the window's length. The other is the last quarter's
// median less the second quarter's, times 3/2: they are two quarters apart. The
// figure grows where either is above the bound, and above what the noise alone would
// give once in some hundred runs. Where it is above the bound, yet could be noise,
// the run was too short for the figure, which is then unclear.
type trend struct {
	Second float64 `json:"second_quarter_median"`
	Last   float64 `json:"last_quarter_median"`
	// Slope and Step are the growth over the window by either estimate, Bound is what
	// is allowed, Noise what chance may give to the greater of them; in the figure's
	// unit.
	Slope   float64 `json:"growth_by_slope"`
	Step    float64 `json:"growth_by_medians"`
	Bound   float64 `json:"bound"`
	Noise   float64 `json:"noise"`
	Samples int     `json:"samples"`
	Verdict verdict `json:"verdict"`
}

type verdict string

const (
	flat    verdict = "flat"
	grows   verdict = "grows"
	unclear verdict = "unclear"
	short   verdict = "too short"
)

// A verdict takes so many samples in each quarter, and a run of so many seconds: it
// is some minutes until the first segments are deleted and the pages' runs are there,
// so all that a shorter run holds grows.
const (
	leastSamples = 4
	leastRun     = 10 * 60
)

// point is a sample of one figure: when, in seconds since the load began, and what.
type point struct{ At, Value float64 }

// bound is the growth that a figure may have over the window: the greater of a
// number in its unit and a share of its second quarter's median.
type bound struct {
	Least, Share float64
}

// judge tells the trend of points in the order of their times, of a run that took
// so many seconds.
func judge(points []point, took float64, b bound) trend {
	var quarters [4][]float64
	var window []point
	for _, p := range points {
		q := min(max(int(4*p.At/took), 0), 3)
		quarters[q] = append(quarters[q], p.Value)
		if q > 0 {
			window = append(window, p)
		}
	}
	t := trend{Samples: len(window), Verdict: short, Second: median(quarters[1]), Last: median(quarters[3])}
	t.Bound = max(b.Least, b.Share*math.Abs(t.Second))
	if took < leastRun || min(len(quarters[1]), len(quarters[2]), len(quarters[3])) < leastSamples {
		return t
	}
	slope := theilSen(window)
	t.Slope, t.Step = slope*took*3/4, (t.Last-t.Second)*3/2
	// The scatter about the line, as the standard deviation of normal noise with the
	// same median of absolute deviations. Least squares' slope over a window of n
	// samples has a standard error of scatter·√12/(window·√n); a median's is
	// scatter·√(π/2n). Those of Theil and Sen are about the same as the former.
	var off []float64
	for _, p := range window {
		off = append(off, p.Value-slope*p.At)
	}
	scatter := deviation(off)
	n := float64(len(window))
	ofSlope, ofStep := scatter*math.Sqrt(12/n), 1.5*scatter*math.Sqrt(math.Pi/2)*math.Sqrt(2*3/n)
	t.Noise = sigmas * max(ofSlope, ofStep)
	switch over := max(t.Slope, t.Step); {
	case over <= t.Bound:
		t.Verdict = flat
	case t.Slope > max(t.Bound, sigmas*ofSlope), t.Step > max(t.Bound, sigmas*ofStep):
		t.Verdict = grows
	default:
		t.Verdict = unclear
	}
	return t
}

// sigmas is how many standard errors chance may give: one in 700 by the normal
// distribution, one-sided.
const sigmas = 3

// theilSen is the median of the slopes of all pairs.
func theilSen(points []point) float64 {
	var slopes []float64
	for i, p := range points {
		for _, q := range points[i+1:] {
			if q.At > p.At {
				slopes = append(slopes, (q.Value-p.Value)/(q.At-p.At))
			}
		}
	}
	return median(slopes)
}

// deviation is 1.4826 times the median of the absolute deviations from the median:
// of normal noise that is its standard deviation.
func deviation(values []float64) float64 {
	middle := median(values)
	off := make([]float64, len(values))
	for i, v := range values {
		off[i] = math.Abs(v - middle)
	}
	return 1.4826 * median(off)
}

// median is that of the values, in any order; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
