package trace

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Verdict is the outcome of holding a prediction against a measurement.
type Verdict string

const (
	// Equal: the kernel or an experiment reported exactly the predicted value.
	Equal Verdict = "equal"
	// EqualByRule: the value is derived from measured facts by a stated rule
	// and equals the prediction. Weaker than Equal: rule and model could share
	// an error.
	EqualByRule Verdict = "equal by rule"
	// Within: differs by no more than the stated bound.
	Within Verdict = "within"
	// Differs: the prediction does not hold.
	Differs Verdict = "differs"
	// NotMeasurable: this host cannot see it; the reason says why.
	NotMeasurable Verdict = "not measurable"
	// NotPredicted: it was measured, and what decides it is outside of what is
	// modelled; the reason says what.
	NotPredicted Verdict = "not predicted"
)

// Comparison is one predicted figure beside the measured one.
type Comparison struct {
	Path  string
	Count string
	// Scenario is what ran, or was to run, for real, where several differ in more than
	// the path; empty if nobody said.
	Scenario string
	// Predicted and Measured are numbers, or words such as "copy" and "lend".
	Predicted, Measured any
	PredictedBy         Provenance
	Provenance          Provenance
	Verdict             Verdict
	// Bound is the allowed difference of a Within verdict, Reason why a figure
	// is not measurable or what explains a difference.
	Bound  float64
	Reason string
}

// Holds is false only if the prediction failed.
func (c Comparison) Holds() bool { return c.Verdict != Differs }

// MarshalJSON writes the design's compare row; measured is null where it is
// not measurable.
func (c Comparison) MarshalJSON() ([]byte, error) {
	row := struct {
		Path        string     `json:"path"`
		Count       string     `json:"count"`
		Predicted   any        `json:"predicted"`
		Measured    any        `json:"measured"`
		PredictedBy Provenance `json:"predicted_provenance"`
		Provenance  Provenance `json:"provenance"`
		Verdict     Verdict    `json:"verdict"`
		Bound       *float64   `json:"bound,omitempty"`
		Reason      string     `json:"reason,omitempty"`
		Scenario    string     `json:"scenario,omitempty"`
	}{c.Path, c.Count, c.Predicted, c.Measured, c.PredictedBy, c.Provenance, c.Verdict, nil, c.Reason, c.Scenario}
	if c.Verdict == Within {
		row.Bound = &c.Bound
	}
	return json.Marshal(row)
}

// Bound is how far a measurement may be from its prediction: by Abs units, or
// by the share Rel of the prediction, whichever allows more. The zero Bound
// asks for equality.
type Bound struct {
	Abs, Rel float64
	// Fewer: the measurement may also be anything less than the prediction.
	Fewer bool
	// Free: no prediction is made; nothing that is measured would be wrong.
	Free bool
	// Why says what makes the figure vary; it explains a difference.
	Why string
}

// Compare holds one predicted count against the measured one.
func Compare(path string, name CountName, predicted, measured Count, bound Bound) Comparison {
	c := Comparison{Path: path, Count: string(name), Predicted: predicted.Value, Measured: measured.Value,
		PredictedBy: predicted.Provenance, Provenance: measured.Provenance}
	allowed := math.Max(bound.Abs, bound.Rel*predicted.Value)
	diff := math.Abs(predicted.Value - measured.Value)
	if bound.Fewer && measured.Value < predicted.Value {
		allowed = predicted.Value
	}
	if !predicted.Known() {
		c.Predicted, c.Verdict, c.Reason = nil, NotMeasurable, predicted.Reason
	}
	if bound.Free {
		c.Predicted, c.PredictedBy, c.Verdict, c.Reason = nil, Unavailable, NotPredicted, bound.Why
	}
	if !measured.Known() { // its reason is the one that a reader can do something about
		c.Measured, c.Verdict, c.Reason = nil, NotMeasurable, measured.Reason
	}
	switch {
	case c.Verdict == NotMeasurable, c.Verdict == NotPredicted:
	case diff == 0:
		c.Verdict = equality(measured.Provenance)
	case diff <= allowed:
		c.Verdict, c.Bound, c.Reason = Within, allowed, bound.Why
	default:
		c.Verdict = Differs
		c.Reason = fmt.Sprintf("predicted %s, measured %s", number(predicted.Value), number(measured.Value))
		if bound.Why != "" {
			c.Reason += ": " + bound.Why
		}
	}
	return c
}

// number writes a value without an exponent.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// CompareWords holds an expected word (for example who copies: "copy" or
// "lend"), known by expectedBy, against the observed one.
func CompareWords(path, count, predicted string, expectedBy Provenance, measured string, by Provenance) Comparison {
	c := Comparison{Path: path, Count: count, Predicted: predicted, Measured: measured,
		PredictedBy: expectedBy, Provenance: by, Verdict: equality(by)}
	if predicted != measured {
		c.Verdict, c.Reason = Differs, fmt.Sprintf("predicted %s, observed %s", predicted, measured)
	}
	return c
}

// equality: a derived figure can only be equal by rule.
func equality(p Provenance) Verdict {
	if p == Measured || p == Recorded {
		return Equal
	}
	return EqualByRule
}
