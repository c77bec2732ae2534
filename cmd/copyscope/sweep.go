package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"copyscope/internal/lab"
	"copyscope/internal/sweep"
)

// sweepFlags are the flags of `copyscope sweep`, as they were typed.
type sweepFlags struct {
	variants
	all, json                bool
	chunk, size, connections string
	profile, dir, csv, svg   string
	rounds                   int
}

func sweepCommand() *cobra.Command {
	var f sweepFlags
	c := &cobra.Command{
		Use:   "sweep PATH…",
		Short: "Run transfer paths over a range of chunk sizes, file sizes or connections, and draw the curves",
		Long: `Runs each path once for every value of a range and prints CPU time per gigabyte,
throughput, syscalls, mode switches, context switches, copies per byte and
packets, each with how it is known.

Exactly one of --chunk, --size and --connections is a range A..B: from A on, each
value is twice the one before, up to B. Without any, --chunk is 4KiB..1MiB.
Options that take a list (--cache warm,cold) multiply: each combination is a
series of its own.

With --connections N the simulator runs N threads, each with a socket, that
share the file out between them.`,
		Example: `  copyscope sweep read-write sendfile --svg curves.svg
  copyscope sweep sendfile --chunk 4KiB..1MiB --cache warm,cold --side sim,real --csv -
  copyscope sweep read-write sendfile --connections 1..10000 --size 256MiB --net nic --json`,
		ValidArgsFunction: pathsToAdd,
		RunE: func(c *cobra.Command, args []string) error {
			if err := refuseEmpty(c.Flags()); err != nil {
				return &usageError{err}
			}
			if err := f.check(c.Flags()); err != nil {
				return &usageError{err}
			}
			l := lab.New(f.dir)
			var err error
			if f.profile, l.Profile, err = readProfile(f.profile); err != nil {
				return &usageError{err}
			}
			plan, err := f.plan(args)
			if err != nil {
				return &usageError{err}
			}
			tell(c.ErrOrStderr(), f.notes)
			return runSweep(c.Context(), l, c.OutOrStdout(), c.ErrOrStderr(), plan, f)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.all, "all", false, "sweep every path")
	flags.StringVar(&f.chunk, "chunk", "", "bytes that a call is asked for, or a range (default 4KiB..1MiB, or 64KiB if another is a range)")
	flags.StringVar(&f.size, "size", "64MiB", "bytes to transfer, or a range such as 1MiB..1GiB")
	flags.StringVar(&f.connections, "connections", "1", "sockets to share the bytes out to, or a range such as 1..10000 (simulated)")
	f.addTo(flags, "sim")
	flags.StringVar(&f.profile, "profile", "", "modelled hardware: "+profileUsage())
	flags.IntVar(&f.rounds, "rounds", 1, "how often a real point is measured; the medians count")
	flags.StringVar(&f.dir, "dir", "", "where real runs put their source file (default: the temporary directory)")
	flags.StringVar(&f.csv, "csv", "", "write CSV to a file, or to - for the standard output instead of the table")
	flags.StringVar(&f.svg, "svg", "", "draw the curves into a file, or to - for the standard output instead of the table")
	flags.BoolVar(&f.json, "json", false, "print JSON, schema 1, instead of the table")
	return c
}

// plan multiplies the flags' lists.
func (f sweepFlags) plan(paths []string) (p sweep.Plan, err error) {
	if err := f.checkOutputs(); err != nil {
		return p, err
	}
	if p.Size, err = sweep.ParseSpan(sweep.Size, f.size); err != nil {
		return p, err
	}
	if p.Connections, err = sweep.ParseSpan(sweep.Connections, f.connections); err != nil {
		return p, err
	}
	chunk := f.chunk
	if chunk == "" {
		chunk = "4KiB..1MiB"
		if len(p.Size) > 1 || len(p.Connections) > 1 {
			chunk = "64KiB"
		}
	}
	if p.Chunk, err = sweep.ParseSpan(sweep.Chunk, chunk); err != nil {
		return p, err
	}
	if p.Series, err = f.series(paths); err != nil {
		return p, err
	}
	p.Rounds = f.rounds
	if err := checkMostConnections(p); err != nil {
		return p, err
	}
	return p, p.Check()
}

// checkMostConnections asks first about what needs the largest file, so that
// whoever follows the advice is not given it again.
func checkMostConnections(p sweep.Plan) error {
	if len(p.Size) > 1 || len(p.Chunk) > 1 {
		return nil // the plan has an error of its own, or one number of connections
	}
	for _, s := range p.Series {
		s.Size, s.Chunk = p.Size[0], p.Chunk[0]
		if err := lab.Check(s.Normal(), lab.Options{Connections: int(p.Connections[len(p.Connections)-1])}); err != nil {
			return err
		}
	}
	return nil
}

// checkOutputs: the standard output holds one thing.
func (f sweepFlags) checkOutputs() error {
	var there []string
	for flag, used := range map[string]bool{"--csv -": f.csv == "-", "--svg -": f.svg == "-", "--json": f.json} {
		if used {
			there = append(there, flag)
		}
	}
	if slices.Sort(there); len(there) > 1 {
		return fmt.Errorf("%s both write to the standard output; give one of them a file", strings.Join(there, " and "))
	}
	// A sweep may take a while: what it could not write is told before.
	for flag, name := range map[string]string{"--csv": f.csv, "--svg": f.svg} {
		if err := checkOutput(flag, name); err != nil {
			return err
		}
	}
	return nil
}

// series are the scenarios of every combination, each once.
func (f sweepFlags) series(paths []string) ([]lab.Scenario, error) {
	paths, err := checkPaths(paths, f.all)
	if err != nil {
		return nil, err
	}
	var out []lab.Scenario
	for _, path := range paths {
		base := path
		if f.profile != "" {
			base += ",profile=" + f.profile
		}
		scenarios, err := f.scenarios(base)
		if err != nil {
			return nil, err
		}
		out = append(out, scenarios...)
	}
	return out, nil
}

func runSweep(ctx context.Context, l *lab.Lab, stdout, stderr io.Writer, plan sweep.Plan, f sweepFlags) error {
	warnOfRows(stderr, f.svg, len(plan.Series))
	shown := newProgress(stderr, "")
	report, err := sweep.Run(ctx, l, plan, func(point, points int, what string, done, total int64) {
		shown.retitle(fmt.Sprintf("%d/%d %s", point, points, what))
		shown.show(done, total)
	})
	shown.clear()
	if err != nil {
		return err
	}
	for _, out := range []struct {
		flag, name string
		write      func(io.Writer) error
	}{{"--csv", f.csv, report.WriteCSV}, {"--svg", f.svg, report.WriteSVG}} {
		if err := writeTo(stdout, out.flag, out.name, out.write); err != nil {
			return err
		}
	}
	switch {
	case f.json:
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		return e.Encode(report)
	case f.csv == "-" || f.svg == "-":
		return nil
	}
	return printSweep(stdout, report, plan.Rounds)
}
