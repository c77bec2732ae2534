package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"copyscope/internal/lab"
	"copyscope/internal/recordings"
	"copyscope/internal/trace"
)

// recordingFlags are the flags of `copyscope record`, as they were typed.
type recordingFlags struct {
	size, chunk, out, dir string
	cache, net, sg        []string
	list, json            bool
}

func recordCommand() *cobra.Command {
	var f recordingFlags
	c := &cobra.Command{
		Use:   "record [PATH…]",
		Short: "Keep measured runs of this machine, to stand beside predictions elsewhere",
		Long: `Runs each path for real, warm and cold, and writes every run as a compressed
trace file, beside machine.json, which says what this machine is: processor,
kernel, file system, settings; no names of hosts or files. Without paths it runs
every one that this host can run.

What was measured has the provenance recorded in these files. A set of them is
shipped (--list): copyscope run PATH --side sim,recorded shows it where nothing
can be measured.`,
		Example: `  copyscope record -o runs
  copyscope record sendfile read-write --cache warm -o runs
  copyscope record --list
  copyscope run sendfile --side sim,recorded`,
		ValidArgsFunction: pathsToAdd,
		RunE: func(c *cobra.Command, args []string) error {
			if err := refuseEmpty(c.Flags()); err != nil {
				return &usageError{err}
			}
			if f.list {
				return listRecordings(c.OutOrStdout(), f.json)
			}
			scenarios, err := f.scenarios(args)
			if err != nil {
				return &usageError{err}
			}
			return f.record(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), scenarios, len(args) == 0)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&f.out, "output", "o", "recordings", "folder to write; it is made if it is not there")
	flags.StringVar(&f.size, "size", recordedSize, "bytes to transfer")
	flags.StringVar(&f.chunk, "chunk", recordedChunk, "bytes that a call is asked for")
	flags.StringSliceVar(&f.cache, "cache", []string{"warm", "cold"}, "page cache at the beginning: warm, cold")
	flags.StringSliceVar(&f.net, "net", []string{"loopback"}, "what carries the bytes: loopback, veth (root)")
	flags.StringSliceVar(&f.sg, "sg", []string{"on"}, "with --net veth: the device gathers scattered pages: on, off")
	flags.StringVar(&f.dir, "dir", "", "where the source files go (default: the temporary directory)")
	flags.BoolVar(&f.list, "list", false, "list the recorded runs that are shipped")
	flags.BoolVar(&f.json, "json", false, "with --list: print JSON, schema 1")
	return c
}

// scenarios are the real runs that are asked for.
func (f recordingFlags) scenarios(paths []string) (out []lab.Scenario, err error) {
	if paths, err = checkPaths(paths, len(paths) == 0); err != nil {
		return nil, err
	}
	for _, path := range paths {
		base := fmt.Sprintf("%s,side=real,size=%s,chunk=%s", path, f.size, f.chunk)
		for _, text := range multiply(base, []option{{"cache", f.cache}, {"net", f.net}, {"sg", f.sg}}) {
			s, err := lab.ParseScenario(text, lab.Default())
			if err != nil {
				return nil, err
			}
			if !slices.Contains(out, s) { // loopback has no device that could gather
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// record runs the scenarios and writes their set; of all paths those that cannot run
// here are left out, and told.
func (f recordingFlags) record(ctx context.Context, stdout, stderr io.Writer, scenarios []lab.Scenario, all bool) error {
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	l := lab.New(f.dir)
	set := recordings.Set{Machine: recordings.ThisMachine(l.HostName(), f.dir, time.Now().UTC().Format(time.DateOnly)), Runs: map[string]string{}}
	for i, s := range scenarios {
		progress := newProgress(stderr, fmt.Sprintf("%d/%d %s", i+1, len(scenarios), underWay(s)))
		r, err := l.Run(ctx, s, lab.Options{MaxEvents: keptEvents, Progress: progress.show})
		progress.clear()
		if not := (*lab.UnavailableError)(nil); all && errors.As(err, &not) {
			if i == 0 || scenarios[i-1].Path != s.Path {
				tell(stderr, []string{err.Error()})
			}
			continue
		}
		if err != nil {
			return err
		}
		if r.TotalEvents > len(r.Run.Events) {
			return fmt.Errorf("%s: it has %d events, more than the %d of a recording; take a larger --chunk or a smaller --size", s, r.TotalEvents, keptEvents)
		}
		s.Side = trace.RecordedSide
		name := recordingName(s)
		set.Runs[name] = s.String()
		if err := writeTrace(stdout, "-o", filepath.Join(f.out, name+recordings.RunEnding), set.Machine.Of(r.Run, s.String())); err != nil {
			return err
		}
	}
	if len(set.Runs) == 0 {
		return errors.New("no path could run for real here, so nothing was recorded; copyscope doctor says why")
	}
	text, err := json.MarshalIndent(set, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(f.out, recordings.MachineFile), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	_, err = fmt.Fprintf(stdout, "%d runs recorded in %s\n", len(set.Runs), f.out)
	return err
}

// recordingName is short: within a set size and chunk are the same.
func recordingName(s lab.Scenario) string {
	parts := []string{s.Path, string(s.Cache), string(s.Net)}
	if s.Net != lab.Loopback {
		parts = append(parts, "sg", lab.OnOff(s.SG))
	}
	return strings.Join(parts, "-")
}

func listRecordings(w io.Writer, asJSON bool) error {
	type listed struct {
		Name     string `json:"name"`
		Scenario string `json:"scenario"`
		Machine  string `json:"machine"`
		Recorded string `json:"recorded"`
	}
	all := []listed{}
	rows := [][]string{{"recording", "scenario", "machine", "day"}}
	for _, r := range recordings.Shipped() {
		all = append(all, listed{r.Name, r.Scenario, r.Machine.Name, r.Machine.Recorded})
		rows = append(rows, []string{r.Name, r.Scenario, r.Machine.Name, r.Machine.Recorded})
	}
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"schema": trace.Schema, "recordings": all})
	}
	_, err := fmt.Fprintln(w, render(w, rows))
	return err
}
