package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"copyscope/internal/trace"
	"copyscope/sim/scenario"
)

// runScenarioFile runs a scenario, a shipped one by its name or a file, and
// prints what each group of threads did.
func runScenarioFile(ctx context.Context, stdout, stderr io.Writer, name string, asJSON bool) error {
	if name == "list" {
		return listScenarios(stdout, asJSON)
	}
	s, err := loadScenario(name)
	if err != nil {
		return &usageError{err}
	}
	progress := newProgress(stderr, s.Name)
	r, err := s.Run(ctx, scenario.Options{Progress: progress.show})
	progress.clear()
	if err != nil {
		return err
	}
	report := newScenarioReport(r)
	if asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	_, err = fmt.Fprintf(stdout, "%s: %s\n%s\n%s\n%s modelled; kernel: what belongs to no thread, such as interrupts and write-back\n",
		s.Name, s.Title.En, s.About.En, render(stdout, report.rows()), provenanceMark[trace.Modelled])
	return err
}

// inFile is where a scenario's file says what a flag says of other runs.
var inFile = map[string]string{
	"model": "machine: model", "net": "machine: net", "cpus": "machine: cpus", "dma": "machine: dma", "sg": "machine: sg",
	"llc": "machine: llc", "profile": "machine: disk and nic", "size": "files: size", "cache": "files: cached",
	"chunk": "threads: chunk", "zerocopy": "threads: zerocopy",
}

// checkScenarioAlone refuses paths and flags beside --scenario: the file says all
// of a run.
func checkScenarioAlone(flags *pflag.FlagSet, paths []string) (err error) {
	if len(paths) > 0 {
		return errors.New("--scenario: the file says what runs; leave the paths out")
	}
	flags.Visit(func(f *pflag.Flag) {
		if err != nil || slices.Contains([]string{"scenario", "json", "watch", "lang"}, f.Name) {
			return
		}
		remedy := "leave it out"
		if field := inFile[f.Name]; field != "" {
			remedy = "write it in the file under " + field
		} else if f.Name == "list" {
			remedy = "--scenario list lists the scenarios"
		}
		err = fmt.Errorf("--%s with --scenario: the file says all of the run, which is on the modelled machine; %s", f.Name, remedy)
	})
	return err
}

// loadScenario finds a scenario: a shipped one goes before a file of its name.
func loadScenario(name string) (*scenario.Scenario, error) {
	if slices.Contains(scenario.Shipped(), name) {
		return scenario.Load(name)
	}
	text, err := readInput(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--scenario %q: there is no such file%s; those shipped are %s",
			name, nearest(name, scenario.Shipped()), strings.Join(scenario.Shipped(), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("--scenario: %w", err)
	}
	return scenario.Parse(name, text)
}

func listScenarios(w io.Writer, asJSON bool) error {
	type listed struct {
		Name  string        `json:"name"`
		Title scenario.Text `json:"title"`
		About scenario.Text `json:"about"`
	}
	var all []listed
	rows := [][]string{{"scenario", "what it shows"}}
	for _, name := range scenario.Shipped() {
		s, err := scenario.Load(name)
		if err != nil {
			return err
		}
		all = append(all, listed{s.Name, s.Title, s.About})
		rows = append(rows, []string{s.Name, s.Title.En})
	}
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"schema": trace.Schema, "scenarios": all})
	}
	_, err := fmt.Fprintln(w, render(w, rows))
	return err
}

// scenarioReport is what run --scenario --json prints.
type scenarioReport struct {
	Schema   int           `json:"schema"`
	Scenario string        `json:"scenario"`
	Title    scenario.Text `json:"title"`
	Events   int           `json:"events"`
	Groups   []groupReport `json:"groups"`
	// Kernel is what belongs to no thread.
	Kernel trace.Counts `json:"kernel"`
}

type groupReport struct {
	Name           string           `json:"name"`
	Threads        int              `json:"threads"`
	Bytes          int64            `json:"bytes"`
	Counts         trace.Counts     `json:"counts"`
	SyscallsByName map[string]int64 `json:"syscalls_by_name"`
}

func newScenarioReport(r *scenario.Result) scenarioReport {
	out := scenarioReport{Schema: trace.Schema, Scenario: r.Scenario.Name, Title: r.Scenario.Title, Events: r.Log.Len(),
		Groups: []groupReport{}, Kernel: r.Kernel.Counts()}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, groupReport{g.Name, g.Threads, g.Moved, g.Counter.Counts(), g.Counter.SyscallsByName()})
	}
	return out
}

// rows has a column for each group, and a row for each count that is not zero
// in all of them.
func (r scenarioReport) rows() [][]string {
	header, moved := []string{"count"}, []string{"bytes moved"}
	for _, g := range r.Groups {
		name := g.Name
		if g.Threads > 1 {
			name = fmt.Sprintf("%s ×%d", name, g.Threads)
		}
		header, moved = append(header, name), append(moved, humanize.Comma(g.Bytes)+" "+provenanceMark[trace.Modelled])
	}
	rows := [][]string{append(header, "kernel"), append(moved, "")}
	for _, name := range trace.CountNames() {
		row, any := []string{string(name)}, false
		for _, c := range append(r.counts(), r.Kernel) {
			any = any || c[name].Known() && c[name].Value != 0
			row = append(row, formatCount(name, c[name]))
		}
		if any {
			rows = append(rows, row)
		}
	}
	return rows
}

func (r scenarioReport) counts() (all []trace.Counts) {
	for _, g := range r.Groups {
		all = append(all, g.Counts)
	}
	return all
}
