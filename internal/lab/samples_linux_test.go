package lab_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"copyscope/internal/copysample"
	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// The sending thread is in copy routines at five times as many samples and more when it
// reads and writes than when it sends the same bytes by sendfile, where none are to be
// expected. A user who may not see samples is told why, and has the run all the same.
func TestSamplesTellCopyingFromLending(t *testing.T) {
	for _, net := range []lab.Net{lab.Loopback, lab.Veth} {
		t.Run(string(net), func(t *testing.T) {
			if net == lab.Veth && os.Geteuid() != 0 {
				t.Skip("SKIPPED: only root makes a lab network; run it as root")
			}
			l := lab.New(t.TempDir())
			copied := map[string]int64{}
			for _, path := range []string{"read-write", "sendfile"} {
				s := lab.Default()
				s.Path, s.Side, s.Net, s.SG, s.Size, s.Chunk = path, trace.Real, net, true, 512<<20, 64<<10
				copied[path] = sampled(t, l, s).Copies.Samples
			}
			if copied["read-write"] < 20 || copied["read-write"] < 5*copied["sendfile"] {
				t.Errorf("samples in copy routines: %v, want five times as many of read-write and more", copied)
			}
		})
	}
}

// sampled runs a scenario with samples, or skips the test where this user may not.
func sampled(t *testing.T, l *lab.Lab, s lab.Scenario) copysample.Figures {
	t.Helper()
	r, err := l.Run(context.Background(), s, lab.Options{Samples: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.FileHash != r.ReceivedHash {
		t.Errorf("%s: the receiver got something else", s.Path)
	}
	if r.Samples.Provenance == trace.Unavailable {
		if r.Samples.Figures != nil || !strings.Contains(r.Samples.Reason, "sudo sysctl") {
			t.Errorf("%+v, want no figures, and what would help", r.Samples)
		}
		if os.Geteuid() == 0 && os.Getenv("CI") != "" {
			t.Fatal(r.Samples.Reason)
		}
		t.Skipf("SKIPPED: %s; run it as root", r.Samples.Reason)
	}
	f := *r.Samples.Figures
	t.Logf("%s: %+v", s.Path, f)
	if r.Samples.Provenance != trace.Measured || f.All.Samples < 10 || f.Lost > 0 {
		t.Errorf("%s: %s %+v, want some samples, measured, and none lost", s.Path, r.Samples.Provenance, f)
	}
	if used := r.Counter.Count(trace.CPUTime).Value; float64(f.All.CPU) < used/2 || float64(f.All.CPU) > used*2 {
		t.Errorf("%s: the samples stand for %d ns, the thread used %.0f", s.Path, f.All.CPU, used)
	}
	return f
}

// Nobody samples who was not asked to.
func TestSamplesAreAskedFor(t *testing.T) {
	s := lab.Default()
	s.Path, s.Side, s.Size = "sendfile", trace.Real, 1<<20
	r, err := lab.New(t.TempDir()).Run(context.Background(), s, lab.Options{})
	if err != nil || r.Samples != nil {
		t.Errorf("%v, %+v, want no samples", err, r.Samples)
	}
}
