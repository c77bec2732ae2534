package attach

import (
	"fmt"

	"copyscope/internal/copysample"
	"copyscope/internal/trace"
)

// samplers sample the clocks of the processes that the watch begins with: what of
// their processor time the kernel spends in copy routines. It knows nothing of the
// calls, so it is a witness of its own.
type samplers struct {
	asked bool
	all   []*copysample.Sampler
	err   error // why there are none
}

// fewSamples: of so many, a share is off by some ten per cent of the whole and more (the
// standard deviation of a share of n samples is at most 1/√4n).
const fewSamples = 30

func beginSamplers(o Options) *samplers {
	s := &samplers{asked: o.Samples}
	if !s.asked {
		return s
	}
	for _, pid := range o.Processes {
		one, err := copysample.Begin(copysample.Options{Process: pid})
		if err != nil {
			s.err = err
			s.end()
			s.all = nil
			return s
		}
		s.all = append(s.all, one)
	}
	return s
}

func (s *samplers) end() (sum copysample.Figures) {
	for _, one := range s.all {
		f, err := one.End()
		if err != nil && s.err == nil {
			s.err = err
		}
		sum.Every = f.Every
		sum.Lost += f.Lost
		sum.All.CPU += f.All.CPU
		sum.All.Samples += f.All.Samples
		sum.Copies.CPU += f.Copies.CPU
		sum.Copies.Samples += f.Copies.Samples
	}
	s.all = nil
	return sum
}

// tell ends the sampling and writes what it found into a report.
func (s *samplers) tell(r *Report) {
	if !s.asked {
		notAsked(r)
		return
	}
	f := s.end()
	if s.err != nil {
		none := trace.Count{Provenance: trace.Unavailable, Reason: "not measurable here, because " + s.err.Error()}
		r.CPU, r.CopyCPU = none, none
		return
	}
	r.CPU = trace.Count{Value: float64(f.All.CPU), Provenance: trace.Measured}
	r.CopyCPU = trace.Count{Value: float64(f.Copies.CPU), Provenance: trace.Measured}
	r.Samples = f.All.Samples
	if f.All.Samples < fewSamples {
		r.Notes = append(r.Notes, fmt.Sprintf("only %d samples of the processes' clocks were taken: so few tell nothing of how their time was spent", f.All.Samples))
	}
	if f.Lost > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d samples of the processes' clocks found no room: their processor time is more than is told here", f.Lost))
	}
}

// notAsked says in a report how to get what only samples tell.
func notAsked(r *Report) {
	none := trace.Count{Provenance: trace.Unavailable, Reason: "not asked for: samples of the processes' clocks tell it (--samples)"}
	r.CPU, r.CopyCPU = none, none
}
