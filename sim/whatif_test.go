package sim_test

import (
	"reflect"
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// forked runs a path with a change, or without one.
func forked(t *testing.T, change *sim.Change) *trace.Run {
	t.Helper()
	c := sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 4 << 20}
	m, log := build(t, c)
	if change != nil {
		if err := m.WhatIf(*change); err != nil {
			t.Fatal(err)
		}
	}
	k, program := m.Kernel(), mustLookup("sendfile")
	if _, err := program.Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Bytes: c.FileBytes, Chunk: 64 << 10}); err != nil {
		t.Fatal(err)
	}
	if err := m.Finish(); err != nil {
		t.Fatal(err)
	}
	return events(log)
}

func mustLookup(path string) transfer.Program {
	p, ok := transfer.Lookup(path)
	if !ok {
		panic(path)
	}
	return p
}

// A fork at any step is the same run up to there, and another one after.
func TestWhatIfForksAtAnyStep(t *testing.T) {
	base := forked(t, nil)
	for _, step := range []int{0, 1, 100, len(base.Events) / 2, len(base.Events) - 40} {
		fork := forked(t, &sim.Change{Step: step, Apply: func(c *sim.Config) { c.SG, c.TSO = false, false }})
		// What lasts beyond the fork may last longer or shorter in it.
		for i := range step {
			a, b := base.Events[i], fork.Events[i]
			if a.End() > base.Events[step].At || b.End() > base.Events[step].At {
				a.Dur, b.Dur, a.Bytes, b.Bytes, a.Ret, b.Ret = 0, 0, 0, 0, 0, 0
			}
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("fork at %d: event %d is\n%+v, want\n%+v", step, i+1, b, a)
			}
		}
		copies := fork.CountsAt(len(fork.Events)).Count(trace.CPUCopiedBytes).Value
		if middle := step == 100 || step == len(base.Events)/2; middle && (copies == 0 || copies >= 4<<20) || step == 0 && copies != 4<<20 {
			t.Errorf("fork at %d without scatter-gather: %v bytes copied, want some of the file", step, copies)
		}
	}
}

func TestWhatCannotChange(t *testing.T) {
	m, _ := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 4 << 20})
	for name, apply := range map[string]func(c *sim.Config){
		"the number of CPUs": func(c *sim.Config) { c.CPUs = 2 },
		"the model":          func(c *sim.Config) { c.Model = sim.Textbook },
		"an impossible card": func(c *sim.Config) { c.SG = false },
	} {
		if err := m.WhatIf(sim.Change{Apply: apply}); err == nil {
			t.Errorf("%s changed while the machine ran", name)
		}
	}
}
