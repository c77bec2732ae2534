package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"copyscope/internal/lab"
	"copyscope/internal/recordings"
	"copyscope/internal/trace"
)

// The size and chunk that `copyscope record` takes unless it is told otherwise, and
// that shipped recordings have.
const (
	recordedSize  = "4MiB"
	recordedChunk = "64KiB"
)

// sizeOfRecordings takes the size that is recorded, if recorded runs are asked for
// and nobody said which size.
func (f *runFlags) sizeOfRecordings(flags *pflag.FlagSet) {
	if slices.Contains(f.side, string(trace.RecordedSide)) && !flags.Changed("size") {
		f.size = recordedSize
		f.notes = append(f.notes, "--size "+recordedSize+": of that size the recorded runs are")
	}
}

// withRecorded adds to the error of a path that cannot run here what can be seen of it.
func withRecorded(err error) error {
	not := (*lab.UnavailableError)(nil)
	if !errors.As(err, &not) {
		return err
	}
	for _, r := range recordings.Shipped() {
		if strings.HasPrefix(r.Scenario, not.Path+",") {
			return fmt.Errorf("%w\n--side sim,recorded shows a run recorded on another machine (%s)", err, r.Machine.Name)
		}
	}
	return err
}

// recordedFor is the recorded run that stands for a real one which failed because
// this host cannot run it.
func recordedFor(err error, s lab.Scenario) (lab.Scenario, bool) {
	if not := (*lab.UnavailableError)(nil); !errors.As(err, &not) {
		return s, false
	}
	return lab.RecordedInstead(s)
}
