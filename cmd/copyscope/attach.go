package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"copyscope/internal/attach"
	"copyscope/internal/copyprofile"
	"copyscope/internal/host"
)

// errNothingSeen: the watch is over, and the report has said that there is no path to
// speak of.
var errNothingSeen = errors.New("nothing was seen")

// attachFlags are the flags of `copyscope attach`, as they were typed.
type attachFlags struct {
	pid, port    int
	unit, expect string
	pprof, out   string
	calls        int
	length       time.Duration
	follow, json bool
	samples      bool
}

func attachCommand() *cobra.Command {
	var f attachFlags
	c := &cobra.Command{
		Use:   "attach",
		Short: "Watch a running process and say by what path its bytes travel: is it zero-copy here?",
		Long: `Watches a process, all its threads, and says which file fed which socket, by what
technique, how often the CPU copied each byte on the way, and what would change
that. Nothing is injected and nothing stops: the kernel's tracepoints tell.

--port watches every process that listens there, and those that they start, and
answers for connections at that port alone; --unit watches every process of a systemd
unit. Ctrl-C ends the watch early and prints what was seen. It takes root.

--follow watches the descendants of what is watched too: those that exist already, such
as the workers of a server's master, and those that are started meanwhile.

The exit code is 0 if traffic was seen; with --expect, if at least 99 % of the bytes
from files to sockets took that technique: for relay-copy and relay-splice of those
from sockets to sockets, for copy-file-range from files to files, for write from the
process's own memory to sockets. It is 1 if not.`,
		Example: `  copyscope attach --port 80
  copyscope attach --pid 4711 --for 30s
  copyscope attach --unit nginx --expect sendfile
  copyscope attach --pid 4711 --follow --json
  copyscope attach --pid 4711 --samples
  copyscope attach --port 80 --pprof copies.pb.gz && go tool pprof -top copies.pb.gz
  copyscope attach --port 80 -o calls.json && copyscope export calls.json --format html`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := refuseEmpty(c.Flags()); err != nil {
				return &usageError{err}
			}
			if err := f.check(); err != nil {
				return &usageError{err}
			}
			return f.run(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	flags := c.Flags()
	flags.IntVar(&f.pid, "pid", 0, "watch this process")
	flags.IntVar(&f.port, "port", 0, "watch the processes that listen at this TCP port")
	flags.StringVar(&f.unit, "unit", "", "watch the processes of this systemd unit")
	flags.DurationVar(&f.length, "for", 10*time.Second, "how long")
	flags.BoolVar(&f.follow, "follow", false, "watch its descendants, too: those that exist and those that it starts")
	flags.StringVar(&f.expect, "expect", "", "fail unless the bytes took this technique: "+strings.Join(expectable(), ", "))
	flags.BoolVar(&f.samples, "samples", false, "sample the processes' clocks and tell which of their time goes into copy routines; costs them more than the watch")
	flags.StringVar(&f.pprof, "pprof", "", "write a copy profile for go tool pprof to a file: bytes copied, by the process's call stacks")
	flags.StringVarP(&f.out, "output", "o", "", "write the newest calls to this file, as trace JSON, which the scope page imports; - is the standard output, and then no report is printed")
	flags.IntVar(&f.calls, "calls", keptCalls, "write at most so many calls")
	flags.BoolVar(&f.json, "json", false, "print JSON, schema 1")
	return c
}

// expectable are the techniques that may be expected: all.
func expectable() (out []string) {
	for _, t := range attach.Techniques() {
		out = append(out, string(t))
	}
	return out
}

func (f attachFlags) check() error {
	targets := 0
	for _, given := range []bool{f.pid != 0, f.port != 0, f.unit != ""} {
		if given {
			targets++
		}
	}
	switch {
	case targets == 0:
		return errors.New("attach to what? write --pid N, --port P or --unit U")
	case targets > 1:
		return errors.New("attach to one thing: write --pid, --port or --unit, not several")
	case f.pid < 0:
		return fmt.Errorf("--pid %d: write the number of a process; ps -e lists them", f.pid)
	case f.port < 0 || f.port > 65535:
		return fmt.Errorf("--port %d: ports are 1 to 65535", f.port)
	case f.pprof == "-":
		return errors.New("--pprof -: the report has the standard output; name a file")
	case f.calls < 1 || f.calls > mostCalls:
		return fmt.Errorf("--calls %d: write 1 to %d", f.calls, mostCalls)
	case f.length <= 0 || f.length > 24*time.Hour:
		return fmt.Errorf("--for %v: write a time above 0 and up to 24h", f.length)
	case f.expect != "" && !slices.Contains(expectable(), f.expect):
		return fmt.Errorf("--expect %q: unknown technique%s; there are: %s", f.expect, nearest(f.expect, expectable()), strings.Join(expectable(), ", "))
	}
	return nil
}

// processes finds what is to be watched.
func (f attachFlags) processes() ([]int, error) {
	switch {
	case f.unit != "":
		return attach.OfUnit(f.unit)
	case f.port != 0:
		return attach.OfPort(f.port)
	}
	return []int{f.pid}, nil
}

func (f attachFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	pids, err := f.processes()
	if err != nil {
		return err
	}
	if err := errors.Join(checkOutput("--pprof", f.pprof), checkOutput("-o", f.out)); err != nil {
		return &usageError{err}
	}
	var copies *copyProfiling
	if f.pprof != "" {
		if copies, err = beginCopyProfile(ctx, copyprofile.Options{PIDs: pids, Follow: f.follow}); err != nil {
			return fmt.Errorf("--pprof %s: %w", f.pprof, err)
		}
	}
	var recent *attach.Recent
	if f.out != "" {
		recent = attach.NewRecent(f.calls)
	}
	p := newProgress(stderr, "watching")
	report, err := attach.Watch(ctx, attach.Options{
		Processes: pids, Port: f.port, For: f.length, Follow: f.follow, Samples: f.samples, Recent: recent, NoKernelTLS: noKernelTLS(ctx),
		Ready: func() {
			if f.follow {
				pids = attach.Family(pids)
			}
			fmt.Fprintf(stderr, "watching %s for %v; Ctrl-C ends it early\n", processList(pids), f.length)
		},
		Progress: func(elapsed time.Duration, calls, bytes int64) {
			p.retitle(fmt.Sprintf("watching, %d calls, %s", calls, humanize.IBytes(uint64(bytes))))
			p.show(int64(elapsed), int64(f.length))
		},
	})
	p.clear()
	if copies != nil {
		err = errors.Join(err, copies.write(stdout, f.pprof))
	}
	if err != nil {
		return err
	}
	if err := writeCalls(stdout, stderr, f.out, recent, report); err != nil {
		return err
	}
	if f.out == "-" {
		err = nil
	} else if f.json {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		err = printAttach(stdout, report)
	}
	if err != nil {
		return err
	}
	if f.expect != "" {
		return report.Expect(attach.Technique(f.expect))
	}
	if report.Idle() && f.out == "-" {
		return errors.New(report.Sentence)
	}
	if report.Idle() {
		return errNothingSeen // the report has said it
	}
	return nil
}

// noKernelTLS is why this host has no kernel TLS; empty if it has.
func noKernelTLS(ctx context.Context) string {
	if c := host.KernelTLS(ctx); c.Status != host.Active {
		return c.Why
	}
	return ""
}

func processList(pids []int) string {
	words := strings.Fields(strings.Trim(fmt.Sprint(pids), "[]"))
	if len(words) == 1 {
		return "process " + words[0]
	}
	return "processes " + strings.Join(words, ", ")
}

// processesShown is how many processes are told by number and name.
const processesShown = 16

// printRest says what is not listed. Where nothing is, the sentence has said it.
func printRest(out io.Writer, r *attach.Report) {
	if len(r.Paths) == 0 {
		return
	}
	of := ""
	if r.Port != 0 {
		of = ", of whatever port"
	}
	line := func(what string, paths int, bytes int64) {
		if paths > 0 {
			fmt.Fprintf(out, "\n%s%s: %s, %s\n", what, of, english.Plural(paths, "path", ""), humanize.IBytes(uint64(bytes)))
		}
	}
	paths, bytes := r.Rest.Small()
	line("too small to list", paths, bytes)
	line("not listed, as an end has no payload, or was closed before it could be looked at", r.Rest.OtherPaths, r.Rest.OtherBytes)
}

// printAttach prints the answer first, then by what it is known.
func printAttach(w io.Writer, r *attach.Report) error {
	out := &strings.Builder{}
	fmt.Fprintln(out, r.Sentence)
	if r.Advice != "" {
		fmt.Fprintf(out, "What would change it: %s\n", r.Advice)
	}
	printPaths(out, r)
	printRest(out, r)
	fmt.Fprintf(out, "\nwatched for %.1f s:", float64(r.ForNs)/1e9)
	shown, others := r.Foremost(processesShown)
	for _, p := range shown {
		fmt.Fprintf(out, " %d (%s, %d threads)", p.PID, p.Name, p.Threads)
	}
	if others > 0 {
		fmt.Fprintf(out, " and %s that moved less", english.Plural(others, "process", ""))
	}
	fmt.Fprintf(out, "; %d records, %d lost; reading them took %.1f ms of CPU\n", r.Hits, r.Lost, r.OwnCPU.Value/1e6)
	if r.CopyCPU.Known() {
		fmt.Fprintf(out, "of %.0f ms of CPU that the processes took, %.0f ms went into the kernel's copy routines (%d samples)\n", r.CPU.Value/1e6, r.CopyCPU.Value/1e6, r.Samples)
	} else {
		fmt.Fprintf(out, "CPU in the kernel's copy routines: %s\n", r.CopyCPU.Reason)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(out, "note: %s\n", n)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// printPaths prints a paragraph for each path: first those that the answer is of.
func printPaths(out io.Writer, r *attach.Report) {
	paths := r.Together()
	for _, group := range []struct {
		at    attach.At
		title string
	}{
		{"", ""}, {attach.AtPort, ""},
		{attach.Elsewhere, "other ports of these processes, or none at all, not in the answer:"},
		{attach.Unplaced, "sockets whose port is not known, not in the answer:"},
	} {
		title := group.title
		for _, p := range paths {
			if p.At != group.at {
				continue
			}
			if title != "" {
				fmt.Fprintf(out, "\n%s\n", title)
				title = ""
			}
			printPath(out, p)
		}
	}
}

func printPath(out io.Writer, p attach.Path) {
	fmt.Fprintf(out, "\n%s\n", p.Sentence)
	switches := fmt.Sprintf("%.0f mode switches (derived: two per call)", p.ModeSwitches.Value)
	if !p.ModeSwitches.Known() {
		switches = "mode switches " + p.ModeSwitches.Reason
	}
	in := ""
	if len(p.Calls) > 0 {
		in = " in " + callList(p.Calls)
	}
	fmt.Fprintf(out, "    %s%s; %s\n", humanize.IBytes(uint64(p.Bytes.Value)), in, switches)
	for _, s := range p.Techniques {
		fmt.Fprintf(out, "    %s, %d bytes: %s\n", s.Technique, s.Bytes, s.Evidence)
	}
}

// callList is calls by name, the most frequent first.
func callList(calls map[string]int64) string {
	var names []string
	for name := range calls {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if calls[a] != calls[b] {
			return int(calls[b] - calls[a])
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", calls[name], name)
	}
	return strings.Join(names, ", ")
}
