package lab

import (
	"context"
	"math"

	"copyscope/internal/spread"
	"copyscope/internal/trace"
)

// Residual is what a prediction is off for one scenario, in CPU time and in wall
// time.
type Residual struct {
	Scenario  Scenario
	CPU, Wall Remainder
}

// Remainder is a predicted time beside those measured, in ns.
type Remainder struct {
	Predicted float64
	Measured  []float64
}

// Off is how far the prediction is from the median of what was measured, in per
// cent of that: above 0 it was too long.
func (r Remainder) Off() float64 {
	m := spread.Of(r.Measured).Median
	return 100 * (r.Predicted - m) / m
}

// Size is how far it is off, whichever way.
func (r Remainder) Size() float64 { return math.Abs(r.Off()) }

// Residual predicts a real scenario with the lab's profile and measures it on a
// stand in rounds.
func (l *Lab) Residual(ctx context.Context, stand *Stand, s Scenario, rounds int) (r Residual, err error) {
	prediction, err := l.Predict(ctx, s)
	if err != nil {
		return r, err
	}
	r = Residual{Scenario: s, CPU: Remainder{Predicted: prediction.Counter.Count(trace.CPUTime).Value},
		Wall: Remainder{Predicted: prediction.Counter.Count(trace.WallTime).Value}}
	for range rounds {
		t, err := stand.Time(ctx, s)
		if err != nil {
			return r, err
		}
		r.CPU.Measured, r.Wall.Measured = append(r.CPU.Measured, t.CPU), append(r.Wall.Measured, t.Wall)
	}
	return r, nil
}
