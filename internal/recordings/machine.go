package recordings

import (
	"runtime"

	"copyscope/internal/host"
	"copyscope/internal/trace"
)

// Machine describes where a set was recorded. It names no host and no path.
type Machine struct {
	Schema int `json:"schema"`
	// Name is what pages and tables call it: processor, system and kernel.
	Name string `json:"name"`
	// Processor is its model, System GOOS, Architecture GOARCH.
	Processor    string `json:"processor"`
	System       string `json:"system"`
	Architecture string `json:"architecture"`
	// Recorded is the day, YYYY-MM-DD.
	Recorded string `json:"recorded"`
	// Facts are the settings that the linux model takes over, and that a reader
	// needs to judge the runs.
	Facts host.Facts `json:"facts"`
}

// ThisMachine describes this host; name is what it is to be called, dir where
// source files go.
func ThisMachine(name, dir, day string) Machine {
	return Machine{Schema: trace.Schema, Name: name, Processor: host.ProcessorName(), System: runtime.GOOS, Architecture: runtime.GOARCH, Recorded: day,
		Facts: host.ReadFacts(dir)}
}

// Of is a measured run as one that was recorded on the machine: what was measured
// is recorded, all else is as weak as it was.
func (m Machine) Of(run *trace.Run, scenario string) *trace.Run {
	out := *run
	out.Side, out.Machine, out.Scenario, out.Base = trace.RecordedSide, m.Name, scenario, recorded(run.Base)
	out.Watch = trace.Watch{}
	for name, basis := range run.Watch {
		basis.Provenance = recorded(basis.Provenance)
		out.Watch[name] = basis
	}
	out.Events = make([]trace.Event, len(run.Events))
	for i, e := range run.Events {
		e.Provenance = recorded(e.Provenance)
		out.Events[i] = e
	}
	return &out
}

func recorded(p trace.Provenance) trace.Provenance {
	if p == trace.Measured {
		return trace.Recorded
	}
	return p
}
