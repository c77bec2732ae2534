//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"

	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
)

// tell prints a turn to stderr.
func (t *table) tell(w workload.Workload, round int, server string, f load.Figures) {
	var says []string
	for _, s := range []struct {
		figure, form string
		unit         float64
	}{
		{load.BytesPerSecond, "%.0f MB/s", 1e6}, {"server_cpu_ms_per_gb", "server %.0f ms/GB", 1},
		{"client_cpu_ms_per_gb", "client %.0f ms/GB", 1}, {"latency_p99_ns", "p99 %.2f ms", 1e6}, {"server_rss_anon_peak_bytes", "RssAnon %.0f MB", 1e6},
	} {
		if v := f[s.figure].Value; v != nil && (s.figure != "latency_p99_ns" || w.Kind == workload.EndToEnd || w.Kind == workload.Idle) {
			says = append(says, fmt.Sprintf(s.form, *v/s.unit))
		}
	}
	fmt.Fprintf(os.Stderr, "run %d, %s, round %d, %s: %s\n", t.run, w.Name, round, server, strings.Join(says, ", "))
}

// firstLine is an error as a table can hold it.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
