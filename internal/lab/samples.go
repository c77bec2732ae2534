package lab

import (
	"copyscope/internal/copysample"
	"copyscope/internal/trace"
)

// Samples are what samples of the sending thread's clock tell of a real run: a witness
// of its copies that knows nothing of what the calls returned.
type Samples struct {
	// Provenance is measured, or unavailable, with the reason and no figures.
	Provenance trace.Provenance    `json:"provenance"`
	Reason     string              `json:"reason,omitempty"`
	Figures    *copysample.Figures `json:"figures,omitempty"`
}

// beside samples the sending thread of a run.
func (s *Samples) beside(thread int) (end func(), err error) {
	sampler, err := copysample.Begin(copysample.Options{Threads: []int{thread}})
	if err != nil { // the run goes on without
		s.unavailable(err)
		return func() {}, nil
	}
	return func() {
		figures, err := sampler.End()
		if err != nil {
			s.unavailable(err)
			return
		}
		s.Provenance, s.Figures = trace.Measured, &figures
	}, nil
}

func (s *Samples) unavailable(err error) {
	s.Provenance, s.Reason = trace.Unavailable, "samples of the clock would tell: "+err.Error()
}
