package lab

import (
	"context"
	"runtime"
	"strings"
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
	// Profile is the modelled hardware of scenarios that name none, for example
	// as it was calibrated; nil is the shipped default.
	Profile *sim.Profile

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
	if err := Check(s, o); err != nil {
		return nil, err
	}
	if s.Side == trace.RecordedSide {
		return l.recorded(s, o)
	}
	run := l.simulate
	if s.Side == trace.Real {
		run = l.measure
	}
	r, err := run(ctx, s, o)
	if err == nil {
		r.Run.Scenario = s.String()
	}
	return r, err
}

// Check says whether a scenario can run with the options.
func Check(s Scenario, o Options) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return checkConnections(s, o.Connections)
}

// ProfileName names the modelled hardware that a simulated scenario runs on.
func (l *Lab) ProfileName(s Scenario) string {
	switch {
	case s.Profile != "":
		return s.Profile
	case l.Profile != nil:
		return l.Profile.Name
	}
	return sim.DefaultProfile
}

// HostName names the machine that real runs are measured on by its processor, as
// far as it tells it, and its system.
func (l *Lab) HostName() string {
	name := strings.TrimSpace(runtime.GOOS + " " + l.facts().Kernel)
	if p := host.ProcessorName(); p != "" {
		name = p + ", " + name
	}
	return name
}

// settings are this host's kernel settings, as the linux model takes them.
func (l *Lab) settings() sim.Settings {
	f, s := l.facts(), sim.DefaultSettings()
	if f.ReadaheadBytes > 0 {
		s.ReadaheadBytes = f.ReadaheadBytes
	}
	if f.RequestBytes >= sim.PageBytes {
		s.RequestBytes = f.RequestBytes
	}
	if f.PipeMaxBytes > 0 {
		s.PipeMaxBytes, s.PipeUnlimited = f.PipeMaxBytes, f.PipeUnlimited
	}
	return s
}
