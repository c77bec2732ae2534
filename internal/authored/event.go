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

// Word is a field of an event that has one of a few words.
type Word struct {
	Field, Word string
	May         []string
}

// Words are the fields of an event that have one of a few words, those that are left
// out too.
func (e Event) Words() []Word {
	return []Word{
		{"kind", e.Kind, texts(trace.Kinds())}, {"actor", e.Actor, texts(trace.Actors())},
		{"from", e.From, texts(trace.Places())}, {"to", e.To, texts(trace.Places())},
		{"endpoint", e.Endpoint, texts([]trace.Endpoint{trace.Sender, trace.Receiver, trace.Relay})},
	}
}

func texts[T ~string](all []T) (out []string) {
	for _, v := range all {
		out = append(out, string(v))
	}
	return out
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
