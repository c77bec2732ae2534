package sim_test

import (
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// A full ring holds segments back until the card has sent some: the commands to
// the card then come with its interrupts, from no call. All bytes arrive, and as
// soon as with a large ring: the wire is what limits.
func TestAFullRingHoldsBack(t *testing.T) {
	send := func(slots int) (late int, end trace.Ns) {
		c := machine(sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: 16 << 20})
		c.RingSlots = slots
		log := trace.NewLog(trace.NewCounter(c.FileBytes, trace.Modelled, nil), trace.LogOptions{Keep: -1})
		m, err := sim.New(c, log)
		if err != nil {
			t.Fatal(err)
		}
		k := m.Kernel()
		if _, err := mustLookup("sendfile").Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Bytes: c.FileBytes, Chunk: 64 << 10}); err != nil {
			t.Fatal(err)
		}
		if err := m.Finish(); err != nil {
			t.Fatal(err)
		}
		if a := m.Arrived(); len(a) != 1 || a[0].Len != c.FileBytes {
			t.Fatalf("%d slots: %v arrived", slots, a)
		}
		for _, e := range events(log).Events {
			if e.Kind == trace.DeviceCommand && e.Call == 0 {
				late++
			}
			end = max(end, e.End())
		}
		return late, end
	}
	none, large := send(1 << 20)
	some, small := send(256)
	if none != 0 || some == 0 {
		t.Errorf("%d segments waited for a large ring and %d for a small one, want none and some", none, some)
	}
	if small > large*11/10 {
		t.Errorf("%d ns with a small ring, %d with a large one", small, large)
	}
}

// Processors that copy at once share what the memory carries.
func TestCopiesShareTheMemory(t *testing.T) {
	c := sim.Config{Model: sim.Linux, Net: sim.Loopback, DMA: true, SG: true, Warm: true, FileBytes: 8 << 20}
	c.Profile, _ = sim.LookupProfile("")
	c.Profile.MemoryRate = 20_000_000_000 // one copy of 8 GB/s takes 16 of it
	one, four := wall(together(t, "read", 1, 4, c)), wall(together(t, "read", 4, 4, c))
	if four < 2*one {
		t.Errorf("four copies at once took %d ns, one %d: want far more, for the memory carries one and a quarter", four, one)
	}
	c.Profile.MemoryRate = 0
	if free := wall(together(t, "read", 4, 4, c)); free > one*11/10 {
		t.Errorf("without a bound four took %d ns, one %d", free, one)
	}
}

// A slow reader keeps its own bytes waiting in the socket, not the card's ring: a
// fast one beside it is sent to as soon as if it were alone.
func TestASlowReaderKeepsNoRoomInTheRing(t *testing.T) {
	fast := func(slow bool) (end trace.Ns) {
		c := machine(sim.Config{Model: sim.Linux, Net: sim.NIC, CPUs: 2, DMA: true, SG: true, Warm: true, FileBytes: 4 << 20})
		c.RingSlots = 64
		m, log := build(t, c)
		to := func(name string, rate sim.Rate) int {
			return m.Go(name, func(k *sim.Kernel) error {
				_, err := mustLookup("sendfile").Send(k, transfer.Job{In: k.File(), Out: k.NewSocketTo(rate), Bytes: c.FileBytes, Chunk: 64 << 10})
				return err
			}).ID()
		}
		if slow {
			to("slow", 10_000_000)
		}
		id := to("fast", 0)
		if err := m.Run(); err != nil {
			t.Fatal(err)
		}
		if err := m.Finish(); err != nil {
			t.Fatal(err)
		}
		for _, e := range events(log).Events {
			if e.Thread == id && e.Actor == trace.NICDMA {
				end = max(end, e.End())
			}
		}
		return end
	}
	if alone, beside := fast(false), fast(true); beside > 3*alone {
		t.Errorf("the fast reader's bytes were sent after %d ns beside a slow one, after %d alone", beside, alone)
	}
}
