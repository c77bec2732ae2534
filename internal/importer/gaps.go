package importer

import (
	"fmt"

	"copyscope/internal/trace"
)

// Gaps are the lines of a trace that were not understood.
type Gaps struct {
	Lines int64
	// First is the number of the first one, from 1, Text its beginning.
	First int64
	Text  string
	// Cut: the last line ends in its middle, as of a trace that was cut off.
	Cut bool
}

// maxGapText bounds, in bytes, how much of a line is repeated.
const maxGapText = 80

// Gap tells a line that was not understood; at is where on the timeline it stands.
func (t *Timeline) Gap(number int64, line []byte, at trace.Ns) {
	if t.gaps.Lines == 0 {
		t.gaps.First = number
		t.gaps.Text = fmt.Sprintf("%q", line[:min(len(line), maxGapText)])
	}
	t.gaps.Lines++
	// A gap's shape is one for all, so it is always within bounds.
	_ = t.Add(trace.Event{At: at, Kind: trace.Wait, Actor: trace.UserCode, Detail: "gap", Provenance: trace.Unavailable})
}

// Cut tells that the last line, which was not understood, has no end.
func (t *Timeline) Cut() { t.gaps.Cut = true }

// String is a sentence, or "" if every line was understood.
func (g Gaps) String() string {
	switch {
	case g.Lines == 0:
		return ""
	case g.Cut && g.Lines == 1:
		return fmt.Sprintf("line %d, the last one, is cut off and left out: %s", g.First, g.Text)
	case g.Lines == 1:
		return fmt.Sprintf("1 line was not understood, line %d: %s", g.First, g.Text)
	}
	text := fmt.Sprintf("%d lines were not understood, the first is line %d: %s", g.Lines, g.First, g.Text)
	if g.Cut {
		text += "; the last line is cut off"
	}
	return text
}
