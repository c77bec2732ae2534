package sim_test

import (
	"testing"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// evidence is how a rule of the fidelity table shows itself in a model's
// events; it reports whether it does.
type evidence func(t *testing.T, model sim.Model) bool

// A rule's evidence must appear in exactly those models that claim it, fully or
// in part.
func TestFidelityTableTellsTheTruth(t *testing.T) {
	shown := fidelityEvidence()
	for _, rule := range sim.Fidelity() {
		show, ok := shown[rule.ID]
		if !ok {
			t.Errorf("rule %q has no evidence", rule.ID)
			continue
		}
		for model, level := range map[sim.Model]sim.Level{sim.Textbook: rule.Textbook, sim.Linux: rule.Linux} {
			if got, want := show(t, model), level != sim.NotModelled; got != want {
				t.Errorf("rule %q says %q for the %s model; its evidence appears: %v", rule.ID, level, model, got)
			}
		}
		delete(shown, rule.ID)
	}
	for id := range shown {
		t.Errorf("evidence %q belongs to no rule", id)
	}
}

func fidelityEvidence() map[string]evidence {
	// nic is a machine with a card; a cold cache unless warm.
	nic := func(m sim.Model, warm bool) sim.Config {
		return sim.Config{Model: m, Net: sim.NIC, DMA: true, SG: true, Warm: warm, FileBytes: 1 << 20}
	}
	// seen runs a path and looks for an event.
	seen := func(path string, c sim.Config, chunk int64, is func(e trace.Event) bool) func(*testing.T) bool {
		return func(t *testing.T) bool {
			for _, e := range run(t, path, chunk, c).Events {
				if is(e) {
					return true
				}
			}
			return false
		}
	}
	kind := func(k trace.Kind) func(trace.Event) bool { return func(e trace.Event) bool { return e.Kind == k } }
	cold := func(path string, is func(trace.Event) bool) evidence {
		return func(t *testing.T, m sim.Model) bool { return seen(path, nic(m, false), 64<<10, is)(t) }
	}
	warm := func(path string, is func(trace.Event) bool) evidence {
		return func(t *testing.T, m sim.Model) bool { return seen(path, nic(m, true), 64<<10, is)(t) }
	}
	never := func(*testing.T, sim.Model) bool { return false }
	return map[string]evidence{
		"mode-switch":    warm("sendfile", kind(trace.ModeSwitch)),
		"context-switch": cold("read-write", kind(trace.ContextSwitch)),
		// Something beside the sender's CPU runs: a device or a receiver.
		"processors": warm("sendfile", kind(trace.DMA)),
		"cpu-cache":  cold("read-write", func(e trace.Event) bool { return e.Detail == "llc" }),
		"call-limit": func(t *testing.T, m sim.Model) bool {
			limited := 0
			for _, path := range []string{"read-write", "mmap-write", "sendfile"} {
				c := nic(m, true)
				c.FileBytes = 3 << 30
				for _, e := range run(t, path, c.FileBytes, c).Events {
					if e.Kind == trace.Syscall && e.Bytes == 0x7ffff000 { // read(2), NOTES
						limited++
						break
					}
				}
			}
			return limited == 3
		},
		"signals": cold("read-write", func(e trace.Event) bool { return e.Errno == "EINTR" }),

		"page-cache": func(t *testing.T, m sim.Model) bool {
			return cold("read-write", kind(trace.CacheMiss))(t, m) && warm("read-write", kind(trace.CacheHit))(t, m)
		},
		"eviction":   cold("read-write", kind(trace.Evict)),
		"write-back": cold("read-write", kind(trace.Writeback)),
		"readahead":  cold("read-write", kind(trace.Readahead)),
		"page-fault": warm("mmap-write", kind(trace.PageFault)),
		"mmap-fills": cold("mmap-write", func(e trace.Event) bool { return e.Kind == trace.DMA && e.Syscall == "mmap" }),
		"truncation": truncation,

		"disk-dma": cold("read-write", func(e trace.Event) bool { return e.Kind == trace.DMA && e.Actor == trace.DiskDMA }),
		"pio": func(t *testing.T, m sim.Model) bool {
			c := nic(m, false)
			c.DMA, c.SG = false, false
			return seen("read-write", c, 64<<10, kind(trace.PIO))(t)
		},
		"disk-head": cold("read-write", func(e trace.Event) bool { return e.Detail == "seek" }),

		"gather": warm("sendfile", func(e trace.Event) bool { return e.Kind == trace.DMA && e.From == trace.PageCache }),
		"no-gather": func(t *testing.T, m sim.Model) bool {
			c := nic(m, true)
			c.SG = false
			return seen("sendfile", c, 64<<10, kind(trace.CPUCopy))(t)
		},
		"packets": warm("sendfile", func(e trace.Event) bool {
			return e.Detail == "tcp" && e.N == (e.Bytes+1447)/1448 && e.N > 1
		}),
		"interrupt": cold("sendfile", kind(trace.Interrupt)),

		"socket-buffer": func(t *testing.T, m sim.Model) bool {
			c := nic(m, true)
			c.FileBytes = 16 << 20 // more than the send buffer: the writer must wait
			return seen("sendfile", c, 64<<10, func(e trace.Event) bool { return e.Kind == trace.Wait && e.Detail == "socket-space" })(t)
		},
		"segments": func(t *testing.T, m sim.Model) bool {
			return seen("read-write", nic(m, true), 1<<20, func(e trace.Event) bool { return e.Detail == "tcp" && e.Bytes == 64<<10 })(t)
		},
		"loopback": func(t *testing.T, m sim.Model) bool {
			c := nic(m, true)
			c.Net = sim.Loopback
			_, err := sim.New(machine(c), trace.NewLog(trace.NewCounter(1, trace.Modelled, nil), trace.LogOptions{}))
			return err == nil && seen("sendfile", c, 64<<10, func(e trace.Event) bool { return e.Endpoint == trace.Receiver })(t)
		},
		"tcp-control": never, // acknowledgements and retransmissions have no event at all

		"pipe-capacity": func(t *testing.T, m sim.Model) bool {
			r := run(t, "splice", 4<<20, sim.Config{Model: m, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: 4 << 20})
			return r.CountsAt(len(r.Events)).SyscallsByName()["splice"] > 2
		},
		"sendfile-pipe": func(t *testing.T, m sim.Model) bool {
			return seen("sendfile", nic(m, true), 1<<20, func(e trace.Event) bool { return e.Kind == trace.Descriptor && e.Bytes == 64<<10 })(t)
		},
		"page-references": warm("splice", kind(trace.Descriptor)),
	}
}

// truncation: a write from a mapping whose file became shorter fails.
func truncation(t *testing.T, model sim.Model) bool {
	m, _ := build(t, sim.Config{Model: model, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: 8 * sim.PageBytes})
	k := m.Kernel()
	mem, err := k.Mmap("mmap", k.File(), 0, 8*sim.PageBytes)
	if err != nil {
		t.Fatal(err)
	}
	m.Truncate(sim.PageBytes)
	_, before := k.Write("write", k.Socket(), mem.Slice(0, sim.PageBytes))
	_, beyond := k.Write("write", k.Socket(), mem.Slice(2*sim.PageBytes, sim.PageBytes))
	return before == nil && beyond != nil
}
