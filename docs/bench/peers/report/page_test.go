package report_test

import (
	"strings"
	"testing"

	"copyscope/docs/bench/peers/report"
	"copyscope/docs/bench/peers/result"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
)

// measured is a comparison of one round in which every server has one speed and one
// cost in every workload.
type measured map[string]struct{ mbps, cpu, p99, anon float64 }

func (m measured) all() result.All {
	a := result.All{Machine: result.Machine{Servers: []result.Server{{Name: "gone", Absent: "no registry has it"}}}}
	for _, w := range workload.All() {
		run := result.Run{Absent: map[string]string{"silent": "it|ended"}}
		for name, of := range m {
			f := load.Figures{}
			f.Set(load.BytesPerSecond, "bytes/s", of.mbps*1e6)
			f.Set(load.RecordsPerSecond, "records/s", of.mbps*1e4)
			f.Set("server_cpu_ms_per_gb", "ms/GB", of.cpu)
			f.Set("latency_p99_ns", "ns", of.p99*1e6)
			f.Set("server_rss_anon_peak_bytes", "bytes", of.anon*1e6)
			run.Rounds = append(run.Rounds, result.Round{Round: 1, Server: name, Figures: f})
		}
		a.Files = append(a.Files, result.File{Schema: 1, Workload: w, Runs: []result.Run{run}})
	}
	return a
}

// line finds the line of the page that begins so, below a heading if one is given.
func line(t *testing.T, page, below, begins string) string {
	t.Helper()
	_, page, found := strings.Cut(page, below)
	if found {
		for l := range strings.Lines(page) {
			if strings.HasPrefix(l, begins) {
				return strings.TrimSpace(l)
			}
		}
	}
	t.Fatalf("no line %q below %q", begins, below)
	return ""
}

func TestTargets(t *testing.T) {
	good := measured{
		"copyscope": {1000, 100, 4, 50}, "bare-sendfile": {1000, 90, 0, 5}, "kafka": {600, 200, 20, 500}, "kafka-tuned": {800, 200, 20, 900},
		"kfake": {300, 301, 9, 900}, "nats": {200, 900, 9, 200}, "copyscope-read-write": {700, 210, 4, 50},
	}
	bad := measured{
		"copyscope": {500, 100, 6, 150}, "bare-sendfile": {1000, 90, 0, 5}, "kafka": {600, 200, 20, 500}, "kafka-tuned": {800, 200, 20, 900},
		"kfake": {300, 299, 9, 900}, "nats": {200, 250, 9, 200}, "copyscope-read-write": {700, 190, 4, 50},
	}
	holds, fails := string(report.Page(good.all())), string(report.Page(bad.all()))
	for _, c := range []struct{ title, good, bad string }{
		{"catch-up fetch, MB/s: copyscope / the bare sendfile loop", "1.00 | ≥ 0.95 | yes", "0.50 | ≥ 0.95 | **no**"},
		{"catch-up fetch, MB for each second of the server's CPU: copyscope / NATS JetStream", "9.00 | ≥ 3.00 | yes", "2.50 | ≥ 3.00 | **no**"},
		{"the same, copyscope / kfake", "3.01 | ≥ 3.00 | yes", "2.99 | ≥ 3.00 | **no**"},
		{"catch-up fetch, MB/s: copyscope / Apache Kafka", "1.67 | ≥ 1.00 | yes", "0.83 | ≥ 1.00 | **no**"},
		{"catch-up fetch, MB/s: Apache Kafka / the bare sendfile loop", "0.60 |  | ", "0.60 |  | "},
		{"how much of that gap copyscope takes", "100 % |  | ", "-25 % |  | "},
		{"catch-up fetch, server CPU for each GB: sendfile / read-write of 64 KiB", "0.48 | ≤ 0.50 | yes", "0.53 | ≤ 0.50 | **no**"},
		{"produce, MB/s: copyscope / Apache Kafka", "1.67 | ≥ 1.30 | yes", "0.83 | ≥ 1.30 | **no**"},
		{"produce of 100-byte records, million records/s", "10.00 | ≥ 2.00 | yes", "5.00 | ≥ 2.00 | yes"},
		{"produce of 1 KiB records, MB/s", "1000 | ≥ 600 | yes", "500 | ≥ 600 | **no**"},
		{"end to end at 200 MB/s, p99, ms", "4.00 | ≤ 5.00 | yes", "6.00 | ≤ 5.00 | **no**"},
		{"the largest RssAnon of any workload: copyscope / Apache Kafka", "0.10 (50 MB, 500 MB) | ≤ 0.20 | yes", "0.30 (150 MB, 500 MB) | ≤ 0.20 | **no**"},
		{"the least that copyscope's MB/s are of another broker's", "kafka-tuned; server CPU 100 and 200 ms/GB) | ≥ 1.00 | yes", "kafka-tuned; server CPU 100 and 200 ms/GB) | ≥ 1.00 | **no**"},
	} {
		for page, want := range map[string]string{holds: c.good, fails: c.bad} {
			if got := line(t, page, "## Targets", "| "+c.title); !strings.Contains(got+" ", want) {
				t.Errorf("the line is\n%s\nwant in it %q", got, want)
			}
		}
	}
}

// Where Kafka is as fast as the bare loop there is no gap to take.
func TestNoGap(t *testing.T) {
	m := measured{"copyscope": {1000, 100, 4, 50}, "bare-sendfile": {1000, 90, 0, 5}, "kafka": {1000, 200, 20, 500}}
	if got := line(t, string(report.Page(m.all())), "## Targets", "| how much of that gap"); !strings.Contains(got, "100 % (there is none)") {
		t.Errorf("%s", got)
	}
}

// What was not measured is not told, and never held.
func TestTargetsThatWereNotMeasured(t *testing.T) {
	page := string(report.Page(measured{"copyscope": {1000, 100, 4, 50}}.all()))
	got := line(t, page, "## Targets", "| produce, MB/s: copyscope / Apache Kafka")
	if !strings.Contains(got, "| not measured | ≥ 1.30 | |") {
		t.Errorf("%s", got)
	}
	if got := line(t, page, "## Targets", "| end to end at 200 MB/s"); !strings.Contains(got, "4.00 | ≤ 5.00 | yes") {
		t.Errorf("%s", got)
	}
}

// A server that cannot be had, or did not do a workload, is named with the reason;
// one that did not keep the rate is said to be behind.
func TestNobodyIsLeftOut(t *testing.T) {
	page := string(report.Page(measured{"copyscope": {200, 100, 4, 50}, "kafka": {150, 100, 4, 50}}.all()))
	for _, c := range []struct{ below, begins, want string }{
		{"## Servers", "| gone |", "not measured: no registry has it"},
		{"`fetch-warm`", "| silent |", `not measured: it\|ended`},
		{"`fetch-warm`", "| kafka |", "| 1.33 |"},
		{"`e2e-200`", "| kafka |", "*behind*"},
	} {
		if got := line(t, page, c.below, c.begins); !strings.Contains(got, c.want) {
			t.Errorf("%s, %s: want %q", c.below, got, c.want)
		}
	}
	if got := line(t, page, "`e2e-200`", "| copyscope |"); strings.Contains(got, "behind") {
		t.Errorf("a server that kept the rate: %s", got)
	}
	columns := 0
	for l := range strings.Lines(page) {
		switch {
		case !strings.HasPrefix(l, "|"):
			columns = 0
		case columns == 0:
			columns = strings.Count(l, "|")
		case strings.Count(strings.ReplaceAll(l, `\|`, ""), "|") != columns:
			t.Errorf("a line of %d cells in a table of %d: %s", strings.Count(l, "|"), columns, l)
		}
	}
}

// Several runs show how far their ratios lie apart.
func TestRunsShowTheirSpread(t *testing.T) {
	a, b := measured{"copyscope": {200, 1, 1, 1}, "kafka": {100, 1, 1, 1}}.all(), measured{"copyscope": {500, 1, 1, 1}, "kafka": {100, 1, 1, 1}}.all()
	for i := range a.Files {
		a.Files[i].Runs = append(a.Files[i].Runs, b.Files[i].Runs...)
	}
	page := string(report.Page(a))
	if got := line(t, page, "## Targets", "| produce, MB/s: copyscope / Apache Kafka"); !strings.Contains(got, "3.50 (2.75–4.25), runs 2.00–5.00") {
		t.Errorf("%s", got)
	}
	if got := line(t, page, "`fetch-warm`", "| kafka |"); !strings.Contains(got, "runs 2.00–5.00") {
		t.Errorf("%s", got)
	}
	if !strings.Contains(page, "2 runs;") {
		t.Error("the page does not say how many runs it is of")
	}
}
