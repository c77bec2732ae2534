// Command prediction holds the linux model, with the profile of this host,
// against this host's kernel: every path that runs here, chunks from 4 KiB to
// 1 MiB, warm and cold, over loopback. It writes the page that prediction.sh
// keeps.
//
//	prediction -profile FILE [-size 64MiB] [-rounds 3] [-limit 25]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"slices"
	"strings"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

var chunks = []int64{4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20}

func main() {
	profile := flag.String("profile", "", "a profile of copyscope calibrate")
	size := flag.String("size", "64MiB", "bytes of each run")
	rounds := flag.Int("rounds", 3, "how often each is measured; the least CPU time counts, the run that others disturbed least")
	limit := flag.Float64("limit", 25, "the median error of CPU time may be so many per cent")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	held, err := run(ctx, os.Stdout, *profile, *size, *rounds, *limit)
	if err != nil {
		fmt.Fprintln(os.Stderr, "prediction:", err)
		os.Exit(1)
	}
	if !held {
		fmt.Fprintln(os.Stderr, "prediction: a prediction did not hold; the page says which")
		os.Exit(1)
	}
}

// outcome is one scenario, predicted and measured.
type outcome struct {
	scenario            lab.Scenario
	predicted, measured float64 // CPU time in ns
	rows                []trace.Comparison
}

func (o outcome) off() float64 { return 100 * (o.predicted - o.measured) / o.measured }

func run(ctx context.Context, w io.Writer, profile, size string, rounds int, limit float64) (held bool, err error) {
	l := lab.New("")
	text, err := os.ReadFile(profile)
	if err != nil {
		return false, fmt.Errorf("-profile: %w", err)
	}
	if l.Profile, err = lab.ParseProfile(profile, text); err != nil {
		return false, err
	}
	bytes, err := lab.ParseSize("-size", size)
	if err != nil {
		return false, err
	}
	if rounds < 1 {
		return false, fmt.Errorf("-rounds %d: use 1 or more", rounds)
	}
	var all []outcome
	var missing []string
	for _, path := range transfer.Paths() {
		if ok, why := host.Available(path); !ok {
			missing = append(missing, fmt.Sprintf("- `%s` does not run here: %s", path, why))
			continue
		}
		for _, chunk := range chunks {
			for _, cache := range []lab.Cache{lab.Warm, lab.Cold} {
				s := lab.Scenario{Path: path, Side: trace.Real, Size: bytes, Chunk: chunk, Cache: cache, Net: lab.Loopback}.Normal()
				fmt.Fprintln(os.Stderr, s)
				o, err := measure(ctx, l, s, rounds)
				if err != nil {
					return false, err
				}
				all = append(all, o)
			}
		}
	}
	return page(w, all, missing, size, rounds, limit), nil
}

// measure runs a scenario in rounds and predicts it; every round is compared. The
// kernel's tracepoints, whose hits cost processor time, watch a round of its own.
func measure(ctx context.Context, l *lab.Lab, s lab.Scenario, rounds int) (o outcome, err error) {
	prediction, err := l.Predict(ctx, s)
	if err != nil {
		return o, err
	}
	o = outcome{scenario: s, predicted: prediction.Counter.Count(trace.CPUTime).Value}
	var times []float64
	for i := range rounds + 1 {
		traced := i == 0
		r, err := l.Run(ctx, s, lab.Options{Untraced: !traced})
		if err != nil {
			return o, err
		}
		if !traced {
			times = append(times, r.Counter.Count(trace.CPUTime).Value)
		}
		o.rows = append(o.rows, lab.CompareResults(prediction, r)...)
	}
	o.measured = slices.Min(times)
	return o, nil
}

func median(values []float64) float64 {
	s := slices.Clone(values)
	slices.Sort(s)
	return s[len(s)/2]
}

// errorsOf are the sizes of the errors of the outcomes that are asked for, in
// per cent.
func errorsOf(all []outcome, which func(lab.Scenario) bool) (out []float64) {
	for _, o := range all {
		if which(o.scenario) {
			out = append(out, math.Abs(o.off()))
		}
	}
	return out
}

func page(w io.Writer, all []outcome, missing []string, size string, rounds int, limit float64) (held bool) {
	f := host.ReadFacts("")
	fmt.Fprintf(w, "# Predictions\n\nThe linux model, with the profile that `copyscope calibrate` made of this host right before, beside this host's kernel. Every path over loopback, %s, the least CPU time of %d runs: what others disturbed least. Written by `docs/bench/prediction.sh`; do not edit.\n\n", size, rounds)
	fmt.Fprintf(w, "Machine: %s, %d processors, Linux %s, %s, read_ahead_kb %d.\n\n", host.ProcessorName(), f.CPUs, f.Kernel, f.Filesystem, f.ReadaheadBytes>>10)
	every := median(errorsOf(all, func(lab.Scenario) bool { return true }))
	fmt.Fprintf(w, "**Median error of CPU time: %.1f %%** (promised: at most %.0f %%).\n\n", every, limit)
	held = every <= limit
	fmt.Fprint(w, "## CPU time\n\nms of the sending thread, what the kernel did in its name included (softirqs of loopback); the error is the prediction's.\n\n")
	times(w, all)
	fmt.Fprint(w, "\n| path | median error, warm | cold |\n| --- | ---: | ---: |\n")
	for _, path := range paths(all) {
		fmt.Fprintf(w, "| `%s` |", path)
		for _, cache := range []lab.Cache{lab.Warm, lab.Cold} {
			fmt.Fprintf(w, " %.1f %% |", median(errorsOf(all, func(s lab.Scenario) bool { return s.Path == path && s.Cache == cache })))
		}
		fmt.Fprintln(w)
	}
	if len(missing) > 0 {
		fmt.Fprintf(w, "\n%s\n", strings.Join(missing, "\n"))
	}
	fmt.Fprint(w, "\n## Counts\n\nHow the counts of every run came out. On a cold cache `dma_bytes` are what the disk put into the page cache, in whole pages.\n\n")
	return counts(w, all) && held
}

func paths(all []outcome) (out []string) {
	for _, o := range all {
		if !slices.Contains(out, o.scenario.Path) {
			out = append(out, o.scenario.Path)
		}
	}
	return out
}

// times has a line for each path and chunk.
func times(w io.Writer, all []outcome) {
	fmt.Fprint(w, "| path | chunk | warm: predicted | measured | error | cold: predicted | measured | error |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for i := 0; i+1 < len(all); i += 2 { // warm and cold stand beside each other
		fmt.Fprintf(w, "| `%s` | %s |", all[i].scenario.Path, lab.FormatSize(all[i].scenario.Chunk))
		for _, o := range all[i : i+2] {
			fmt.Fprintf(w, " %.2f | %.2f | %+.0f %% |", o.predicted/1e6, o.measured/1e6, o.off())
		}
		fmt.Fprintln(w)
	}
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
