package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// outcome is one scenario, predicted and measured.
type outcome struct {
	scenario   lab.Scenario
	net        string // as -nets names it
	prediction *lab.Result
	cpu, wall  timed
	rows       []trace.Comparison
}

// timed is a time in ns, predicted and measured.
type timed struct{ predicted, measured float64 }

// least takes a measurement, of which the least counts: what others disturbed
// least.
func (t *timed) least(measured float64) {
	if t.measured == 0 || measured < t.measured {
		t.measured = measured
	}
}

// off is the prediction's error in per cent.
func (t timed) off() float64 { return 100 * (t.predicted - t.measured) / t.measured }

func cpuOf(o outcome) timed  { return o.cpu }
func wallOf(o outcome) timed { return o.wall }

func median(values []float64) float64 {
	s := slices.Clone(values)
	slices.Sort(s)
	return s[len(s)/2]
}

// errorsOf are the sizes of the errors of the outcomes that are asked for, in
// per cent.
func errorsOf(all []outcome, which func(outcome) timed, asked func(outcome) bool) (out []float64) {
	for _, o := range all {
		if asked(o) {
			out = append(out, math.Abs(which(o).off()))
		}
	}
	return out
}

func every(outcome) bool { return true }

// document is the page.
type document struct {
	size             string
	rounds           int
	limit, wallLimit float64
	all              []outcome
	missing          []string // paths that do not run here, and why
}

// write says whether the median errors and the counts are as promised.
func (d document) write(w io.Writer) (held bool) {
	f := host.ReadFacts("")
	fmt.Fprintf(w, "# Predictions\n\nThe linux model, with the profile that `copyscope calibrate` made of this host right before, beside this host's kernel. Every path over %s, %s, the least times of %d runs: what others disturbed least. Written by `docs/bench/prediction.sh`; do not edit.\n\n", strings.Join(d.nets(), ", "), d.size, d.rounds)
	fmt.Fprintf(w, "Machine: %s, %d processors, Linux %s, %s, read_ahead_kb %d.\n\n", host.ProcessorName(), f.CPUs, f.Kernel, f.Filesystem, f.ReadaheadBytes>>10)
	cpu, wall := median(errorsOf(d.all, cpuOf, every)), median(errorsOf(d.all, wallOf, every))
	fmt.Fprintf(w, "**Median error of CPU time: %.1f %%** (promised: at most %.0f %%).\n\n**Median error of wall time: %.1f %%** (promised: at most %.0f %%).\n\n", cpu, d.limit, wall, d.wallLimit)
	held = cpu <= d.limit && wall <= d.wallLimit
	fmt.Fprint(w, "CPU time is of the sending thread, what the kernel did in its name included (softirqs of loopback). Wall time is until the program has handed everything over: the receiver, on another processor, may hold it back. The errors are the prediction's.\n\n")
	for _, net := range d.nets() {
		d.times(w, net)
	}
	d.medians(w)
	d.worst(w)
	if len(d.missing) > 0 {
		fmt.Fprintf(w, "\n%s\n", strings.Join(d.missing, "\n"))
	}
	fmt.Fprint(w, "\n## Counts\n\nHow the counts of every run came out. On a cold cache `dma_bytes` are what the disk put into the page cache, in whole pages.\n\n")
	return counts(w, d.all) && held
}

func (d document) nets() (out []string) {
	for _, o := range d.all {
		if !slices.Contains(out, o.net) {
			out = append(out, o.net)
		}
	}
	return out
}

func (d document) paths() (out []string) {
	for _, o := range d.all {
		if !slices.Contains(out, o.scenario.Path) {
			out = append(out, o.scenario.Path)
		}
	}
	return out
}

// times has two lines for each path and chunk: the CPU time and the wall time.
func (d document) times(w io.Writer, net string) {
	fmt.Fprintf(w, "## Times over %s\n\nms\n\n| path | chunk | time | warm: predicted | measured | error | cold: predicted | measured | error |\n| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n", net)
	for i := 0; i+1 < len(d.all); i += 2 { // warm and cold stand beside each other
		if d.all[i].net != net {
			continue
		}
		for name, which := range []func(outcome) timed{cpuOf, wallOf} {
			fmt.Fprintf(w, "| `%s` | %s | %s |", d.all[i].scenario.Path, lab.FormatSize(d.all[i].scenario.Chunk), [...]string{"CPU", "wall"}[name])
			for _, o := range d.all[i : i+2] {
				t := which(o)
				fmt.Fprintf(w, " %.2f | %.2f | %+.0f %% |", t.predicted/1e6, t.measured/1e6, t.off())
			}
			fmt.Fprintln(w)
		}
	}
	fmt.Fprintln(w)
}

// medians has a line for each path.
func (d document) medians(w io.Writer) {
	fmt.Fprint(w, "## Median errors\n\n| path | CPU, warm | CPU, cold | wall, warm | wall, cold |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, path := range d.paths() {
		fmt.Fprintf(w, "| `%s` |", path)
		for _, which := range []func(outcome) timed{cpuOf, wallOf} {
			for _, cache := range []lab.Cache{lab.Warm, lab.Cold} {
				fmt.Fprintf(w, " %.1f %% |", median(errorsOf(d.all, which, func(o outcome) bool { return o.scenario.Path == path && o.scenario.Cache == cache })))
			}
		}
		fmt.Fprintln(w)
	}
}

// worstRows is how many of the largest errors are listed.
const worstRows = 8

// worst lists the largest errors of each time, and what they come from.
func (d document) worst(w io.Writer) {
	var listed []outcome
	fmt.Fprintf(w, "\n## The largest errors\n\n| time | path | net | cache | chunk | predicted, ms | measured, ms | error |\n| --- | --- | --- | --- | ---: | ---: | ---: | ---: |\n")
	for name, which := range []func(outcome) timed{cpuOf, wallOf} {
		sorted := slices.Clone(d.all)
		slices.SortStableFunc(sorted, func(a, b outcome) int { return cmp.Compare(math.Abs(which(b).off()), math.Abs(which(a).off())) })
		for _, o := range sorted[:min(worstRows, len(sorted))] {
			listed = append(listed, o)
			t := which(o)
			fmt.Fprintf(w, "| %s | `%s` | %s | %s | %s | %.2f | %.2f | %+.0f %% |\n", [...]string{"CPU", "wall"}[name], o.scenario.Path, o.net, o.scenario.Cache, lab.FormatSize(o.scenario.Chunk), t.predicted/1e6, t.measured/1e6, t.off())
		}
	}
	explain(w, listed)
}

// counts has a line for each count, and tells every prediction that failed.
func counts(w io.Writer, all []outcome) (held bool) {
	verdicts := []trace.Verdict{trace.Equal, trace.EqualByRule, trace.Within, trace.Differs, trace.NotMeasurable}
	var names []string
	tally := map[string]map[trace.Verdict]int{}
	var failed []string
	for _, o := range all {
		for _, c := range o.rows {
			name, _, _ := strings.Cut(c.Count, ".")
			if tally[name] == nil {
				names, tally[name] = append(names, name), map[trace.Verdict]int{}
			}
			tally[name][c.Verdict]++
			if !c.Holds() {
				failed = append(failed, fmt.Sprintf("- %s: %s: %s", o.scenario, c.Count, c.Reason))
			}
		}
	}
	fmt.Fprint(w, "| count | equal | equal by rule | within its bound | differs | not measurable |\n| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for _, name := range names {
		fmt.Fprintf(w, "| `%s` |", name)
		for _, v := range verdicts {
			fmt.Fprintf(w, " %d |", tally[name][v])
		}
		fmt.Fprintln(w)
	}
	if len(failed) > 0 {
		slices.Sort(failed)
		fmt.Fprintf(w, "\nPredictions that did not hold:\n\n%s\n", strings.Join(slices.Compact(failed), "\n"))
	}
	return len(failed) == 0
}
