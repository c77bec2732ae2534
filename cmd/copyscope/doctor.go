package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
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
		Long: `Says of each layer of the witness whether it is active, which counts it gives and
what would enable it; of each network device whether it gathers by itself; and
whether this is a container. For that it tries, one by one, what can witness the
kernel on this host, and says what came of each attempt. Changes nothing, but that
tracing instances which killed runs left are removed, as by every command that
reads tracepoints.`,
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

// statusMark is what stands before a check or a layer.
var statusMark = map[host.Status]string{host.Active: "✓", host.Partly: "◐", host.Missing: "✗", host.NotHere: "–"}

func printDoctor(w io.Writer, report host.Report) error {
	out := &strings.Builder{}
	printFacts(out, report)
	printLayers(out, report.Layers)
	active := 0
	fmt.Fprint(out, "\nCheck by check\n")
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

func printFacts(out io.Writer, report host.Report) {
	f := report.Facts
	if f.Kernel == "" {
		fmt.Fprintf(out, "%s: transfers are simulated and recorded ones are shown here; to witness one needs Linux\n", runtime.GOOS)
		return
	}
	fmt.Fprintf(out, "Linux %s, %d CPUs, %s, as user %d\n", f.Kernel, f.CPUs, f.Filesystem, report.User)
	fmt.Fprintf(out, "readahead up to %d KiB, pipes up to %d KiB, congestion control %s\n", f.ReadaheadBytes>>10, f.PipeMaxBytes>>10, f.Congestion)
	around := report.Surroundings
	if around.Container != "" {
		fmt.Fprintf(out, "in a container (%s): %s\n", around.Container, strings.Join(around.Signs, "; "))
	}
	for _, limit := range []struct {
		is   bool
		says string
	}{
		{around.UserNamespace, "in a user namespace: root here is not the machine's"},
		{around.NoNewPrivileges, "no_new_privs is set: neither sudo nor setcap gives this process a right"},
		{around.Seccomp, "seccomp filters system calls"},
	} {
		if limit.is {
			fmt.Fprintln(out, limit.says)
		}
	}
	for _, d := range report.Devices {
		fmt.Fprintf(out, "%s: scatter-gather %s, TSO %s, GSO %s\n", d.Name, onOff(d.SG), onOff(d.TSO), onOff(d.GSO))
	}
}

func onOff(on *bool) string {
	switch {
	case on == nil:
		return "not told"
	case *on:
		return "on"
	}
	return "off"
}

// printLayers says what each way of witnessing gives here, and what would
// enable those that are not active.
func printLayers(out io.Writer, layers []host.Layer) {
	fmt.Fprint(out, "\nThe witness, layer by layer\n")
	for _, l := range layers {
		fmt.Fprintf(out, "\n%s %s %s: %s\n    gives: %s\n", statusMark[l.Status], l.Number, l.ID, l.Status, l.Gives)
		if len(l.Counts) > 0 {
			names := make([]string, len(l.Counts))
			for i, c := range l.Counts {
				names[i] = string(c)
			}
			fmt.Fprintf(out, "    counts: %s\n", strings.Join(names, ", "))
		}
		if len(l.Lacks) > 0 {
			fmt.Fprintf(out, "    lacks: %s: %s\n", strings.Join(l.Lacks, ", "), l.Why)
		}
		for _, command := range l.Enable {
			fmt.Fprintf(out, "    enable: %s\n", command)
		}
	}
}
