package sim_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// lookingUp lets a machine give up after so many syscalls and rounds of its
// dispatcher: an endless run is an error then, and no hang.
func lookingUp(m *sim.Machine, times int) {
	m.Watch(func() error {
		if times--; times < 0 {
			return fmt.Errorf("the run does not end")
		}
		return nil
	})
}

// ordered reports events that begin before the one that they were told after.
func ordered(t *testing.T, log *trace.Log) {
	t.Helper()
	last := trace.Ns(0)
	for i := range log.Len() {
		e := log.Event(i)
		if e.At < last {
			t.Fatalf("after %d ns comes event %s", last, told(e))
		}
		last = e.At
	}
}

// A switch of threads that takes longer than a slice does not end in a switch
// again: every thread gets its slice.
func TestASwitchLongerThanASlice(t *testing.T) {
	for _, cpus := range []int{1, 2} {
		c := sim.Config{Model: sim.Linux, Net: sim.Loopback, DMA: true, SG: true, Warm: true, FileBytes: 8 << 20}
		c.Profile, _ = sim.LookupProfile("")
		c.Profile.ContextSwitch = 2_000_000
		r := together(t, "read-write", 3, cpus, c)
		if sent := r.CountsAt(len(r.Events)).Count(trace.BytesSent).Value; sent != 3*8<<20 {
			t.Errorf("%d processors: %v bytes sent, want all", cpus, sent)
		}
	}
}

// What a program does after [sim.Machine.Idle] comes after what the devices did
// meanwhile, on whatever processor their interrupts were.
func TestTimeGoesOnAfterIdle(t *testing.T) {
	for _, cpus := range []int{1, 2, 5} {
		m, log := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, CPUs: cpus, DMA: true, SG: true, Warm: true, FileBytes: 1 << 20})
		k := m.Kernel()
		for range 3 {
			if _, err := k.Sendfile("send", k.Socket(), k.File(), nil, 64<<10); err != nil {
				t.Fatal(err)
			}
			m.Idle()
		}
		ordered(t, log)
	}
}

// Threads that waited for ever are gone after the error: what would have woken
// them wakes nobody.
func TestWhoWaitedForEverIsGone(t *testing.T) {
	for _, cpus := range []int{1, 2} {
		m, log := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, CPUs: cpus, DMA: true, SG: true, FileBytes: 1})
		lookingUp(m, 10_000)
		id := m.AddFile("log", 0, 0)
		m.Go("the reader", func(k *sim.Kernel) error {
			_, err := k.Grown("grown", k.OpenFile(id), 0)
			return err
		})
		if err := m.Run(); err == nil || !strings.Contains(err.Error(), "the reader waits") {
			t.Fatalf("%v, want an error that names the thread", err)
		}
		m.Go("the writer", func(k *sim.Kernel) error {
			return appendAll(k, id, 4, 64<<10, func() error { return nil })
		})
		if err := m.Run(); err != nil {
			t.Errorf("%d processors: %v, want a second run of the writer alone", cpus, err)
		}
		ordered(t, log)
	}
}

// A relay does not wait for more than its peer has room to send.
func TestARelayAndItsPeerDoNotWaitForEachOther(t *testing.T) {
	for _, path := range []string{"relay-copy", "relay-splice"} {
		for _, buffer := range []int64{1, 2574, 65_536, 66_000, 100_000, 131_072, 200_000} {
			c := machine(sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 300_000})
			c.Settings.ReceiveBufferBytes = buffer
			if _, err := playAll([]string{path}, 40_000, c); err != nil {
				t.Errorf("a receive buffer of %d bytes: %v", buffer, err)
			}
		}
	}
}

// A thread that waits for ever is told of, though dirty pages keep the flusher's
// timer going, even where that has many rounds before it.
func TestDeadlockIsToldWhilePagesAreDirty(t *testing.T) {
	for _, interval := range []trace.Ns{5e9, 1} {
		c := sim.Config{Model: sim.Linux, Net: sim.NIC, CPUs: 2, DMA: true, SG: true, FileBytes: 1, Settings: sim.DefaultSettings()}
		c.Settings.WritebackInterval = interval
		m, _ := build(t, c)
		lookingUp(m, 10_000)
		id := m.AddFile("log", 0, 0)
		m.Go("the writer", func(k *sim.Kernel) error {
			return appendAll(k, id, 4, 64<<10, func() error { return nil })
		})
		m.Go("the reader", func(k *sim.Kernel) error {
			_, err := k.Grown("grown", k.OpenFile(id), 1<<20)
			return err
		})
		if err := m.Run(); err == nil || !strings.Contains(err.Error(), "the reader waits") {
			t.Errorf("a round each %d ns: %v, want an error that names the thread", interval, err)
		}
	}
}

// Who watches a run can end it while its threads make no calls.
func TestWatchEndsWhatMakesNoCalls(t *testing.T) {
	c := sim.Config{Model: sim.Linux, Net: sim.NIC, CPUs: 2, DMA: true, SG: true, FileBytes: 1, Settings: sim.DefaultSettings()}
	m, _ := build(t, c)
	stop := errors.New("enough")
	m.Watch(func() error { return stop })
	for range 2 {
		m.Go("user code", func(k *sim.Kernel) error {
			buf, err := k.Alloc(1 << 20)
			for err == nil {
				err = k.Touch("touch", buf)
			}
			return err
		})
	}
	if err := m.Run(); err != stop {
		t.Errorf("%v, want what the watcher said", err)
	}
}

// The flusher goes by the age of pages after [sim.Machine.Idle] as before.
func TestWriteBackByAgeAfterIdle(t *testing.T) {
	m, log := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 1})
	id := m.AddFile("log", 0, 0)
	k := m.Kernel()
	if err := appendAll(k, id, 16, 64<<10, func() error { m.Idle(); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := k.Sleep("sleep", 36e9); err != nil {
		t.Fatal(err)
	}
	m.Idle()
	if n := written(events(log)); n != 1<<20 {
		t.Errorf("%d bytes on the disk after 36 s, want all", n)
	}
	ordered(t, log)
}

// A wait that failed, since nothing could end it, is over: what comes later does
// not put its thread on a second processor.
func TestAWaitThatFailedIsOver(t *testing.T) {
	for _, cpus := range []int{1, 2, 3} {
		m, log := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, CPUs: cpus, DMA: true, SG: true, FileBytes: 1})
		lookingUp(m, 10_000)
		k := m.Kernel()
		buf, err := k.Alloc(64 << 10)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Completed("completion", k.Socket()); err == nil {
			t.Fatal("a completion of nothing")
		}
		for range 3 {
			if _, err := k.SendZerocopy("send", k.Socket(), buf); err != nil {
				t.Fatal(err)
			}
			for range 1000 { // while the card is at it
				if err := k.Touch("touch", buf.Slice(0, 100)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := k.Completed("completion", k.Socket()); err != nil {
				t.Fatal(err)
			}
		}
		ordered(t, log)
		if err := oneThingAtATime(events(log).Events, 1); err != nil {
			t.Errorf("%d processors: %v", cpus, err)
		}
	}
}

// The main thread may have come to another processor before the others run.
func TestTheMainThreadRunsBeforeTheOthers(t *testing.T) {
	for _, cpus := range []int{1, 2, 3} {
		m, log := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, CPUs: cpus, DMA: true, SG: true, FileBytes: 4 << 20})
		lookingUp(m, 10_000)
		p := mustLookup("read-write")
		for i := range 3 {
			m.Go(fmt.Sprint("thread ", i), func(k *sim.Kernel) error { return send(k, p, job(k, p, 4<<20, 64<<10)) })
		}
		for range 10 {
			if err := m.Kernel().Sleep("sleep", 20_000); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Run(); err != nil {
			t.Errorf("%d processors: %v", cpus, err)
		}
		if err := m.Finish(); err != nil {
			t.Errorf("%d processors: %v", cpus, err)
		}
		if err := oneThingAtATime(events(log).Events, cpus); err != nil {
			t.Errorf("%d processors: %v", cpus, err)
		}
	}
}
