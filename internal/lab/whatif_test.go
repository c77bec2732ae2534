package lab_test

import (
	"strings"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// A what-if is part of the scenario's text; the run is the same up to its step.
func TestWhatIf(t *testing.T) {
	l := lab.New(t.TempDir())
	run := func(text string) *lab.Result {
		t.Helper()
		s, err := lab.ParseScenario(text, lab.Default())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := lab.ParseScenario(s.String(), lab.Default()); err != nil || again != s {
			t.Fatalf("%s reads back as %s: %v", s, again, err)
		}
		r, err := l.Run(t.Context(), s, lab.Options{MaxEvents: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	const base = "sendfile,net=nic,size=4MiB"
	first, fork := run(base), run(base+",whatif=200/sg=off")
	if a, b := first.Counter.Count(trace.CPUCopiedBytes).Value, fork.Counter.Count(trace.CPUCopiedBytes).Value; a != 0 || b == 0 || b >= 4<<20 {
		t.Errorf("%v bytes copied without the what-if and %v with it; want none, and a part of the file", a, b)
	}
	for i := range 200 {
		a, b := first.Run.Events[i], fork.Run.Events[i]
		if a.Kind != b.Kind || a.At != b.At {
			t.Fatalf("event %d differs before the change: %+v and %+v", i+1, a, b)
		}
	}
}

func TestBadWhatIf(t *testing.T) {
	for _, text := range []string{"x", "-1/sg=off", "7", "7/", "7/sg", "7/sg=maybe", "7/colour=red", "7/profile=floppy", "7/readahead=big", "7/readahead=-1", "7/mtu=67", "7/mtu=abc", "7/sg=off/tso=on"} {
		if _, err := lab.ParseScenario("sendfile,whatif="+text, lab.Default()); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("whatif=%s: %v, want an error that quotes it", text, err)
		}
	}
}

// What only some paths or machines can is refused for the others.
func TestMachinesThatCannotBe(t *testing.T) {
	for text, name := range map[string]string{
		"sendfile,zerocopy=on": "zerocopy", "sendfile,cpus=0": "cpus", "sendfile,cpus=2000": "cpus", "io-uring,zerocopy=perhaps": "zerocopy",
	} {
		if _, err := lab.ParseScenario(text, lab.Default()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that names %s", text, err, name)
		}
	}
}
