package main

import (
	"bytes"
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// One prediction that does not hold is exit code 1, and the table says which
// and why.
func TestAFailedPredictionFailsTheRun(t *testing.T) {
	count := func(v float64, p trace.Provenance) trace.Count { return trace.Count{Value: v, Provenance: p} }
	holds := []trace.Comparison{
		trace.Compare("sendfile", trace.Syscalls, count(2, trace.Modelled), count(2, trace.Measured), trace.Bound{}),
		trace.Compare("sendfile", trace.Interrupts, count(2, trace.Modelled), trace.Count{Provenance: trace.Unavailable, Reason: "nobody looked"}, trace.Bound{}),
	}
	if err := judge(holds); err != nil {
		t.Errorf("everything holds: %v", err)
	}
	fails := append(holds, trace.Compare("sendfile", trace.ModeSwitches, count(4, trace.Modelled), count(6, trace.Derived), trace.Bound{}))
	if err := judge(fails); err != errPredictionFailed {
		t.Errorf("one differs: %v", err)
	}
	var out bytes.Buffer
	if err := printTables(&out, lab.Report{Compare: fails}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sendfile mode_switches: predicted 4, measured 6", "1 of 2 predictions did not hold; 1 not measurable here", "interrupts: not measurable: nobody looked"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the tables lack %q:\n%s", want, out.String())
		}
	}
}
