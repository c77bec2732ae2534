package host

import (
	"fmt"
	"time"

	"copyscope/internal/trace"
)

// Sample is what the host's kernel reported at one time.
type Sample struct {
	At time.Time `json:"at"`
	// Interval is the time since the sample before, 0 for the first one.
	Interval time.Duration `json:"interval_ns"`
	Figures  []Figure      `json:"figures"`
}

// Figure is one number of a sample; Value is nil where Reason says why.
type Figure struct {
	Name       string           `json:"name"`
	Value      *float64         `json:"value"`
	Unit       Unit             `json:"unit"`
	Provenance trace.Provenance `json:"provenance"`
	Reason     string           `json:"reason,omitempty"`
}

// Unit is the unit of a figure.
type Unit string

// The units. A ratio of 1 is all of the host's processors, for the process
// figures one whole processor.
const (
	Ratio          Unit = "ratio"
	PerSecond      Unit = "per-second"
	Bytes          Unit = "bytes"
	BytesPerSecond Unit = "bytes-per-second"
)

// rule says how a figure follows from two readings.
type rule int

const (
	asIs       rule = iota // the newer value
	rate                   // the growth per second
	ofAllCPUs              // the growth as a share of all CPU time
	threadRate             // the growth per second, summed over the threads that live
)

// figureRules lists the figures in the order in which they are shown, with the
// file of proc(5) that each comes from.
var figureRules = []struct {
	name string
	unit Unit
	rule rule
	key  key
}{
	{"cpu_user", Ratio, ofAllCPUs, key{"stat", "user"}},
	{"cpu_system", Ratio, ofAllCPUs, key{"stat", "system"}},
	{"cpu_softirq", Ratio, ofAllCPUs, key{"stat", "softirq"}},
	{"cpu_iowait", Ratio, ofAllCPUs, key{"stat", "iowait"}},
	{"cpu_idle", Ratio, ofAllCPUs, key{"stat", "idle"}},
	{"cpu_context_switches", PerSecond, rate, key{"stat", "ctxt"}},
	{"cpu_interrupts", PerSecond, rate, key{"stat", "intr"}},
	{"cpu_softirq_net_rx", PerSecond, rate, key{"stat", "net_rx"}},
	{"cpu_softirq_net_tx", PerSecond, rate, key{"stat", "net_tx"}},
	{"memory_page_cache", Bytes, asIs, key{"meminfo", "Cached"}},
	{"memory_dirty", Bytes, asIs, key{"meminfo", "Dirty"}},
	{"memory_writeback", Bytes, asIs, key{"meminfo", "Writeback"}},
	{"memory_page_faults", PerSecond, rate, key{"vmstat", "pgfault"}},
	{"memory_major_faults", PerSecond, rate, key{"vmstat", "pgmajfault"}},
	{"memory_paged_in", BytesPerSecond, rate, key{"vmstat", "pgpgin"}},
	{"network_lo_sent", BytesPerSecond, rate, key{"net/dev", "lo_tx"}},
	{"network_lo_received", BytesPerSecond, rate, key{"net/dev", "lo_rx"}},
	{"network_sent", BytesPerSecond, rate, key{"net/dev", "tx"}},
	{"network_received", BytesPerSecond, rate, key{"net/dev", "rx"}},
	{"process_cpu_user", Ratio, rate, key{"self/stat", "utime"}},
	{"process_cpu_system", Ratio, rate, key{"self/stat", "stime"}},
	{"process_rss_anon", Bytes, asIs, key{"self/status", "RssAnon"}},
	{"process_voluntary_switches", PerSecond, threadRate, key{"self/task", "voluntary"}},
	{"process_involuntary_switches", PerSecond, threadRate, key{"self/task", "involuntary"}},
}

// FigureNames lists the names of every figure, in the order of a sample.
func FigureNames() []string {
	names := make([]string, len(figureRules))
	for i, f := range figureRules {
		names[i] = f.name
	}
	return names
}

// key names a value: the file under /proc, and the field in it.
type key struct{ file, field string }

// reading is what was read at one time.
type reading struct {
	at     time.Time
	values map[key]float64
	// threads holds, per field of self/task, the value of each thread.
	threads map[key]map[int]float64
	// failed says what kept a file from being read.
	failed map[string]error
}

func newReading(at time.Time) *reading {
	return &reading{at: at, values: map[key]float64{}, threads: map[key]map[int]float64{}, failed: map[string]error{}}
}

// has says why the reading lacks a value, or nothing.
func (r *reading) has(k key) (reason string) {
	if err := r.failed[k.file]; err != nil {
		return "/proc/" + k.file + ": " + err.Error()
	}
	if _, ok := r.values[k]; ok || r.threads[k] != nil {
		return ""
	}
	return fmt.Sprintf("/proc/%s has no %s on this kernel", k.file, k.field)
}

// between makes the sample of two readings; before is nil for the first.
func between(before, now *reading) Sample {
	s := Sample{At: now.at, Figures: make([]Figure, len(figureRules))}
	if before != nil {
		s.Interval = now.at.Sub(before.at)
	}
	for i, f := range figureRules {
		v, reason := figureValue(f.rule, f.key, before, now)
		s.Figures[i] = Figure{Name: f.name, Unit: f.unit, Provenance: trace.Measured, Value: &v}
		if reason != "" {
			s.Figures[i].Value, s.Figures[i].Provenance, s.Figures[i].Reason = nil, trace.Unavailable, reason
		}
	}
	return s
}

func figureValue(by rule, k key, before, now *reading) (v float64, reason string) {
	if reason := now.has(k); reason != "" {
		return 0, reason
	}
	if by == asIs {
		return now.values[k], ""
	}
	if before == nil {
		return 0, "the first sample: a rate needs two"
	}
	if reason := before.has(k); reason != "" {
		return 0, "the sample before lacks it: " + reason
	}
	if by == threadRate {
		return perSecond(threadGrowth(before.threads[k], now.threads[k]), before, now)
	}
	grown := now.values[k] - before.values[k]
	if grown < 0 {
		return 0, fmt.Sprintf("the counter went back from %.0f to %.0f, so the growth is not known", before.values[k], now.values[k])
	}
	if by == rate {
		return perSecond(grown, before, now)
	}
	total := key{"stat", "total"}
	all := now.values[total] - before.values[total]
	if all <= 0 {
		return 0, "no CPU time went by between the samples"
	}
	return grown / all, ""
}

func perSecond(grown float64, before, now *reading) (float64, string) {
	interval := now.at.Sub(before.at)
	if interval <= 0 {
		return 0, fmt.Sprintf("the clock moved by %v between the samples", interval)
	}
	return grown / interval.Seconds(), ""
}

// threadGrowth sums the growth of the threads that live now. What a thread did
// after the sample before, and until it ended, is lost.
func threadGrowth(before, now map[int]float64) (sum float64) {
	for id, v := range now {
		if b := before[id]; b <= v {
			sum += v - b
		} else {
			sum += v // the number was given to a new thread
		}
	}
	return sum
}
