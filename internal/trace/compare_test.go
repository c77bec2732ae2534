package trace_test

import (
	"strings"
	"testing"

	. "copyscope/internal/trace"
)

func TestVerdicts(t *testing.T) {
	n := func(v float64, p Provenance) Count { return Count{Value: v, Provenance: p} }
	gone := func(why string) Count { return Count{Provenance: Unavailable, Reason: why} }
	for name, r := range map[string]struct {
		predicted, measured Count
		bound               Bound
		want                Verdict
		reason              string
	}{
		"equal":                     {n(4, Modelled), n(4, Measured), Bound{}, Equal, ""},
		"equal, recorded":           {n(4, Modelled), n(4, Recorded), Bound{}, Equal, ""},
		"derived is equal by rule":  {n(4, Modelled), n(4, Derived), Bound{}, EqualByRule, ""},
		"modelled is no evidence":   {n(4, Modelled), n(4, Modelled), Bound{}, EqualByRule, ""},
		"differs":                   {n(4, Modelled), n(5, Measured), Bound{}, Differs, "predicted 4, measured 5"},
		"differs, explained":        {n(4, Modelled), n(9, Measured), Bound{Abs: 2, Why: "timers"}, Differs, "predicted 4, measured 9: timers"},
		"within, absolute":          {n(4, Modelled), n(6, Measured), Bound{Abs: 2, Why: "timers"}, Within, "timers"},
		"within, relative":          {n(100, Modelled), n(90, Measured), Bound{Rel: 0.1, Why: "timers"}, Within, "timers"},
		"within, the larger bound":  {n(100, Modelled), n(110, Measured), Bound{Abs: 1, Rel: 0.1}, Within, ""},
		"just outside":              {n(100, Modelled), n(111, Measured), Bound{Abs: 10, Rel: 0.1}, Differs, "predicted 100, measured 111"},
		"fewer, where they may be":  {n(100, Modelled), n(3, Measured), Bound{Abs: 5, Fewer: true, Why: "w"}, Within, "w"},
		"more than fewer allows":    {n(100, Modelled), n(106, Measured), Bound{Abs: 5, Fewer: true}, Differs, "predicted 100, measured 106"},
		"equal needs no bound":      {n(4, Modelled), n(4, Measured), Bound{Abs: 2}, Equal, ""},
		"zero is a prediction":      {n(0, Modelled), n(1, Measured), Bound{Rel: 0.5}, Differs, "predicted 0, measured 1"},
		"not measured":              {n(4, Modelled), gone("no tracepoint"), Bound{}, NotMeasurable, "no tracepoint"},
		"not predicted":             {gone("no model"), n(4, Measured), Bound{}, NotMeasurable, "no model"},
		"neither":                   {gone("no model"), gone("no tracepoint"), Bound{}, NotMeasurable, "no tracepoint"},
		"unavailable is never zero": {n(0, Modelled), gone("no tracepoint"), Bound{}, NotMeasurable, "no tracepoint"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Compare("sendfile", Syscalls, r.predicted, r.measured, r.bound)
			if c.Verdict != r.want || c.Reason != r.reason {
				t.Errorf("verdict %q (%q), want %q (%q)", c.Verdict, c.Reason, r.want, r.reason)
			}
			if c.Holds() != (r.want != Differs) {
				t.Errorf("%q holds: %v", c.Verdict, c.Holds())
			}
			if (c.Predicted == nil) != !r.predicted.Known() || (c.Measured == nil) != !r.measured.Known() {
				t.Errorf("predicted %v, measured %v: want nil exactly where unavailable", c.Predicted, c.Measured)
			}
			if c.PredictedBy != r.predicted.Provenance || c.Provenance != r.measured.Provenance {
				t.Errorf("provenances %s and %s", c.PredictedBy, c.Provenance)
			}
		})
	}
}

// What nobody can predict has no predicted value, whatever the model has, and is never
// wrong.
func TestNothingIsPredicted(t *testing.T) {
	free := Bound{Free: true, Why: "the scheduler"}
	c := Compare("sendfile", ContextSwitches, Count{Value: 0, Provenance: Modelled}, Count{Value: 122, Provenance: Measured}, free)
	if c.Verdict != NotPredicted || !c.Holds() || c.Reason != "the scheduler" || c.Predicted != nil || c.PredictedBy != Unavailable || c.Measured != 122. {
		t.Errorf("%+v", c)
	}
	c = Compare("sendfile", ContextSwitches, Count{Value: 0, Provenance: Modelled}, Count{Provenance: Unavailable, Reason: "no counter"}, free)
	if c.Verdict != NotMeasurable || c.Reason != "no counter" || c.Measured != nil {
		t.Errorf("what was not seen, either: %+v", c)
	}
}

func TestCompareWords(t *testing.T) {
	for _, r := range []struct {
		observed string
		by       Provenance
		want     Verdict
	}{{"copy", Measured, Equal}, {"copy", Derived, EqualByRule}, {"lend", Measured, Differs}} {
		c := CompareWords("read-write", "who copies", "copy", Modelled, r.observed, r.by)
		if c.Verdict != r.want {
			t.Errorf("%s by %s: %s, want %s", r.observed, r.by, c.Verdict, r.want)
		}
		if r.want == Differs && !strings.Contains(c.Reason, "predicted copy, observed lend") {
			t.Errorf("reason %q", c.Reason)
		}
	}
}
