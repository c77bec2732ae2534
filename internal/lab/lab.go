package lab

import (
	"context"
	"sync"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/sim"
)

// Lab runs scenarios. Simulated runs may go side by side; real ones are
// serialised, so that they do not disturb each other's measurement.
type Lab struct {
	// Dir is where real runs put their source files; empty means the system's
	// temporary directory.
	Dir string

	real  sync.Mutex
	facts func() host.Facts
}

// New makes a lab.
func New(dir string) *Lab {
	return &Lab{Dir: dir, facts: sync.OnceValue(func() host.Facts { return host.ReadFacts(dir) })}
}

// Run runs one scenario.
func (l *Lab) Run(ctx context.Context, s Scenario, o Options) (*Result, error) {
	s = s.Normal()
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if s.Side == trace.Real {
		return l.measure(ctx, s, o)
	}
	return l.simulate(ctx, s, o)
}

// settings are this host's kernel settings, as the linux model takes them.
func (l *Lab) settings() sim.Settings {
	f, s := l.facts(), sim.DefaultSettings()
	if f.ReadaheadBytes > 0 {
		s.ReadaheadBytes = f.ReadaheadBytes
	}
	if f.PipeMaxBytes > 0 {
		s.PipeMaxBytes, s.PipeUnlimited = f.PipeMaxBytes, f.PipeUnlimited
	}
	return s
}
