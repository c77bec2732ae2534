package scenario

import (
	"copyscope/internal/yamlfile"
	"copyscope/sim/scenarios"
)

var shipped = yamlfile.Shipped{Files: scenarios.Files, Dir: ".", What: "scenario"}

// Shipped lists the names of the scenarios that are shipped.
func Shipped() []string { return shipped.Names() }

// Load reads one of the scenarios that are shipped.
func Load(name string) (*Scenario, error) {
	file, text, err := shipped.Text(name)
	if err != nil {
		return nil, err
	}
	return Parse(file, text)
}
