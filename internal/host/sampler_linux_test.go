package host_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/trace"
)

// proc is a copy of a kernel's files in testdata/proc that a test may change,
// and a clock. Those of 6.18 are a real machine's.
type proc struct {
	t    *testing.T
	root string
	now  time.Time
	s    *host.Sampler
}

func newProc(t *testing.T, kernel string) *proc {
	t.Helper()
	p := &proc{t: t, root: t.TempDir(), now: time.Unix(1_700_000_000, 0)}
	if err := os.CopyFS(p.root, os.DirFS(filepath.Join("testdata/proc", kernel))); err != nil {
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

// sample is keyed by name, or name and member: "disk_read sda".
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
		if _, twice := out[named(f)]; twice {
			p.t.Errorf("%s is there twice", named(f))
		}
		out[named(f)] = f
		if (f.Value == nil) != (f.Provenance == trace.Unavailable) || (f.Value == nil) != (f.Reason != "") {
			p.t.Errorf("%+v: value, provenance and reason do not fit", f)
		}
		if f.Value != nil && *f.Value < 0 {
			p.t.Errorf("%s is %v", named(f), *f.Value)
		}
	}
	return out
}

func named(f host.Figure) string { return strings.TrimSpace(f.Name + " " + f.Of) }

// want compares figures' values.
func (p *proc) want(got map[string]host.Figure, values map[string]float64) {
	p.t.Helper()
	for name, want := range values {
		f, ok := got[name]
		switch {
		case !ok:
			p.t.Errorf("no figure %s", name)
		case f.Value == nil:
			p.t.Errorf("%s: %s", name, f.Reason)
		case *f.Value-want > 1e-9*want || *f.Value-want < -1e-9*want:
			p.t.Errorf("%s = %v %s, want %v", name, *f.Value, f.Unit, want)
		}
	}
}

// lacks compares why figures have no value.
func (p *proc) lacks(got map[string]host.Figure, reasons map[string]string) {
	p.t.Helper()
	for name, reason := range reasons {
		if f, ok := got[name]; !ok || f.Value != nil || !strings.Contains(f.Reason, reason) {
			p.t.Errorf("%s: %+v, want none, because %q", name, f, reason)
		}
	}
}

func TestSamplerComputesRatesFromTheRealInterval(t *testing.T) {
	p := newProc(t, "6.1")
	first := p.sample(0)
	for _, name := range host.FigureNames() {
		if !slices.ContainsFunc(keys(first), func(k string) bool { return k == name || strings.HasPrefix(k, name+" ") }) {
			t.Errorf("no figure %s", name)
		}
	}
	for name, f := range first {
		if f.Unit != host.Bytes && f.Unit != host.Number && f.Value != nil {
			t.Errorf("the first sample has a rate: %s = %v", name, *f.Value)
		}
	}

	p.change("stat", "cpu0 28000 172 11900 277000 260 0 237 712", "cpu0 28100 172 11900 277000 260 0 237 712",
		"cpu1 32000 128 13100 273000 1040 0 563 688", "cpu1 32000 138 13150 273030 1045 0 568 688",
		"ctxt 4900000", "ctxt 4902000", "intr 2600000", "intr 2600100")
	p.change("softirqs", " 200000     264045", " 200060     264085")
	p.change("interrupts", "60000      10000", "60004      10006")
	p.change("meminfo", " 1950000 kB", " 1950004 kB")
	p.change("vmstat", "pgpgin 5166789", "pgpgin 5166793", "pgpgout 4343492", "pgpgout 4343494", "pgfault 27221696", "pgfault 27221796",
		"pgsteal_kswapd 4000", "pgsteal_kswapd 4020", "pgsteal_direct 600", "pgsteal_direct 610", "workingset_refault_file 700", "workingset_refault_file 706")
	p.change("diskstats", "sda 5000 100 400000 9000 6000 2000 800000 12000 0 7000", "sda 5010 100 400800 9000 6004 2000 800016 12000 0 8500")
	p.change("net/dev", "500000000    4000    0    0    0     0          0         0 500000000", "500002000    4000    0    0    0     0          0         0 500004000",
		" 2000000 ", " 2000400 ", " 7000 ", " 7100 ")
	p.change("net/snmp", " 17 900000 950000 1200 ", " 18 900010 950020 1204 ")
	p.change("net/netstat", " 40 ", " 44 ", " 25 ", " 27 ", " 8000 ", " 8010 ", " 3 ", " 5 ")
	p.change("pressure/io", "total=900000", "total=1000000", "total=300000", "total=340000")
	p.change("pressure/irq", "total=70000", "total=80000")
	p.change("42/stat", " 4000 0 10 0 150 250 ", " 4008 0 12 0 200 350 ")
	p.change("42/io", "syscr: 700", "syscr: 720", "syscw: 300", "syscw: 306", "read_bytes: 4096000", "read_bytes: 4104192")
	p.change("42/task/42/status", "\t1000\nnon", "\t1010\nnon")
	p.change("42/task/43/status", "\t500\n", "\t520\n")

	p.want(p.sample(2*time.Second), map[string]float64{
		"cpu_user": 110.0 / 200, "cpu_system": 50.0 / 200, "cpu_softirq": 5.0 / 200, "cpu_iowait": 5.0 / 200, "cpu_idle": 30.0 / 200,
		"cpu_irq": 0, "cpu_steal": 0, "cpu_busy cpu0": 1, "cpu_busy cpu1": 65.0 / 100, "cpu_online": 2, "cpu_runnable": 2,
		"cpu_context_switches": 1000, "cpu_interrupts": 50, "cpu_softirq_net_tx": 0, "cpu_softirq_net_rx": 50, "cpu_softirq_block": 0,
		"cpu_interrupt nvme0q1": 5, "cpu_interrupt Local timer interrupts": 0,
		"memory_available": 22000000 * 1024, "memory_page_cache": 1950004 * 1024, "memory_dirty": 1200 * 1024, "memory_writeback": 8 * 1024,
		"memory_anon": 500000 * 1024, "memory_mapped": 120000 * 1024,
		"memory_page_faults": 50, "memory_major_faults": 0, "memory_paged_in": 2048, "memory_paged_out": 1024, "memory_reclaimed": 15, "memory_refaults": 3,
		"disk_reads sda": 5, "disk_read sda": 400 * 512, "disk_writes sda": 2, "disk_written sda": 8 * 512, "disk_busy sda": 0.75, "disk_read nvme0n1": 0,
		"network_lo_received": 1000, "network_lo_sent": 2000, "network_sent": 250, "network_received": 0,
		"network_device_sent eth0": 200, "network_device_sent eth1": 50, "network_device_received eth1": 0,
		"network_tcp_established": 18, "network_tcp_segments_received": 5, "network_tcp_segments_sent": 10, "network_tcp_retransmits": 2,
		"network_tcp_lost_retransmits": 2, "network_tcp_timeouts": 1, "network_tcp_listen_overflows": 1, "network_tcp_backlog_coalesced": 5,
		"pressure_cpu_some": 0, "pressure_memory_some": 0, "pressure_memory_full": 0, "pressure_io_some": 0.05, "pressure_io_full": 0.02, "pressure_irq_full": 0.005,
		"process_cpu_user": 0.25, "process_cpu_system": 0.5, "process_threads": 2, "process_minor_faults": 4, "process_major_faults": 1,
		"process_rss_anon": 12000 * 1024, "process_rss_file": 12000 * 1024, "process_pss": 20000 * 1024,
		"process_voluntary_switches": 15, "process_involuntary_switches": 0,
		"process_read_calls": 10, "process_write_calls": 3, "process_disk_read": 4096, "process_disk_written": 0,
	})
}

func keys(m map[string]host.Figure) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}

// What a kernel does not have is said, with what it takes to have it, and is
// not 0.
func TestSamplerSaysWhatAKernelDoesNotHave(t *testing.T) {
	for _, c := range []struct {
		kernel string
		lacks  map[string]string
	}{
		{"5.10", map[string]string{"pressure_irq_full": "needs Linux 6.1 or later"}},
		{"6.1", nil},
		{"6.18", map[string]string{"pressure_irq_full": "CONFIG_IRQ_TIME_ACCOUNTING"}}, // that machine's kernel was built without
	} {
		t.Run(c.kernel, func(t *testing.T) {
			p := newProc(t, c.kernel)
			p.sample(0)
			p.change("stat", "\ncpu0 ", "\ncpu0 1", "\ncpu1 ", "\ncpu1 1") // time goes by
			second := p.sample(time.Second)
			p.lacks(second, c.lacks)
			for name, f := range second {
				if _, expected := c.lacks[name]; f.Value == nil && !expected && !strings.HasPrefix(name, "connection") {
					t.Errorf("%s: %s", name, f.Reason)
				}
			}
		})
	}
}

func TestSamplerNeverShowsANegativeRate(t *testing.T) {
	p := newProc(t, "6.1")
	p.sample(0)
	p.change("net/dev", "  1000000    1000 ", "      100    1000 ")
	p.change("stat", " 273000 1040 0 563", " 273000 1030 0 663")
	got := p.sample(time.Second)
	p.lacks(got, map[string]string{"network_device_received eth0": "the counter went back", "network_received": "the counter of eth0 went back", "cpu_iowait": "the counter of cpu1 went back"})
	if f := got["cpu_softirq"]; f.Value == nil {
		t.Errorf("a figure that was not reset is gone: %s", f.Reason)
	}
	p.change("net/dev", "      100    1000 ", "      300    1000 ")
	p.want(p.sample(time.Second), map[string]float64{"network_received": 200, "network_device_received eth0": 200})
}

// The kernel counts these with 32 bits: going through 0 is growth. A counter of
// 64 bits that goes back was reset, and so was one of 32 bits from far below
// its end.
func TestSamplerFollowsCountersThatWrap(t *testing.T) {
	p := newProc(t, "6.1")
	p.change("softirqs", " 200000     264045", " 4294967290     264045")
	p.change("diskstats", " 12000 0 7000 21000 0", " 12000 0 4294967000 21000 0")
	p.change("interrupts", "60000      10000", "4294967295      10000")
	p.change("vmstat", "pgfault 27221696", "pgfault 4294967290")
	p.sample(0)
	p.change("softirqs", " 4294967290     264045", " 4     264045")
	p.change("diskstats", " 12000 0 4294967000 21000 0", " 12000 0 204 21000 0")
	p.change("interrupts", "4294967295      10000", "1      10000")
	p.change("vmstat", "pgfault 4294967290", "pgfault 4")
	got := p.sample(time.Second)
	p.want(got, map[string]float64{"cpu_softirq_net_rx": 10, "disk_busy sda": 0.5, "cpu_interrupt nvme0q1": 2})
	p.lacks(got, map[string]string{"memory_page_faults": "went back from 4294967290 to 4"})

	p.change("diskstats", " 12000 0 204 21000 0", " 12000 0 100 21000 0")
	p.lacks(p.sample(time.Second), map[string]string{"disk_busy sda": "went back from 204 to 100"})
}

// Devices and processors that come or go make no peak and no negative rate: what
// they counted elsewhere is not of this interval.
func TestSamplerWhenDevicesAndProcessorsComeAndGo(t *testing.T) {
	p := newProc(t, "6.1")
	p.sample(0)
	cpu1 := "cpu1 32000 128 13100 273000 1040 0 563 688 0 0\n"
	p.change("stat", cpu1, "cpu2 9000000 0 0 0 0 0 0 0 0 0\n", "cpu0 28000 172 11900 277000", "cpu0 28030 172 11900 277070")
	p.change("net/dev", "  eth1:     5000", "  eth2: 77777000", " 2000000 ", " 2000100 ")
	p.change("diskstats", " nvme0n1 ", " nvme1n1 ", " nvme0n1p1 ", " nvme1n1p1 ")
	p.change("interrupts", "            CPU0       CPU1       ", "            CPU0       CPU2       ", "60000      10000", "60007      900000")
	gone := p.sample(time.Second)
	p.want(gone, map[string]float64{
		"cpu_user": 0.3, "cpu_idle": 0.7, "cpu_busy cpu0": 0.3, "cpu_online": 2, "network_sent": 100, "network_received": 0, "network_device_sent eth0": 100,
		"cpu_interrupt nvme0q1": 7,
	})
	p.lacks(gone, map[string]string{"cpu_busy cpu2": notThere, "network_device_sent eth2": notThere, "disk_read nvme1n1": notThere})
	for _, name := range []string{"cpu_busy cpu1", "network_device_sent eth1", "disk_read nvme0n1", "disk_read nvme1n1p1", "disk_read sda1", "disk_read loop0"} {
		if f, ok := gone[name]; ok {
			t.Errorf("%s is shown: %+v", name, f)
		}
	}
	p.want(p.sample(time.Second), map[string]float64{"network_device_sent eth2": 0, "network_sent": 0, "disk_read nvme1n1": 0})

	p.change("net/dev", "  eth0:", " #eth0:", "  eth2:", " #eth2:")
	p.change("interrupts", "  25:", "  27:")
	got := p.sample(time.Second)
	p.lacks(got, map[string]string{"cpu_interrupt nvme0q1": notThere})
}

const notThere = "it was not there in the sample before"

func TestSamplerGoesOnWithoutAFile(t *testing.T) {
	p := newProc(t, "6.1")
	for _, file := range []string{"vmstat", "pressure/io", "42/io"} {
		os.Remove(filepath.Join(p.root, file))
	}
	p.change("meminfo", "Writeback:             8 kB\n", "")
	p.change("net/netstat", "TcpExt: 0 ", "TcpExt: ")
	p.change("interrupts", "CPU1", "CPU1 CPU2 CPU3 CPU4", " NMI:", " NMI ")
	p.change("diskstats", " sda ", " loop1 ", " nvme0n1 ", " loop2 ")
	got := p.sample(0)
	p.lacks(got, map[string]string{
		"memory_page_faults": "there is no /proc/vmstat", "memory_writeback": "/proc/meminfo has no Writeback",
		"pressure_io_full": "built without CONFIG_PSI", "process_read_calls": "there is no /proc/self/io",
		"network_tcp_timeouts": "/proc/net/netstat: line", "cpu_interrupt": "/proc/interrupts: line",
		"connection_sent": "no broker",
	})
	p.want(got, map[string]float64{"memory_dirty": 1200 * 1024})
	if _, err := host.NewSampler(filepath.Join(p.root, "missing"), nil); err == nil || !strings.Contains(err.Error(), "mount -t proc") {
		t.Errorf("a missing proc root: %v", err)
	}
	empty, err := host.NewSampler(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := empty.Sample(); err == nil {
		t.Errorf("a proc root without files gives %d figures", len(s.Figures))
	}
}

// A container may have no network device but lo, and no disk.
func TestSamplerInAContainer(t *testing.T) {
	p := newProc(t, "6.1")
	p.change("net/dev", "  eth0:", "  lo2#:")
	dev, err := os.ReadFile(filepath.Join(p.root, "net/dev"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(dev), "\n")
	for file, text := range map[string]string{"net/dev": strings.Join(lines[:3], ""), "diskstats": ""} {
		if err := os.WriteFile(filepath.Join(p.root, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.sample(0)
	got := p.sample(time.Second)
	p.lacks(got, map[string]string{"network_sent": "lists no device but lo", "network_device_sent": "lists no device but lo", "disk_read": "lists no disk"})
	p.want(got, map[string]float64{"network_lo_sent": 0})
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
	known := 0
	for _, f := range sample.Figures {
		if f.Value != nil {
			known++
			continue
		}
		t.Logf("%s: %s", named(f), f.Reason)
	}
	if known < len(sample.Figures)*3/4 {
		t.Errorf("only %d of %d figures are known", known, len(sample.Figures))
	}
}

func BenchmarkSample(b *testing.B) {
	s, err := host.NewSampler("", nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Sample(); err != nil {
			b.Fatal(err)
		}
	}
}
