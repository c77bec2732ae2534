package web

import (
	"time"

	"copyscope/internal/host"
	"copyscope/internal/trace"
)

// Traffic is what the broker has moved, and what this process took for it, since
// it began. All of it grows only.
type Traffic struct {
	// Paths are by fetch path.
	Paths map[string]PathTraffic
	// Fetches and Produces are requests; Received are bytes of batches.
	Fetches, Produces, Received int64
	// CPU is the processor time of the whole process: the broker, these pages, and
	// on loopback the kernel's work for the receiver, which the sender's calls do.
	// It is negative where it is not known.
	CPU time.Duration
	// Switches are the context switches of its threads.
	Switches int64
	// AtClient says that it is a client that counts, for a cluster that is not of this
	// process: Paths are what it did, "produce" and "fetch", CPU is of the brokers'
	// processes on this host, and calls and switches are not known. NoCPU is why the CPU
	// is not.
	AtClient bool
	NoCPU    string
}

// PathTraffic is what went out by one fetch path.
type PathTraffic struct{ Bytes, Syscalls int64 }

// sent is what went out by every path.
func (t Traffic) sent() (sum PathTraffic) {
	for _, p := range t.Paths {
		sum.Bytes += p.Bytes
		sum.Syscalls += p.Syscalls
	}
	return sum
}

// perGB is the unit of processor time for what was sent: milliseconds for 10⁹
// bytes, as copyscope bench has it.
const perGB host.Unit = "ms/GB"

// leastSent is how much must go out between two samples for a quotient by it: a
// few answers to one page's clock say nothing.
const leastSent = 1 << 20

// trafficSampler makes figures of what the broker has moved since the time before.
type trafficSampler struct {
	read   func() Traffic
	sample func() (host.Sample, error)
	last   Traffic
	at     time.Time
}

// withTraffic adds the broker's figures to the host's. Either may be nil.
func withTraffic(sample func() (host.Sample, error), read func() Traffic) func() (host.Sample, error) {
	if read == nil {
		return sample
	}
	if sample == nil {
		sample = func() (host.Sample, error) { return host.Sample{At: time.Now()}, nil }
	}
	t := &trafficSampler{read: read, sample: sample}
	return t.take
}

func (t *trafficSampler) take() (host.Sample, error) {
	s, err := t.sample()
	if err != nil {
		return s, err
	}
	now, at := t.read(), time.Now()
	over := at.Sub(t.at)
	if t.at.IsZero() {
		over = 0
	}
	s.Figures = append(trafficFigures(t.last, now, over), s.Figures...)
	t.last, t.at = now, at
	return s, nil
}

// trafficFigures are the broker's figures between two readings; over is the time
// between them, 0 before there are two.
func trafficFigures(before, now Traffic, over time.Duration) []host.Figure {
	if now.AtClient {
		return clientFigures(before, now, over)
	}
	was, is := before.sent(), now.sent()
	sent, calls := is.Bytes-was.Bytes, is.Syscalls-was.Syscalls
	rate := func(name string, unit host.Unit, p trace.Provenance, growth int64) host.Figure {
		return rateOf(name, unit, p, growth, over)
	}
	return []host.Figure{
		rate("broker_sent", host.BytesPerSecond, trace.Measured, sent),
		rate("broker_received", host.BytesPerSecond, trace.Measured, now.Received-before.Received),
		rate("broker_fetches", host.PerSecond, trace.Measured, now.Fetches-before.Fetches),
		rate("broker_produces", host.PerSecond, trace.Measured, now.Produces-before.Produces),
		rate("broker_syscalls", host.PerSecond, trace.Measured, calls),
		// A mode switch is a call's entry or its return.
		rate("broker_mode_switches", host.PerSecond, trace.Derived, 2*calls),
		cpuPerGB(before, now, over, sent),
	}
}

// clientFigures are those of a load on a cluster, as its client sees it. Without a load
// they are 0: what others do with the cluster is not in them.
func clientFigures(before, now Traffic, over time.Duration) []host.Figure {
	fetched, produced := now.Paths["fetch"].Bytes-before.Paths["fetch"].Bytes, now.Paths["produce"].Bytes-before.Paths["produce"].Bytes
	cost := cpuPerGB(before, now, over, fetched+produced)
	cost.Name = "load_cpu_per_gb"
	return []host.Figure{
		rateOf("load_fetched", host.BytesPerSecond, trace.Measured, fetched, over),
		rateOf("load_produced", host.BytesPerSecond, trace.Measured, produced, over),
		cost,
	}
}

// rateOf is a growth in a time; unknown before there are two samples.
func rateOf(name string, unit host.Unit, p trace.Provenance, growth int64, over time.Duration) host.Figure {
	if over <= 0 {
		return host.Figure{Name: name, Unit: unit, Provenance: trace.Unavailable, Reason: "the first sample: a rate needs two"}
	}
	v := float64(growth) / over.Seconds()
	return host.Figure{Name: name, Unit: unit, Provenance: p, Value: &v}
}

func cpuPerGB(before, now Traffic, over time.Duration, sent int64) host.Figure {
	f := host.Figure{Name: "broker_cpu_per_gb", Unit: perGB, Provenance: trace.Unavailable}
	switch {
	case over <= 0:
		f.Reason = "the first sample: a rate needs two"
	case now.CPU < 0 && now.NoCPU != "":
		f.Reason = now.NoCPU
	case before.CPU < 0 && now.AtClient:
		f.Reason = "the first sample: a rate needs two"
	case now.CPU < 0:
		f.Reason = "the processor time of this process is read on Unix alone"
	case sent < leastSent:
		f.Reason = "less than 1 MiB was sent between the two samples"
	default:
		v := milliseconds(now.CPU-before.CPU) / (float64(sent) / 1e9)
		f.Value, f.Provenance = &v, trace.Derived
	}
	return f
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
