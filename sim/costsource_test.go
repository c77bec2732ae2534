package sim_test

import (
	"strings"
	"testing"

	"copyscope/sim"
)

// Every figure of every shipped profile is in the list with where it is from.
func TestEveryShippedCostHasItsSource(t *testing.T) {
	type key struct{ name, of string }
	listed := map[key]sim.ShippedCost{}
	for _, c := range sim.ShippedCosts() {
		listed[key{c.Name, c.Of}] = c
	}
	for _, name := range sim.ProfileNames() {
		p, err := sim.LookupProfile(name)
		if err != nil {
			t.Fatal(err)
		}
		kind, card, _ := strings.Cut(name, "-")
		for _, cost := range p.Costs() {
			var found *sim.ShippedCost
			for _, of := range []string{"", kind, card} {
				if c, ok := listed[key{cost.Name, of}]; ok {
					found = &c
				}
			}
			switch {
			case found == nil:
				t.Errorf("%s: %s is not listed", name, cost.Name)
			case found.Value != cost.Get():
				t.Errorf("%s: %s is %d, listed as %d", name, cost.Name, cost.Get(), found.Value)
			case found.Basis == sim.LeftOut:
				if cost.Get() != 0 {
					t.Errorf("%s: %s is left out, and is %d", name, cost.Name, cost.Get())
				}
			case found.Basis == "", found.Source == "":
				t.Errorf("%s: %s has no source", name, cost.Name)
			case cost.Get() == 0:
				t.Errorf("%s: %s is 0, and not said to be left out", name, cost.Name)
			}
		}
	}
}
