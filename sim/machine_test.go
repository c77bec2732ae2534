package sim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// machine fills in what a configuration leaves open, with a card that cuts
// packets if it gathers.
func machine(c sim.Config) sim.Config {
	d := sim.MachineConfig()
	if c.CPUs == 0 {
		c.CPUs = d.CPUs
	}
	c.TSO, c.MTU, c.GzipPerMille = c.SG, d.MTU, 1000
	if c.RingSlots == 0 {
		c.RingSlots = d.RingSlots
	}
	if c.Settings == (sim.Settings{}) {
		c.Settings = d.Settings
	}
	if c.Profile.Name == "" {
		c.Profile, _ = sim.LookupProfile("")
	}
	return c
}

// build makes a machine whose events are all kept.
func build(t testing.TB, c sim.Config) (*sim.Machine, *trace.Log) {
	t.Helper()
	log := trace.NewLog(trace.NewCounter(max(c.FileBytes, 1), trace.Modelled, nil), trace.LogOptions{Keep: -1})
	m, err := sim.New(machine(c), log)
	if err != nil {
		t.Fatal(err)
	}
	return m, log
}

// events are a log's, as a run.
func events(log *trace.Log) *trace.Run {
	r := &trace.Run{Base: trace.Modelled}
	for i := range log.Len() {
		r.Record(log.Event(i))
	}
	return r
}

// variants is every machine that a scenario can ask for.
func variants(size int64) map[string]sim.Config {
	out := map[string]sim.Config{}
	for _, model := range []sim.Model{sim.Textbook, sim.Linux} {
		for _, net := range []sim.Net{sim.NIC, sim.Loopback} {
			if model == sim.Textbook && net == sim.Loopback {
				continue
			}
			for bits := range 8 {
				c := machine(sim.Config{Model: model, Net: net, DMA: bits&1 == 0, SG: bits&2 == 0, Warm: bits&4 == 0, FileBytes: size})
				if c.SG && !c.DMA {
					continue
				}
				out[fmt.Sprintf("%s/%s/dma=%v/sg=%v/warm=%v", model, net, c.DMA, c.SG, c.Warm)] = c
			}
		}
	}
	return out
}

// Every program on every machine: all bytes arrive, events are in order of
// their start and inside the run, and a second run gives the same events.
func TestRunsAreWholeOrderedAndDeterministic(t *testing.T) {
	const size = 1<<20 + 777
	for name, c := range variants(size) {
		for _, path := range transfer.Paths() {
			t.Run(name+"/"+path, func(t *testing.T) {
				r := run(t, path, 48<<10, c)
				last := trace.Ns(0)
				for i, e := range r.Events {
					if e.Seq != i+1 || e.At < last || e.Dur < 0 || e.Provenance != trace.Modelled {
						t.Fatalf("event %d is out of order or incomplete: %+v", i+1, e)
					}
					last = e.At
				}
				again, _ := json.Marshal(run(t, path, 48<<10, c))
				first, _ := json.Marshal(r)
				if string(first) != string(again) {
					t.Error("the same configuration gave other events")
				}
				if sent := r.CountsAt(len(r.Events)).Count(trace.BytesSent).Value; sent != sentBytes(path, size) {
					t.Errorf("bytes_sent = %v, want %v", sent, sentBytes(path, size))
				}
			})
		}
	}
}

// sentBytes is what a program hands to sockets for so many bytes of the file,
// in chunks of 48 KiB.
func sentBytes(path string, size int64) float64 {
	chunks := (size + 48<<10 - 1) / (48 << 10)
	switch path {
	case "tls":
		records := size/(48<<10)*3 + (size%(48<<10)+16<<10-1)/(16<<10)
		return float64(size + records*transfer.TLSOverheadBytes)
	case "compress": // stored: a block and a member for each chunk
		return float64(size + chunks*(18+2+5))
	}
	p, _ := transfer.Lookup(path)
	return float64(int64(p.Sinks) * size)
}

// The CPU, the disk and the card work side by side: with devices that move
// bytes by themselves a cold run takes less time than the sum of its parts.
func TestDevicesWorkBesideTheCPU(t *testing.T) {
	r := run(t, "read-write", 64<<10, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 16 << 20})
	var sum, end trace.Ns
	for _, e := range r.Events {
		if e.Kind == trace.CPUCopy || e.Kind == trace.DMA {
			sum += e.Dur
		}
		end = max(end, e.End())
	}
	if end >= sum {
		t.Errorf("the run took %d ns, its copies and transfers alone %d: nothing ran side by side", end, sum)
	}
}

// A DMA engine moves one thing at a time.
func TestDMAEnginesMoveOneThingAtATime(t *testing.T) {
	for name, c := range variants(2 << 20) {
		r := run(t, "read-write", 128<<10, c)
		busy := map[trace.Actor]trace.Ns{}
		for _, e := range r.Events {
			if e.Kind != trace.DMA {
				continue
			}
			if e.At < busy[e.Actor] {
				t.Fatalf("%s: %s begins event %d at %d, busy until %d", name, e.Actor, e.Seq, e.At, busy[e.Actor])
			}
			busy[e.Actor] = e.End()
		}
	}
}

// A page is put into the page cache once: a cold run inserts exactly the file's
// pages, a warm one none.
func TestPagesAreInsertedOnce(t *testing.T) {
	const size = 2<<20 + 100
	for name, c := range variants(size) {
		for _, path := range transfer.Paths() {
			want := float64((size + sim.PageBytes - 1) / sim.PageBytes)
			if p, _ := transfer.Lookup(path); c.Warm || p.Source == transfer.FromSocket || path == "direct" {
				want = 0
			}
			r := run(t, path, 40<<10, c)
			if got := r.CountsAt(len(r.Events)).Count(trace.PageCacheInsertions).Value; got != want {
				t.Errorf("%s, %s: %v insertions, want %v", name, path, got, want)
			}
		}
	}
}

// Without DMA the CPU carries the words: it is free only until the disk is ready.
// The disk interrupts once in the articles, for each block of 8 KiB in the linux
// model, which is more often than with DMA.
func TestWithoutDMATheCPUIsBusy(t *testing.T) {
	for _, m := range []struct {
		model sim.Model
		want  float64
	}{{sim.Textbook, 1}, {sim.Linux, 8}} {
		c := sim.Config{Model: m.model, Net: sim.NIC, FileBytes: 64 << 10}
		c.Profile, _ = sim.LookupProfile("")
		r := run(t, "read-write", 64<<10, c)
		counts := r.CountsAt(len(r.Events))
		cpu, wall := counts.Count(trace.CPUTime).Value, counts.Count(trace.WallTime).Value
		if idle := wall - cpu; idle > float64(c.Profile.DiskLatency) {
			t.Errorf("%s: the CPU was idle for %v ns, the disk was ready after %d", m.model, idle, c.Profile.DiskLatency)
		}
		if n := counts.Count(trace.Interrupts).Value; n != m.want {
			t.Errorf("%s: %v interrupts, want %v", m.model, n, m.want)
		}
	}
}

// A run's memory does not grow with its size: bytes are never held.
func TestAnySizeIsCheap(t *testing.T) {
	allocated := testing.AllocsPerRun(1, func() {
		program, _ := transfer.Lookup("sendfile")
		log := trace.NewLog(trace.NewCounter(1<<40, trace.Modelled, nil), trace.LogOptions{})
		m, err := sim.New(machine(sim.Config{Model: sim.Textbook, Net: sim.NIC, DMA: true, SG: true, FileBytes: 1 << 40}), log)
		if err != nil {
			t.Fatal(err)
		}
		k := m.Kernel()
		if _, err := program.Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Bytes: 1 << 40, Chunk: 1 << 40}); err != nil {
			t.Fatal(err)
		}
	})
	if allocated > 10_000 {
		t.Errorf("%v allocations for 1 TiB", allocated)
	}
}

func TestBadConfiguration(t *testing.T) {
	for name, change := range map[string]func(c *sim.Config){
		"model":       func(c *sim.Config) { c.Model = "" },
		"net":         func(c *sim.Config) { c.Net = "token-ring" },
		"loopback":    func(c *sim.Config) { c.Model, c.Net = sim.Textbook, sim.Loopback },
		"file":        func(c *sim.Config) { c.FileBytes = 0 },
		"0 CPUs":      func(c *sim.Config) { c.CPUs = 0 },
		"without DMA": func(c *sim.Config) { c.DMA = false },
		"TSO":         func(c *sim.Config) { c.SG = false },
		"MTU":         func(c *sim.Config) { c.MTU = 0 },
		"cached":      func(c *sim.Config) { c.CachedBytes = 2 },
		"gzip":        func(c *sim.Config) { c.GzipPerMille = 0 },
		"pipes":       func(c *sim.Config) { c.Settings.PipeMaxBytes = 0 },
		"copy":        func(c *sim.Config) { c.Profile.CopyRate = 0 },
		"interrupt":   func(c *sim.Config) { c.Profile.InterruptTime = -1 },
	} {
		c := machine(sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 1})
		change(&c)
		if _, err := sim.New(c, trace.NewLog(trace.NewCounter(1, trace.Modelled, nil), trace.LogOptions{})); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that names it", name, err)
		}
	}
	if _, err := sim.LookupProfile("floppy-1g"); err == nil {
		t.Error("profile floppy-1g: accepted")
	}
}
