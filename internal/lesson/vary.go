package lesson

import (
	"maps"
	"slices"
	"strings"
)

// Values are the values that a seed picks, by name.
type Values map[string]string

// Combinations is how many there are of the varied values; each seed below it
// gives another one.
func (l *Lesson) Combinations() uint64 {
	n := uint64(1)
	for _, values := range l.Vary {
		n *= uint64(max(len(values), 1))
	}
	return n
}

// Pick is the combination of a seed: the same seed gives the same values.
func (l *Lesson) Pick(seed uint64) Values {
	v := Values{}
	for _, name := range slices.Sorted(maps.Keys(l.Vary)) {
		values := l.Vary[name]
		if len(values) == 0 {
			continue
		}
		v[name] = values[seed%uint64(len(values))]
		seed /= uint64(len(values))
	}
	return v
}

// Fill puts the values into a scenario.
func (v Values) Fill(text string) string {
	for name, value := range v {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}
