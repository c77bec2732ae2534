package archtest

import (
	"testing"

	"copyscope/internal/sweep"
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
