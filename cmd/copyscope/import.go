package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"copyscope/internal/importer"
	"copyscope/internal/importer/perfscript"
	"copyscope/internal/importer/strace"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// readTrace reads a trace of another program, of which it keeps so many events.
type readTrace func(ctx context.Context, in io.Reader, keep int) (*importer.Imported, error)

// importFlags are the flags of `copyscope import`, as they were typed.
type importFlags struct {
	json   bool
	out    string
	events int
}

// keptEvents is how many events of a trace its file has, unless --events says
// otherwise: a file of about 250 MB.
const keptEvents = 1_000_000

func importCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Read what strace or perf traced, and count copies, switches and calls in it",
		Long: `Reads the trace of another program, derives what each call moved between
which places, and prints the same counts as a run. With -o it writes the
timeline as a trace file, which copyscope export turns into other formats.

A line that is not understood is a gap: it is told, with its number, and the rest
is read. A file that is no such trace at all is an error.`,
		Example: `  strace -f -ttt -T -yy -o nginx.strace -p "$(pgrep -d, nginx)"
  copyscope import strace nginx.strace
  perf script | copyscope import perf - -o run.json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, args []string) error {
			return &usageError{errors.New("name the format: copyscope import strace FILE, or copyscope import perf FILE")}
		},
	}
	c.AddCommand(
		importOf("strace", "Read the output of strace -f -ttt -T -yy", `  strace -f -ttt -T -yy -o cat.strace cat /etc/hosts
  copyscope import strace cat.strace`, strace.Read),
		importOf("perf", "Read the output of perf script of tracepoints", `  perf record -e 'syscalls:*,sched:sched_switch,net:net_dev_start_xmit' cat /etc/hosts
  perf script -F comm,pid,tid,cpu,time,event,trace | copyscope import perf -`, perfscript.Read),
	)
	return c
}

// importOf is the command that reads one format.
func importOf(format, short, example string, read readTrace) *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:               format + " FILE",
		Short:             short,
		Long:              short + "; - reads the standard input.",
		Example:           example,
		ValidArgsFunction: firstOf(files),
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{fmt.Errorf("name one file, or - for the standard input; got %d", len(args))}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if f.events < 1 {
				return &usageError{fmt.Errorf("--events %d: use 1 or more", f.events)}
			}
			if err := checkOutput("-o", f.out); err != nil {
				return &usageError{err}
			}
			return importTrace(c.Context(), c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr(), args[0], read, f)
		},
	}
	c.Flags().BoolVar(&f.json, "json", false, "print JSON, schema 1")
	c.Flags().StringVarP(&f.out, "output", "o", "", "write the timeline to this file, as trace JSON; - is the standard output, and then no table is printed")
	c.Flags().IntVar(&f.events, "events", keptEvents, "write at most so many events")
	return c
}

func importTrace(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, name string, read readTrace, f importFlags) error {
	in, label := stdin, "standard input"
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		if at, err := file.Stat(); err == nil && at.IsDir() {
			return fmt.Errorf("%s: it is a folder; name a file", name)
		}
		in, label = file, name
	}
	keep := f.events
	if f.out == "" {
		keep = 0
	}
	got, err := read(ctx, in, keep)
	if err != nil {
		return fmt.Errorf("%s: %w", label, err)
	}
	if f.out != "" {
		if kept := len(got.Run.Events); kept < got.TotalEvents {
			got.Facts = append(got.Facts, fmt.Sprintf("the file written has the first %d of %d events; --events takes more", kept, got.TotalEvents))
		}
		got.Run.Notes = withGaps(got)
		if err := writeTrace(stdout, "-o", f.out, got.Run); err != nil {
			return err
		}
	}
	tell(stderr, withGaps(got))
	if f.out == "-" {
		return nil
	}
	return printImported(stdout, got, f.json)
}

// withGaps are the sentences on what a trace does not tell, and on what was not understood.
func withGaps(got *importer.Imported) []string {
	if gaps := got.Gaps.String(); gaps != "" {
		return append([]string{gaps}, got.Facts...)
	}
	return got.Facts
}

// printImported prints the counts of an imported trace.
func printImported(w io.Writer, got *importer.Imported, asJSON bool) error {
	report := lab.Report{Schema: trace.Schema, Compare: []trace.Comparison{}, Runs: []lab.RunReport{{
		Path: got.Source, Side: got.Run.Side, Bytes: got.Run.Payload, Events: got.TotalEvents, Counts: got.Counter.Counts(),
		SyscallsByName: got.Counter.SyscallsByName(), SetupSyscallsByName: got.Counter.SetupSyscallsByName(),
	}}}
	if g := got.Gaps; g.Lines > 0 {
		report.Runs[0].Notes = []lab.Note{{Key: "import.note.gaps", Args: map[string]any{"lines": g.Lines, "first": g.First}}}
	}
	if asJSON {
		return printReport(w, report, true)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "imported from %s · %s of payload · %d threads · %d events\n", got.Source, lab.FormatSize(got.Run.Payload), len(got.Run.Threads), got.TotalEvents)
	fmt.Fprintln(&b, render(w, countRows(report.Runs)))
	for _, note := range notes(report.Runs) {
		fmt.Fprintln(&b, note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
