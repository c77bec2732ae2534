package lab

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// A run's processor time is, in the model, a sum: each cost times how often it
// is paid. How often follows from the program alone, and the model knows it. So
// many runs are many equations for the few costs that no experiment shows alone.

// nothing is a rate at which bytes take no time.
const nothing = 1 << 60

// fitted are the costs that no experiment shows alone: each is part of what runs
// take, and is found from many of them.
var fitted = []string{"command_ns", "lookup_ns", "insert_ns", "packet_ns", "segment_ns", "veth_ns", "reference_ns", "pin_ns", "queue_ns", "read_call_ns", "receive_call_ns", "write_call_ns", "sendfile_call_ns",
	"splice_call_ns", "splice_receive_call_ns", "tee_call_ns", "send_call_ns", "ring_call_ns", "copy_bytes_per_second", "send_copy_bytes_per_second", "receive_copy_bytes_per_second",
	"encrypt_bytes_per_second", "compress_bytes_per_second"}

// fitRounds: context switches depend on how long things take, so the model is
// asked again with what was found.
const fitRounds = 3

// fitting looks for the fitted costs of some scenarios.
type fitting struct {
	lab       *Lab
	scenarios []Scenario
	// times has by scenario and cost how often it is paid, or for how many bytes.
	times [][]float64
	// held are the costs that are left as they are.
	held []bool
	// fixed is by scenario what the costs that are not looked for come to, in ns, as
	// the model said last.
	fixed []float64
}

// newFitting asks the model what each scenario pays.
func (l *Lab) newFitting(ctx context.Context, scenarios []Scenario, progress func(done, total int64)) (*fitting, error) {
	f := &fitting{lab: l, scenarios: scenarios, times: make([][]float64, len(scenarios)), held: make([]bool, len(fitted)), fixed: make([]float64, len(scenarios))}
	var done atomic.Int64
	err := atOnce(len(scenarios), func(i int) (err error) {
		f.times[i] = make([]float64, len(fitted))
		for k, name := range fitted {
			if f.times[i][k], err = l.paid(ctx, scenarios[i], name); err != nil {
				return err
			}
		}
		progress(done.Add(1), int64(len(scenarios)))
		return nil
	})
	return f, err
}

// atOnce calls f for 0 to n-1, as many at a time as there are processors; the
// first error ends it.
func atOnce(n int, f func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// solve finds the costs from the processor times of the scenarios' runs and sets
// them in the profile.
func (f *fitting) solve(ctx context.Context, profile *sim.Profile, cpu []float64) error {
	for range fitRounds {
		err := atOnce(len(f.scenarios), func(i int) error {
			whole, err := f.lab.modelledCPU(ctx, f.scenarios[i], *profile)
			if err != nil {
				return err
			}
			for k, name := range fitted {
				if !f.held[k] {
					whole -= f.times[i][k] * nsOf(costNamed(profile, name))
				}
			}
			f.fixed[i] = max(whole, 0)
			return nil
		})
		if err != nil {
			return err
		}
		for k, v := range f.once(profile, cpu) {
			if f.pays(k) && !f.held[k] {
				setNs(costNamed(profile, fitted[k]), v)
			}
		}
	}
	return nil
}

// once gives the costs in ns, those that are held as they are in the profile,
// with what the model said last of the rest.
func (f *fitting) once(profile *sim.Profile, cpu []float64) []float64 {
	rows, rest := make([][]float64, len(cpu)), make([]float64, len(cpu))
	for i := range cpu {
		rows[i] = make([]float64, len(fitted))
		for k := range fitted {
			if !f.held[k] {
				rows[i][k] = f.times[i][k] / cpu[i]
			}
		}
		rest[i] = 1 - f.fixed[i]/cpu[i]
	}
	out := leastErrors(rows, rest)
	for k, name := range fitted {
		if f.held[k] {
			out[k] = nsOf(costNamed(profile, name))
		}
	}
	return out
}

// pays says whether any scenario pays cost k.
func (f *fitting) pays(k int) bool {
	return slices.ContainsFunc(f.times, func(t []float64) bool { return t[k] > 0 })
}

// from are the paths that pay cost k.
func (f *fitting) from(k int) (out []string) {
	for i, s := range f.scenarios {
		if f.times[i][k] > 0 && !slices.Contains(out, s.Path) {
			out = append(out, s.Path)
		}
	}
	return out
}

// over are the nets of the runs that pay cost k.
func (f *fitting) over(k int) string {
	loopback, veth := false, false
	for i, s := range f.scenarios {
		if f.times[i][k] > 0 {
			loopback, veth = loopback || s.Net == Loopback, veth || s.Net == Veth
		}
	}
	switch {
	case !veth:
		return "loopback"
	case !loopback:
		return "the lab network"
	}
	return "loopback and the lab network"
}

// weightiest is how large cost k would be, in ns, if it were all that the run took
// in which it is paid the most for its time.
func (f *fitting) weightiest(k int, cpu []float64) float64 {
	out := math.Inf(1)
	for i, t := range f.times {
		if t[k] > 0 {
			out = min(out, cpu[i]/t[k])
		}
	}
	return out
}

// nsOf is a cost in ns: for a rate, of a byte.
func nsOf(c sim.Cost) float64 {
	switch {
	case c.Time != nil:
		return float64(*c.Time)
	case *c.Rate == 0:
		return 0
	}
	return 1e9 / float64(*c.Rate)
}

func setNs(c sim.Cost, ns float64) {
	if c.Time != nil {
		c.Set(int64(math.Round(ns)))
		return
	}
	c.Set(int64(math.Round(1e9 / max(ns, leastNs))))
}

// leastNs stands for a byte that takes no time.
const leastNs = 1e-6

// paid asks the model how often a run pays a cost: its processor time on a
// machine that has no other.
func (l *Lab) paid(ctx context.Context, s Scenario, name string) (float64, error) {
	p := sim.Profile{Name: "unit"}
	for _, c := range p.Costs() {
		if c.Rate != nil {
			c.Set(nothing)
		}
	}
	c := costNamed(&p, name)
	if c.Time != nil {
		c.Set(1)
	} else {
		c.Set(1e9) // a ns for each byte
	}
	return l.modelledCPU(ctx, s, p)
}

// modelledCPU is the processor time of a real run's scenario on the model. A warm
// run of small chunks is the same over and over: an eighth of it tells.
func (l *Lab) modelledCPU(ctx context.Context, s Scenario, p sim.Profile) (float64, error) {
	const part, enough = 8, 256
	if s.Cache == Warm && s.Size%(part*s.Chunk) == 0 && s.Size/s.Chunk >= part*enough {
		s.Size /= part
		ns, err := l.modelledCPU(ctx, s, p)
		return part * ns, err
	}
	s = asModelled(s)
	r, err := (&Lab{Profile: &p, facts: l.facts}).simulate(ctx, s, Options{AsThisHost: true})
	if err != nil {
		return 0, err
	}
	return r.Counter.Count(trace.CPUTime).Value, nil
}

// leastErrors solves rows × x = want for the x ≥ 0 with the least sum of errors:
// a run that something disturbed pulls no harder than any other. Squares are
// weighted anew until they are errors (iteratively reweighted least squares).
func leastErrors(rows [][]float64, want []float64) (x []float64) {
	const small = 0.02 // errors below are as good as none
	weighted, target := rows, want
	for range 20 {
		x = nonNegative(weighted, target)
		weighted, target = make([][]float64, len(rows)), make([]float64, len(rows))
		for i, r := range rows {
			left := want[i]
			for k, v := range r {
				left -= v * x[k]
			}
			weight := math.Sqrt(1 / max(math.Abs(left), small))
			weighted[i], target[i] = make([]float64, len(r)), weight*want[i]
			for k, v := range r {
				weighted[i][k] = weight * v
			}
		}
	}
	return x
}

// nonNegative solves rows × x = want for the x ≥ 0 with the least squares, one
// unknown after the other until they rest.
func nonNegative(rows [][]float64, want []float64) []float64 {
	n := len(rows[0])
	// What the unknowns have to do with each other and with the wanted: the normal
	// equations, which are few, in the place of the rows, which are many.
	square, slope := make([][]float64, n), make([]float64, n)
	for k := range n {
		square[k] = make([]float64, n)
		for i, r := range rows {
			slope[k] += r[k] * want[i]
			for m, v := range r {
				square[k][m] += r[k] * v
			}
		}
	}
	x := make([]float64, n)
	for range 100_000 {
		moved := 0.0
		for k := range x {
			if square[k][k] == 0 {
				continue
			}
			step := max(slope[k]/square[k][k], -x[k])
			if step == 0 {
				continue
			}
			x[k] += step
			for m := range slope {
				slope[m] -= step * square[m][k]
			}
			moved = max(moved, math.Abs(step)/(x[k]+1e-9))
		}
		if moved < 1e-9 {
			break
		}
	}
	return x
}
