package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"copyscope/internal/trace"
)

// Figure is one number; Value is nil where Reason says why.
type Figure struct {
	Value      *float64         `json:"value"`
	Unit       string           `json:"unit"`
	Provenance trace.Provenance `json:"provenance"`
	Reason     string           `json:"reason,omitempty"`
}

// Figures are by name.
type Figures map[string]Figure

// Set sets what was measured.
func (f Figures) Set(name, unit string, v float64) {
	f[name] = Figure{Value: &v, Unit: unit, Provenance: trace.Measured}
}

// derive sets what follows from other figures.
func (f Figures) derive(name, unit string, v float64) {
	f[name] = Figure{Value: &v, Unit: unit, Provenance: trace.Derived}
}

func (f Figures) lack(name, unit, reason string) {
	f[name] = Figure{Unit: unit, Provenance: trace.Unavailable, Reason: reason}
}

// Names of figures that others compare.
const (
	BytesPerSecond   = "bytes_per_second"
	RecordsPerSecond = "records_per_second"
)

// Tally is what one worker counted. A measurement of another protocol's fills it
// by [Tally.Count] and [Tally.Took]; it is one goroutine's at a time.
type Tally struct {
	bytes, records, requests int64
	latency                  *hdrhistogram.Histogram
	congestion               string
}

// latencies range from 1 µs to 10 minutes, to three digits.
func newTally() Tally {
	return Tally{latency: hdrhistogram.New(1_000, int64(10*time.Minute), 3)}
}

// Count adds what was answered: payload bytes, and the records that they are.
func (t *Tally) Count(bytes, records int64) {
	t.bytes += bytes
	t.records += records
	t.requests++
}

// Took adds a latency.
func (t *Tally) Took(d time.Duration) {
	// The range's ends take in what lies outside.
	_ = t.latency.RecordValue(min(max(int64(d), 1_000), int64(10*time.Minute)))
}

// add joins two workers' counts.
func (t *Tally) add(o Tally) {
	t.bytes += o.bytes
	t.records += o.records
	t.requests += o.requests
	t.latency.Merge(o.latency)
	if t.congestion == "" {
		t.congestion = o.congestion
	}
}

// figures are the rates over the time, and the latencies.
func (t *Tally) figures(took time.Duration) Figures {
	f := Figures{}
	f.Set("wall_ns", "ns", float64(took))
	f.Set("bytes", "bytes", float64(t.bytes))
	f.Set("records", "records", float64(t.records))
	if took > 0 {
		f.derive(BytesPerSecond, "bytes/s", float64(t.bytes)/took.Seconds())
		f.derive(RecordsPerSecond, "records/s", float64(t.records)/took.Seconds())
	}
	f.Set("requests", "requests", float64(t.requests))
	t.percentiles(f)
	return f
}

func (t *Tally) percentiles(f Figures) {
	for _, p := range []struct {
		name string
		at   float64
	}{{"latency_p50_ns", 50}, {"latency_p95_ns", 95}, {"latency_p99_ns", 99}, {"latency_p999_ns", 99.9}, {"latency_max_ns", 100}} {
		if t.latency.TotalCount() == 0 {
			f.lack(p.name, "ns", "nothing was answered")
			continue
		}
		f.Set(p.name, "ns", float64(t.latency.ValueAtPercentile(p.at)))
	}
}
