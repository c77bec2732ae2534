// Command brokertable writes the table of broker.sh: what was measured beside
// what is promised, from the reports in a directory.
//
//	brokertable DIR
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"copyscope/internal/load"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: brokertable DIR")
		os.Exit(2)
	}
	if err := table(os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "brokertable:", err)
		os.Exit(1)
	}
}

// promise is a line: a figure of a report's median and its bound.
type promise struct {
	report, side, figure string
	title                string
	show                 func(float64) string
	bound                float64
	least                bool // the bound is the least, else the most
	without              bool // there is none
}

func ratio(v float64) string  { return fmt.Sprintf("%.2f", v) }
func mb(v float64) string     { return fmt.Sprintf("%.0f MB", v/1e6) }
func mbps(v float64) string   { return fmt.Sprintf("%.0f MB/s", v/1e6) }
func ms(v float64) string     { return fmt.Sprintf("%.2f ms", v/1e6) }
func whole(v float64) string  { return fmt.Sprintf("%.0f", v) }
func perGB(v float64) string  { return fmt.Sprintf("%.0f ms/GB", v) }
func second(v float64) string { return time.Duration(v).Round(time.Millisecond).String() }
func million(v float64) string {
	return fmt.Sprintf("%.2f million/s", v/1e6)
}

var promises = []promise{
	{"fetch", "", "ratio", "fetch, broker over a bare sendfile loop", ratio, 0.95, true, false},
	{"fetch", load.RawSide, load.BytesPerSecond, "fetch, broker", mbps, 0, false, true},
	{"fetch", load.BareSide, load.BytesPerSecond, "fetch, bare loop", mbps, 0, false, true},
	{"fetch", load.RawSide, "server_cpu_ms_per_gb", "fetch, CPU of the broker", perGB, 0, false, true},
	{"fetch", load.BareSide, "server_cpu_ms_per_gb", "fetch, CPU of the bare loop", perGB, 0, false, true},
	{"produce", "", "ratio", "produce of 1 KiB records in 64 KiB batches, broker over a bare relay", ratio, 0.8, true, false},
	{"produce", load.RawSide, load.BytesPerSecond, "produce, broker", mbps, 0, false, true},
	{"produce", load.BareSide, load.BytesPerSecond, "produce, bare relay", mbps, 0, false, true},
	{"produce", load.RawSide, "server_cpu_ms_per_gb", "produce, CPU of the broker", perGB, 0, false, true},
	{"produce-100", load.RawSide, load.RecordsPerSecond, "produce of 100-byte records, batches built beforehand, acks=1", million, 2e6, true, false},
	{"produce-100", load.FranzSide, load.RecordsPerSecond, "the same by franz-go", million, 0, false, true},
	{"e2e", load.RawSide, "latency_p50_ns", "end to end at 50 MB/s, p50", ms, 0, false, true},
	{"e2e", load.RawSide, "latency_p99_ns", "end to end at 50 MB/s, p99", ms, 5e6, false, false},
	{"e2e", load.RawSide, "latency_p999_ns", "end to end at 50 MB/s, p99.9", ms, 0, false, true},
	{"consumers", load.RawSide, "server_rss_anon_peak_bytes", "100 consumers fetch 50 MB each: RssAnon, peak", mb, 200e6, false, false},
	{"idle", load.RawSide, "server_rss_anon_peak_bytes", "5,000 idle connections: RssAnon", mb, 150e6, false, false},
	{"start", load.RawSide, "ready_ns", "start with 1,000 topics × 8 partitions", second, 3e9, false, false},
	{"start", load.RawSide, "descriptors", "descriptors after it", whole, 20_000, false, false},
}

func table(w io.Writer, dir string) error {
	reports := map[string]*load.Report{}
	var machine *load.Report
	for _, p := range promises {
		if reports[p.report] != nil {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, p.report+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // its lines say so
		}
		if err != nil {
			return err
		}
		r := &load.Report{}
		if err := json.Unmarshal(b, r); err != nil {
			return fmt.Errorf("%s.json: %w", p.report, err)
		}
		reports[p.report] = r
		if machine == nil || r.Congestion != "" { // a report without connections has none
			machine = r
		}
	}
	if machine == nil {
		return fmt.Errorf("%s holds no report", dir)
	}
	fmt.Fprintf(w, "# Results of the broker\n\nWritten by `docs/bench/broker.sh`. The reports are in [broker/](broker).\n\n")
	fmt.Fprintf(w, "One machine: %d CPUs%s, Linux %s, %s, %s; %s on loopback; %s.\n\n", machine.Host.CPUs, memory(), machine.Host.Kernel,
		machine.Host.Filesystem, machine.Go, machine.Congestion, time.Now().UTC().Format("2 January 2006"))
	fmt.Fprintf(w, "Medians; the spread of the rounds in brackets.\n\n| | measured | promised |\n| --- | --- | --- |\n")
	for _, p := range promises {
		fmt.Fprintln(w, p.row(reports[p.report]))
	}
	for _, name := range []string{"fetch", "produce", "produce-100", "e2e", "consumers", "idle", "start"} {
		if r := reports[name]; r != nil {
			for _, note := range r.Notes {
				fmt.Fprintf(w, "\n%s: %s.", name, note)
			}
		}
	}
	fmt.Fprintln(w)
	return nil
}

func (p promise) row(r *load.Report) string {
	promised := ""
	if !p.without {
		promised = map[bool]string{true: "≥ ", false: "≤ "}[p.least] + p.show(p.bound)
	}
	value, spread := p.value(r)
	if value == nil {
		return fmt.Sprintf("| %s | not measured | %s |", p.title, promised)
	}
	verdict := ""
	if !p.without && (p.least && *value < p.bound || !p.least && *value > p.bound) {
		verdict = " (missed)"
	}
	return fmt.Sprintf("| %s | %s%s | %s%s |", p.title, p.show(*value), spread, promised, verdict)
}

// value is the median and, of several rounds, from where to where they went.
func (p promise) value(r *load.Report) (median *float64, spread string) {
	if r == nil {
		return nil, ""
	}
	if p.figure == "ratio" {
		if r.Ratio == nil {
			return nil, ""
		}
		return r.Ratio.Value, ""
	}
	var all []float64
	for _, round := range r.Rounds {
		if f := round.Figures[p.figure]; round.Side == p.side && f.Value != nil {
			all = append(all, *f.Value)
		}
	}
	if len(all) > 1 {
		spread = fmt.Sprintf(" [%s – %s]", p.show(slices.Min(all)), p.show(slices.Max(all)))
	}
	return r.Median[p.side][p.figure].Value, spread
}

// memory is what the machine has, in words.
func memory() string {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return ""
	}
	var kib float64
	if _, err := fmt.Sscanf(strings.TrimSpace(string(b)), "MemTotal: %f kB", &kib); err != nil {
		return ""
	}
	return fmt.Sprintf(", %.0f GiB", kib/(1<<20))
}
