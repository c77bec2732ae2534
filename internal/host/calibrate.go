package host

import "copyscope/internal/spread"

// Cost is what one thing takes on this host, measured by itself in rounds.
type Cost struct {
	// Name ends in its unit: _ns or _bytes_per_second. Where the simulator's
	// profiles have such a cost, it is theirs.
	Name string
	// How says in words how a round was measured.
	How string
	// Samples has the rounds, in the unit of the name; without any, Why says why
	// this host has no such figure.
	Samples []float64
	Why     string
	// Limit is how far apart they may lie.
	Limit spread.Limit
}

// costRounds is how often each cost is measured, the rounds of all costs taking
// turns: what comes and goes on a machine meets all of them alike.
const costRounds = 9

// How far rounds may lie apart to be believed. Processor time is the sender's
// alone, so that others on the machine hardly change it; a disk answers now
// sooner, now later.
var (
	steady = spread.Limit{Relative: 0.30, Rounds: 5}
	varied = spread.Limit{Relative: 0.60, Rounds: 5}
)
