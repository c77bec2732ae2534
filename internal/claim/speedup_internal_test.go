package claim

import (
	"fmt"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// What the curve says of "about 3 times" follows from both ratios: each is the
// median of the rounds' own ratios.
func TestSpeedupReport(t *testing.T) {
	timing := func(cpu, delivered float64) []lab.Timing {
		return []lab.Timing{{CPU: cpu, Delivered: delivered}, {CPU: 2 * cpu, Delivered: 2 * delivered}, {CPU: cpu, Delivered: delivered}}
	}
	at := func(chunk int64, a, b []lab.Timing) *pair {
		return &pair{lab.Scenario{Path: "read-write", Side: trace.Real, Size: 1e6, Chunk: chunk, Cache: lab.Warm, Net: lab.Loopback}, "loopback", a, b}
	}
	for _, c := range []struct {
		name    string
		pairs   []*pair
		verdict string
		where   string
	}{
		{"nowhere", []*pair{at(4096, timing(12e6, 1e6), timing(10e6, 1e6)), at(1<<20, timing(5e6, 2e6), timing(1e6, 1e6))}, "claims.speedup.nowhere", "1MiB, warm"},
		{"of the CPU alone", []*pair{at(4096, timing(12e6, 1e6), timing(10e6, 1e6)), at(65536, timing(3e6, 2e6), timing(1e6, 1e6))}, "claims.speedup.cpu-only", "64KiB, warm"},
		{"of the throughput", []*pair{at(4096, timing(9e6, 3e6), timing(1e6, 1e6)), at(65536, timing(1e6, 1e6), timing(1e6, 1e6))}, "claims.speedup.somewhere", "4KiB, warm"},
	} {
		r := speedupReport(c.pairs)
		if got := r.Findings[len(r.Findings)-1].Key; got != c.verdict {
			t.Errorf("%s: %s", c.name, got)
		}
		if got := fmt.Sprint(r.Findings[0].Args["Chunk"], ", ", r.Findings[0].Args["Cache"]); got != c.where {
			t.Errorf("%s: the most is at %s", c.name, got)
		}
		// 12 ms of CPU for 1 MB are 12,000 ms/GB; 1 MB in 1 ms is 1000 MB/s.
		if f := r.Tables[0].Rows[0].Figures; c.name == "nowhere" && (f[0].Median() != 12_000 || f[2].Median() != 1.2 || f[3].Median() != 1000 || f[5].Median() != 1) {
			t.Errorf("%s: %v %v %v %v", c.name, f[0].Median(), f[2].Median(), f[3].Median(), f[5].Median())
		}
	}
}
