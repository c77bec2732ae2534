package main

import (
	"bytes"
	"strings"
	"testing"

	"copyscope/internal/copysample"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// What samples tell stands below the counts, and where there are none, why.
func TestTheTableOfSamples(t *testing.T) {
	f := copysample.Figures{Every: 997_000, All: copysample.Part{Samples: 1300, CPU: 1_296_100_000}, Copies: copysample.Part{Samples: 140, CPU: 139_580_000}, Lost: 7}
	report := lab.Report{Runs: []lab.RunReport{
		{Path: "read-write", Side: trace.Real, Samples: &lab.Samples{Provenance: trace.Measured, Figures: &f}},
		{Path: "sendfile", Side: trace.Real, Samples: &lab.Samples{Provenance: trace.Unavailable, Reason: "this user may not"}},
	}}
	var out bytes.Buffer
	if err := printTables(&out, report); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1,300 (1296.1 ms) ●", "140 (139.6 ms) ●", "in copy routines", "– samples: this user may not",
		"a sample for every 997µs of processor time", "read-write: 7 samples found no room"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the tables lack %q:\n%s", want, out.String())
		}
	}
	report.Runs[0].Samples, report.Runs[1].Samples = nil, nil
	out.Reset()
	if err := printTables(&out, report); err != nil || strings.Contains(out.String(), "samples") {
		t.Errorf("%v; nobody asked for samples:\n%s", err, out.String())
	}
}
