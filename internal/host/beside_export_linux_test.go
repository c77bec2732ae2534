package host

import (
	"errors"

	"copyscope/internal/tracepoint"
)

// BesideNames are the tracepoints that fill a run's timeline in.
func BesideNames() (names []string) {
	for _, group := range besideOf {
		for _, p := range group {
			names = append(names, p.name)
		}
	}
	return names
}

// LackingBeside says which of them this kernel lacks.
func LackingBeside() []string { return findBeside().lacks }

// LookBeside finds them by load.
func LookBeside(load func(names ...string) (map[string]*tracepoint.Event, error)) (has map[string]bool, lacks []string) {
	b := lookBeside(load)
	has = map[string]bool{}
	for _, name := range BesideNames() {
		has[name] = b.has(name)
	}
	return has, b.lacks
}

// WithoutBeside lets this process find none of them until the returned function is
// called.
func WithoutBeside() (giveBack func()) {
	before := findBeside
	findBeside = func() *beside {
		return lookBeside(func(...string) (map[string]*tracepoint.Event, error) { return nil, errors.New("none here") })
	}
	return func() { findBeside = before }
}

// SwitchedBy is what a thread's state says of its switch.
func SwitchedBy(state int64) (detail string, disk bool) { return switchedBy(state) }
