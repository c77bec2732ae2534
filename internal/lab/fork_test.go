package lab_test

import (
	"fmt"
	"slices"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// A fork tells where the two runs part: all events before its first are the same
// in whole runs, up to how a call that encloses the fork ends.
func TestRunFork(t *testing.T) {
	l := lab.New(t.TempDir())
	for _, row := range []struct {
		scenario string
		changes  string
		differs  bool
	}{
		{"sendfile,net=nic,size=4MiB,whatif=80/sg=off", "[{sg on off} {tso on off}]", true},
		{"sendfile,net=nic,size=4MiB,whatif=78/sg=off", "[{sg on off} {tso on off}]", true}, // event 79 is the call in which they part
		{"sendfile,net=nic,size=4MiB,whatif=0/mtu=9000", "[{mtu 1500B 9000B}]", true},
		{"sendfile,size=4MiB,whatif=80/sg=off", "[{sg on off} {tso on off}]", false},
		{"sendfile,net=nic,size=4MiB,whatif=80/sg=on", "[]", false},
		{"read-write,cache=cold,size=4MiB,whatif=200/profile=hdd-1g", "[{profile nvme-10g hdd-1g}]", true},
		{"read-write,model=textbook,cache=cold,size=4MiB,whatif=200/dma=off/sg=off", "[{dma on off} {sg on off} {tso on off}]", true},
	} {
		s, err := lab.ParseScenario(row.scenario, lab.Default())
		if err != nil {
			t.Fatal(err)
		}
		was, is, fork, err := l.RunFork(t.Context(), s, lab.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(fork.Changes); got != row.changes || (fork.Parts != 0) != row.differs {
			t.Errorf("%s: changes %s, first difference %d; want %s, %v", row.scenario, got, fork.Parts, row.changes, row.differs)
		}
		a, b := events(t, l, was.Scenario), events(t, l, is.Scenario)
		if fork.At == nil || a[fork.Step].At != *fork.At {
			t.Errorf("%s: the fork is at %v, event %d at %d ns", row.scenario, fork.At, fork.Step+1, a[fork.Step].At)
		}
		shared := fork.Parts - 1
		if fork.Parts == 0 {
			shared = len(a)
		} else if !slices.Equal(fork.WasEvents, a[shared:shared+5]) || !slices.Equal(fork.IsEvents, b[shared:shared+5]) || fork.Parts <= fork.Step {
			t.Errorf("%s: the fork tells %+v and %+v", row.scenario, fork.WasEvents, fork.IsEvents)
		} else if x, y := a[shared], b[shared]; x.Kind == trace.Syscall && x.Kind == y.Kind && x.At == y.At {
			t.Errorf("%s: the runs part within event %d, not with it", row.scenario, fork.Parts)
		}
		for i := range shared {
			if x, y := a[i], b[i]; x.Kind != y.Kind || x.At != y.At || x.Kind != trace.Syscall && x.Kind != trace.Wait && x != y {
				t.Errorf("%s: event %d differs before the first that does: %+v and %+v", row.scenario, i+1, x, y)
			}
		}
	}
}

// events are all of a run's.
func events(t *testing.T, l *lab.Lab, s lab.Scenario) []trace.Event {
	t.Helper()
	r, err := l.Run(t.Context(), s, lab.Options{MaxEvents: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run.Events
}

// A change that comes after the run's end parts nothing.
func TestForkBeyondTheEnd(t *testing.T) {
	l := lab.New(t.TempDir())
	for _, step := range []int{160, 1 << 40} { // the run has events 1 to 160
		s, err := lab.ParseScenario(fmt.Sprintf("sendfile,net=nic,size=1MiB,whatif=%d/sg=off", step), lab.Default())
		if err != nil {
			t.Fatal(err)
		}
		was, is, fork, err := l.RunFork(t.Context(), s, lab.Options{})
		if err != nil || fork.At != nil || fork.Parts != 0 || was.TotalEvents != 160 || is.TotalEvents != 160 {
			t.Errorf("step %d: %+v, %v; want no place where the runs part", step, fork, err)
		}
	}
}
