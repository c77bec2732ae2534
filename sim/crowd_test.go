package sim_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// A crowd is threads that send, append, flush and sleep at once, on a machine
// with little of everything.

// deed is one thing that a thread does.
type deed struct {
	what  string // a path of a transfer, or append, store, sync, sleep
	bytes int64
	chunk int64
	rate  sim.Rate // of the receiver
	file  int      // that is appended to
	sleep trace.Ns
}

type crowd struct {
	sim.Config
	before  []deed // of the main thread, when the others are made but not yet run
	threads [][]deed
	follows int // how many more threads send what is appended to the first log
}

const logs = 2

func aDeed(size int64) *rapid.Generator[deed] {
	whats := append(transfer.Paths(), "append", "append", "append", "store", "sync", "sync", "sleep", "sleep")
	return rapid.Custom(func(t *rapid.T) deed {
		d := deed{what: rapid.SampledFrom(whats).Draw(t, "what")}
		switch d.what {
		case "append", "store":
			d.file = rapid.IntRange(0, logs-1).Draw(t, "log")
			d.bytes = rapid.Int64Range(1, 200_000).Draw(t, "bytes")
		case "sync":
			d.file = rapid.IntRange(0, logs-1).Draw(t, "log")
		case "sleep":
			d.sleep = rapid.SampledFrom([]trace.Ns{0, 1, 1000, 1e6, 40e9}).Draw(t, "ns")
		default:
			d.bytes = rapid.Int64Range(1, size).Draw(t, "bytes")
			d.chunk = rapid.Int64Range(d.bytes/20+1, 2<<20).Draw(t, "chunk")
			d.rate = rapid.SampledFrom([]sim.Rate{0, 0, 50_000_000, 1_000_000}).Draw(t, "rate")
		}
		return d
	})
}

func aCrowd(t *rapid.T) (c crowd) {
	c.Config, _ = aMachine(t)
	c.CPUs = rapid.IntRange(1, 8).Draw(t, "processors")
	c.FileBytes = min(c.FileBytes, 512<<10)
	c.CachedBytes = min(c.CachedBytes, c.FileBytes)
	c.MemoryBytes = 1 << 20
	s := &c.Settings
	s.SendBufferBytes = rapid.SampledFrom([]int64{1, 100_000, 4 << 20}).Draw(t, "send buffer")
	s.ReceiveBufferBytes = rapid.Int64Range(1, 200_000).Draw(t, "receive buffer")
	s.DirtyBackgroundBytes = rapid.SampledFrom([]int64{0, 64 << 10, 8 << 30}).Draw(t, "background")
	s.DirtyBytes = s.DirtyBackgroundBytes + rapid.SampledFrom([]int64{0, 64 << 10, 8 << 30}).Draw(t, "above")
	s.DirtyExpire = rapid.SampledFrom([]trace.Ns{30e9, 0, 1e6}).Draw(t, "expire")
	s.WritebackInterval = rapid.SampledFrom([]trace.Ns{5e9, 1e6}).Draw(t, "interval")
	c.Profile.ContextSwitch = rapid.SampledFrom([]trace.Ns{2000, 0, 1e6}).Draw(t, "switch")
	c.Profile.InterruptTime = rapid.SampledFrom([]trace.Ns{1000, 0, 1e6}).Draw(t, "interrupt")
	deeds := aDeed(c.FileBytes)
	c.before = rapid.SliceOfN(deeds, 0, 2).Draw(t, "before")
	c.threads = rapid.SliceOfN(rapid.SliceOfN(deeds, 1, 4), 1, 12).Draw(t, "threads")
	c.follows = rapid.IntRange(0, 2).Draw(t, "followers")
	return c
}

// appended is how much comes to the first log, in all.
func (c crowd) appended() (n int64) {
	for _, deeds := range append(c.threads, c.before) {
		for _, d := range deeds {
			if d.what == "append" && d.file == 0 {
				n += d.bytes
			}
		}
	}
	return n
}

// sent is how many bytes must arrive, or -1 if that is not known.
func (c crowd) sent() (n int64) {
	for _, deeds := range append(c.threads, c.before) {
		for _, d := range deeds {
			if p, ok := transfer.Lookup(d.what); ok {
				if p.Reshapes || d.what == "ktls" {
					return -1
				}
				n += d.bytes * int64(p.Sinks)
			}
		}
	}
	return n + int64(c.follows)*c.appended()
}

// do lets a thread do one thing.
func (d deed) do(k *sim.Kernel, ids []sim.FileID) error {
	switch d.what {
	case "append":
		return appendAll(k, ids[d.file], 1, int(d.bytes), func() error { return nil })
	case "store": // into a file of its own
		fd := k.OpenFile(ids[logs])
		mem, err := k.MmapShared("mmap", fd, 0, int(d.bytes))
		if err != nil {
			return err
		}
		if err := k.Store("store", mem); err != nil {
			return err
		}
		return k.Msync("msync", mem)
	case "sync":
		return k.Fsync("sync", k.OpenFile(ids[d.file]))
	case "sleep":
		return k.Sleep("sleep", d.sleep)
	}
	p, _ := transfer.Lookup(d.what)
	j := transfer.Job{In: k.OpenFile(ids[len(ids)-1]), Out: k.NewSocketTo(d.rate), Bytes: d.bytes, Chunk: int(d.chunk)}
	if p.Source == transfer.FromSocket {
		j.In = k.Source(0, d.bytes)
	}
	if p.Sinks == 2 {
		j.Out2 = k.NewSocketTo(0)
	}
	return send(k, p, j)
}

// follow sends what is appended to a file, until that has so many bytes.
func follow(k *sim.Kernel, id sim.FileID, all int64) error {
	fd := k.OpenFile(id)
	for at := int64(0); at < all; {
		size, err := k.Grown("grown", fd, at)
		if err != nil {
			return err
		}
		n, err := k.Sendfile("send", k.Socket(), fd, &at, int(size-at))
		if err != nil || n == 0 {
			return fmt.Errorf("sent %d bytes of %d: %v", n, size-at, err)
		}
	}
	return nil
}

// gather lets the crowd do what it does.
func (c crowd) gather() (*trace.Log, error) {
	log := newLog(c.Config)
	m, err := sim.New(c.Config, log)
	if err != nil {
		return nil, err
	}
	lookingUp(m, 100_000)
	var ids []sim.FileID
	for range logs + 1 {
		ids = append(ids, m.AddFile("log", 0, 0))
	}
	ids = append(ids, 0)
	all := func(k *sim.Kernel, deeds []deed) error {
		for _, d := range deeds {
			if err := d.do(k, ids); err != nil {
				return fmt.Errorf("%+v: %w", d, err)
			}
		}
		return nil
	}
	for i, deeds := range c.threads {
		m.Go(fmt.Sprint("thread ", i), func(k *sim.Kernel) error { return all(k, deeds) })
	}
	for i := range c.follows {
		m.Go(fmt.Sprint("follower ", i), func(k *sim.Kernel) error { return follow(k, ids[0], c.appended()) })
	}
	if err := all(m.Kernel(), c.before); err != nil {
		return nil, err
	}
	if err := m.Run(); err != nil {
		return nil, err
	}
	return log, m.Finish()
}

// A crowd comes to its end, whatever the machine; time does not run backward;
// every thread, every engine and the processor that takes the interrupts do one
// thing at a time, and never more is under way than there are processors; every
// byte arrives; and a second time the same happens.
func TestACrowdComesToItsEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := aCrowd(t)
		log, err := c.gather()
		if err != nil {
			t.Fatal(err)
		}
		r := events(log)
		if err := oneThingAtATime(r.Events, c.CPUs); err != nil {
			t.Fatal(err)
		}
		var arrived int64
		for _, e := range r.Events {
			moves := e.Kind == trace.DMA || e.Kind == trace.PIO
			if moves && e.To == trace.NICRing || e.Kind == trace.CPUCopy && e.Endpoint == trace.Receiver {
				arrived += e.Bytes
			}
		}
		if want := c.sent(); want >= 0 && arrived != want {
			t.Fatalf("%d bytes arrived, want %d", arrived, want)
		}
		again, err := c.gather()
		if err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(r)
		b, _ := json.Marshal(events(again))
		if string(a) != string(b) {
			t.Fatal("the second time other events were told")
		}
	})
}

// oneThingAtATime says whether events are in order, and who does two things at
// once.
func oneThingAtATime(es []trace.Event, cpus int) error {
	last := trace.Ns(0)
	threads := map[int]trace.Event{}
	engines := map[string]trace.Event{}
	var interrupt trace.Event
	var steps []trace.Event // of processors, that are under way
	for _, e := range es {
		if e.At < last || e.Dur < 0 || e.CPU < 0 || e.CPU > e.Dur {
			return fmt.Errorf("after %d ns comes event %s", last, told(e))
		}
		last = e.At
		if e.Kind == trace.DMA && e.Actor == trace.NICDMA { // a disk may have several channels
			who := fmt.Sprint(e.Actor, e.From == trace.Wire)
			if b := engines[who]; e.At < b.End() {
				return fmt.Errorf("an engine is at %s, and does %s", told(b), told(e))
			}
			engines[who] = e
		}
		if e.CPU == 0 || e.Endpoint == trace.Receiver || e.Kind == trace.Syscall {
			continue
		}
		if inInterrupt(e) {
			if e.At < interrupt.End() {
				return fmt.Errorf("an interrupt is at %s, and does %s", told(interrupt), told(e))
			}
			interrupt = e
			continue
		}
		if b := threads[e.Thread]; e.At < b.End() {
			return fmt.Errorf("thread %d is at %s, and does %s", e.Thread, told(b), told(e))
		}
		threads[e.Thread] = e
		steps = slices.DeleteFunc(steps, func(s trace.Event) bool { return s.End() <= e.At })
		if steps = append(steps, e); len(steps) > cpus {
			return fmt.Errorf("%d processors do %d things at %d ns: %s", cpus, len(steps), e.At, told(e))
		}
	}
	return nil
}
