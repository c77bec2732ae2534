package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"copyscope/internal/lab"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
)

func calibrateCommand() *cobra.Command {
	var out, dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "calibrate",
		Short: "Measure what mode switches, copies, faults, calls and the disk cost on this host, as a profile",
		Long: `Measures this host's costs and, with -o, writes them as a profile, JSON of schema
1, which run and sweep take with --profile. Each cost says how it was measured and
how far its rounds lay apart.

Mode switches, context switches, page faults and the disk are measured by
themselves. The other costs are found from the processor time of real runs of
every path that this host has. It takes less than a minute.

A figure whose rounds differ too much is not stored: the profile keeps the shipped
value for it and says so. If that are many, the machine is too busy and nothing is
stored. The file is there whole or not at all, whatever ends the command.`,
		Example: `  copyscope calibrate -o here.json
  copyscope run --all --profile here.json
  copyscope calibrate --json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := refuseEmpty(c.Flags()); err != nil {
				return &usageError{err}
			}
			if err := checkOutput("-o", out); err != nil {
				return &usageError{err}
			}
			if asJSON && out == "-" {
				return &usageError{errors.New("--json and -o - both write to the standard output; leave one out")}
			}
			shown := newProgress(c.ErrOrStderr(), "calibrate")
			profile, err := lab.New(dir).Calibrate(c.Context(), lab.CalibrateOptions{Progress: shown.show})
			shown.clear()
			if err != nil {
				return err
			}
			if out == "-" {
				return profile.Write(c.OutOrStdout())
			}
			if out != "" {
				if err := replaceFile("-o", out, profile.Write); err != nil {
					return err
				}
			}
			if asJSON {
				return profile.Write(c.OutOrStdout())
			}
			return printCalibration(c.OutOrStdout(), profile, out)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "write the profile to a file, or to - for the standard output instead of the table")
	c.Flags().StringVar(&dir, "dir", "", "where the file to read is made; its disk is the one that is measured (default: the temporary directory)")
	c.Flags().BoolVar(&asJSON, "json", false, "print the profile instead of the table")
	return c
}

// printCalibration prints what was measured, then what was not and why. What a
// profile has of the shipped one without anybody having measured it is left out.
func printCalibration(w io.Writer, p *lab.ProfileFile, file string) error {
	rows := [][]string{{"figure", "value", "half of the rounds within", "rounds"}}
	var refused []string
	marks := map[trace.Provenance]bool{}
	for _, all := range []map[string]lab.ProfileCost{p.Costs, p.Figures} {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			c := all[name]
			switch {
			case c.Refused != "" && c.Provenance == trace.Modelled:
				refused = append(refused, fmt.Sprintf("%s: not stored, %s; the profile keeps the shipped value, %s", name, c.Refused, humanize.Comma(c.Value)))
			case c.Refused != "":
				refused = append(refused, fmt.Sprintf("%s: not stored, %s", name, c.Refused))
			case c.Spread != nil:
				marks[c.Provenance] = true
				rows = append(rows, []string{name, humanize.Comma(c.Value) + " " + provenanceMark[c.Provenance], withinWords(*c.Spread), fmt.Sprint(c.Spread.N)})
			}
		}
	}
	out := &strings.Builder{}
	fmt.Fprintln(out, render(w, rows))
	fmt.Fprintln(out, marksUsed(marks)+"; derived: from the processor time of runs, see copyscope calibrate --help")
	for _, line := range refused {
		fmt.Fprintln(out, line)
	}
	if file == "" {
		fmt.Fprintln(out, "Nothing was stored; -o FILE writes the profile.")
	} else {
		fmt.Fprintf(out, "%s has the profile: copyscope run --all --profile %s\n", file, file)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// withinWords are the quartiles of a measurement.
func withinWords(s spread.Spread) string {
	return humanize.Comma(int64(s.Q1)) + " – " + humanize.Comma(int64(s.Q3))
}
