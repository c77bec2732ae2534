package main

import (
	"encoding/json"
	"fmt"
	"io"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// pathList is what `copyscope run --list --json` prints.
type pathList struct {
	Schema int         `json:"schema"`
	Paths  []pathEntry `json:"paths"`
}

// pathEntry is one path, and whether this host runs it for real.
type pathEntry struct {
	Path    string          `json:"path"`
	Listing []transfer.Line `json:"listing"`
	Real    bool            `json:"real"`
	// Reason is why not, and what would help.
	Reason string `json:"reason,omitempty"`
	// Broker says that copyscope.fetch.path takes it.
	Broker bool `json:"broker"`
}

func newPathList() pathList {
	list := pathList{Schema: trace.Schema}
	for _, p := range transfer.Programs() {
		e := pathEntry{Path: p.Path, Listing: p.Listing, Broker: p.Serves}
		e.Real, e.Reason = host.Available(p.Path)
		list.Paths = append(list.Paths, e)
	}
	return list
}

// listPaths tries what this host can run for real, and prints every path.
func listPaths(w io.Writer, asJSON bool) error {
	list := newPathList()
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	runs := 0
	for _, p := range list.Paths {
		real := "simulated and real"
		if p.Real {
			runs++
		} else {
			real = "simulated only: " + p.Reason
		}
		fmt.Fprintf(w, "%-13s %s\n", p.Path, real)
		for _, line := range p.Listing {
			fmt.Fprintf(w, "    %s\n", line.Text)
		}
	}
	_, err := fmt.Fprintf(w, "\nthis host runs %d of %d paths for real\n", runs, len(list.Paths))
	return err
}
