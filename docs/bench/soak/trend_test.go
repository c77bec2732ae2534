//go:build linux

package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

// series are two hours of samples, one a minute; what grows is added to noise of
// 10 about 200, in which every tenth sample is wild.
func series(seed uint64, grow func(at float64) float64) (points []point) {
	random := rand.New(rand.NewPCG(seed, 1))
	for at := 30.0; at < 7200; at += 60 {
		v := 200 + 10*random.NormFloat64() + grow(at)
		if len(points)%10 == 3 {
			v += 300
		}
		points = append(points, point{at, v})
	}
	return points
}

func TestVerdicts(t *testing.T) {
	some := bound{Least: 10, Share: 0.1} // 20 of 200
	for name, k := range map[string]struct {
		grow func(at float64) float64
		want verdict
	}{
		"noise alone":                        {func(float64) float64 { return 0 }, flat},
		"a fill in the first quarter":        {func(at float64) float64 { return 400 * math.Min(at/1700, 1) }, flat},
		"a wave of ten minutes":              {func(at float64) float64 { return 20 * math.Sin(at/600*2*math.Pi) }, flat},
		"what falls":                         {func(at float64) float64 { return -60 * at / 7200 }, flat},
		"less than the bound":                {func(at float64) float64 { return 10 * at / 7200 }, flat},
		"a leak":                             {func(at float64) float64 { return 60 * at / 7200 }, grows},
		"a leak that is seen late":           {func(at float64) float64 { return 60 * math.Max(0, at-5000) / 600 }, grows},
		"a step after half of it":            {func(at float64) float64 { return 40 * math.Floor(at/3600) }, grows},
		"a leak as fast as a warm-up's fill": {func(at float64) float64 { return 400 * at / 1700 }, grows},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(50) {
				if got := judge(series(seed, k.grow), 7200, some); got.Verdict != k.want {
					t.Fatalf("noise %d: %s, want %s: %+v", seed, got.Verdict, k.want, got)
				}
			}
		})
	}
}

// A run that is too short for its noise does not say flat of what may grow, and not
// grows of what may be chance.
func TestShortRuns(t *testing.T) {
	all := series(7, func(at float64) float64 { return 60 * at / 7200 })
	if got := judge(all[:10], 600, bound{Least: 10}); got.Verdict != short {
		t.Errorf("ten samples: %s, want %s", got.Verdict, short)
	}
	unclearOnes := 0
	for seed := range uint64(50) {
		noise := series(seed, func(float64) float64 { return 0 })
		switch got := judge(noise, 7200, bound{Least: 0.1}); got.Verdict {
		case grows:
			t.Errorf("noise %d: %+v", seed, got)
		case unclear:
			unclearOnes++
		}
	}
	if unclearOnes == 0 {
		t.Error("of 50 series of noise none was above a bound far below it")
	}
}

// A figure that does not move has no noise, and grows by one if it does.
func TestCountedFigures(t *testing.T) {
	var still, one []point
	for at := 30.0; at < 7200; at += 60 {
		still = append(still, point{at, 40})
		one = append(one, point{at, 40 + math.Floor(at/600)})
	}
	if got := judge(still, 7200, bound{Least: 0.5}); got.Verdict != flat || got.Slope != 0 || got.Step != 0 {
		t.Errorf("what stands still: %+v", got)
	}
	if got := judge(one, 7200, bound{Least: 5}); got.Verdict != grows {
		t.Errorf("one more every ten minutes: %+v", got)
	}
}
