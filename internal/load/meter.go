package load

import (
	"fmt"
	"sync"
	"time"
)

// usage is what a process has taken of the machine.
type usage struct {
	cpu                    time.Duration // user and system, since it began
	rss, rssAnon           float64       // bytes, now
	voluntary, involuntary float64       // context switches of the threads that live
}

// meter watches a server's process while it is under load. Its memory is read
// every sampleEvery, so a shorter peak can be missed.
type meter struct {
	pid    int
	reason string
	before usage
	client time.Duration // processor time of this process when it began
	stop   chan struct{}
	all    sync.WaitGroup
	peak   float64
}

const sampleEvery = 10 * time.Millisecond

func startMeter(t *Target) *meter {
	m := &meter{pid: t.PID, reason: t.Reason, stop: make(chan struct{}), client: ownCPU()}
	if m.pid == 0 {
		return m
	}
	var err error
	if m.before, err = usageOf(m.pid); err != nil {
		m.pid, m.reason = 0, fmt.Sprintf("process %d: %v", t.PID, err)
		return m
	}
	m.peak = m.before.rssAnon
	m.all.Go(m.watch)
	return m
}

func (m *meter) watch() {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-m.stop:
			return
		case <-tick.C:
			if v, err := rssAnonOf(m.pid); err == nil {
				m.peak = max(m.peak, v)
			}
		}
	}
}

// finish sets the figures; bytes is what was moved.
func (m *meter) finish(f Figures, bytes int64) {
	close(m.stop)
	m.all.Wait()
	if cpu := ownCPU(); cpu > 0 {
		f.Set("client_cpu_ns", "ns", float64(cpu-m.client))
		if bytes > 0 {
			f.derive("client_cpu_ms_per_gb", "ms/GB", float64((cpu-m.client).Milliseconds())/(float64(bytes)/1e9))
		}
	}
	after := usage{}
	if m.pid != 0 {
		var err error
		if after, err = usageOf(m.pid); err != nil {
			m.reason, m.pid = err.Error(), 0
		}
	}
	if m.pid == 0 {
		for name, unit := range map[string]string{"server_cpu_ns": "ns", "server_cpu_ms_per_gb": "ms/GB", "server_rss_anon_bytes": "bytes", "server_rss_bytes": "bytes",
			"server_rss_anon_peak_bytes": "bytes", "server_voluntary_switches": "switches", "server_involuntary_switches": "switches"} {
			f.lack(name, unit, m.reason)
		}
		return
	}
	cpu := after.cpu - m.before.cpu
	f.Set("server_cpu_ns", "ns", float64(cpu))
	if bytes > 0 {
		f.derive("server_cpu_ms_per_gb", "ms/GB", float64(cpu.Milliseconds())/(float64(bytes)/1e9))
	}
	f.Set("server_rss_bytes", "bytes", after.rss)
	f.Set("server_rss_anon_bytes", "bytes", after.rssAnon)
	f.Set("server_rss_anon_peak_bytes", "bytes", max(m.peak, after.rssAnon))
	f.derive("server_voluntary_switches", "switches", max(0, after.voluntary-m.before.voluntary))
	f.derive("server_involuntary_switches", "switches", max(0, after.involuntary-m.before.involuntary))
}
