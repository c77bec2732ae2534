package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"copyscope/internal/host"
	"copyscope/internal/trace"
)

func doctorCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this host can and cannot witness, and what would enable the rest",
		Long: `Tries, one by one, what can witness the kernel on this host, and says for each
what it gives, whether it works for this user, what came of the attempt, and the
command that would enable it. Changes nothing.`,
		Example: "  copyscope doctor\n  copyscope doctor --json",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			report := host.Doctor(c.Context())
			if err := context.Cause(c.Context()); err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(c.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(struct {
					Schema int `json:"schema"`
					host.Report
				}{trace.Schema, report})
			}
			return printDoctor(c.OutOrStdout(), report)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, schema 1")
	return c
}

// statusMark is what stands before a check.
var statusMark = map[host.Status]string{host.Active: "✓", host.Missing: "✗", host.NotHere: "–"}

func printDoctor(w io.Writer, report host.Report) error {
	f := report.Facts
	out := &strings.Builder{}
	fmt.Fprintf(out, "Linux %s, %d CPUs, %s, as user %d\n", f.Kernel, f.CPUs, f.Filesystem, report.User)
	fmt.Fprintf(out, "readahead up to %d KiB, pipes up to %d KiB, congestion control %s\n", f.ReadaheadBytes>>10, f.PipeMaxBytes>>10, f.Congestion)
	active := 0
	for _, c := range report.Checks {
		fmt.Fprintf(out, "\n%s %s: %s\n    gives: %s\n    %s\n", statusMark[c.Status], c.ID, c.Status, c.Gives, c.Why)
		if c.Enable != "" {
			fmt.Fprintf(out, "    enable: %s\n", c.Enable)
		}
		if c.Status == host.Active {
			active++
		}
	}
	fmt.Fprintf(out, "\n%d of %d work here\n", active, len(report.Checks))
	_, err := io.WriteString(w, out.String())
	return err
}
