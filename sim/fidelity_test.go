package sim_test

import (
	"slices"
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
		"threads":        func(t *testing.T, m sim.Model) bool { return besideEachOther(t, m, 1, true) },
		"processors": func(t *testing.T, m sim.Model) bool {
			return besideEachOther(t, m, 2, false) && !besideEachOther(t, m, 1, false)
		},
		"cpu-cache": func(t *testing.T, m sim.Model) bool {
			c := nic(m, false)
			c.LLCBytes = 256 << 10
			return seen("read-write", c, 64<<10, func(e trace.Event) bool { return e.Detail == "llc" })(t)
		},
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
		"ring": func(t *testing.T, m sim.Model) bool { // a read and a send within one call
			c := nic(m, true)
			in := func(to trace.Place) bool {
				return seen("io-uring", c, 64<<10, func(e trace.Event) bool {
					return e.Syscall == "io_uring_enter" && e.Call == 2 && e.Kind == trace.CPUCopy && e.To == to
				})(t)
			}
			return in(trace.UserBuffer) && in(trace.SocketBuffer)
		},
		"signals": cold("read-write", func(e trace.Event) bool { return e.Errno == "EINTR" }),

		"page-cache": func(t *testing.T, m sim.Model) bool {
			return cold("read-write", kind(trace.CacheMiss))(t, m) && warm("read-write", kind(trace.CacheHit))(t, m)
		},
		"eviction": func(t *testing.T, m sim.Model) bool {
			c := nic(m, false)
			c.MemoryBytes, c.FileBytes = 1<<20, 2<<20
			return seen("read-write", c, 64<<10, kind(trace.Evict))(t)
		},
		"write-back": writeBack,
		"readahead":  cold("read-write", kind(trace.Readahead)),
		"page-fault": warm("mmap-write", kind(trace.PageFault)),
		"mmap-fills": cold("mmap-write", func(e trace.Event) bool { return e.Kind == trace.DMA && e.Syscall == "mmap" }),
		"truncation": truncation,
		"direct-read": warm("direct", func(e trace.Event) bool {
			return e.Kind == trace.DMA && e.From == trace.DiskPlace && e.To == trace.UserBuffer
		}),

		"disk-dma": cold("read-write", func(e trace.Event) bool { return e.Kind == trace.DMA && e.Actor == trace.DiskDMA }),
		"pio": func(t *testing.T, m sim.Model) bool {
			c := nic(m, false)
			c.DMA, c.SG = false, false
			return seen("read-write", c, 64<<10, kind(trace.PIO))(t)
		},
		// The next track is near, the other end of the disk far.
		"disk-head": func(t *testing.T, m sim.Model) bool {
			c := nic(m, false)
			c.FileBytes = 1 << 40
			c.Profile, _ = sim.LookupProfile("hdd-10g")
			c.Settings = sim.DefaultSettings()
			c.Settings.ReadaheadBytes = 0
			machine, log := build(t, c)
			k := machine.Kernel()
			buf, _ := k.Alloc(sim.PageBytes)
			for _, off := range []int64{0, sim.PageBytes, 1 << 39} {
				if _, err := k.Read("read", k.File(), buf, &off); err != nil {
					t.Fatal(err)
				}
			}
			var waits []trace.Ns
			for _, e := range events(log).Events {
				if e.Kind == trace.Wait {
					waits = append(waits, e.Dur)
				}
			}
			return len(waits) == 3 && waits[2] > 2*waits[1]
		},

		"gather": warm("sendfile", func(e trace.Event) bool { return e.Kind == trace.DMA && e.From == trace.PageCache }),
		"no-gather": func(t *testing.T, m sim.Model) bool {
			c := nic(m, true)
			c.SG = false
			return seen("sendfile", c, 64<<10, kind(trace.CPUCopy))(t)
		},
		"packets": warm("sendfile", func(e trace.Event) bool {
			return e.Detail == "tcp" && e.N == 1 && e.Bytes > 1448
		}),
		"cutting": func(t *testing.T, m sim.Model) bool { // by the kernel, for a card that cannot
			c := machine(nic(m, true))
			c.TSO = false
			p, err := play("sendfile", 64<<10, c)
			if err != nil {
				t.Fatal(err)
			}
			return slices.ContainsFunc(p.Events, func(e trace.Event) bool { return e.Detail == "nic-send" && e.N == (64<<10+1447)/1448 })
		},
		"interrupt": cold("sendfile", kind(trace.Interrupt)),
		"nic-ring": func(t *testing.T, m sim.Model) bool {
			c := machine(nic(m, true))
			c.FileBytes, c.RingSlots = 16<<20, 64
			return seen("sendfile", c, 64<<10, func(e trace.Event) bool {
				return e.Kind == trace.DeviceCommand && e.To == trace.NICRing && e.Call == 0
			})(t)
		},
		"memory-bandwidth": func(t *testing.T, m sim.Model) bool {
			slow, c := machine(nic(m, true)), machine(nic(m, true))
			slow.Profile.MemoryRate = 1_000_000_000
			return wall(run(t, "read", 1<<20, slow)) > wall(run(t, "read", 1<<20, c))
		},
		"coalescing": warm("sendfile", func(e trace.Event) bool { return e.Detail == "softirq" && e.N > 0 }),
		"receive": warm("relay-copy", func(e trace.Event) bool {
			return e.Kind == trace.Interrupt && e.Detail == "nic-received"
		}),

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
		"veth": func(t *testing.T, m sim.Model) bool {
			c := nic(m, true)
			c.Net, c.SG, c.TSO = sim.Veth, false, false
			_, err := sim.New(machine(c), trace.NewLog(trace.NewCounter(1, trace.Modelled, nil), trace.LogOptions{}))
			return err == nil && seen("sendfile", c, 64<<10, func(e trace.Event) bool { return e.Detail == "linearise" })(t) &&
				!seen("sendfile", c, 64<<10, func(e trace.Event) bool { return e.Kind == trace.DMA && e.To == trace.NICRing })(t)
		},
		"zerocopy-send": warm("msg-zerocopy", func(e trace.Event) bool { return e.Kind == trace.Descriptor && e.Detail == "pin" }),
		"zerocopy-copied": func(t *testing.T, m sim.Model) bool {
			c := nic(m, true)
			if m == sim.Linux { // the textbook has no loopback
				c.Net = sim.Loopback
			}
			return seen("msg-zerocopy", c, 64<<10, func(e trace.Event) bool { return e.Detail == "zerocopy-copied" })(t)
		},
		"kernel-tls": warm("ktls", func(e trace.Event) bool {
			return e.Kind == trace.Compute && e.Detail == "encrypt" && e.Syscall == "sendfile" && e.N == 4
		}),
		"tcp-control": never, // acknowledgements and retransmissions have no event at all

		"pipe-capacity": func(t *testing.T, m sim.Model) bool {
			r := run(t, "splice", 4<<20, sim.Config{Model: m, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: 4 << 20})
			return r.CountsAt(len(r.Events)).SyscallsByName()["splice"] > 2
		},
		"sendfile-pipe": func(t *testing.T, m sim.Model) bool {
			return seen("sendfile", nic(m, true), 1<<20, func(e trace.Event) bool { return e.Kind == trace.Descriptor && e.Bytes == 64<<10 })(t)
		},
		"page-references": warm("splice", kind(trace.Descriptor)),
		"tee": warm("tee", func(e trace.Event) bool {
			return e.Kind == trace.Descriptor && e.From == trace.Pipe && e.To == trace.Pipe
		}),
		"relay": func(t *testing.T, m sim.Model) bool {
			return warm("relay-copy", func(e trace.Event) bool { return e.Kind == trace.CPUCopy && e.From == trace.SocketBuffer })(t, m) &&
				warm("relay-splice", func(e trace.Event) bool { return e.Kind == trace.Descriptor && e.From == trace.SocketBuffer })(t, m)
		},
	}
}

// besideEachOther runs two programs at once. It reports whether one was switched out
// against its will, or else whether both copied at the same time.
func besideEachOther(t *testing.T, model sim.Model, cpus int, switched bool) bool {
	c := machine(sim.Config{Model: model, Net: sim.NIC, CPUs: cpus, DMA: true, SG: true, Warm: true, FileBytes: 16 << 20})
	p, err := playAll([]string{"read", "read"}, 64<<10, c)
	if err != nil {
		t.Fatal(err)
	}
	var last [3]trace.Ns // when each thread's latest copy ends
	for _, e := range p.Events {
		switch {
		case switched && e.Kind == trace.ContextSwitch && e.Detail == "involuntary":
			return true
		case !switched && e.Kind == trace.CPUCopy:
			if e.At < last[3-e.Thread] {
				return true
			}
			last[e.Thread] = e.End()
		}
	}
	return false
}

// writeBack: what was appended is written to the disk when it has got old, with
// no call that asks for that.
func writeBack(t *testing.T, model sim.Model) bool {
	m, log := build(t, sim.Config{Model: model, Net: sim.NIC, DMA: true, SG: true, FileBytes: 1})
	m.Go("writer", func(k *sim.Kernel) error {
		buf, err := k.Alloc(64 << 10)
		if err != nil {
			return err
		}
		if _, err := k.Append("append", k.File(), buf); err != nil {
			return err
		}
		return k.Sleep("sleep", 60e9)
	})
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(events(log).Events, func(e trace.Event) bool { return e.Kind == trace.DMA && e.To == trace.DiskPlace })
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
