package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"copyscope/internal/load"
)

// benchRows are the figures of a report in the order in which people read them.
var benchRows = []struct{ name, title string }{
	{load.RecordsPerSecond, "records/s"},
	{load.BytesPerSecond, "MB/s"},
	{"latency_p50_ns", "latency p50"},
	{"latency_p95_ns", "latency p95"},
	{"latency_p99_ns", "latency p99"},
	{"latency_p999_ns", "latency p99.9"},
	{"latency_max_ns", "latency max"},
	{"connections", "connections"},
	{"ready_ns", "time to ready"},
	{"create_ns", "time to create the topics"},
	{"stop_ns", "time to stop"},
	{"descriptors", "descriptors"},
	{"server_cpu_ms_per_gb", "server CPU, ms/GB"},
	{"server_rss_anon_bytes", "server RssAnon"},
	{"server_rss_anon_peak_bytes", "server RssAnon, peak"},
	{"server_voluntary_switches", "server switches, voluntary"},
	{"server_involuntary_switches", "server switches, involuntary"},
	{"wall_ns", "took"},
}

var sideTitles = map[string]string{load.RawSide: "raw client", load.FranzSide: "franz-go client"}

// printBench prints the medians, a column for each side.
func printBench(w io.Writer, r *load.Report) error {
	var sides []string
	for _, round := range r.Rounds {
		if !slices.Contains(sides, round.Side) {
			sides = append(sides, round.Side)
		}
	}
	if len(sides) == 0 {
		_, err := fmt.Fprintln(w, "nothing was measured")
		return err
	}
	header := []string{"count"}
	for _, s := range sides {
		title := sideTitles[s]
		if s == load.BareSide {
			title = map[string]string{"fetch": "bare sendfile loop", "produce": "bare relay"}[r.Bench]
		}
		header = append(header, title)
	}
	rows := [][]string{header}
	reasons := []string{}
	for _, line := range benchRows {
		row, found := []string{line.title}, false
		for _, s := range sides {
			f, ok := r.Median[s][line.name]
			found = found || ok
			row = append(row, benchFigure(f))
			if ok && f.Value == nil && !slices.Contains(reasons, f.Reason) {
				reasons = append(reasons, f.Reason)
			}
		}
		if found {
			rows = append(rows, row)
		}
	}
	out := &strings.Builder{}
	fmt.Fprintln(out, render(w, rows))
	rounds := r.Rounds[len(r.Rounds)-1].Round
	if rounds > 1 {
		fmt.Fprintf(out, "medians of %d rounds, in turns\n", rounds)
	}
	if r.Ratio != nil {
		fmt.Fprintf(out, "broker / bare: %.3f\n", *r.Ratio.Value)
	}
	if r.Congestion != "" {
		fmt.Fprintf(out, "congestion control of the client's sockets: %s\n", r.Congestion)
	}
	for _, reason := range reasons {
		fmt.Fprintf(out, "– %s\n", reason)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(out, note)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func benchFigure(f load.Figure) string {
	if f.Value == nil {
		return "–"
	}
	v := *f.Value
	switch f.Unit {
	case "ns":
		unit := time.Microsecond // four digits are enough
		for time.Duration(v) >= 10_000*unit {
			unit *= 10
		}
		return time.Duration(v).Round(unit).String()
	case "bytes":
		return humanize.Bytes(uint64(v))
	case "bytes/s":
		return humanize.Comma(int64(v / 1e6))
	}
	return humanize.Comma(int64(v))
}
