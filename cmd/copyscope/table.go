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

// printTables prints a report for people: one table of counts for each group
// of runs that differ in the path alone, then prediction beside measurement.
// On a terminal the tables have borders and colours, else plain columns.
func printTables(w io.Writer, report lab.Report) error {
	out := &strings.Builder{}
	for _, f := range report.Forks {
		printFork(out, w, report.Runs[f.Was], report.Runs[f.Is], f)
	}
	for _, group := range groups(withoutForks(report)) {
		fmt.Fprintln(out, groupTitle(group[0])+eventsCounted(group))
		if tellsStory(group) {
			fmt.Fprintln(out, render(w, storyRows(group)))
			if baseOf(group) != nil {
				fmt.Fprintln(out, storyNote)
			}
			fmt.Fprintln(out)
		}
		fmt.Fprintln(out, render(w, countRows(group)))
		for _, note := range notes(group) {
			fmt.Fprintln(out, note)
		}
		if rows := sampleRows(group); rows != nil {
			fmt.Fprintln(out, "\n"+renderFigures(w, rows))
			for _, note := range sampleNotes(group) {
				fmt.Fprintln(out, note)
			}
		}
		fmt.Fprintln(out)
		printEvents(out, w, group)
	}
	if len(report.Compare) > 0 {
		printComparisons(out, w, report.Compare, besides(report.Runs))
		for _, note := range compareNotes(report.Compare) {
			fmt.Fprintln(out, note)
		}
	}
	for _, not := range report.Unavailable {
		fmt.Fprintln(out, not)
	}
	if rows := shortRows(report.Runs); len(rows) > 1 {
		fmt.Fprintln(out, "\n"+render(w, rows))
	}
	for _, c := range report.Compare {
		if !c.Holds() {
			fmt.Fprintf(out, "%s %s: %s\n", c.Path, c.Count, c.Reason)
		}
	}
	if len(report.Compare) > 0 {
		fmt.Fprintln(out, outcome(report.Compare))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// printComparisons prints one table for each group of real runs that differ in the
// path alone.
func printComparisons(out, w io.Writer, rows []trace.Comparison, beside string) {
	var titles []string
	groups := map[string][]trace.Comparison{}
	for _, c := range rows {
		_, title, _ := strings.Cut(c.Scenario, ",")
		if groups[title] == nil {
			titles = append(titles, title)
		}
		groups[title] = append(groups[title], c)
	}
	for _, title := range titles {
		heading := "prediction (linux model) beside " + beside
		if len(titles) > 1 {
			heading += ": " + title
		}
		fmt.Fprintln(out, heading)
		fmt.Fprintln(out, render(w, compareRows(groups[title])))
	}
}

// groups gathers the runs that differ in the path alone, in order.
func groups(runs []lab.RunReport) [][]lab.RunReport {
	var out [][]lab.RunReport
	index := map[string]int{}
	for _, r := range runs {
		key := groupTitle(r)
		if _, ok := index[key]; !ok {
			index[key] = len(out)
			out = append(out, nil)
		}
		out[index[key]] = append(out[index[key]], r)
	}
	return out
}

func groupTitle(r lab.RunReport) string {
	parts := []string{"measured on this host"}
	switch r.Side {
	case trace.Sim:
		parts = []string{"modelled: " + string(r.Model)}
	case trace.RecordedSide:
		parts = []string{"recorded on " + r.Machine}
	}
	parts = append(parts, lab.FormatSize(r.Bytes)+" in "+lab.FormatSize(r.Chunk)+" chunks", string(r.Cache)+" cache", string(r.Net))
	if r.DMA != nil {
		parts = append(parts, "DMA "+lab.OnOff(*r.DMA))
	}
	if r.SG != nil && r.Net != lab.Loopback {
		parts = append(parts, "SG "+lab.OnOff(*r.SG))
	}
	if r.CPUs > 1 {
		parts = append(parts, fmt.Sprintf("%d CPUs", r.CPUs))
	}
	if r.LLC > 0 {
		parts = append(parts, "last-level cache "+lab.FormatSize(r.LLC))
	}
	if r.ZeroCopy {
		parts = append(parts, "sent by reference")
	}
	if r.WhatIf != "" {
		parts = append(parts, "what if "+r.WhatIf)
	}
	return strings.Join(parts, " · ")
}

// eventsCounted tells which events of a group's runs are counted, if steps cut
// them: a run that has no more is counted whole.
func eventsCounted(group []lab.RunReport) string {
	steps := group[0].Steps
	if steps == 0 {
		return ""
	}
	var whole []string
	for _, r := range group {
		if r.Events <= steps {
			whole = append(whole, fmt.Sprintf("all %s of %s", humanize.Comma(int64(r.Events)), r.Path))
		}
	}
	text := fmt.Sprintf("first %s events", humanize.Comma(int64(steps)))
	switch {
	case len(whole) == 0:
	case len(group) == 1:
		text = fmt.Sprintf("all %s events", humanize.Comma(int64(group[0].Events)))
	case len(whole) == len(group):
		text = "all events: " + strings.Join(whole, ", ")
	default:
		text += ", " + strings.Join(whole, ", ")
	}
	return " · " + text
}

// countRows has a row for each count and a column for each path.
func countRows(group []lab.RunReport) [][]string {
	header := []string{"count"}
	for _, r := range group {
		header = append(header, r.Path)
	}
	rows := [][]string{header}
	for _, name := range trace.CountNames() {
		row := []string{string(name)}
		for _, r := range group {
			row = append(row, formatCount(name, r.Counts[name]))
		}
		rows = append(rows, row)
	}
	rows = append(rows, nameRows("  ", group, func(r lab.RunReport) map[string]int64 { return r.SyscallsByName })...)
	return append(rows, nameRows("set-up: ", group, func(r lab.RunReport) map[string]int64 { return r.SetupSyscallsByName })...)
}

// nameRows has a row for each syscall that a path of the group makes. Set-up
// stands for set-up and tear-down, which are in no count.
func nameRows(prefix string, group []lab.RunReport, names func(lab.RunReport) map[string]int64) [][]string {
	all := map[string]bool{}
	for _, r := range group {
		for name := range names(r) {
			all[name] = true
		}
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		row := []string{prefix + name}
		for _, r := range group {
			text := ""
			if n := names(r)[name]; n > 0 {
				text = humanize.Comma(n) + " " + provenanceMark[r.Counts[trace.Syscalls].Provenance]
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return rows
}

// provenanceMark follows every value and says how it is known.
var provenanceMark = map[trace.Provenance]string{trace.Measured: "●", trace.Derived: "○", trace.Modelled: "◌", trace.Recorded: "◆"}

func formatCount(name trace.CountName, c trace.Count) string {
	if !c.Known() {
		return "–"
	}
	return formatValue(trace.UnitOf(name), c.Value) + " " + provenanceMark[c.Provenance]
}

func formatValue(unit trace.Unit, v float64) string {
	switch {
	case unit == trace.Nanos && v >= 1e9:
		return fmt.Sprintf("%.2f s", v/1e9)
	case unit == trace.Nanos && v >= 1e6:
		return fmt.Sprintf("%.2f ms", v/1e6)
	case unit == trace.Nanos:
		return fmt.Sprintf("%.1f µs", v/1e3)
	case unit == trace.PerByte:
		return fmt.Sprintf("%.2f", v)
	}
	return humanize.Comma(int64(math.Round(v)))
}

func compareRows(rows []trace.Comparison) [][]string {
	out := [][]string{{"path", "count", "predicted", "measured", "verdict"}}
	for _, c := range rows {
		measured := word(c.Measured)
		if mark := provenanceMark[c.Provenance]; mark != "" {
			measured += " " + mark
		}
		verdict := string(c.Verdict)
		if c.Verdict == trace.Within {
			verdict += " ±" + word(c.Bound)
		}
		out = append(out, []string{c.Path, c.Count, word(c.Predicted), measured, verdict})
	}
	return out
}

// compareNotes gives the reasons of the verdicts that need one.
func compareNotes(rows []trace.Comparison) []string {
	counts := map[string][]string{}
	var order []string
	for _, c := range rows {
		if c.Reason == "" || c.Verdict == trace.Differs { // failures are told one by one
			continue
		}
		note := string(c.Verdict) + ": " + c.Reason
		if counts[note] == nil {
			order = append(order, note)
		}
		if !slices.Contains(counts[note], c.Count) {
			counts[note] = append(counts[note], c.Count)
		}
	}
	var out []string
	for _, note := range order {
		out = append(out, fmt.Sprintf("%s: %s", strings.Join(counts[note], ", "), note))
	}
	return out
}

func word(v any) string {
	switch v := v.(type) {
	case nil:
		return "–"
	case float64:
		if v == math.Trunc(v) {
			return humanize.Comma(int64(v))
		}
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprint(v)
}

// notes explains the marks and what could not be seen.
func notes(group []lab.RunReport) []string {
	marks := map[trace.Provenance]bool{}
	reasons := map[string][]string{}
	var order []string
	for _, name := range trace.CountNames() {
		for _, r := range group {
			c := r.Counts[name]
			marks[c.Provenance] = true
			if c.Known() {
				continue
			}
			if _, ok := reasons[c.Reason]; !ok {
				order = append(order, c.Reason)
			}
			if n := reasons[c.Reason]; len(n) == 0 || n[len(n)-1] != string(name) {
				reasons[c.Reason] = append(n, string(name))
			}
		}
	}
	used := marksUsed(marks)
	if len(order) > 0 {
		used += "  – " + unknown(group[0].Side)
	}
	out := []string{strings.TrimLeft(used, " ")}
	for _, reason := range order {
		out = append(out, fmt.Sprintf("– %s: %s", strings.Join(reasons[reason], ", "), reason))
	}
	return out
}

// marksUsed explains the marks of a table.
func marksUsed(marks map[trace.Provenance]bool) string {
	var used []string
	for _, p := range []trace.Provenance{trace.Measured, trace.Derived, trace.Modelled, trace.Recorded} {
		if marks[p] {
			used = append(used, provenanceMark[p]+" "+string(p))
		}
	}
	return strings.Join(used, "  ")
}

// unknown is what a dash in a side's table means; a line below the table gives
// the reason, which is a sentence of its own.
func unknown(side trace.Side) string {
	switch side {
	case trace.Sim:
		return "not modelled"
	case trace.RecordedSide:
		return "not measured there"
	}
	return "not measurable here"
}

// besides names what predictions are held against.
func besides(runs []lab.RunReport) string {
	measured, kept := false, ""
	for _, r := range runs {
		measured = measured || r.Side == trace.Real
		if r.Side == trace.RecordedSide {
			kept = "recording (" + r.Machine + ")"
		}
	}
	switch {
	case kept == "":
		return "measurement (this host)"
	case measured:
		return "measurement (this host) and " + kept
	}
	return kept
}
