package lab_test

import (
	"errors"
	"os"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// What the linux model predicts of the lab network, this kernel does there. Whoever
// may not have one is told so, of every scenario in the same words.
func TestPredictionsHoldOverTheLabNetwork(t *testing.T) {
	l := lab.New(t.TempDir())
	for _, path := range here(t) {
		for _, text := range []string{"size=4MiB", "size=1MiB,chunk=5000B", "size=1MiB,cache=cold", "size=1B"} {
			for _, sg := range []string{"on", "off"} {
				s, err := lab.ParseScenario(path+",side=real,net=veth,sg="+sg+","+text, lab.Default())
				if err != nil {
					t.Fatal(err)
				}
				if s.SG != (sg == "on") || s.Net != lab.Veth {
					t.Fatalf("%s is %+v", text, s)
				}
				t.Run(s.String(), func(t *testing.T) { holds(t, l, s) })
			}
		}
	}
}

func holds(t *testing.T, l *lab.Lab, s lab.Scenario) {
	r, err := l.Run(t.Context(), s, lab.Options{})
	if not := (*lab.UnavailableError)(nil); errors.As(err, &not) {
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		if !not.Net || not.Reason == "" {
			t.Fatalf("%+v", not)
		}
		prediction, err := l.Predict(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range lab.NotMeasurable(prediction, not.Reason) {
			if c.Verdict != trace.NotMeasurable || c.Reason != not.Reason {
				t.Errorf("%+v", c)
			}
		}
		t.Skipf("SKIPPED: %v; run it as root", not)
	}
	if err != nil {
		t.Fatal(err)
	}
	rows, err := l.Compare(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	judge(t, s.Path, rows)
	if r.Counter.Count(trace.PagedPayloadBytes).Known() && s.Path != "read" { // else tracepoints are not to be had
		for _, c := range rows {
			if c.Count == string(trace.PagedPayloadBytes) && c.Verdict != trace.Equal && c.Verdict != trace.Within {
				t.Errorf("%s is %q", c.Count, c.Verdict)
			}
		}
	}
}
