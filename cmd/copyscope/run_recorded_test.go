package main

import (
	"errors"
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// Where a path cannot run, a recorded run of the same scenario stands for it, and
// if there is none of that size, the error says how to see one that there is.
func TestRecordedStandsForWhatCannotRun(t *testing.T) {
	s := lab.Default()
	s.Path, s.Side, s.Size = "sendfile", trace.Real, 4<<20
	cannot := &lab.UnavailableError{Path: "sendfile", Reason: "it needs Linux"}
	if instead, ok := recordedFor(cannot, s); !ok || instead.Side != trace.RecordedSide || instead.Size != s.Size {
		t.Errorf("instead of %s: %s, %v", s, instead, ok)
	}
	if _, ok := recordedFor(errors.New("the disk is full"), s); ok {
		t.Error("a run that failed is replaced")
	}
	if _, ok := recordedFor(nil, s); ok {
		t.Error("a run that was done is replaced")
	}
	s.Size = 5 << 20
	if _, ok := recordedFor(cannot, s); ok {
		t.Error("a run of another size stands for it")
	}
	if err := withRecorded(cannot); !errors.Is(err, cannot) || !strings.Contains(err.Error(), "--side sim,recorded") {
		t.Errorf("error %v", err)
	}
	if err := withRecorded(&lab.UnavailableError{Path: "ktls"}); strings.Contains(err.Error(), "recorded") {
		t.Errorf("error %v, and nothing of ktls is recorded", err)
	}
}
