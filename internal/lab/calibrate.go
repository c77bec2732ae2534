package lab

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/labnet"
	"copyscope/internal/spread"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// What a calibration runs. The chunks are none that predictions are usually
// asked for, so that a prediction is one.
const (
	calibrationBytes = 64 << 20
	// slowBytes is the size of runs that take long for every byte.
	slowBytes = 16 << 20
	// leastRounds are made however long they take, further ones while the time
	// lasts.
	leastRounds, mostRounds = 3, 7
	// calibrationTime is how long the real runs may take.
	calibrationTime = 25 * time.Second
)

var (
	calibrationChunks = []int64{2 << 10, 8 << 10, 32 << 10, 128 << 10, 512 << 10, 2 << 20}
	// coldFrom is the least chunk of cold runs: what a cold cache adds is of pages
	// and requests, not of calls.
	coldFrom = int64(32 << 10)
	// vethPaths run over the lab network as well, where this user may make it: what a
	// segment and a packet cost there depends on no path. The chunks are so small that
	// the program is slower than the receiver, and the runs so long that this is so in
	// each of them: what waits for a receiver is sent at others' expense.
	vethPaths  = []string{"read-write", "mmap-write", "sendfile", "splice"}
	vethChunks = []int64{8 << 10, 12 << 10}
	slowPaths  = []string{"direct", "compress", "tls", "msg-zerocopy"}
)

// Slow says that a path takes long for every byte, so that less of it tells as
// much.
func Slow(path string) bool { return slices.Contains(slowPaths, path) }

// believed is how far fits of rounds drawn anew may lie apart.
const (
	believed = 0.5
	// matters is the part of a run's processor time below which a cost's noise is
	// no harm.
	matters = 0.05
	// mostRefused is the part of the figures that may be too noisy; with more, the
	// machine is too busy for any of them.
	mostRefused = 1.0 / 3
)

const readerRate = "reader_bytes_per_second"

// tellsOfReader: nothing but the receiver holds such a run back.
func tellsOfReader(s Scenario) bool {
	return s.Path == "sendfile" && s.Net == Loopback && s.Cache == Warm && s.Chunk >= 128<<10
}

// Meter measures for a calibration.
type Meter interface {
	// Costs measures single things.
	Costs(ctx context.Context, progress func(done, total int64)) ([]host.Cost, error)
	// Time makes a real run.
	Time(ctx context.Context, s Scenario) (Timing, error)
}

// CalibrateOptions are those of [Lab.Calibrate].
type CalibrateOptions struct {
	// Progress is told how far it is, in parts of a whole that stays the same.
	Progress func(done, total int64)
	// Meter measures; nil is this host.
	Meter Meter
	// Time bounds the real runs beyond the rounds that are always made; 0 is 25 s.
	Time time.Duration

	scenarios []Scenario // nil: those of every path that this host has
}

// BusyError: too many figures came out differently every time.
type BusyError struct {
	// Refused are the costs that did, of so many.
	Refused []string
	Of      int
	// Load is the load average, if LoadKnown; CPUs are the processors.
	Load      float64
	LoadKnown bool
	CPUs      int
}

func (e *BusyError) Error() string {
	load := "other programs may be running"
	if e.LoadKnown {
		load = fmt.Sprintf("the load average is %.1f on %d processors", e.Load, e.CPUs)
	}
	return fmt.Sprintf("this machine is too busy to be calibrated: %d of %d figures differed too much from round to round (%s); %s; end what else runs (top shows it), then calibrate again; nothing was stored",
		len(e.Refused), e.Of, strings.Join(e.Refused, ", "), load)
}

// hostMeter is this host.
type hostMeter struct{ *Stand }

func (m hostMeter) Costs(ctx context.Context, progress func(done, total int64)) ([]host.Cost, error) {
	src, err := m.Source(ctx, calibrationBytes)
	if err != nil {
		return nil, err
	}
	return host.MeasureCosts(ctx, src, progress)
}

// Calibrate measures what this host's things cost: some by themselves, the rest
// out of the processor time of real runs. A cost whose rounds lay too far apart
// keeps the shipped value and says so; if that are many, the error is a
// [BusyError].
func (l *Lab) Calibrate(ctx context.Context, o CalibrateOptions) (*ProfileFile, error) {
	if o.Meter == nil {
		stand := l.Stand()
		defer stand.Close()
		o.Meter = hostMeter{stand}
	}
	if o.Time == 0 {
		o.Time = calibrationTime
	}
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	shipped, err := sim.LookupProfile("")
	if err != nil {
		return nil, err
	}
	c := &calibration{lab: l, options: o, shipped: shipped, profile: shipped, found: map[string]ProfileCost{}, figures: map[string]ProfileCost{}}
	c.profile.Disk = "" // what kind of disk this is, nobody told
	costs, err := o.Meter.Costs(ctx, c.part(0, 100))
	if err != nil {
		return nil, err
	}
	for _, cost := range costs {
		c.take(cost)
	}
	if err := c.runs(ctx, c.part(100, 700)); err != nil {
		return nil, err
	}
	if err := c.fit(ctx, c.part(700, 1000)); err != nil {
		return nil, err
	}
	if refused, of := c.refused(); float64(len(refused)) > mostRefused*float64(of) {
		e := &BusyError{Refused: refused, Of: of, CPUs: l.facts().CPUs}
		e.Load, e.LoadKnown = host.Load()
		return nil, e
	}
	return c.document(), nil
}

// calibration is one under way.
type calibration struct {
	lab              *Lab
	options          CalibrateOptions
	shipped, profile sim.Profile
	// found are the profile's costs that were measured or refused, figures what no
	// profile has, both by name.
	found, figures map[string]ProfileCost

	scenarios  []Scenario
	rounds     [][]float64 // processor time by round and scenario
	congestion string
	// reading has how fast the receiver took what nothing but itself held back, in
	// bytes per second, by round.
	reading []float64
}

// part tells the progress of one part of the whole, in thousandths of it.
func (c *calibration) part(from, to int64) func(done, total int64) {
	return func(done, total int64) {
		if total > 0 {
			c.options.Progress(from+(to-from)*min(done, total)/total, 1000)
		}
	}
}

// take keeps what a cost's rounds say, if they agree.
func (c *calibration) take(cost host.Cost) {
	s := spread.Of(cost.Samples)
	out := ProfileCost{Value: int64(math.Round(s.Median)), Provenance: trace.Measured, How: fmt.Sprintf("%s; the median of %d rounds", cost.How, s.N), Spread: &s}
	inProfile := slices.Contains(costNames(), cost.Name)
	switch {
	case cost.Why != "":
		out = ProfileCost{Provenance: trace.Unavailable, How: cost.How, Refused: cost.Why}
	default:
		if err := cost.Limit.Judge(s); err != nil {
			out.Refused = err.Error()
		}
	}
	if !inProfile {
		if out.Refused != "" {
			out.Value, out.Provenance = 0, trace.Unavailable
		}
		c.figures[cost.Name] = out
		return
	}
	if out.Refused == "" {
		costNamed(&c.profile, cost.Name).Set(out.Value)
	}
	c.found[cost.Name] = out
}

// refused are the names of the figures that were too noisy, of how many that were
// measured.
func (c *calibration) refused() (names []string, of int) {
	for _, all := range []map[string]ProfileCost{c.found, c.figures} {
		for name, cost := range all {
			if cost.Spread == nil { // not measurable here
				continue
			}
			of++
			if cost.Refused != "" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names, of
}

// document is what was found, the rest as shipped.
func (c *calibration) document() *ProfileFile {
	out := &ProfileFile{Schema: trace.Schema, Name: "calibrated", Costs: map[string]ProfileCost{}, Figures: c.figures,
		Machine: ProfileMachine{Processor: host.ProcessorName(), Facts: c.lab.facts()}}
	for _, cost := range c.profile.Costs() {
		kept, ok := c.found[cost.Name]
		if !ok || kept.Refused != "" {
			kept.Value, kept.Provenance = costNamed(&c.shipped, cost.Name).Get(), trace.Modelled
			kept.How = "of the shipped profile " + sim.DefaultProfile
		}
		out.Costs[cost.Name] = kept
	}
	return out
}

func costNamed(p *sim.Profile, name string) sim.Cost {
	costs := p.Costs()
	return costs[slices.IndexFunc(costs, func(c sim.Cost) bool { return c.Name == name })]
}

// calibrationScenarios are the real runs of every path that this host has, warm,
// and cold where the page cache matters.
func calibrationScenarios(veth bool) (out []Scenario) {
	for _, p := range transfer.Programs() {
		if ok, _ := host.Available(p.Path); !ok {
			continue
		}
		size := int64(calibrationBytes)
		if Slow(p.Path) {
			size = slowBytes
		}
		for _, chunk := range calibrationChunks {
			if p.Path == "direct" && chunk < transfer.DirectAlign {
				continue // each read would be twice what is sent
			}
			s := Scenario{Path: p.Path, Side: trace.Real, Size: size, Chunk: chunk, Cache: Warm, Net: Loopback}
			out = append(out, s.Normal())
			if (p.Serves || p.Path == "direct") && chunk >= coldFrom { // the others read the file as these do
				s.Cache = Cold
				out = append(out, s.Normal())
			}
		}
		if veth && slices.Contains(vethPaths, p.Path) {
			for _, chunk := range vethChunks {
				for _, sg := range []bool{true, false} {
					out = append(out, Scenario{Path: p.Path, Side: trace.Real, Size: calibrationBytes, Chunk: chunk, Cache: Warm, Net: Veth, SG: sg}.Normal())
				}
			}
		}
	}
	return out
}

// HasVeth says whether this user may make the lab network here.
func HasVeth() bool {
	n, err := labnet.Open(labnet.Options{SG: true, Links: 1})
	if err != nil {
		return false
	}
	n.Close()
	return true
}

// runs makes the real runs, in rounds.
func (c *calibration) runs(ctx context.Context, progress func(done, total int64)) error {
	if c.scenarios = c.options.scenarios; c.scenarios == nil {
		c.scenarios = calibrationScenarios(HasVeth())
	}
	if len(c.scenarios) == 0 {
		return fmt.Errorf("calibrate: this host can run no path for real; see copyscope run --list")
	}
	began := time.Now()
	for round := range mostRounds {
		if spent := time.Since(began); round >= leastRounds && spent+spent/time.Duration(round) > c.options.Time {
			break
		}
		cpu := make([]float64, len(c.scenarios))
		var reading []float64
		for i, s := range c.scenarios {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			t, err := c.options.Meter.Time(ctx, s)
			if err != nil {
				return fmt.Errorf("calibrate: %s: %w", s, err)
			}
			cpu[i] = t.CPU
			if tellsOfReader(s) && t.Wall > 0 {
				reading = append(reading, float64(s.Size)/(t.Wall/1e9))
			}
			if t.Congestion != "" {
				c.congestion = t.Congestion
			}
			byRounds := float64(round*len(c.scenarios)+i+1) / float64(leastRounds*len(c.scenarios))
			progress(int64(1000*min(byRounds, max(byRounds*leastRounds/mostRounds, float64(time.Since(began))/float64(c.options.Time)))), 1000)
		}
		c.rounds = append(c.rounds, cpu)
		if len(reading) > 0 {
			c.reading = append(c.reading, spread.Of(reading).Median)
		}
	}
	if len(c.reading) > 0 {
		c.take(host.Cost{Name: readerRate, How: "how fast sendfile runs over loopback end, whose receiver alone holds them back: its hashing, and its being woken, included", Samples: c.reading,
			Limit: spread.Limit{Relative: believed, Rounds: leastRounds}})
	}
	progress(1, 1)
	return nil
}

// redrawn is how many times the rounds are drawn anew to see what the fit is worth.
const redrawn = 16

// fit finds the costs that no experiment shows alone, and how sure they are: the
// rounds of each run are drawn anew, with repetition, and fitted again (the
// bootstrap: Efron 1979). A cost that comes out differently every time keeps the
// shipped value, and the others are found anew beside that.
func (c *calibration) fit(ctx context.Context, progress func(done, total int64)) error {
	f, err := c.lab.newFitting(ctx, c.scenarios, func(done, total int64) { progress(done, 2*total) })
	if err != nil {
		return err
	}
	least := c.least(func(round int) int { return round })
	for try := int64(1); ; try++ {
		if err := f.solve(ctx, &c.profile, least); err != nil {
			return err
		}
		samples := make([][]float64, redrawn) // ns by draw and cost
		err := atOnce(redrawn, func(i int) error {
			dice := rand.New(rand.NewPCG(uint64(i), 0))
			samples[i] = f.once(&c.profile, c.least(func(int) int { return dice.IntN(len(c.rounds)) }))
			return ctx.Err()
		})
		if err != nil {
			return context.Cause(ctx)
		}
		progress(min(1+try, 4), 4)
		if !c.believe(f, samples, least) {
			break
		}
	}
	for name, cost := range c.found {
		if cost.Provenance == trace.Derived && cost.Refused == "" {
			cost.Value = costNamed(&c.profile, name).Get()
			c.found[name] = cost
		}
	}
	progress(1, 1)
	return nil
}

// least is each run's least processor time, the one that others disturbed least,
// of as many rounds as there are, chosen by their number.
func (c *calibration) least(choose func(round int) int) []float64 {
	out := make([]float64, len(c.scenarios))
	for i := range out {
		out[i] = math.Inf(1)
		for round := range c.rounds {
			out[i] = min(out[i], c.rounds[choose(round)][i])
		}
	}
	return out
}

// believe keeps the spreads of the costs that are looked for, and holds those that
// are too far apart at the shipped value; it says whether there were any.
func (c *calibration) believe(f *fitting, samples [][]float64, cpu []float64) (refused bool) {
	for k, name := range fitted {
		if !f.pays(k) || f.held[k] {
			continue
		}
		ns := make([]float64, len(samples))
		for i, s := range samples {
			ns[i] = s[k]
		}
		s := inUnitOf(costNamed(&c.profile, name), ns)
		s.N = len(c.rounds)
		cost := ProfileCost{Provenance: trace.Derived, Spread: &s, How: fmt.Sprintf("from the processor time of runs of %s over %s (%s), chunks of 2 KiB to 2 MiB, the least of %d: the non-negative costs with the least sum of relative errors; the spread is of %d fits of rounds drawn anew",
			strings.Join(f.from(k), ", "), f.over(k), c.congestion, len(c.rounds), redrawn)}
		limit := spread.Limit{Relative: believed, Floor: matters * f.weightiest(k, cpu), Rounds: leastRounds}
		judged := spread.Of(ns)
		judged.N = len(c.rounds)
		if err := limit.Judge(judged); err != nil && c.nothing(name, judged, limit.Floor) {
			cost.How += "; a quarter of the fits and more found next to none of it beside the others, so it is left to them"
			costNamed(&c.profile, name).Set(0)
			f.held[k], refused = true, true
		} else if err != nil {
			cost.Refused = err.Error()
			f.held[k], refused = true, true
			costNamed(&c.profile, name).Set(costNamed(&c.shipped, name).Get())
		}
		c.found[name] = cost
	}
	return refused
}

// nothing says of a time that a quarter of the fits found no more of it than would
// matter: the runs do not tell it from what they take anyway, and the shipped value
// would be added to that.
func (c *calibration) nothing(name string, ns spread.Spread, matter float64) bool {
	return costNamed(&c.profile, name).Time != nil && ns.Q1 <= matter
}

// inUnitOf is the spread of samples in ns in the unit of a cost.
func inUnitOf(cost sim.Cost, ns []float64) spread.Spread {
	if cost.Time != nil {
		return spread.Of(ns)
	}
	rates := make([]float64, len(ns))
	for i, v := range ns {
		rates[i] = 1e9 / max(v, leastNs)
	}
	return spread.Of(rates)
}
