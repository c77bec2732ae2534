//go:build linux

package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"copyscope/docs/bench/peers/contender"
	"copyscope/docs/bench/peers/workload"
)

// list prints what -only and -workloads take.
func list(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "servers:")
	for _, c := range contender.All() {
		says := c.Settings
		if why := c.Lacks(); why != "" {
			says += " (not to be had: " + why + ")"
		}
		fmt.Fprintf(t, "  %s\t%s\n", c.Name, says)
	}
	fmt.Fprintln(t, "workloads:")
	for _, l := range workload.All() {
		fmt.Fprintf(t, "  %s\t%s\n", l.Name, l.Title)
	}
	return t.Flush()
}
