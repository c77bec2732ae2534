package authored

import "copyscope/internal/trace"

// Event says which event of a run is meant: all fields that are given must match.
type Event struct {
	Kind     string `yaml:"kind"`
	Actor    string `yaml:"actor"`
	From     string `yaml:"from"`
	To       string `yaml:"to"`
	Syscall  string `yaml:"syscall"`
	Endpoint string `yaml:"endpoint"`
	Detail   string `yaml:"detail"`
	// Nth is which of those that match, from 1; −1 is the last. 0, which stands for
	// none given, is the first.
	Nth int `yaml:"nth"`
}

// Is says whether an event is one of those that match.
func (e Event) Is(event trace.Event) bool {
	return given(e.Kind, event.Kind) && given(e.Actor, event.Actor) && given(e.From, event.From) && given(e.To, event.To) &&
		given(e.Syscall, event.Syscall) && given(e.Endpoint, event.Endpoint) && given(e.Detail, event.Detail)
}

func given[T ~string](want string, is T) bool { return want == "" || want == string(is) }

// Step is the step after the Nth of a run's n events for which matches is true, 0
// if fewer match; matching is how many were seen that do.
func (e Event) Step(n int, matches func(i int) bool) (step, matching int) {
	nth := e.Nth
	if nth == 0 {
		nth = 1
	}
	var found []int
	for i := range n {
		if matches(i) {
			found = append(found, i+1)
			if nth == len(found) {
				return i + 1, len(found)
			}
		}
	}
	if nth < 0 && -nth <= len(found) {
		return found[len(found)+nth], len(found)
	}
	return 0, len(found)
}
