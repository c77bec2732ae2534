package lab

import (
	"math"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// Given the processor times of a machine whose costs are known, the fit finds
// costs that give these times again, for chunks that it has not seen as well, and
// although every tenth run was disturbed.
func TestFitFindsAMachinesCosts(t *testing.T) {
	l := &Lab{facts: func() host.Facts { return host.Facts{} }}
	truth, err := sim.LookupProfile("")
	if err != nil {
		t.Fatal(err)
	}
	truth.LookupTime, truth.InsertTime, truth.PacketTime, truth.ReferenceTime, truth.PinTime = 40, 210, 900, 75, 130
	truth.SegmentTime, truth.VethTime = 700, 3100
	truth.Calls = sim.CallTimes{Read: 700, Receive: 900, Write: 2100, Sendfile: 1900, Splice: 800, SpliceReceive: 1100, Tee: 400, Send: 5000, Ring: 2500}
	truth.CopyRate, truth.SendCopyRate, truth.EncryptRate, truth.CompressRate = 11e9, 6e9, 4e9, 2e8
	over := func(net Net, sg bool) func(path string, chunk int64, cache Cache) Scenario {
		return func(path string, chunk int64, cache Cache) Scenario {
			return Scenario{Path: path, Side: trace.Real, Size: 4 << 20, Chunk: chunk, Cache: cache, Net: net, SG: sg}.Normal()
		}
	}
	scenario := over(Loopback, true)
	cpu := func(s Scenario, p sim.Profile) float64 {
		ns, err := l.modelledCPU(t.Context(), s, p)
		if err != nil {
			t.Fatal(err)
		}
		return ns
	}
	var scenarios []Scenario
	var times []float64
	for _, path := range transfer.Paths() {
		for _, chunk := range []int64{8 << 10, 32 << 10, 128 << 10, 512 << 10} {
			for _, cache := range []Cache{Warm, Cold} {
				s := scenario(path, chunk, cache)
				ns := cpu(s, truth)
				if len(times)%10 == 3 { // something disturbed it
					ns *= 3
				}
				scenarios, times = append(scenarios, s), append(times, ns)
			}
		}
	}
	nets := []func(path string, chunk int64, cache Cache) Scenario{over(Veth, true), over(Veth, false)}
	for _, path := range vethPaths {
		for _, chunk := range vethChunks {
			for _, scenario := range nets {
				s := scenario(path, chunk, Warm)
				scenarios, times = append(scenarios, s), append(times, cpu(s, truth))
			}
		}
	}
	found, err := sim.LookupProfile("")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.newFitting(t.Context(), scenarios, func(int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.solve(t.Context(), &found, times); err != nil {
		t.Fatal(err)
	}
	for _, path := range transfer.Paths() {
		for _, chunk := range []int64{4 << 10, 64 << 10, 1 << 20} {
			for _, cache := range []Cache{Warm, Cold} {
				s := scenario(path, chunk, cache)
				if want, got := cpu(s, truth), cpu(s, found); math.Abs(got-want) > 0.05*want {
					t.Errorf("%s: %.0f ns, the machine takes %.0f", s, got, want)
				}
			}
		}
	}
	for _, path := range vethPaths {
		for _, scenario := range nets {
			if s := scenario(path, 64<<10, Warm); math.Abs(cpu(s, found)-cpu(s, truth)) > 0.05*cpu(s, truth) {
				t.Errorf("%s: %.0f ns, the machine takes %.0f", s, cpu(s, found), cpu(s, truth))
			}
		}
	}
	for k, name := range fitted {
		if len(f.from(k)) == 0 {
			t.Errorf("%s: found from no run", name)
		}
	}
}

// A cost is never negative, however the runs are off.
func TestNonNegative(t *testing.T) {
	rows := [][]float64{{1, 0}, {1, 1}, {1, 2}}
	for _, row := range []struct {
		want []float64
		x    [2]float64
	}{
		{[]float64{2, 5, 8}, [2]float64{2, 3}},
		{[]float64{3, 2, 1}, [2]float64{2, 0}},    // falls with the second: that one is 0
		{[]float64{-1, 1, 3}, [2]float64{0, 1.4}}, // would begin below 0
	} {
		x := nonNegative(rows, row.want)
		if math.Abs(x[0]-row.x[0]) > 1e-6 || math.Abs(x[1]-row.x[1]) > 1e-6 {
			t.Errorf("%v: found %v, want %v", row.want, x, row.x)
		}
	}
}
