package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// forks says whether the scenario after the i-th is a what-if of it: then they
// run together.
func forks(scenarios []lab.Scenario, i int) bool {
	if i+1 >= len(scenarios) {
		return false
	}
	next := scenarios[i+1]
	is := next.WhatIf != "" && scenarios[i].WhatIf == ""
	next.WhatIf = ""
	return is && next == scenarios[i]
}

// tellBeyond tells that a what-if comes after the end of its run.
func tellBeyond(stderr io.Writer, is *lab.Result, f lab.Fork) {
	if f.At == nil {
		tell(stderr, []string{fmt.Sprintf("--whatif %s: the run of %s has %s events; step %s is at or after its end, so nothing changed",
			is.Scenario.WhatIf, is.Scenario.Path, humanize.Comma(int64(is.TotalEvents)), humanize.Comma(int64(f.Step)))})
	}
}

// addFork puts a run and its what-if into the list, the run as it was once.
func addFork(results []*lab.Result, was, is *lab.Result, fork lab.Fork) ([]*lab.Result, lab.Fork) {
	fork.Was = slices.IndexFunc(results, func(r *lab.Result) bool { return r.Scenario == was.Scenario })
	if fork.Was < 0 {
		fork.Was = len(results)
		results = append(results, was)
	}
	fork.Is = len(results)
	return append(results, is), fork
}

// withoutForks are the runs that no what-if is about.
func withoutForks(report lab.Report) (out []lab.RunReport) {
	told := map[int]bool{}
	for _, f := range report.Forks {
		told[f.Was], told[f.Is] = true, true
	}
	for i, r := range report.Runs {
		if !told[i] {
			out = append(out, r)
		}
	}
	return out
}

// printFork prints a run beside its what-if: where they part, the counts of both
// with their difference, and the first events that differ. w is where out will go.
func printFork(out, w io.Writer, was, is lab.RunReport, f lab.Fork) {
	fmt.Fprintf(out, "%s · %s%s\n", was.Path, groupTitle(was), eventsCounted([]lab.RunReport{was}))
	fmt.Fprintf(out, "what if, %s: %s\n", place(f), changes(f.Changes))
	fmt.Fprintln(out, render(w, forkRows(was, is)))
	for _, note := range notes([]lab.RunReport{was, is}) {
		fmt.Fprintln(out, note)
	}
	fmt.Fprintln(out)
	if f.Parts == 0 {
		fmt.Fprintf(out, "no event differs from the fork on%s\n\n", whyNone(was, f.Changes))
		return
	}
	fmt.Fprintf(out, "the first event that differs is number %s, %s after the fork\n", humanize.Comma(int64(f.Parts)), humanize.Comma(int64(f.Parts-f.Step)))
	for _, side := range []struct {
		title  string
		events []trace.Event
	}{{"as it was", f.WasEvents}, {"what-if", f.IsEvents}} {
		fmt.Fprintln(out, side.title)
		if len(side.events) == 0 {
			fmt.Fprintln(out, "the run is over")
			continue
		}
		fmt.Fprintln(out, renderEvents(w, side.events))
	}
	fmt.Fprintln(out)
}

// place says where a fork is, in steps and in modelled time.
func place(f lab.Fork) string {
	step := "after event " + humanize.Comma(int64(f.Step))
	switch {
	case f.At == nil:
		return step + ", which is at or after the run's end"
	case f.Step == 0:
		step = "before the first event"
	}
	return step + ", at " + micros(*f.At) + " µs of modelled time"
}

func changes(all []lab.Change) string {
	if len(all) == 0 {
		return "nothing changes, the machine is so already"
	}
	var out []string
	for _, c := range all {
		out = append(out, fmt.Sprintf("%s %s → %s", c.Key, c.Was, c.Is))
	}
	return strings.Join(out, ", ")
}

// whyNone helps whoever changed a card that the run does not use.
func whyNone(r lab.RunReport, all []lab.Change) string {
	ofCard := slices.ContainsFunc(all, func(c lab.Change) bool { return slices.Contains([]string{"sg", "tso", "mtu"}, c.Key) })
	if r.Net == lab.Loopback && ofCard {
		return "; loopback has no network card: sg, tso and mtu matter with --net nic"
	}
	return ""
}

// forkRows has a row for each count: as it was, with the what-if, and how much
// more or less that is.
func forkRows(was, is lab.RunReport) [][]string {
	rows := [][]string{{"count", "as it was", "what-if", "difference"}}
	for _, name := range trace.CountNames() {
		a, b := was.Counts[name], is.Counts[name]
		difference := "–"
		if a.Known() && b.Known() {
			difference = formatDifference(trace.UnitOf(name), b.Value-a.Value)
		}
		rows = append(rows, []string{string(name), formatCount(name, a), formatCount(name, b), difference})
	}
	names := maps.Clone(was.SyscallsByName)
	maps.Copy(names, is.SyscallsByName)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, b := float64(was.SyscallsByName[name]), float64(is.SyscallsByName[name])
		rows = append(rows, []string{"  " + name, modelledTimes(a), modelledTimes(b), formatDifference(trace.Times, b-a)})
	}
	return rows
}

func modelledTimes(n float64) string {
	return formatCount(trace.Syscalls, trace.Count{Value: n, Provenance: trace.Modelled})
}

func formatDifference(unit trace.Unit, d float64) string {
	switch {
	case d == 0:
		return "0"
	case d < 0:
		return "−" + formatValue(unit, math.Abs(d))
	}
	return "+" + formatValue(unit, d)
}
