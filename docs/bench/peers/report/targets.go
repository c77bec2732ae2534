package report

import (
	"fmt"
	"math"

	"copyscope/docs/bench/peers/contender/name"
	"copyscope/docs/bench/peers/result"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
)

// target is a promise: a number that is computed from the workloads, and its bound.
type target struct {
	title string
	// least says that the bound is the least that holds, else it is the most. Where
	// there is no promise, bound is NaN.
	bound float64
	least bool
	show  func(float64) string
	// of computes the number; words, which may be empty, say more of it. ok is false
	// where it was not measured.
	of func(a result.All) (v float64, words string, ok bool)
}

var none = math.NaN()

func times(v float64) string { return fmt.Sprintf("%.2f", v) }

// targets are in the order of the page.
var targets = []target{
	{"catch-up fetch, MB/s: copyscope / the bare sendfile loop", 0.95, true, times, ratio(workload.Catchup, name.Copyscope, name.BareSendfile, load.BytesPerSecond)},
	{"catch-up fetch, MB for each second of the server's CPU: copyscope / NATS JetStream", 3, true, times, ratio(workload.Catchup, name.NATS, name.Copyscope, cpu)},
	{"the same, copyscope / kfake", 3, true, times, ratio(workload.Catchup, name.Kfake, name.Copyscope, cpu)},
	{"catch-up fetch, MB/s: copyscope / Apache Kafka", 1, true, times, ratio(workload.Catchup, name.Copyscope, name.Kafka, load.BytesPerSecond)},
	{"the same, Kafka tuned", 1, true, times, ratio(workload.Catchup, name.Copyscope, name.KafkaTuned, load.BytesPerSecond)},
	{"catch-up fetch, MB/s: Apache Kafka / the bare sendfile loop", none, true, times, ratio(workload.Catchup, name.Kafka, name.BareSendfile, load.BytesPerSecond)},
	{"how much of that gap copyscope takes", none, true, percent, gap(name.Kafka)},
	{"catch-up fetch, MB/s: Kafka tuned / the bare sendfile loop", none, true, times, ratio(workload.Catchup, name.KafkaTuned, name.BareSendfile, load.BytesPerSecond)},
	{"how much of that gap copyscope takes", none, true, percent, gap(name.KafkaTuned)},
	{"catch-up fetch, server CPU for each GB: sendfile / read-write of 64 KiB", 0.5, false, times, ratio(workload.Catchup, name.Copyscope, name.CopyscopeReadWrite, cpu)},
	{"produce, MB/s: copyscope / Apache Kafka", 1.3, true, times, ratio(workload.ProduceBase, name.Copyscope, name.Kafka, load.BytesPerSecond)},
	{"the same, Kafka tuned", 1.3, true, times, ratio(workload.ProduceBase, name.Copyscope, name.KafkaTuned, load.BytesPerSecond)},
	{"produce of 100-byte records, million records/s", 2, true, times, figure(workload.ProduceSmall, load.RecordsPerSecond, 1e6)},
	{"produce of 1 KiB records, MB/s", 600, true, whole, figure(workload.ProduceBase, load.BytesPerSecond, 1e6)},
	{"end to end at 200 MB/s, p99, ms", 5, false, times, figure(workload.E2E200, "latency_p99_ns", 1e6)},
	{"the largest RssAnon of any workload: copyscope / Apache Kafka", 0.2, false, times, anon},
	{"the least that copyscope's MB/s are of another broker's, in any workload but those of a steady rate", 1, true, times, leastOfAny},
}

const cpu = "server_cpu_ms_per_gb"

func percent(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }
func whole(v float64) string   { return fmt.Sprintf("%.0f", v) }

// row is the target's line.
func (t target) row(a result.All) string {
	promised, held := "", ""
	if !math.IsNaN(t.bound) {
		sign := "≤"
		if t.least {
			sign = "≥"
		}
		promised = fmt.Sprintf("%s %s", sign, t.show(t.bound))
	}
	v, words, ok := t.of(a)
	if !ok {
		return fmt.Sprintf("| %s | not measured | %s | |", t.title, promised)
	}
	switch {
	case promised == "":
	case t.least && v >= t.bound, !t.least && v <= t.bound:
		held = "yes"
	default:
		held = "**no**"
	}
	measured := t.show(v)
	if words != "" {
		measured += " " + words
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", t.title, measured, promised, held)
}

// ratio is a server's figure over another's.
func ratio(load, of, to, figure string) func(result.All) (float64, string, bool) {
	return func(a result.All) (float64, string, bool) {
		f, ok := a.Of(load)
		r := f.Ratio(of, to, figure)
		if !ok || r.N == 0 {
			return 0, "", false
		}
		words := ""
		if r.N > 1 {
			words = fmt.Sprintf("(%.2f–%.2f)", r.Q1, r.Q3)
		}
		if len(r.Runs) > 1 {
			least, most := r.Between()
			words += fmt.Sprintf(", runs %.2f–%.2f", least, most)
		}
		return r.Median, words, true
	}
}

// figure is one of copyscope's own.
func figure(load, name string, unit float64) func(result.All) (float64, string, bool) {
	return func(a result.All) (float64, string, bool) {
		f, ok := a.Of(load)
		s := f.Figure(copyscope, name)
		if !ok || s.N == 0 {
			return 0, "", false
		}
		words := ""
		if s.N > 1 {
			words = fmt.Sprintf("(%.2f–%.2f)", s.Q1/unit, s.Q3/unit)
		}
		return s.Median / unit, words, true
	}
}

const copyscope = name.Copyscope

// gap is how much copyscope takes of what a server is short of the bare loop: 1 is
// all of it.
func gap(server string) func(result.All) (float64, string, bool) {
	return func(a result.All) (float64, string, bool) {
		f, ok := a.Of(workload.Catchup)
		ours := f.Ratio(copyscope, name.BareSendfile, load.BytesPerSecond)
		theirs := f.Ratio(server, name.BareSendfile, load.BytesPerSecond)
		if !ok || ours.N == 0 || theirs.N == 0 {
			return 0, "", false
		}
		if theirs.Median >= 1 {
			return 1, "(there is none)", true
		}
		return (ours.Median - theirs.Median) / (1 - theirs.Median), "", true
	}
}

// anon compares the largest memory of any workload that both did.
func anon(a result.All) (float64, string, bool) {
	most := map[string]float64{}
	for _, f := range a.Files {
		ours, theirs := f.Figure(copyscope, anonPeak), f.Figure(name.Kafka, anonPeak)
		if ours.N > 0 && theirs.N > 0 {
			most[copyscope] = max(most[copyscope], ours.Median)
			most[name.Kafka] = max(most[name.Kafka], theirs.Median)
		}
	}
	if most[name.Kafka] == 0 {
		return 0, "", false
	}
	return most[copyscope] / most[name.Kafka], fmt.Sprintf("(%.0f MB, %.0f MB)", most[copyscope]/1e6, most[name.Kafka]/1e6), true
}

const anonPeak = "server_rss_anon_peak_bytes"

// leastOfAny looks at every workload whose rate the server sets, and at every other
// broker. What both servers' CPUs had to do for it says whether the server is slower or
// the machine was busy with something else.
func leastOfAny(a result.All) (least float64, words string, ok bool) {
	for _, f := range a.Files {
		if k := f.Workload.Kind; k == workload.EndToEnd || k == workload.Idle {
			continue
		}
		for _, other := range []string{name.Kafka, name.KafkaTuned, name.Kfake, name.NATS} {
			r := f.Ratio(copyscope, other, load.BytesPerSecond)
			if r.N > 0 && (!ok || r.Median < least) {
				least, ok = r.Median, true
				words = fmt.Sprintf("(%s, %s; server CPU %.0f and %.0f ms/GB)", f.Workload.Name, other, f.Figure(copyscope, cpu).Median, f.Figure(other, cpu).Median)
			}
		}
	}
	return least, words, ok
}
