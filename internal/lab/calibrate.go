package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// What a calibration runs. The chunks are none that predictions are usually
// asked for, so that a prediction is one.
const (
	calibrationBytes  = 64 << 20
	calibrationRounds = 3
)

var calibrationChunks = []int64{2 << 10, 8 << 10, 32 << 10, 128 << 10, 512 << 10, 2 << 20}

// fitted are the costs that no experiment shows alone: each is part of what runs
// take, and is found from many of them.
var fitted = []string{"command_ns", "lookup_ns", "insert_ns", "packet_ns", "reference_ns", "pin_ns", "queue_ns", "read_call_ns", "receive_call_ns", "write_call_ns", "sendfile_call_ns",
	"splice_call_ns", "splice_receive_call_ns", "tee_call_ns", "send_call_ns", "ring_call_ns", "copy_bytes_per_second", "send_copy_bytes_per_second", "receive_copy_bytes_per_second",
	"encrypt_bytes_per_second", "compress_bytes_per_second"}

// Calibrate measures what this host's things cost: some by themselves, the rest
// out of the processor time of real runs. Progress is told how many runs of so
// many are done.
func (l *Lab) Calibrate(ctx context.Context, progress func(done, total int64)) (*ProfileFile, error) {
	src, err := host.NewSource(ctx, l.Dir, calibrationBytes)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	costs, err := host.MeasureCosts(ctx, src)
	if err != nil {
		return nil, err
	}
	profile, err := sim.LookupProfile("")
	if err != nil {
		return nil, err
	}
	profile.Disk = "" // what kind of disk this is, nobody told
	how := map[string]string{}
	set := func(name string, value int64, by string) {
		costNamed(&profile, name).Set(value)
		how[name] = by
	}
	set("mode_switch_ns", int64(costs.ModeSwitch), "half of getppid(2), processor time of 50,000 calls, median of 7")
	set("context_switch_ns", int64(costs.ContextSwitch), "a byte to and fro through two pipes between two threads bound to one processor, less the calls' own time, median of 7")
	set("fault_ns", int64(costs.Fault), "user code touches every page of a fresh mapping of a cached file of 64 MiB, processor time by fault, median of 7")
	if costs.NoDisk == "" {
		set("disk_latency_ns", int64(costs.DiskLatency), "reads of 4 KiB with O_DIRECT, far from each other, median of 64")
		set("disk_bytes_per_second", costs.DiskRate, "what reads of 1 MiB with O_DIRECT take beyond 4 KiB, median of 64")
	}
	runs, err := l.calibrationRuns(ctx, src, progress)
	if err != nil {
		return nil, err
	}
	paths, err := l.fit(ctx, &profile, runs)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(runs, func(r calibrationRun) bool { return r.congestion != "" })
	for name, from := range paths {
		how[name] = fmt.Sprintf("from the processor time of runs of %s over loopback (%s), chunks of 2, 8, 32, 128, 512 and 2048 KiB, the least of %d: the non-negative costs with the least sum of relative errors",
			strings.Join(from, ", "), runs[max(i, 0)].congestion, calibrationRounds)
	}
	out := &ProfileFile{Schema: trace.Schema, Name: "calibrated", Costs: map[string]ProfileCost{},
		Machine: ProfileMachine{Processor: host.ProcessorName(), Facts: l.facts()}}
	for _, c := range profile.Costs() {
		cost := ProfileCost{Value: c.Get(), Provenance: trace.Modelled, How: "of the shipped profile " + sim.DefaultProfile}
		if by, ok := how[c.Name]; ok {
			cost.Provenance, cost.How = trace.Measured, by
			if strings.HasPrefix(by, "from the processor time") {
				cost.Provenance = trace.Derived
			}
		}
		out.Costs[c.Name] = cost
	}
	return out, nil
}

func costNamed(p *sim.Profile, name string) sim.Cost {
	costs := p.Costs()
	return costs[slices.IndexFunc(costs, func(c sim.Cost) bool { return c.Name == name })]
}

// calibrationRun is a real run: a scenario and its processor time.
type calibrationRun struct {
	scenario   Scenario
	cpu        float64
	congestion string
}

// calibrationRuns makes the real runs of every path that this host has, warm,
// and cold where the page cache matters.
func (l *Lab) calibrationRuns(ctx context.Context, src *host.Source, progress func(done, total int64)) (out []calibrationRun, err error) {
	l.real.Lock()
	defer l.real.Unlock()
	for _, p := range transfer.Programs() {
		if ok, _ := host.Available(p.Path); !ok {
			continue
		}
		for _, chunk := range calibrationChunks {
			if p.Path == "direct" && chunk < transfer.DirectAlign {
				continue // each read would be twice what is sent
			}
			s := Scenario{Path: p.Path, Side: trace.Real, Size: src.Size(), Chunk: chunk, Cache: Warm, Net: Loopback}
			out = append(out, calibrationRun{scenario: s.Normal()})
			if p.Serves || p.Path == "direct" { // the others read the file as these do
				s.Cache = Cold
				out = append(out, calibrationRun{scenario: s.Normal()})
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("calibrate: this host can run no path for real; see copyscope run --list")
	}
	times := make([][]float64, len(out))
	for round := range calibrationRounds {
		for i := range out {
			r := &out[i]
			cpu, congestion, err := cpuOf(ctx, r.scenario, src)
			if err != nil {
				return nil, fmt.Errorf("calibrate: %s: %w", r.scenario, err)
			}
			r.congestion = congestion
			times[i] = append(times[i], cpu)
			if progress != nil {
				progress(int64(round*len(out)+i+1), int64(calibrationRounds*len(out)))
			}
		}
	}
	for i := range out {
		slices.Sort(times[i])
		out[i].cpu = times[i][0] // what others disturbed least
	}
	return out, nil
}

// cpuOf runs a scenario for real and gives the sender's processor time.
func cpuOf(ctx context.Context, s Scenario, src *host.Source) (cpu float64, congestion string, err error) {
	program, _ := transfer.Lookup(s.Path)
	if program.Reshapes {
		src = nil // what it sends is not just anything: it makes its own file
	}
	counter := trace.NewCounter(s.Size, trace.Measured, host.Watch(host.Options{Cold: s.Cache == Cold, Untraced: true}))
	out, err := host.Run(ctx, host.Options{Program: program, Size: s.Size, Chunk: s.Chunk, Cold: s.Cache == Cold, Source: src, Untraced: true, Recorder: counter})
	if err != nil {
		return 0, "", err
	}
	return counter.Count(trace.CPUTime).Value, out.Congestion, nil
}
