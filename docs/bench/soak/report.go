//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"copyscope/internal/host"
)

// result is all of a run, as it is written.
type result struct {
	Date    string `json:"date"`
	Kernel  string `json:"kernel"`
	CPU     string `json:"cpu"`
	CPUs    int    `json:"cpus"`
	Go      string `json:"go"`
	Browser bool   `json:"browser"`

	Seconds     float64          `json:"seconds"`
	Asked       float64          `json:"asked_seconds"`
	Every       float64          `json:"sample_every_seconds"`
	CPUWanted   float64          `json:"cpu_share_wanted"`
	CPUUsed     float64          `json:"cpu_share_used"`
	Pace        float64          `json:"pace"`
	Interrupted bool             `json:"interrupted"`
	Done        map[string]int64 `json:"done"`
	Missing     []string         `json:"missing,omitempty"`
	// Carried are the bytes of records that fetches took by each path.
	Carried   map[string]float64 `json:"carried_bytes"`
	Cleanings float64            `json:"cleanings"`

	Trends     map[string]trend `json:"trends"`
	Errors     []entry          `json:"errors"`
	Unexpected int64            `json:"unexpected_errors"`
	Before     held             `json:"before"`
	After      held             `json:"after"`
	Left       []string         `json:"left_open,omitempty"`
	Samples    []sample         `json:"samples"`
}

func (s *soak) result() *result {
	facts := host.ReadFacts("")
	r := &result{Date: s.began.UTC().Format(time.DateOnly), Kernel: facts.Kernel, CPUs: facts.CPUs, CPU: processorModel(), Go: runtime.Version(), Browser: len(s.pages) > 0,
		Seconds: s.took.Seconds(), Asked: s.lasts.Seconds(), Every: s.every.Seconds(), CPUWanted: s.cpu, CPUUsed: s.cpuUsed, Pace: s.rate.factor(), Interrupted: s.interrupted,
		Done: maps.Clone(s.book.done), Missing: s.missing(), Carried: s.carried, Cleanings: s.cleanings, Trends: map[string]trend{}, Before: s.before, After: s.after, Left: s.left, Samples: s.samples}
	r.Errors, r.Unexpected = s.book.account()
	for _, f := range figures {
		var points []point
		for _, one := range s.samples {
			if v, ok := one.Values[f.Key]; ok {
				points = append(points, point{one.After, v})
			}
		}
		r.Trends[f.Key] = judge(points, r.Seconds, f.bound)
	}
	return r
}

func processorModel() string {
	if fs, err := procfs.NewDefaultFS(); err == nil {
		if all, err := fs.CPUInfo(); err == nil && len(all) > 0 && all[0].ModelName != "" {
			return all[0].ModelName
		}
	}
	return runtime.GOARCH
}

func processors() float64 { return float64(runtime.NumCPU()) }

func (h held) String() string {
	return fmt.Sprintf("%.0f goroutines, %.0f descriptors and %.0f of pipes", h.Goroutines, h.Descriptors, h.Pipes)
}

// wrong is why the soak has failed, if it has.
func (r *result) wrong() error {
	var all []error
	for _, f := range figures {
		if t := r.Trends[f.Key]; t.Verdict == grows {
			all = append(all, fmt.Errorf("%s of the %s grows by %s in three quarters of the run, %s are allowed", f.Title, f.Of, f.show(max(t.Slope, t.Step)), f.show(t.Bound)))
		}
	}
	for _, e := range r.Errors {
		if e.Expected == "" {
			all = append(all, fmt.Errorf("unexpected, %d times: %s: %s", e.Count, e.Who, strings.Join(e.Examples, " | ")))
		}
	}
	if !r.After.within(r.Before) {
		all = append(all, fmt.Errorf("%.0f s after everything was closed there are %s; before the load there were %s. Open are %s",
			r.After.Waited, r.After, r.Before, strings.Join(r.Left, ", ")))
	}
	if !r.Interrupted {
		for _, work := range r.Missing {
			all = append(all, fmt.Errorf("it never happened: %s", work))
		}
		for _, p := range paths {
			if r.Carried[p] == 0 {
				all = append(all, fmt.Errorf("no fetch went by %s", p))
			}
		}
		if r.Cleanings == 0 {
			all = append(all, errors.New("the compacted topic was never cleaned"))
		}
	}
	return errors.Join(all...)
}

// show writes a value with its unit.
func (f figure) show(v float64) string {
	if f.Unit == "bytes" {
		return fmt.Sprintf("%.2f MB", v/mb)
	}
	return fmt.Sprintf("%.1f", v)
}

// markdown is the report; drawings are in the directory, if there is one.
func (r *result) markdown(drawings string) string {
	b := &strings.Builder{}
	duration := time.Duration(r.Seconds * 1e9).Round(time.Second)
	fmt.Fprintf(b, "# A mixed load with the pages open, for %v\n\n", duration)
	fmt.Fprintf(b, "Written by `make soak` (`go run ./docs/bench/soak`) on %s: Linux %s, %s, %d processors, which the server, its clients and the browser share, %s. ", r.Date, r.Kernel, r.CPU, r.CPUs, r.Go)
	fmt.Fprintf(b, "All of them used %.0f %% of the machine at the end (%.0f %% were asked for): the clients worked at %.2f times their basic rates, which was found in the first eighth. ", 100*r.CPUUsed, 100*r.CPUWanted, r.Pace)
	fmt.Fprintf(b, "There were %d samples, one every %v; the load average was between %s.\n\n", len(r.Samples), time.Duration(r.Every*1e9), r.loads())
	if r.Interrupted {
		fmt.Fprintf(b, "**It was ended before its time, which was %v.**\n\n", time.Duration(r.Asked*1e9))
	}
	if err := r.wrong(); err != nil {
		fmt.Fprintf(b, "**It failed:**\n\n- %s\n\n", strings.ReplaceAll(err.Error(), "\n", "\n- "))
	} else {
		fmt.Fprintf(b, "%s, no client met an error that the load does not bring about itself, and what was open came back to what it was before.\n\n", r.trends())
	}
	b.WriteString(r.verdicts())
	for _, d := range drawn {
		if drawings != "" {
			fmt.Fprintf(b, "![%s](%s/%s.svg)\n\n", d.title, drawings, d.name)
		}
	}
	b.WriteString(r.account())
	return b.String()
}

// trends says in a word what the verdicts are, where none is that something grows.
func (r *result) trends() string {
	var open []string
	for _, f := range figures {
		if t := r.Trends[f.Key]; t.Verdict != flat {
			open = append(open, f.Title+" of the "+f.Of)
		}
	}
	switch len(open) {
	case 0:
		return "Nothing grew"
	case len(figures):
		return "The run was too short to say whether something grows"
	}
	return "The run was too short for " + strings.Join(open, ", ") + "; nothing else grew"
}

func (r *result) loads() string {
	if len(r.Samples) == 0 {
		return "unknown values"
	}
	var all []float64
	for _, s := range r.Samples {
		all = append(all, s.Load)
	}
	return fmt.Sprintf("%.2f and %.2f", slices.Min(all), slices.Max(all))
}

func (r *result) verdicts() string {
	b := &strings.Builder{}
	b.WriteString("## What is held\n\nGrowth is over the last three quarters of the run, in the first caches fill: by the slope of Theil and Sen, the median of the slopes of all pairs of samples; and by medians, the last quarter's less the second's, times 3/2. " +
		"A figure grows where one of them is above the bound and above three standard errors of its noise (the greater of both is in the table); where it is above the bound but not above the noise, it is unclear. What falls is flat.\n\n")
	b.WriteString("| of | figure | second quarter | last quarter | growth by slope | by medians | bound | noise | verdict |\n| --- | --- | --: | --: | --: | --: | --: | --: | --- |\n")
	for _, f := range figures {
		t := r.Trends[f.Key]
		if t.Verdict == short {
			fmt.Fprintf(b, "| %s | %s | %s | %s | – | – | %s | – | %s |\n", f.Of, f.Title, f.show(t.Second), f.show(t.Last), f.show(t.Bound), t.Verdict)
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", f.Of, f.Title, f.show(t.Second), f.show(t.Last), f.show(t.Slope), f.show(t.Step), f.show(t.Bound), f.show(t.Noise), t.Verdict)
	}
	fmt.Fprintf(b, "\nBefore the load the server had %s; %.1f s after all clients and pages were closed and the topics deleted it had %s. The files of its own topics are left out, as nobody can delete those, and of pipes it keeps up to %d descriptors for its next splice(2).\n\n", r.Before, r.After.Waited, r.After, idlePipes)
	return b.String()
}

func (r *result) account() string {
	b := &strings.Builder{}
	b.WriteString("## What was done\n\n| | times | a minute |\n| --- | --: | --: |\n")
	for _, work := range slices.Sorted(maps.Keys(r.Done)) {
		fmt.Fprintf(b, "| %s | %d | %.1f |\n", work, r.Done[work], float64(r.Done[work])*60/r.Seconds)
	}
	fmt.Fprintf(b, "| cleanings of the compacted topic | %.0f | %.1f |\n", r.Cleanings, r.Cleanings*60/r.Seconds)
	for _, p := range paths {
		fmt.Fprintf(b, "| MB that fetches took by %s | %.1f | %.1f |\n", p, r.Carried[p]/mb, r.Carried[p]/mb*60/r.Seconds)
	}
	b.WriteString("\nWhat is counted here is from the end of the warm-up, in which each kind of client was there once, until the load ended.\n\n## Errors that clients met\n\n")
	if len(r.Errors) == 0 {
		return b.String() + "None.\n"
	}
	b.WriteString("Answers are counted by the server, clients hide most codes and try again.\n\n| who | what | times | |\n| --- | --- | --: | --- |\n")
	for _, e := range r.Errors {
		why := e.Expected
		if why == "" {
			why = "**unexpected**: " + strings.ReplaceAll(strings.Join(e.Examples, "; "), "|", "\\|")
		}
		fmt.Fprintf(b, "| %s | %s | %d | %s |\n", e.Who, strings.ReplaceAll(e.Kind, "|", "\\|"), e.Count, why)
	}
	return b.String()
}

// write puts the report into the file, and samples.json and the drawings into the
// directory of its name.
func (r *result) write(ctx context.Context, file string) error {
	dir := strings.TrimSuffix(file, filepath.Ext(file))
	if dir == file {
		return fmt.Errorf("-o %q: give a file with an ending, such as soak.md: its samples go into the directory without it", file)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, d := range drawn {
		if err := d.write(ctx, r, dir); err != nil {
			return err
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "samples.json"), append(text, '\n'), 0o644), os.WriteFile(file, []byte(r.markdown(filepath.Base(dir))), 0o644))
}
