package quota

import (
	"errors"
	"fmt"
	"maps"
)

// Filter says which entities are meant: those that have each of its parts, and,
// if it is strict, no other.
type Filter struct {
	Match  []Match
	Strict bool
}

// Match is a part of a filter.
type Match struct {
	Type string
	How  How
	Name *string // for Exact
}

// How is how a part's name is compared (DescribeClientQuotasRequest.java).
type How int8

const (
	Exact     How = 0
	ByDefault How = 1 // the default of the type
	Any       How = 2 // the default or any name
)

// ErrType: there is no such type of entities, though a later Kafka may have it.
var ErrType = errors.New("unsupported entity type")

// check finds what is wrong with the filter (ClientQuotasImage.describe).
func (f Filter) check() error {
	seen := map[string]bool{}
	for _, m := range f.Match {
		switch {
		case m.Type == "":
			return fmt.Errorf("%w: empty entity type", ErrInvalid)
		case seen[m.Type]:
			return fmt.Errorf("%w: entity type %.100q cannot appear more than once in the filter", ErrInvalid, m.Type)
		case new(Entity).part(m.Type) == nil:
			return fmt.Errorf("%w: %.100q", ErrType, m.Type)
		case m.How < Exact || m.How > Any:
			return fmt.Errorf("%w: unknown match type %d", ErrInvalid, m.How)
		case (m.How == Exact) != (m.Name != nil):
			return fmt.Errorf("%w: a name is needed to match exactly, and for nothing else", ErrInvalid)
		}
		seen[m.Type] = true
	}
	if seen[TypeIP] && len(seen) > 1 {
		return fmt.Errorf("%w: an ip goes with neither user nor client-id in a filter", ErrInvalid)
	}
	return nil
}

func (f Filter) matches(e Entity) bool {
	// A strict filter of nothing asks for nothing.
	if f.Strict && (len(f.Match) == 0 || len(e.Parts()) != len(f.Match)) {
		return false
	}
	for _, m := range f.Match {
		switch have := *e.part(m.Type); {
		case !have.present,
			m.How == ByDefault && have.named,
			m.How == Exact && have != m.named():
			return false
		}
	}
	return true
}

// named is the name, that of an address in the form in which entities have it.
func (m Match) named() Name {
	if ip, ok := address(*m.Name); ok && m.Type == TypeIP {
		return Named(ip)
	}
	return Named(*m.Name)
}

// Described is an entity with its quotas.
type Described struct {
	Entity Entity
	Values map[string]float64
}

// Describe tells the quotas of the entities that are meant, in an order that stays.
func (s *Store) Describe(f Filter) ([]Described, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	all := s.now.Load().quotas
	out := []Described{}
	for _, e := range all.entities() {
		if f.matches(e) {
			out = append(out, Described{e, maps.Clone(all[e])})
		}
	}
	return out, nil
}
