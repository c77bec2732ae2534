package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/trace"
)

// proc is a copy of testdata/proc that a test may change, and a clock.
type proc struct {
	t    *testing.T
	root string
	now  time.Time
	s    *host.Sampler
}

func newProc(t *testing.T) *proc {
	t.Helper()
	p := &proc{t: t, root: t.TempDir(), now: time.Unix(1_700_000_000, 0)}
	if err := os.CopyFS(p.root, os.DirFS("testdata/proc")); err != nil {
		t.Fatal(err)
	}
	var err error
	if p.s, err = host.NewSampler(p.root, func() time.Time { return p.now }); err != nil {
		t.Fatal(err)
	}
	return p
}

// change replaces text in a file, all of which must be there.
func (p *proc) change(file string, oldNew ...string) {
	p.t.Helper()
	path := filepath.Join(p.root, file)
	b, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(string(b), oldNew[i]) {
			p.t.Fatalf("%s has no %q", file, oldNew[i])
		}
	}
	if err := os.WriteFile(path, []byte(strings.NewReplacer(oldNew...).Replace(string(b))), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *proc) sample(after time.Duration) map[string]host.Figure {
	p.t.Helper()
	p.now = p.now.Add(after)
	s, err := p.s.Sample()
	if err != nil {
		p.t.Fatal(err)
	}
	if s.Interval != after {
		p.t.Errorf("interval %v, want %v", s.Interval, after)
	}
	out := map[string]host.Figure{}
	for _, f := range s.Figures {
		out[f.Name] = f
		if (f.Value == nil) != (f.Provenance == trace.Unavailable) || (f.Value == nil) != (f.Reason != "") {
			p.t.Errorf("%+v: value, provenance and reason do not fit", f)
		}
	}
	return out
}

func TestSamplerComputesRatesFromTheRealInterval(t *testing.T) {
	p := newProc(t)
	first := p.sample(0)
	for _, name := range host.FigureNames() {
		f, ok := first[name]
		if !ok {
			t.Errorf("no figure %s", name)
		}
		if f.Unit != host.Bytes && f.Value != nil {
			t.Errorf("the first sample has a rate: %s = %v", name, *f.Value)
		}
	}

	p.change("stat", "cpu  60000 300 25000 550000 1300 0 800", "cpu  60100 310 25050 550030 1305 0 805",
		"ctxt 4900000", "ctxt 4902000", "intr 2600000", "intr 2600100", " 464045 ", " 464145 ")
	p.change("meminfo", "1950000 kB", "1950004 kB")
	p.change("vmstat", "pgpgin 5166789", "pgpgin 5166793", "pgfault 27221696", "pgfault 27221796")
	p.change("net/dev", "500000000    4000    0    0    0     0          0         0 500000000", "500002000    4000    0    0    0     0          0         0 500004000",
		" 2000000 ", " 2000400 ", " 7000 ", " 7100 ")
	p.change("42/stat", " 150 250 ", " 200 350 ")
	p.change("42/task/42/status", "\t1000\n", "\t1010\n")
	p.change("42/task/43/status", "\t500\n", "\t520\n")

	got := p.sample(2 * time.Second)
	for name, want := range map[string]float64{
		"cpu_user": 110.0 / 200, "cpu_system": 50.0 / 200, "cpu_softirq": 5.0 / 200, "cpu_iowait": 5.0 / 200, "cpu_idle": 30.0 / 200,
		"cpu_context_switches": 1000, "cpu_interrupts": 50, "cpu_softirq_net_tx": 0, "cpu_softirq_net_rx": 50,
		"memory_page_cache": 1950004 * 1024, "memory_dirty": 1200 * 1024, "memory_writeback": 8 * 1024,
		"memory_page_faults": 50, "memory_major_faults": 0, "memory_paged_in": 2048,
		"network_lo_received": 1000, "network_lo_sent": 2000, "network_sent": 250, "network_received": 0,
		"process_cpu_user": 0.25, "process_cpu_system": 0.5, "process_rss_anon": 12000 * 1024,
		"process_voluntary_switches": 15, "process_involuntary_switches": 0,
	} {
		f := got[name]
		if f.Value == nil {
			t.Errorf("%s: %s", name, f.Reason)
		} else if diff := *f.Value - want; diff > 1e-9*want || diff < -1e-9*want {
			t.Errorf("%s = %v %s, want %v", name, *f.Value, f.Unit, want)
		}
	}
}

func TestSamplerNeverShowsANegativeRate(t *testing.T) {
	p := newProc(t)
	p.sample(0)
	p.change("net/dev", "  1000000    1000 ", "      100    1000 ")
	p.change("stat", " 1300 0 800", " 1290 0 900")
	got := p.sample(time.Second)
	for _, name := range []string{"network_received", "cpu_iowait"} {
		if f := got[name]; f.Value != nil || !strings.Contains(f.Reason, "went back") {
			t.Errorf("%s after a reset: %+v", name, f)
		}
	}
	if f := got["cpu_softirq"]; f.Value == nil {
		t.Errorf("a figure that was not reset is gone: %s", f.Reason)
	}
	p.change("net/dev", "      100    1000 ", "      300    1000 ")
	if f := p.sample(time.Second)["network_received"]; f.Value == nil || *f.Value != 200 {
		t.Errorf("the sample after the reset: %+v, want 200", f)
	}
}

func TestSamplerGoesOnWithoutAFile(t *testing.T) {
	p := newProc(t)
	os.Remove(filepath.Join(p.root, "vmstat"))
	p.change("meminfo", "Writeback:             8 kB\n", "")
	got := p.sample(0)
	if f := got["memory_page_faults"]; f.Value != nil || !strings.Contains(f.Reason, "vmstat") {
		t.Errorf("without vmstat: %+v", f)
	}
	if f := got["memory_writeback"]; f.Value != nil || !strings.Contains(f.Reason, "Writeback") {
		t.Errorf("without Writeback: %+v", f)
	}
	if f := got["memory_dirty"]; f.Value == nil {
		t.Errorf("meminfo is there: %+v", f)
	}
	if _, err := host.NewSampler(filepath.Join(p.root, "missing"), nil); err == nil {
		t.Error("a missing proc root is no error")
	}
}

func TestSamplerReadsThisHost(t *testing.T) {
	s, err := host.NewSampler("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sample(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	sample, err := s.Sample()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sample.Figures {
		if f.Value == nil && f.Name != "cpu_iowait" { // which the kernel lets go back, proc(5)
			t.Errorf("%s: %s", f.Name, f.Reason)
		}
	}
}
