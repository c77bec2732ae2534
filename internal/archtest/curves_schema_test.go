package archtest

import (
	"slices"
	"testing"

	"copyscope/internal/claim"
	"copyscope/internal/lab"
	"copyscope/internal/spread"
	"copyscope/internal/sweep"
	"copyscope/sim"
)

// TestSweepSchema: docs/schema/sweep-report.schema.json tells what `copyscope
// sweep --json` prints.
func TestSweepSchema(t *testing.T) {
	s := readSchema(t, "sweep-report.schema.json")
	s.holds(t, "report", sweep.Report{})
	s.at(t, "properties", "parameter").lists(t, "parameters", sweep.Parameters())
	s.at(t, "$defs", "series").holds(t, "series", sweep.Series{})
	point := s.at(t, "$defs", "point")
	point.holds(t, "point", sweep.Point{})
	figures := point.at(t, "properties", "figures")
	same(t, "figures that every point has", texts(figures["required"]), texts(sweep.FigureNames()))
	figures.at(t, "propertyNames").lists(t, "figures", sweep.FigureNames())
	s.at(t, "$defs", "provenance").lists(t, "provenances", provenances)
}

// TestProfileSchema: docs/schema/profile.schema.json tells what `copyscope
// calibrate` writes.
func TestProfileSchema(t *testing.T) {
	s := readSchema(t, "profile.schema.json")
	s.holds(t, "profile", lab.ProfileFile{})
	s.at(t, "$defs", "machine").holds(t, "machine", lab.ProfileMachine{})
	s.at(t, "$defs", "cost").holds(t, "cost", lab.ProfileCost{})
	s.at(t, "$defs", "spread").holds(t, "spread", spread.Spread{})
	var names []string
	for _, c := range new(sim.Profile).Costs() {
		names = append(names, c.Name)
	}
	costs := s.at(t, "properties", "costs")
	required := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.Contains([]string{"veth_ns", "reader_bytes_per_second"}, name)
	}) // earlier documents have none
	whole := s.at(t, "$defs", "whole", "properties", "costs")
	same(t, "costs that every profile without a base has", texts(whole["required"]), required)
	s.at(t, "properties", "base").lists(t, "bases", sim.ProfileNames())
	costs.at(t, "propertyNames").lists(t, "costs", names)
}

// TestClaimSchema: docs/schema/claim-report.schema.json tells what `copyscope
// claims NAME --json` prints.
func TestClaimSchema(t *testing.T) {
	s := readSchema(t, "claim-report.schema.json")
	s.holds(t, "report", claim.Report{})
	s.at(t, "properties", "claim").lists(t, "claims", claim.Names())
	s.at(t, "$defs", "machine").holds(t, "machine", claim.Machine{})
	s.at(t, "$defs", "note").holds(t, "note", claim.Note{})
	s.at(t, "$defs", "table").holds(t, "table", claim.Table{})
	s.at(t, "$defs", "column").holds(t, "column", claim.Column{})
	s.at(t, "$defs", "row").holds(t, "row", claim.Row{})
	s.at(t, "$defs", "figure").holds(t, "figure", claim.Figure{})
	s.at(t, "$defs", "spread").holds(t, "spread", spread.Spread{})
	s.at(t, "$defs", "provenance").lists(t, "provenances", provenances)
}
