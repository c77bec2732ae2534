package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// listedCost is one figure of the shipped profiles, as `copyscope run --profile
// list --json` prints it.
type listedCost struct {
	Name string `json:"name"`
	// Of is the disk or the card whose figure it is.
	Of    string    `json:"of,omitempty"`
	Value int64     `json:"value"`
	Basis sim.Basis `json:"basis"`
	// Source is left out where there is none.
	Source string `json:"source,omitempty"`
}

// listProfiles prints the names of the shipped profiles, and each of their costs
// with where it is from.
func listProfiles(w io.Writer, asJSON bool) error {
	costs := sim.ShippedCosts()
	if asJSON {
		all := make([]listedCost, len(costs))
		for i, c := range costs {
			all[i] = listedCost{Name: c.Name, Of: c.Of, Value: c.Value, Basis: c.Basis, Source: c.Source}
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"schema": trace.Schema, "profiles": sim.ProfileNames(), "costs": all})
	}
	fmt.Fprintf(w, "%s (default %s)\n\n", strings.Join(sim.ProfileNames(), ", "), sim.DefaultProfile)
	rows := [][]string{{"cost", "value", "basis", "source"}}
	for _, c := range costs {
		name := c.Name
		if c.Of != "" {
			name += " of " + c.Of
		}
		rows = append(rows, []string{name, humanize.Comma(c.Value), string(c.Basis), c.Source})
	}
	_, err := fmt.Fprintln(w, render(w, rows))
	return err
}
