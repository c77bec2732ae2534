package claim

import (
	"context"
	"slices"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// The scenarios of the curve.
var (
	curveChunks = []int64{4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20}
	quickChunks = []int64{4 << 10, 64 << 10, 1 << 20}
)

const (
	curveBytes, quickBytes   = 64 << 20, 4 << 20
	curveRounds, quickRounds = 5, 3
)

// device is what carries the bytes of a real run.
type device struct {
	net   lab.Net
	sg    bool
	label string
}

// devices are those that this host and this user have: loopback, and, unless it is to
// be quick, the lab network's pair, which gathers or does not. absent says that the pair
// is not among them.
func devices(quick bool) (have []device, absent []Note) {
	have = []device{{lab.Loopback, true, "loopback"}}
	if quick || !lab.HasVeth() {
		return have, []Note{note("claims.no-veth")}
	}
	return append(have, device{lab.Veth, true, "veth-sg"}, device{lab.Veth, false, "veth-nosg"}), nil
}

// pair is both paths' rounds of one scenario.
type pair struct {
	scenario lab.Scenario // of read-write
	device   string
	a, b     []lab.Timing
}

// speedup runs read-write and sendfile in turns, so that what comes and goes on
// the machine meets both alike.
func speedup(ctx context.Context, l *lab.Lab, o Options) (*Report, error) {
	chunks, size, rounds := curveChunks, int64(curveBytes), curveRounds
	if o.Quick {
		chunks, size, rounds = quickChunks, quickBytes, quickRounds
	}
	var pairs []*pair
	carriers, absent := devices(o.Quick)
	for _, d := range carriers {
		for _, cache := range []lab.Cache{lab.Warm, lab.Cold} {
			for _, chunk := range chunks {
				s := lab.Scenario{Path: "read-write", Side: trace.Real, Size: size, Chunk: chunk, Cache: cache, Net: d.net, SG: d.sg}.Normal()
				pairs = append(pairs, &pair{scenario: s, device: d.label})
			}
		}
	}
	stand := l.Stand()
	defer stand.Close()
	total := int64(rounds * len(pairs))
	for round := range rounds {
		for i, p := range pairs {
			a, err := stand.Time(ctx, p.scenario)
			if err != nil {
				return nil, err
			}
			other := p.scenario
			other.Path = "sendfile"
			b, err := stand.Time(ctx, other)
			if err != nil {
				return nil, err
			}
			p.a, p.b = append(p.a, a), append(p.b, b)
			o.Progress(int64(round*len(pairs)+i+1), total)
		}
	}
	r := speedupReport(pairs)
	r.Limits = append(r.Limits, absent...)
	return r, nil
}

// speedupReport makes the table and says what it means for "about 3 times".
func speedupReport(pairs []*pair) *Report {
	t := Table{Name: "speedup", Keys: []string{"device", "cache", "chunk"}, Columns: []Column{
		{"cpu_read_write", "ms/GB"}, {"cpu_sendfile", "ms/GB"}, {"cpu_ratio", "×"},
		{"throughput_read_write", "MB/s"}, {"throughput_sendfile", "MB/s"}, {"throughput_ratio", "×"},
	}}
	var cpu, throughput []float64
	for _, p := range pairs {
		perGB := func(timings []lab.Timing) (out []float64) {
			for _, v := range timings {
				out = append(out, v.CPU/1e6*1e9/float64(p.scenario.Size))
			}
			return out
		}
		rate := func(timings []lab.Timing) (out []float64) {
			for _, v := range timings {
				out = append(out, float64(p.scenario.Size)/1e6/(v.Delivered/1e9))
			}
			return out
		}
		ca, cb, ta, tb := perGB(p.a), perGB(p.b), rate(p.a), rate(p.b)
		less, more := measured(each(ratio, ca, cb)), measured(each(ratio, tb, ta))
		cpu, throughput = append(cpu, less.Median()), append(throughput, more.Median())
		t.Rows = append(t.Rows, Row{[]string{p.device, string(p.scenario.Cache), lab.FormatSize(p.scenario.Chunk)},
			[]Figure{measured(ca), measured(cb), less, measured(ta), measured(tb), more}})
	}
	return &Report{Tables: []Table{t},
		Findings: []Note{
			note("claims.speedup.cpu", "Least", Short(slices.Min(cpu)), "Most", Short(slices.Max(cpu)), "Chunk", at(t, cpu)[2], "Cache", at(t, cpu)[1]),
			note("claims.speedup.throughput", "Least", Short(slices.Min(throughput)), "Most", Short(slices.Max(throughput)), "Chunk", at(t, throughput)[2], "Cache", at(t, throughput)[1]),
			note(verdictOf(cpu, throughput)),
		},
		Limits: []Note{note("claims.speedup.loopback")},
	}
}

// at has the labels of the row with the largest value.
func at(t Table, values []float64) []string {
	return t.Rows[slices.Index(values, slices.Max(values))].Labels
}

// verdictOf says what becomes of "about 3 times": a figure between 2.5 and 3.5
// is about 3.
func verdictOf(cpu, throughput []float64) string {
	about := func(v float64) bool { return v >= 2.5 && v <= 3.5 }
	switch {
	case slices.ContainsFunc(throughput, about):
		return "claims.speedup.somewhere"
	case slices.ContainsFunc(cpu, about):
		return "claims.speedup.cpu-only"
	}
	return "claims.speedup.nowhere"
}
