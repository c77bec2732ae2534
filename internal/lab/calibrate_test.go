package lab_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/lab"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
	"copyscope/sim"
)

// modelMeter is a machine whose costs are known: a profile's. Its times come from
// the model, shaken where a test says so.
type modelMeter struct {
	truth sim.Profile
	// cost and time may change what is measured in a round.
	cost func(name string, round int, v float64) float64
	time func(s lab.Scenario, round int, v float64) (float64, error)
	why  map[string]string

	rounds map[string]int
}

func (m *modelMeter) Costs(ctx context.Context, progress func(done, total int64)) (out []host.Cost, err error) {
	limit := spread.Limit{Relative: 0.3, Rounds: 5}
	for _, c := range m.truth.Costs() {
		switch c.Name {
		case "mode_switch_ns", "context_switch_ns", "fault_ns", "disk_latency_ns", "disk_bytes_per_second":
		default:
			continue
		}
		cost := host.Cost{Name: c.Name, How: "made up", Limit: limit, Why: m.why[c.Name]}
		for round := 0; round < 9 && cost.Why == ""; round++ {
			cost.Samples = append(cost.Samples, m.cost(c.Name, round, float64(c.Get())))
		}
		out = append(out, cost)
	}
	extra := host.Cost{Name: "copy_in_cache_bytes_per_second", How: "made up", Limit: limit}
	for round := range 9 {
		extra.Samples = append(extra.Samples, m.cost(extra.Name, round, 2e10))
	}
	progress(1, 1)
	return append(out, extra), ctx.Err()
}

func (m *modelMeter) Time(ctx context.Context, s lab.Scenario) (lab.Timing, error) {
	if m.rounds == nil {
		m.rounds = map[string]int{}
	}
	round := m.rounds[s.String()]
	m.rounds[s.String()]++
	l := lab.New("")
	l.Profile = &m.truth
	r, err := l.Predict(ctx, s)
	if err != nil {
		return lab.Timing{}, err
	}
	v, err := m.time(s, round, r.Counter.Count(trace.CPUTime).Value)
	return lab.Timing{CPU: v, Congestion: "cubic"}, err
}

func newMeter(t *testing.T) *modelMeter {
	t.Helper()
	truth, err := sim.LookupProfile("")
	if err != nil {
		t.Fatal(err)
	}
	truth.ModeSwitch, truth.ContextSwitch, truth.FaultTime, truth.DiskLatency = 77, 1500, 900, 80_000
	truth.Calls.Sendfile, truth.Calls.Read, truth.Calls.Write = 1700, 600, 2200
	return &modelMeter{truth: truth,
		cost: func(_ string, round int, v float64) float64 { return v * (1 + float64(round%3)/100) },
		time: func(_ lab.Scenario, _ int, v float64) (float64, error) { return v, nil }}
}

func smallScenarios() (out []lab.Scenario) {
	for _, path := range []string{"read-write", "sendfile", "read", "mmap-write", "splice"} {
		for _, chunk := range []int64{8 << 10, 32 << 10, 256 << 10} {
			out = append(out, lab.Scenario{Path: path, Side: trace.Real, Size: 4 << 20, Chunk: chunk, Cache: lab.Warm, Net: lab.Loopback}.Normal())
		}
	}
	return out
}

func calibrate(t *testing.T, m *modelMeter) (*lab.ProfileFile, error) {
	t.Helper()
	last := int64(-1)
	file, err := lab.New("").Calibrate(t.Context(), lab.CalibrateOptions{Meter: m, Time: 1, Progress: func(done, total int64) {
		if total != 1000 || done > total {
			t.Errorf("progress: %d of %d", done, total)
		}
		last = done
	}}.Of(smallScenarios()...))
	if err == nil && last != 1000 {
		t.Errorf("progress ended at %d", last)
	}
	return file, err
}

// On a quiet machine every cost is stored with its spread, and the file can be
// read again.
func TestCalibrateAQuietMachine(t *testing.T) {
	m := newMeter(t)
	file, err := calibrate(t, m)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range file.Costs {
		if c.Refused != "" {
			t.Errorf("%s was refused: %s", name, c.Refused)
		}
		if (c.Spread != nil) == (c.Provenance == trace.Modelled) {
			t.Errorf("%s: provenance %s, spread %+v", name, c.Provenance, c.Spread)
		}
	}
	if c := file.Costs["mode_switch_ns"]; c.Value != 78 || c.Spread.N != 9 || c.Provenance != trace.Measured {
		t.Errorf("mode_switch_ns: %+v %+v", c, c.Spread)
	}
	if c := file.Costs["sendfile_call_ns"]; c.Provenance != trace.Derived || c.Spread.N != 3 || math.Abs(float64(c.Value)-1700) > 250 {
		t.Errorf("sendfile_call_ns: %+v %+v", c, c.Spread)
	}
	if c, ok := file.Figures["copy_in_cache_bytes_per_second"]; !ok || c.Spread == nil || c.Value < 2e10 {
		t.Errorf("the figure that no model takes: %+v", c)
	}
	text := &bytes.Buffer{}
	if err := file.Write(text); err != nil {
		t.Fatal(err)
	}
	read, err := lab.ParseProfile("here.json", text.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if read.ModeSwitch != 78 {
		t.Errorf("read again, a mode switch takes %d ns", read.ModeSwitch)
	}
}

// A figure that comes out differently every time is not stored: the profile keeps
// the shipped value for it and says why.
func TestCalibrateRefusesNoise(t *testing.T) {
	shipped, err := sim.LookupProfile("")
	if err != nil {
		t.Fatal(err)
	}
	noisy := func(round int, v float64) float64 { return v * float64(1+round%4) }
	t.Run("of a cost", func(t *testing.T) {
		m := newMeter(t)
		quiet := m.cost
		m.cost = func(name string, round int, v float64) float64 {
			if name == "context_switch_ns" || name == "copy_in_cache_bytes_per_second" {
				return noisy(round, v)
			}
			return quiet(name, round, v)
		}
		m.why = map[string]string{"disk_latency_ns": "open with O_DIRECT: EINVAL"}
		file, err := calibrate(t, m)
		if err != nil {
			t.Fatal(err)
		}
		c := file.Costs["context_switch_ns"]
		if c.Value != int64(shipped.ContextSwitch) || c.Provenance != trace.Modelled || !strings.Contains(c.Refused, "% of the median") || c.Spread == nil {
			t.Errorf("context_switch_ns: %+v", c)
		}
		if c := file.Figures["copy_in_cache_bytes_per_second"]; c.Provenance != trace.Unavailable || c.Refused == "" || c.Value != 0 {
			t.Errorf("copy_in_cache_bytes_per_second: %+v", c)
		}
		if c := file.Costs["disk_latency_ns"]; c.Provenance != trace.Modelled || c.Refused != "open with O_DIRECT: EINVAL" || c.Value != int64(shipped.DiskLatency) {
			t.Errorf("disk_latency_ns: %+v", c)
		}
		if c := file.Costs["mode_switch_ns"]; c.Refused != "" || c.Value != 78 {
			t.Errorf("mode_switch_ns: %+v", c)
		}
	})
	t.Run("of what only runs show", func(t *testing.T) {
		m := newMeter(t)
		m.time = func(s lab.Scenario, round int, v float64) (float64, error) {
			if s.Path == "sendfile" {
				v *= 1 + float64((round+int(s.Chunk>>13))%5) // never twice alike
			}
			return v, nil
		}
		file, err := calibrate(t, m)
		if err != nil {
			t.Fatal(err)
		}
		if c := file.Costs["sendfile_call_ns"]; c.Refused == "" || c.Provenance != trace.Modelled || c.Value != int64(shipped.Calls.Sendfile) {
			t.Errorf("sendfile_call_ns: %+v", c)
		}
		if c := file.Costs["splice_call_ns"]; c.Refused != "" {
			t.Errorf("splice_call_ns, whose runs were quiet, was refused: %s", c.Refused)
		}
	})
	t.Run("of what is not there", func(t *testing.T) {
		m := newMeter(t)
		m.truth.PacketTime = 0
		dice := rand.New(rand.NewPCG(1, 2))
		m.time = func(_ lab.Scenario, _ int, v float64) (float64, error) { return v * (1 + 2*dice.Float64()), nil }
		file, err := calibrate(t, m)
		if err != nil {
			t.Fatal(err)
		}
		if c := file.Costs["packet_ns"]; c.Refused != "" || c.Value != 0 || c.Provenance != trace.Derived || !strings.Contains(c.How, "left to them") {
			t.Errorf("packet_ns, of which there is none in runs that are noisy: %+v %+v", c, c.Spread)
		}
	})
	t.Run("of nearly all", func(t *testing.T) {
		m := newMeter(t)
		m.cost = func(_ string, round int, v float64) float64 { return noisy(round, v) }
		m.time = func(s lab.Scenario, round int, v float64) (float64, error) { return noisy(round+len(s.Path), v), nil }
		_, err := calibrate(t, m)
		var busy *lab.BusyError
		if !errors.As(err, &busy) || !strings.Contains(err.Error(), "too busy") || !strings.Contains(err.Error(), "mode_switch_ns") {
			t.Errorf("said %v", err)
		}
	})
}

// What a run meets ends the calibration, with its scenario; so does the context.
func TestCalibrateEnds(t *testing.T) {
	m := newMeter(t)
	broken := errors.New("connection reset by peer")
	m.time = func(s lab.Scenario, round int, v float64) (float64, error) {
		if round == 1 && s.Path == "sendfile" {
			return 0, broken
		}
		return v, nil
	}
	if _, err := calibrate(t, m); !errors.Is(err, broken) || !strings.Contains(fmt.Sprint(err), "sendfile,side=real") {
		t.Errorf("said %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	m = newMeter(t)
	m.time = func(_ lab.Scenario, round int, v float64) (float64, error) {
		if round == 1 {
			cancel()
		}
		return v, nil
	}
	if _, err := lab.New("").Calibrate(ctx, lab.CalibrateOptions{Meter: m}.Of(smallScenarios()...)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
