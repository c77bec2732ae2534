package sim_test

import (
	"testing"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// A read of several commands goes on when all of them have ended, though flash
// may end the last one first: here the first one waits for a channel that
// another thread's commands keep busy, the second one's channel is free sooner.
func TestAReadWaitsForEachOfItsCommands(t *testing.T) {
	const stripe = 16 << 10 // of the drive, which has eight channels
	c := machine(sim.Config{Model: sim.Linux, Net: sim.NIC, CPUs: 2, DMA: true, SG: true, FileBytes: 1 << 20})
	c.Settings.RequestBytes = stripe
	c.Profile, _ = sim.LookupProfile("ssd-10g")
	c.Profile.DiskRate = 6_000_000_000 // the channels are what commands wait for, not the link
	log := trace.NewLog(trace.NewCounter(c.FileBytes, trace.Modelled, nil), trace.LogOptions{Keep: -1})
	m, err := sim.New(c, log)
	if err != nil {
		t.Fatal(err)
	}
	read := func(after trace.Ns, at int64, n int) int {
		return m.Go("reader", func(k *sim.Kernel) error {
			if err := k.Sleep("start", after); err != nil {
				return err
			}
			in, err := k.OpenDirect("open", k.File())
			if err != nil {
				return err
			}
			buf, err := k.Alloc(n)
			if err != nil {
				return err
			}
			_, err = k.Read("read", in, buf, &at)
			return err
		}).ID()
	}
	read(0, 0, 9*stripe) // twice the first channel, once each of the others
	second := read(50_000, 16*stripe, 2*stripe)
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	var ends [2]trace.Ns // of the commands, in the order of the file
	var returned trace.Ns
	for i := range log.Len() {
		e := log.Event(i)
		switch {
		case e.Thread != second:
		case e.Actor == trace.DiskDMA:
			ends[e.Offset/stripe-16] = e.At + e.Dur
		case e.Kind == trace.ModeSwitch && e.Syscall == "pread64" && e.To == trace.UserMode:
			returned = e.At
		}
	}
	if ends[1] == 0 || ends[0] <= ends[1] {
		t.Fatalf("the second of two commands is to end first, they end at %d", ends)
	}
	if returned < ends[0] {
		t.Errorf("the read returned at %d, the disk was done at %d", returned, ends[0])
	}
}
