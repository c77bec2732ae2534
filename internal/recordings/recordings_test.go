package recordings_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"copyscope/internal/recordings"
	"copyscope/internal/trace"
)

// maxShipped is how much of the program, in bytes, recordings may be.
const maxShipped = 400_000

// Every shipped run can be read, names its machine and scenario, and nothing in it
// claims to be measured here.
func TestShippedRunsAreRecorded(t *testing.T) {
	all := recordings.Shipped()
	if len(all) < 20 {
		t.Fatalf("%d recordings", len(all))
	}
	names := map[string]bool{}
	for _, r := range all {
		run, err := r.Run()
		if err != nil {
			t.Fatalf("%s: %v", r.Name, err)
		}
		if names[r.Name] {
			t.Errorf("%s is there twice", r.Name)
		}
		names[r.Name] = true
		if run.Machine == "" || run.Machine != r.Machine.Name || run.Scenario != r.Scenario || run.Side != trace.RecordedSide || run.Base != trace.Recorded {
			t.Errorf("%s: machine %q, scenario %q, side %s, base %s", r.Name, run.Machine, run.Scenario, run.Side, run.Base)
		}
		for name, basis := range run.Watch {
			if basis.Provenance == trace.Measured {
				t.Errorf("%s: %s is watched as measured", r.Name, name)
			}
		}
		for _, e := range run.Events {
			if e.Provenance == trace.Measured {
				t.Fatalf("%s: event %d is measured", r.Name, e.Seq)
			}
		}
		counts := run.CountsAt(len(run.Events)).Counts()
		if c := counts[trace.Syscalls]; c.Provenance != trace.Recorded || c.Value < 64 {
			t.Errorf("%s: syscalls %+v", r.Name, c)
		}
	}
}

func TestShippedIsSmallAndNamesNoHost(t *testing.T) {
	var total int64
	err := filepath.WalkDir("data", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		at, err := d.Info()
		if err != nil {
			return err
		}
		total += at.Size()
		if filepath.Base(name) != recordings.MachineFile {
			return nil
		}
		text, err := os.ReadFile(name)
		if strings.Contains(string(text), "\"/") {
			t.Errorf("%s has a path in it", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if total == 0 || total > maxShipped {
		t.Errorf("%d bytes are shipped, want at most %d", total, maxShipped)
	}
}

// What was measured is recorded, what is weaker stays so, and the run that it came
// from is as it was.
func TestOf(t *testing.T) {
	run := &trace.Run{Path: "read", Side: trace.Real, Base: trace.Measured, Watch: trace.Watch{
		trace.Packets: {Provenance: trace.Unavailable, Reason: "because"}, trace.Syscalls: {Provenance: trace.Measured}, trace.ModeSwitches: {Provenance: trace.Derived}}}
	for _, p := range []trace.Provenance{trace.Measured, trace.Derived, trace.Modelled, trace.Unavailable} {
		run.Record(trace.Event{Kind: trace.Syscall, Provenance: p})
	}
	got := recordings.Machine{Name: "m"}.Of(run, "s")
	for i, want := range []trace.Provenance{trace.Recorded, trace.Derived, trace.Modelled, trace.Unavailable} {
		if got.Events[i].Provenance != want {
			t.Errorf("%s became %s, want %s", run.Events[i].Provenance, got.Events[i].Provenance, want)
		}
	}
	if w := got.Watch; w[trace.Syscalls].Provenance != trace.Recorded || w[trace.ModeSwitches].Provenance != trace.Derived || w[trace.Packets].Reason != "because" {
		t.Errorf("watch %+v", w)
	}
	if run.Events[0].Provenance != trace.Measured || run.Watch[trace.Syscalls].Provenance != trace.Measured || run.Machine != "" {
		t.Error("the measured run was changed")
	}
}

func TestReadSetsRefuses(t *testing.T) {
	for _, c := range []struct {
		name, machine, want string
	}{
		{"another schema", `{"schema":2}`, "schema 2"},
		{"no JSON", `{`, "machine.json"},
		{"a run without a scenario", `{"schema":1,"runs":{}}`, "does not tell its scenario"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := recordings.ReadSets(fstest.MapFS{"a/machine.json": {Data: []byte(c.machine)}, "a/x.json.gz": {}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	kept, err := recordings.ReadSets(fstest.MapFS{"a/machine.json": {Data: []byte(`{"schema":1,"runs":{"x":"s"}}`)}, "a/x.json.gz": {Data: []byte("no gzip")}})
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	if _, err := kept[0].Run(); err == nil || !strings.Contains(err.Error(), "a/x.json.gz") {
		t.Errorf("error %v, want the file's name", err)
	}
}
