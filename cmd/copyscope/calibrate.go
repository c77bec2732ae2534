package main

import (
	"github.com/spf13/cobra"

	"copyscope/internal/lab"
)

func calibrateCommand() *cobra.Command {
	var out, dir string
	c := &cobra.Command{
		Use:   "calibrate",
		Short: "Measure what mode switches, copies, faults, calls and the disk cost on this host, as a profile",
		Long: `Measures this host's costs and writes them as a profile, JSON of schema 1, which
run and sweep take with --profile. Each cost says how it was measured.

Mode switches, context switches, page faults and the disk are measured by
themselves. The other costs are found from the processor time of real runs of
every path that this host has. It takes one to two minutes; a busy machine
spoils it.`,
		Example: `  copyscope calibrate -o here.json
  copyscope run --all --profile here.json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := refuseEmpty(c.Flags()); err != nil {
				return &usageError{err}
			}
			if err := checkOutput("-o", out); err != nil {
				return &usageError{err}
			}
			shown := newProgress(c.ErrOrStderr(), "calibrate")
			profile, err := lab.New(dir).Calibrate(c.Context(), shown.show)
			shown.clear()
			if err != nil {
				return err
			}
			return writeTo(c.OutOrStdout(), "-o", out, profile.Write)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "-", "write the profile to a file, or to - for the standard output")
	c.Flags().StringVar(&dir, "dir", "", "where the file to read is made; its disk is the one that is measured (default: the temporary directory)")
	return c
}
