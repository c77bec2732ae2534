package lesson

import (
	"errors"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/yamlfile"
	"copyscope/sim/scenario"
)

// filePrefix begins a run that is a shipped scenario file.
const filePrefix = "scenario="

// Bounds of the runs of lessons: a class opens the same one at the same time.
const (
	maxRunBytes  = 4 << 30
	maxRunPieces = 1 << 16
	maxRunEvents = 2_000_000 // by estimate, of a scenario file
)

// Run is a run of a lesson: a scenario of the lab, or a file.
type Run struct {
	Lab lab.Scenario
	// File is the name of a shipped scenario file, or empty.
	File string
}

// String is the run as the scope's address has it.
func (r Run) String() string {
	if r.File != "" {
		return filePrefix + r.File
	}
	return r.Lab.String()
}

// Side says which kernel runs it.
func (r Run) Side() trace.Side {
	if r.File != "" {
		return trace.Sim
	}
	return r.Lab.Side
}

// ParseRun reads a run as a lesson has it, varied values filled in.
func ParseRun(text string) (Run, error) {
	if name, ok := strings.CutPrefix(text, filePrefix); ok {
		s, err := scenario.Load(name)
		if err != nil {
			return Run{}, errors.New("there is no scenario " + yamlfile.Quoted(name) + "; " + yamlfile.Nearest(name, scenario.Shipped()))
		}
		if s.Estimate() > maxRunEvents {
			return Run{}, errors.New("the scenario makes too many events for a lesson")
		}
		return Run{File: name}, nil
	}
	s, err := lab.ParseScenario(text, lab.Opening(""))
	switch {
	case err != nil:
		return Run{}, err
	case s.Size > maxRunBytes:
		return Run{}, &lab.FieldError{Field: "size", Value: lab.FormatSize(s.Size), Remedy: "a lesson's run has at most " + lab.FormatSize(maxRunBytes)}
	case s.Size/s.Chunk > maxRunPieces:
		return Run{}, &lab.FieldError{Field: "chunk", Value: lab.FormatSize(s.Chunk), Remedy: "a lesson's run makes at most 65,536 calls; use a larger chunk"}
	}
	if s.Side == trace.RecordedSide {
		if _, ok := lab.RecordedInstead(s); !ok {
			return Run{}, &lab.FieldError{Field: "side", Value: string(s.Side), Remedy: "this run was not recorded; copyscope run PATH --side recorded tells which were"}
		}
	}
	return Run{Lab: s}, nil
}
