package trace

import "fmt"

// Provenance says how a number came to be known.
type Provenance string

const (
	// Measured: the kernel reported it, or an experiment on it showed it.
	Measured Provenance = "measured"
	// Recorded: measured on another, named machine and shipped with us.
	Recorded Provenance = "recorded"
	// Derived: follows from measured facts by a stated rule, for example "a
	// read(2) that returned n bytes copied n bytes".
	Derived Provenance = "derived"
	// Modelled: the simulator says so.
	Modelled Provenance = "modelled"
	// Unavailable: not known here. Always comes with a reason.
	Unavailable Provenance = "unavailable"
)

// strength orders provenances from the strongest to the weakest.
var strength = map[Provenance]int{Measured: 0, Recorded: 1, Derived: 2, Modelled: 3, Unavailable: 4}

// Weakest is the weaker of two provenances; the empty one is stronger than all.
func Weakest(a, b Provenance) Provenance {
	if a == "" {
		return b
	}
	if b == "" || strength[a] >= strength[b] {
		return a
	}
	return b
}

// UnmarshalText rejects what is no provenance, so that a damaged trace file is
// noticed where it is read.
func (p *Provenance) UnmarshalText(text []byte) error {
	if _, ok := strength[Provenance(text)]; !ok {
		return fmt.Errorf("provenance %q: want measured, recorded, derived, modelled or unavailable", text)
	}
	*p = Provenance(text)
	return nil
}
