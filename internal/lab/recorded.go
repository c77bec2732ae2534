package lab

import (
	"fmt"
	"slices"
	"strings"

	"copyscope/internal/host"
	"copyscope/internal/recordings"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// recorded shows a run that was measured on another machine and is shipped.
func (l *Lab) recorded(s Scenario, o Options) (*Result, error) {
	kept, ok := recordings.OfScenario(s.String())
	if !ok {
		return nil, &FieldError{"side", string(s.Side), notRecorded(s)}
	}
	run, err := kept.Run()
	if err != nil {
		return nil, err
	}
	program, _ := transfer.Lookup(s.Path)
	steps := len(run.Events)
	if o.Steps > 0 {
		steps = o.Steps
	}
	r := &Result{Scenario: s, TotalEvents: len(run.Events), Counter: run.CountsAt(steps), Listing: program.Lines(s.Touch), Machine: kept.Machine.Name}
	shown := *run
	shown.Events = run.Events[:min(o.MaxEvents, len(run.Events))]
	r.Run = &shown
	return r, nil
}

// notRecorded says what is recorded of a path instead.
func notRecorded(s Scenario) string {
	var sizes []string
	for _, r := range recordings.Shipped() {
		kept, err := ParseScenario(r.Scenario, Default())
		if err != nil || kept.Path != s.Path {
			continue
		}
		if text := fmt.Sprintf("size %s, chunk %s, cache %s, net %s", FormatSize(kept.Size), FormatSize(kept.Chunk), kept.Cache, kept.Net); !slices.Contains(sizes, text) {
			sizes = append(sizes, text)
		}
	}
	if len(sizes) == 0 {
		return "no run of " + s.Path + " was recorded"
	}
	return "this run was not recorded; of " + s.Path + " there are: " + strings.Join(sizes, "; ")
}

// RecordedInstead is the scenario of a recorded run that stands for a real one that
// cannot be, if there is one.
func RecordedInstead(s Scenario) (Scenario, bool) {
	s.Side = trace.RecordedSide
	s = s.Normal()
	_, ok := recordings.OfScenario(s.String())
	return s, ok
}

// on is the lab as it would be on the machine of a recorded run.
func (l *Lab) on(s Scenario) *Lab {
	kept, ok := recordings.OfScenario(s.String())
	if !ok {
		return l
	}
	return &Lab{Dir: l.Dir, Profile: l.Profile, facts: func() host.Facts { return kept.Machine.Facts }}
}
