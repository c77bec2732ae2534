package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// errPredictionFailed: the runs are done, a measurement differs from its
// prediction.
var errPredictionFailed = errors.New("a prediction did not hold")

// runFlags are the flags of `copyscope run`, as they were typed.
type runFlags struct {
	variants
	all, list, json, touch bool
	watch                  bool
	lang                   string
	zeroCopy, untraced     bool
	samples                bool
	cpus                   int
	llc                    string
	scenario               string
	whatIf                 []string
	size, chunk, profile   string
	steps                  int
	events                 string // FROM..TO
	dir                    string
	traceOut               string
}

func runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run PATH…",
		Short: "Run transfer paths, modelled and real, and compare prediction with measurement",
		Long: `Runs each path on the modelled kernel and on this host's real one and prints,
for every count, what was predicted, what was measured and the verdict.

The exit code is 0 if every prediction held, 1 if one did not or a run failed,
2 for a mistake in the call. Options that take a list (--side sim,real) multiply.
--dma and --sg are switches of the modelled machine. A real run uses loopback, or
with --net veth, as root, a lab network of two namespaces joined by virtual devices,
whose scatter-gather --sg switches; it is gone when the run is.

--watch steps through one to four runs in the terminal, with the keys of the scope
page (? lists them), instead of printing the table.`,
		Example: `  copyscope run read-write mmap-write sendfile splice
  copyscope run --all --side sim --model textbook --size 64MiB --chunk 64MiB --cache cold
  copyscope run sendfile --side sim --net nic --sg on,off --json
  sudo copyscope run read-write sendfile --net veth --sg on,off
  copyscope run sendfile --side sim --net nic --events 901..1000
  copyscope run sendfile --side sim --net nic --whatif 1000/sg=off
  copyscope run --scenario kafka-flow
  copyscope run --watch read-write sendfile --side sim --size 256KiB`,
		ValidArgsFunction: pathsToAdd,
		RunE: func(c *cobra.Command, args []string) error {
			if err := refuseEmpty(c.Flags()); err != nil {
				return &usageError{err}
			}
			screen, err := f.screen(c.Flags(), c.InOrStdin(), c.OutOrStdout())
			if err != nil {
				return &usageError{err}
			}
			if f.scenario != "" {
				if err := checkScenarioAlone(c.Flags(), args); err != nil {
					return &usageError{err}
				}
				if f.watch {
					return watchScenarioFile(c.Context(), c.ErrOrStderr(), f.scenario, screen)
				}
				return runScenarioFile(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), f.scenario, f.json)
			}
			if f.list {
				return listPaths(c.OutOrStdout(), f.json)
			}
			if f.profile == "list" {
				if len(args) > 0 || f.all {
					return &usageError{errors.New("--profile list: it lists the profiles and runs nothing; leave the paths out")}
				}
				return listProfiles(c.OutOrStdout(), f.json)
			}
			if err := f.check(c.Flags()); err != nil {
				return &usageError{err}
			}
			l := lab.New(f.dir)
			if f.profile, l.Profile, err = readProfile(f.profile); err != nil {
				return &usageError{err}
			}
			args, events, err := f.takeEvents(args)
			if err != nil {
				return &usageError{err}
			}
			f.sizeOfRecordings(c.Flags())
			scenarios, err := f.scenarios(args)
			if err != nil {
				return &usageError{err}
			}
			if err := traceOut(f.traceOut).check(scenarios); err != nil {
				return &usageError{err}
			}
			tell(c.ErrOrStderr(), append(f.notes, manyPieces(scenarios)...))
			if f.watch {
				return watchScenarios(c.Context(), l, c.ErrOrStderr(), scenarios, f.untraced, screen)
			}
			return runScenarios(c.Context(), l, c.OutOrStdout(), c.ErrOrStderr(), scenarios, events, f)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.all, "all", false, "run every path; for real, every one that this host can run")
	flags.BoolVar(&f.list, "list", false, "list the paths with their programs, and whether this host runs them for real")
	flags.StringVar(&f.scenario, "scenario", "", "run a scenario on the modelled machine: a file, a shipped one by its name, or list")
	flags.StringVar(&f.size, "size", "64MiB", "bytes to transfer")
	flags.StringVar(&f.chunk, "chunk", "64KiB", "bytes that a call is asked for; may be more than the size")
	f.addTo(flags, "sim", "real")
	flags.StringVar(&f.profile, "profile", "", "modelled hardware: "+profileUsage()+"; list prints every shipped cost and its source")
	flags.BoolVar(&f.touch, "touch", false, "user code reads every byte before it is sent (read-write, mmap-write)")
	flags.BoolVar(&f.zeroCopy, "zerocopy", false, "the io-uring path sends by reference (IORING_OP_SEND_ZC)")
	flags.IntVar(&f.cpus, "cpus", 1, "processors of the modelled machine")
	flags.StringVar(&f.llc, "llc", "", "take a last-level cache of this size, and the memory bus, into the model: 32MiB")
	flags.StringArrayVar(&f.whatIf, "whatif", nil, "simulate once more with another machine from a step on: 120/sg=off ("+strings.Join(lab.WhatIfKeys(), ", ")+"); may be repeated")
	flags.IntVar(&f.steps, "steps", 0, "cut the counts after so many events (0: count all)")
	flags.StringVar(&f.events, "events", "", "list the simulated run's events FROM..TO, numbered as --steps and --whatif count them")
	flags.Lookup("events").NoOptDefVal = firstEvents
	flags.BoolVar(&f.untraced, "no-tracepoints", false, "real runs leave the kernel's tracepoints alone, to see what they cost")
	flags.BoolVar(&f.samples, "samples", false, "real runs: sample the sending thread's clock and tell which of its time goes into copy routines (takes root)")
	flags.StringVar(&f.dir, "dir", "", "where real runs put their source file (default: the temporary directory)")
	flags.StringVar(&f.traceOut, "trace-out", "", "write the events: to a file (.json, .json.gz) of one run, or to a folder, a file for each; see copyscope export")
	flags.BoolVar(&f.watch, "watch", false, "step through one to four runs in the terminal, event by event, forward and back")
	flags.StringVar(&f.lang, "lang", "", "with --watch: en or zh (default: as the locale says, LANG=zh_CN.UTF-8)")
	flags.BoolVar(&f.json, "json", false, "print JSON, schema 1")
	return c
}

// scenarios multiplies the flags' lists.
func (f runFlags) scenarios(paths []string) ([]lab.Scenario, error) {
	paths, err := checkPaths(paths, f.all)
	if err != nil {
		return nil, err
	}
	if f.samples && !slices.Contains(f.side, string(trace.Real)) {
		return nil, errors.New("--samples: of the thread that sends for real; add --side real, or leave --samples out")
	}
	if f.steps < 0 {
		return nil, fmt.Errorf("--steps %d: use 0 (count all) or more", f.steps)
	}
	if f.zeroCopy && !slices.Contains(paths, "io-uring") {
		return nil, errors.New("--zerocopy: io-uring alone sends by reference when told to; add it to the paths, or leave --zerocopy out")
	}
	if err := checkWhatIfs(f.whatIf); err != nil {
		return nil, err
	}
	size, err := lab.ParseSize("--size", f.size)
	if err != nil {
		return nil, err
	}
	chunk, err := lab.ParseSize("--chunk", f.chunk)
	if err != nil {
		return nil, err
	}
	var out []lab.Scenario
	for _, path := range paths {
		base := fmt.Sprintf("%s,size=%dB,chunk=%dB,touch=%s", path, size, chunk, lab.OnOff(f.touch))
		if f.profile != "" {
			base += ",profile=" + f.profile
		}
		if f.zeroCopy && path == "io-uring" {
			base += ",zerocopy=on"
		}
		if f.llc != "" {
			base += ",llc=" + f.llc
		}
		if f.cpus != 1 {
			base += fmt.Sprintf(",cpus=%d", f.cpus)
		}
		machines, err := f.variants.scenarios(base)
		if err != nil {
			return nil, err
		}
		for _, s := range machines {
			out = append(out, s)
			for _, change := range f.whatIf {
				if s.Side != trace.Sim {
					continue
				}
				fork, err := lab.ParseScenario(s.String()+",whatif="+change, s)
				if err != nil {
					return nil, err
				}
				out = append(out, fork)
			}
		}
	}
	return out, nil
}

// checkWhatIfs refuses a comma, which would begin another field of a scenario.
func checkWhatIfs(changes []string) error {
	for _, text := range changes {
		if strings.Contains(text, ",") {
			return fmt.Errorf("--whatif %q: a what-if has no comma; of one step write %s, of several give --whatif for each",
				text, strings.ReplaceAll(text, ",", "/"))
		}
	}
	return nil
}

// noticedPieces is how many pieces of a file are announced: a run of a million takes a
// second or so, and one of twenty million minutes, without a word where the progress
// line has no terminal.
const noticedPieces = 1 << 20

// manyPieces are notes on runs that take long because they go through a file in very
// small pieces. All of one call of the command have the same size and chunk.
func manyPieces(scenarios []lab.Scenario) []string {
	if len(scenarios) == 0 {
		return nil
	}
	s := scenarios[0]
	pieces := (s.Size-1)/s.Chunk + 1
	if pieces < noticedPieces {
		return nil
	}
	return []string{fmt.Sprintf("%s in chunks of %s are %s pieces, each with calls of its own, which may take minutes; a larger --chunk or a smaller --size makes fewer",
		lab.FormatSize(s.Size), lab.FormatSize(s.Chunk), humanize.Comma(pieces))}
}

// tell writes notes about a call that is carried out all the same.
func tell(stderr io.Writer, notes []string) {
	for _, note := range notes {
		fmt.Fprintf(stderr, "copyscope: note: %s\n", note)
	}
}

// checkPaths finds unknown paths; all stands for every one.
func checkPaths(paths []string, all bool) ([]string, error) {
	if all {
		return transfer.Paths(), nil
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("name at least one path, or --all: %s", strings.Join(transfer.Paths(), ", "))
	}
	for _, path := range paths {
		if _, ok := transfer.Lookup(path); !ok {
			return nil, fmt.Errorf("unknown path %q%s; the paths are %s", path, nearest(path, transfer.Paths()), strings.Join(transfer.Paths(), ", "))
		}
	}
	return paths, nil
}

func runScenarios(ctx context.Context, l *lab.Lab, stdout, stderr io.Writer, scenarios []lab.Scenario, events eventSpan, f runFlags) error {
	compares := slices.ContainsFunc(scenarios, func(s lab.Scenario) bool { return s.Side != trace.Sim }) &&
		slices.ContainsFunc(scenarios, func(s lab.Scenario) bool { return s.Side == trace.Sim && s.Model == lab.Linux })
	var results []*lab.Result
	var unavailable []*lab.UnavailableError
	var netless error // the lab network that was asked for cannot be had
	var rows []trace.Comparison
	var parted []lab.Fork
	for i, s := range scenarios {
		if forks(scenarios, i) {
			continue // it runs with its what-if
		}
		progress := newProgress(stderr, fmt.Sprintf("%d/%d %s", i+1, len(scenarios), underWay(s)))
		options := traceOut(f.traceOut).keep(events.keep(lab.Options{Steps: f.steps, AsThisHost: compares, Untraced: f.untraced, Samples: f.samples, Progress: progress.show}))
		if s.WhatIf != "" {
			was, is, fork, err := l.RunFork(ctx, s, options)
			progress.clear()
			if err != nil {
				return err
			}
			results, fork = addFork(results, was, is, fork)
			parted = append(parted, fork)
			tellBeyond(stderr, is, fork)
			continue
		}
		r, err := l.Run(ctx, s, options)
		progress.clear()
		if instead, ok := recordedFor(err, s); ok {
			tell(stderr, []string{err.Error() + "; shown is a run recorded on another machine"})
			s = instead
			r, err = l.Run(ctx, s, options)
		}
		if not := (*lab.UnavailableError)(nil); errors.As(err, &not) && (f.all || not.Net && compares) {
			unavailable = append(unavailable, not)
			if not.Net {
				netless = withoutLab(not)
			}
			if compares && not.Net && f.steps == 0 {
				p, err := l.Predict(ctx, s)
				if err != nil {
					return err
				}
				rows = append(rows, of(s, lab.NotMeasurable(p, not.Reason))...)
			}
			continue
		}
		if err != nil {
			return withRecorded(err)
		}
		results = append(results, r)
		if compares && s.Side != trace.Sim && f.steps == 0 {
			c, err := l.Compare(ctx, r)
			if err != nil {
				return err
			}
			rows = append(rows, of(s, c)...)
		}
	}
	cut, err := traceOut(f.traceOut).write(results)
	tell(stderr, cut)
	if err != nil {
		return err
	}
	report := lab.NewReport(results, f.steps, rows)
	report.Unavailable, report.Forks = unavailable, parted
	if events.to > 0 {
		if err := events.list(&report, results); err != nil {
			return &usageError{err}
		}
	}
	if err := printReport(stdout, report, f.json); err != nil {
		return err
	}
	if netless != nil {
		return netless
	}
	return judge(rows)
}

// of says of which real run rows are.
func of(s lab.Scenario, rows []trace.Comparison) []trace.Comparison {
	for i := range rows {
		rows[i].Scenario = s.String()
	}
	return rows
}

// underWay names a scenario on the progress line.
func underWay(s lab.Scenario) string {
	return fmt.Sprintf("%s, %s, %s in %s chunks, %s", s.Path, s.Side, lab.FormatSize(s.Size), lab.FormatSize(s.Chunk), s.Cache)
}

// judge is the error of a run of which a prediction did not hold.
func judge(rows []trace.Comparison) error {
	for _, c := range rows {
		if !c.Holds() {
			return errPredictionFailed
		}
	}
	return nil
}

func printReport(w io.Writer, report lab.Report, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	return printTables(w, toldOnce(report))
}
