// Package report writes the page of a comparison: what was promised beside what was
// measured, and a table for each workload.
package report

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/docs/bench/peers/contender/name"
	"copyscope/docs/bench/peers/result"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
	"copyscope/internal/spread"
)

const head = `# Against the alternatives

Written by ` + "`make peers`" + ` (as root); the raw figures are in [peers/](peers). Every server runs on
the same machine, in one network namespace that the run made itself, and serves the same
client process with the same payload. They take turns, A B A B, and a turn that nobody counts comes
first (of 2 s at least for what runs on a JVM). Servers and clients share the CPUs, so a faster server also waits for its client.

- **Client.** For what speaks the Kafka protocol, the raw client of ` + "`copyscope bench`" + `: frames built
  before the clock starts (Produce version 8), answers thrown away (Fetch version 11). For NATS, a raw client
  of the same kind: writes of whole batches of ` + "`PUB`" + `, acknowledged ones counted; pull consumers that
  acknowledge nothing, a pull of as many bytes as a fetch under way for each stream, the next sent when half of
  it has come. For nginx and the bare loops, a reader that throws away. iperf3 is both ends itself; what sends is
  its client, and stands here as the server. Readers sleep until 128 KiB are there,
  but over TLS and from Kafka with its own settings: its send buffer of 100 KiB holds less, and it would be measured by that.
- **Memory.** Before a turn that writes, 2 GiB for each of its seconds are had and given back: a virtual machine whose free pages
  are reported to its host has to get them from there again, and who writes just then is measured at half of its speed.
- **Bytes** are those of record batches, for NATS of messages, for nginx of the file.
- **CPU** is user and system time of the server's process by procfs (ticks of 10 ms), and of the client's process
  by getrusage(2), for each GB of payload. **RssAnon** is the peak in a turn; servers run from one workload to the next.
- **Latencies** are told where requests do not wait for answers: end to end, from the time at which a record
  was due (no coordinated omission), by an HDR histogram. A server that was so far behind that the turn was cut is said to be *behind*.
- **Ratios** are of turns that stood side by side: copyscope's figure over the server's, the median of the rounds. Brackets hold
  the quartiles of the rounds. With ` + "`-runs`" + ` above 1, *runs* are the least and the greatest median of a run.
- **Produce** with acks=0 ends when the server has answered a request that was sent after the last batch.
`

// Page is the page, as Markdown.
func Page(a result.All) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	m := a.Machine
	fmt.Fprintf(&b, "\nOne machine: %d CPUs, %s of memory, Linux %s, %s, %s; %s on loopback; %s. Turns of %g s, %d rounds where a workload does not say other, %s; %s in all.\n",
		m.Host.CPUs, humanize.IBytes(m.MemoryBytes), m.Host.Kernel, m.Host.Filesystem, m.Go, m.Congestion, dates(m), m.TurnSeconds, m.Rounds, runs(a), clock(m.TookSeconds))
	b.WriteString("\n## Targets\n\n| | measured | promised | held |\n| --- | --- | --- | --- |\n")
	for _, t := range targets {
		fmt.Fprintln(&b, t.row(a))
	}
	servers(&b, m.Servers)
	for _, f := range a.Files {
		table(&b, f)
	}
	return b.Bytes()
}

func dates(m result.Machine) string {
	if m.LastDate == "" {
		return m.Date
	}
	return m.Date + " to " + m.LastDate
}

func runs(a result.All) string {
	n := 0
	for _, f := range a.Files {
		n = max(n, len(f.Runs))
	}
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}

func clock(seconds float64) string {
	return fmt.Sprintf("%d:%02d min", int(seconds)/60, int(seconds)%60)
}

func servers(b *bytes.Buffer, all []result.Server) {
	b.WriteString("\n## Servers\n\n| server | version | settings |\n| --- | --- | --- |\n")
	for _, s := range all {
		version := s.Version
		if s.Absent != "" {
			version = "not measured: " + s.Absent
		} else if version == "" {
			version = "this one"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", s.Name, cell(version), cell(s.Settings))
	}
}

// cell is a text as a table can hold it.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// column is a figure of a table.
type column struct {
	title, figure string
	show          func(float64) string
}

var (
	throughput = column{"MB/s", load.BytesPerSecond, scaled(1e6, "%.0f")}
	records    = column{"thousand records/s", load.RecordsPerSecond, scaled(1e3, "%.0f")}
	costs      = []column{
		{"server CPU, ms/GB", "server_cpu_ms_per_gb", scaled(1, "%.0f")},
		{"client CPU, ms/GB", "client_cpu_ms_per_gb", scaled(1, "%.0f")},
	}
	memory = []column{
		{"RSS, MB", "server_rss_bytes", scaled(1e6, "%.0f")},
		{"RssAnon, MB", "server_rss_anon_peak_bytes", scaled(1e6, "%.0f")},
	}
	latencies = []column{
		{"p50, ms", "latency_p50_ns", scaled(1e6, "%.2f")},
		{"p99, ms", "latency_p99_ns", scaled(1e6, "%.2f")},
		{"p99.9, ms", "latency_p999_ns", scaled(1e6, "%.2f")},
	}
)

func scaled(unit float64, form string) func(float64) string {
	return func(v float64) string { return fmt.Sprintf(form, v/unit) }
}

// columns are those of a kind of workload, the first of them what is compared.
func columns(k workload.Kind) []column {
	switch k {
	case workload.Idle:
		return slices.Concat(memory, latencies)
	case workload.EndToEnd:
		return slices.Concat(latencies, []column{throughput}, costs, memory)
	case workload.Produce:
		return slices.Concat([]column{throughput, records}, costs, memory)
	case workload.Mixed:
		return slices.Concat([]column{throughput, {"of it produced", "produce_bytes_per_second", throughput.show}, {"fetched", "fetch_bytes_per_second", throughput.show}}, costs, memory)
	}
	return slices.Concat([]column{throughput}, costs, memory)
}

func table(b *bytes.Buffer, f result.File) {
	all := columns(f.Workload.Kind)
	fmt.Fprintf(b, "\n## %s\n\n`%s`\n\n| server |", f.Workload.Title, f.Workload.Name)
	for _, c := range all {
		fmt.Fprintf(b, " %s |", c.title)
	}
	fmt.Fprintf(b, " copyscope / it, %s |\n| --- |%s\n", all[0].title, strings.Repeat(" --- |", len(all)+1))
	for _, server := range f.Servers() {
		fmt.Fprintf(b, "| %s |", server)
		for i, c := range all {
			fmt.Fprintf(b, " %s |", spreadCell(f.Figure(server, c.figure), c.show, i == 0))
		}
		against := "–"
		if server != name.Copyscope {
			against = ratioCell(f.Ratio(name.Copyscope, server, all[0].figure))
		}
		if behind(f, server) {
			against += ", *behind*"
		}
		fmt.Fprintf(b, " %s |\n", against)
	}
	absent := f.Absent()
	for _, server := range slices.Sorted(maps.Keys(absent)) {
		fmt.Fprintf(b, "| %s |%s %s |\n", server, strings.Repeat(" |", len(all)), cell("not measured: "+absent[server]))
	}
	for i, run := range f.Runs {
		for _, note := range run.Notes {
			if len(f.Runs) > 1 {
				note = fmt.Sprintf("Run %d: %s", i+1, note)
			}
			fmt.Fprintf(b, "\n%s.\n", note)
		}
	}
}

func spreadCell(s spread.Spread, show func(float64) string, whole bool) string {
	switch {
	case s.N == 0:
		return "–"
	case whole && s.N > 1:
		return fmt.Sprintf("%s (%s–%s)", show(s.Median), show(s.Q1), show(s.Q3))
	}
	return show(s.Median)
}

func ratioCell(r result.Ratio) string {
	if r.N == 0 {
		return "–"
	}
	text := fmt.Sprintf("%.2f", r.Median)
	if r.N > 1 {
		text += fmt.Sprintf(" (%.2f–%.2f)", r.Q1, r.Q3)
	}
	if len(r.Runs) > 1 {
		least, most := r.Between()
		text += fmt.Sprintf(", runs %.2f–%.2f", least, most)
	}
	return text
}

// behindPart is how much of the rate a server must keep.
const behindPart = 0.98

// behind says whether a server could not keep an end-to-end workload's rate.
func behind(f result.File, server string) bool {
	s := f.Figure(server, load.BytesPerSecond)
	return f.Workload.Kind == workload.EndToEnd && s.N > 0 && s.Median < behindPart*float64(f.Workload.Rate)
}
