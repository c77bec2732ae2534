package scenario

import (
	"fmt"
	"path"
	"strings"

	"copyscope/sim/scenarios"
)

// Shipped lists the names of the scenarios that are shipped.
func Shipped() []string {
	entries, err := scenarios.Files.ReadDir(".")
	if err != nil {
		panic(err) // they are compiled in
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
	}
	return names
}

// Load reads one of the scenarios that are shipped.
func Load(name string) (*Scenario, error) {
	text, err := scenarios.Files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("scenario %q is none of those shipped: %s", name, strings.Join(Shipped(), ", "))
	}
	return Parse(name+".yaml", text)
}
