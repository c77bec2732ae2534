package result

import (
	"fmt"
	"reflect"
	"slices"
)

// Same is nil if another comparison was measured on this machine, with these settings
// and servers; an error says what was not the same. Ratios of runs may be held against
// each other only then.
func (was Machine) Same(is Machine) error {
	for _, same := range []struct {
		what    string
		was, is any
	}{
		{"host", was.Host, is.Host},
		{"memory", was.MemoryBytes, is.MemoryBytes},
		{"congestion control", was.Congestion, is.Congestion},
		{"Go", was.Go, is.Go},
		{"rounds", was.Rounds, is.Rounds},
		{"seconds of a turn", was.TurnSeconds, is.TurnSeconds},
		{"servers", was.Servers, is.Servers},
	} {
		if !reflect.DeepEqual(same.was, same.is) {
			return fmt.Errorf("%s: the stored runs have %v, this one has %v", same.what, same.was, same.is)
		}
	}
	return nil
}

// Add puts the runs of another comparison, measured in the same way, behind those that
// are there.
func (a *All) Add(more All) error {
	if err := a.Machine.Same(more.Machine); err != nil {
		return err
	}
	files := slices.Clone(a.Files)
	for i, f := range files {
		with, ok := more.Of(f.Workload.Name)
		if !ok || !reflect.DeepEqual(f.Workload, with.Workload) {
			return fmt.Errorf("workload %s: the stored runs have %+v, this one has %+v", f.Workload.Name, f.Workload, with.Workload)
		}
		files[i].Runs = slices.Concat(f.Runs, with.Runs)
	}
	if len(more.Files) != len(files) {
		return fmt.Errorf("workloads: the stored runs have %d, this one has %d", len(files), len(more.Files))
	}
	a.Files = files
	a.Machine.TookSeconds += more.Machine.TookSeconds
	if more.Machine.Date != a.Machine.Date {
		a.Machine.LastDate = more.Machine.Date
	}
	return nil
}
