package lab_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/recordings"
	"copyscope/internal/trace"
)

// The model of the machine that they were recorded on predicts every shipped run,
// on whatever host this is.
func TestPredictionsHoldForRecordings(t *testing.T) {
	l := lab.New(t.TempDir())
	for _, kept := range recordings.Shipped() {
		t.Run(kept.Name, func(t *testing.T) {
			s, err := lab.ParseScenario(kept.Scenario, lab.Default())
			if err != nil {
				t.Fatal(err)
			}
			r, err := l.Run(context.Background(), s, lab.Options{})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := l.Compare(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) < 10 {
				t.Errorf("%d rows", len(rows))
			}
			for _, c := range rows {
				if !c.Holds() {
					t.Errorf("%s: %s", c.Count, c.Reason)
				}
				if c.Provenance == trace.Measured {
					t.Errorf("%s is told as measured", c.Count)
				}
			}
			if r.Machine != kept.Machine.Name {
				t.Errorf("machine %q", r.Machine)
			}
		})
	}
}

// What was not recorded is refused, with what was.
func TestNotRecorded(t *testing.T) {
	s := lab.Default()
	s.Side, s.Path, s.Size = trace.RecordedSide, "sendfile", 5<<20
	_, err := lab.New(t.TempDir()).Run(context.Background(), s, lab.Options{})
	field := (*lab.FieldError)(nil)
	if !errors.As(err, &field) || !strings.Contains(err.Error(), "size 4MiB, chunk 64KiB, cache warm, net loopback") {
		t.Errorf("error %v", err)
	}
	if _, ok := lab.RecordedInstead(s); ok {
		t.Error("a run of another size stands for it")
	}
	s.Side, s.Size = trace.Real, 4<<20
	if instead, ok := lab.RecordedInstead(s); !ok || instead.Side != trace.RecordedSide {
		t.Errorf("instead %+v, %v", instead, ok)
	}
}

// A recorded run can be cut at any of its events, as any other.
func TestRecordedSteps(t *testing.T) {
	s := lab.Default()
	s.Side, s.Size = trace.RecordedSide, 4<<20
	l := lab.New(t.TempDir())
	whole, err := l.Run(context.Background(), s, lab.Options{MaxEvents: 10})
	if err != nil {
		t.Fatal(err)
	}
	part, err := l.Run(context.Background(), s, lab.Options{Steps: 100})
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.Run.Events) != 10 || whole.TotalEvents <= 100 {
		t.Errorf("%d events kept of %d", len(whole.Run.Events), whole.TotalEvents)
	}
	if a, b := part.Counter.Count(trace.Syscalls).Value, whole.Counter.Count(trace.Syscalls).Value; a == 0 || a >= b {
		t.Errorf("%v calls in 100 events, %v in all", a, b)
	}
}
