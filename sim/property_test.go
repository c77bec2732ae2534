package sim_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// Properties that hold on every machine. The machines are random; a failure is
// shrunk to the least one that still fails, and told with the seed that brings
// it back. (rapid rather than testing/quick, which is frozen and shrinks
// nothing.)

// aMachine is any machine that can be, and a chunk that makes no more than a few
// hundred calls of its file.
func aMachine(t *rapid.T) (c sim.Config, chunk int64) {
	d := sim.MachineConfig()
	c = sim.Config{
		Model:        rapid.SampledFrom([]sim.Model{sim.Textbook, sim.Linux}).Draw(t, "model"),
		Net:          sim.NIC,
		CPUs:         rapid.IntRange(1, 4).Draw(t, "cpus"),
		DMA:          rapid.Bool().Draw(t, "dma"),
		MTU:          rapid.SampledFrom([]int64{1500, 576, 9000}).Draw(t, "mtu"),
		Warm:         rapid.Bool().Draw(t, "warm"),
		FileBytes:    rapid.Int64Range(1, 3<<20).Draw(t, "size"),
		ReaderRate:   rapid.SampledFrom([]sim.Rate{0, 50_000_000, 2_000_000_000}).Draw(t, "reader"),
		GzipPerMille: rapid.Int64Range(1, 1100).Draw(t, "gzip"),
		Settings:     d.Settings,
	}
	if c.Model == sim.Linux {
		c.Net = rapid.SampledFrom([]sim.Net{sim.NIC, sim.Loopback, sim.Veth}).Draw(t, "net")
	}
	c.SG = c.DMA && rapid.Bool().Draw(t, "sg")
	c.TSO = c.SG && rapid.Bool().Draw(t, "tso")
	if !c.Warm {
		c.CachedBytes = rapid.Int64Range(0, c.FileBytes).Draw(t, "cached")
	}
	if !c.Warm && c.CachedBytes <= 1<<20 { // what is there must have room
		c.MemoryBytes = rapid.SampledFrom([]int64{0, 1 << 20}).Draw(t, "memory")
	}
	c.LLCBytes = rapid.SampledFrom([]int64{0, 256 << 10}).Draw(t, "llc")
	c.Settings.ReadaheadBytes = rapid.SampledFrom([]int64{128 << 10, 0, 16 << 10, 2 << 20}).Draw(t, "readahead")
	c.Settings.PipeMaxBytes = rapid.SampledFrom([]int64{1 << 20, 4 << 10, 64 << 10}).Draw(t, "pipe")
	c.Settings.SendBufferBytes = rapid.SampledFrom([]int64{4 << 20, 1, 200_000}).Draw(t, "send buffer")
	c.RingSlots = rapid.IntRange(64, 2048).Draw(t, "ring")
	c.Settings.ReceiveBufferBytes = rapid.SampledFrom([]int64{6 << 20, 1, 200_000}).Draw(t, "receive buffer")
	c.Settings.RequestBytes = rapid.SampledFrom([]int64{1280 << 10, 4 << 10, 100 << 10}).Draw(t, "request")
	name := rapid.SampledFrom(sim.ProfileNames()).Draw(t, "profile")
	profile, err := sim.LookupProfile(name)
	if err != nil {
		t.Fatal(err)
	}
	c.Profile = profile
	return c, rapid.Int64Range(c.FileBytes/100+1, 2<<20).Draw(t, "chunk")
}

func aPath(t *rapid.T) string { return rapid.SampledFrom(transfer.Paths()).Draw(t, "path") }

// played1 plays a program, which must do on every machine.
func played1(t *rapid.T, path string, chunk int64, c sim.Config) *played {
	p, err := play(path, chunk, c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// aRun is one program, or several at once, on any machine.
func aRun(t *rapid.T) (*played, sim.Config) {
	c, chunk := aMachine(t)
	paths := rapid.SliceOfN(rapid.SampledFrom(transfer.Paths()), 1, 4).Draw(t, "paths")
	if len(paths) == 1 {
		return played1(t, paths[0], chunk, c), c
	}
	p, err := playAll(paths, chunk, c)
	if err != nil {
		t.Fatal(err)
	}
	return p, c
}

// Every byte of the file comes from the disk or was in the cache, none comes
// twice, and each leaves for the wire once, in order.
func TestBytesAreConserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := aMachine(t)
		path := aPath(t)
		program, _ := transfer.Lookup(path)
		c.MemoryBytes = 0     // or what was evicted comes again
		if path == "direct" { // it reads whole blocks, so a block that two chunks share comes twice
			chunk = (chunk + transfer.DirectAlign - 1) / transfer.DirectAlign * transfer.DirectAlign
		}
		p := played1(t, path, chunk, c)
		for i, a := range p.arrived {
			if len(a) != 1 || a[0].Off != 0 || a[0].Len != c.FileBytes {
				t.Fatalf("receiver %d got %v, want the %d bytes of the file", i, a, c.FileBytes)
			}
		}

		cached := c.CachedBytes
		if c.Warm {
			cached = c.FileBytes
		}
		if path == "direct" {
			cached = 0
		}
		var read, left [][2]int64
		var sent int64
		for _, e := range p.Events {
			moves := e.Kind == trace.DMA || e.Kind == trace.PIO
			switch {
			case moves && e.From == trace.DiskPlace:
				read = append(read, [2]int64{e.Offset, e.Offset + e.Bytes})
			case moves && e.To == trace.NICRing, e.Kind == trace.CPUCopy && e.Endpoint == trace.Receiver:
				sent += e.Bytes
				left = append(left, [2]int64{e.Offset, e.Offset + e.Bytes})
			}
		}
		if program.Source == transfer.FromSocket {
			if len(read) > 0 {
				t.Fatalf("the disk gave %v to a relay", read)
			}
		} else {
			slices.SortFunc(read, func(a, b [2]int64) int { return int(a[0] - b[0]) })
			have := (cached + sim.PageBytes - 1) / sim.PageBytes * sim.PageBytes
			for _, r := range read {
				if r[0] < have {
					t.Fatalf("the disk read %v, of which the bytes before %d were there", r, have)
				}
				if r[0] > have {
					t.Fatalf("nobody brought the bytes from %d to %d; the disk read %v", have, r[0], read)
				}
				have = r[1]
			}
			if have < c.FileBytes {
				t.Fatalf("nobody brought the bytes from %d on; the disk read %v", have, read)
			}
		}

		if want := float64(sent); program.Sinks > 0 && c.Net == sim.NIC && path != "ktls" {
			// What the calls handed over is what the card took.
			if got := p.totals().Count(trace.BytesSent).Value; got != want {
				t.Fatalf("the calls sent %v bytes, the card %v", got, want)
			}
		}
		if program.Reshapes {
			return // other bytes; that they stand for the file's is what arrived says
		}
		if sent != c.FileBytes*int64(program.Sinks) {
			t.Fatalf("%d bytes left, want those of the file to %d receivers", sent, program.Sinks)
		}
		if program.Sinks == 1 {
			at := int64(0)
			for _, l := range left {
				if l[0] != at {
					t.Fatalf("the bytes from %d on left where %d was due", l[0], at)
				}
				at = l[1]
			}
		}
	})
}

// Events are told in the order of their begin, none takes less than no time, no
// more processor time is booked than goes by.
func TestTimeNeverRunsBackward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _ := aRun(t)
		last := trace.Ns(0)
		for _, e := range p.Events {
			if e.At < last || e.Dur < 0 || e.CPU < 0 || e.CPU > e.Dur {
				t.Fatalf("after %d ns comes event %s", last, told(e))
			}
			last = e.At
		}
	})
}

func told(e trace.Event) string { return fmt.Sprintf("%d: %s", e.Seq, strings.TrimSpace(eventLine(e))) }

// inInterrupt says of an event that it happens to a processor, whatever that
// does.
func inInterrupt(e trace.Event) bool {
	return e.Kind == trace.Interrupt || e.Detail == "softirq" || e.Kind == trace.PIO && e.From == trace.NICRing ||
		e.Kind == trace.PIO && e.To == trace.DiskPlace && e.Call == 0 || // the flusher's
		e.Kind == trace.DeviceCommand && e.To == trace.NICRing && e.Call == 0 // the driver refills its ring
}

// A disk, each of the card's two engines and each receiver move one thing at a
// time; there are never more steps under way than processors, and on one
// processor a step is interrupted only from outside, and taken up again.
func TestAnEngineDoesOneThingAtATime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, c := aRun(t)
		type engine struct {
			trace.Actor
			receives bool
		}
		busy := map[engine]trace.Ns{}
		var steps []trace.Event // of processors, that are under way
		for _, e := range p.Events {
			if e.Kind == trace.DMA {
				who := engine{e.Actor, e.From == trace.Wire}
				if e.At < busy[who] {
					t.Fatalf("%s is busy until %d: %s", e.Actor, busy[who], told(e))
				}
				busy[who] = e.End()
			}
			if e.CPU == 0 || e.Endpoint == trace.Receiver {
				continue
			}
			steps = slices.DeleteFunc(steps, func(s trace.Event) bool { return s.End() <= e.At })
			if c.CPUs == 1 && len(steps) > 0 {
				last := steps[len(steps)-1]
				if !inInterrupt(e) || e.End() > last.End() {
					t.Fatalf("the processor is at %s, and does %s", told(last), told(e))
				}
				continue
			}
			if !inInterrupt(e) {
				if steps = append(steps, e); len(steps) > c.CPUs {
					t.Fatalf("%d processors do %d things at %d ns: %s", c.CPUs, len(steps), e.At, told(e))
				}
			} else if c.CPUs == 1 {
				steps = append(steps, e)
			}
		}
	})
}

// Transfers overlap with the processor's work exactly where the model has it:
// never without DMA, never during a read of the textbook's, which waits.
func TestTransfersOverlapOnlyWhereTheModelSaysSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := aMachine(t)
		p := played1(t, aPath(t), chunk, c)
		var waits, work []trace.Event
		for _, e := range p.Events {
			switch {
			case e.Kind == trace.Wait && e.Detail == "disk":
				waits = append(waits, e)
			case e.CPU > 0 && e.Call > 0:
				work = append(work, e)
			}
		}
		for _, e := range p.Events {
			switch {
			case e.Kind != trace.DMA:
			case !c.DMA:
				t.Fatalf("a machine without DMA: %s", told(e))
			case c.Model == sim.Textbook && e.From == trace.DiskPlace:
				if !slices.ContainsFunc(waits, func(w trace.Event) bool { return w.At <= e.At && e.End() <= w.End() }) {
					t.Fatalf("the textbook's program does not wait for %s", told(e))
				}
				for _, w := range work {
					if w.At < e.End() && e.At < w.End() {
						t.Fatalf("the textbook's program does %s while it waits for %s", told(w), told(e))
					}
				}
			}
		}
	})
}

// Beside the test above: where the model lets work and transfers overlap, they
// do. (A machine on which nothing ran side by side would pass that one.)
func TestTransfersDoOverlap(t *testing.T) {
	for _, model := range []sim.Model{sim.Textbook, sim.Linux} {
		for _, from := range []trace.Place{trace.DiskPlace, trace.SocketBuffer} {
			r := run(t, "read-write", 64<<10, sim.Config{Model: model, Net: sim.NIC, DMA: true, SG: true, Warm: from == trace.SocketBuffer, FileBytes: 1 << 20})
			overlaps := false
			for _, e := range r.Events {
				for _, w := range r.Events {
					overlaps = overlaps || e.Kind == trace.DMA && e.From == from && w.Kind == trace.CPUCopy && w.At < e.End() && e.At < w.End()
				}
			}
			if want := model == sim.Linux || from != trace.DiskPlace; overlaps != want {
				t.Errorf("%s: copies beside transfers from the %s: %v, want %v", model, from, overlaps, want)
			}
		}
	}
}

// The counts at a step are the same whether one comes to it forward, backward,
// or by counting the events before it.
func TestCountsAreTheSameInBothDirections(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _ := aRun(t)
		steps := rapid.SliceOfN(rapid.IntRange(0, p.log.Len()), 1, 8).Draw(t, "steps")
		steps = append(steps, 0, p.log.Len())
		slices.Sort(steps)
		forward := map[int]trace.Counts{}
		for _, k := range steps {
			forward[k] = p.log.CounterAt(k).Counts()
		}
		for _, k := range slices.Backward(steps) {
			if back := p.log.CounterAt(k).Counts(); !reflect.DeepEqual(back, forward[k]) {
				t.Fatalf("step %d: forward %v, backward %v", k, forward[k], back)
			}
			counted := trace.NewCounter(max(p.Payload, 1), trace.Modelled, nil)
			for _, e := range p.Events[:k] {
				counted.Add(e)
			}
			for _, name := range trace.CountNames() {
				if trace.UnitOf(name) == trace.PerByte {
					continue // of a payload that several programs share
				}
				if got, want := forward[k][name], counted.Count(name); got != want {
					t.Fatalf("step %d: %s is %v, its events say %v", k, name, got, want)
				}
			}
		}
	})
}

// The same machine does the same, byte for byte.
func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := aMachine(t)
		paths := rapid.SliceOfN(rapid.SampledFrom(transfer.Paths()), 2, 4).Draw(t, "paths")
		var texts [2]string
		for i := range texts {
			p, err := playAll(paths, chunk, c)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(p.Run)
			if err != nil {
				t.Fatal(err)
			}
			texts[i] = string(text)
		}
		if texts[0] != texts[1] {
			t.Fatal("the second run told other events")
		}
	})
}

// Twice the chunk never takes more calls. (A chunk that is larger but no
// multiple may, where a pipe holds less than it: of 192 KiB, 96 KiB at a time
// through a pipe of 64 KiB are eight calls, 64 KiB at a time six. Nor is it so
// for relays: how much a read finds depends on when it comes.)
func TestALargerChunkNeverTakesMoreCalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := aMachine(t)
		path := aPath(t)
		if program, _ := transfer.Lookup(path); program.Source == transfer.FromSocket {
			t.Skip("a relay")
		}
		calls := func(chunk int64) float64 { return played1(t, path, chunk, c).totals().Count(trace.Syscalls).Value }
		times := rapid.Int64Range(2, 5).Draw(t, "times")
		if few, many := calls(chunk*times), calls(chunk); few > many {
			t.Fatalf("%s: %v calls of %d bytes, %v of %d", path, many, chunk, few, chunk*times)
		}
	})
}

// A card that gathers never costs copies.
func TestGatheringNeverCostsCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, chunk := aMachine(t)
		c.DMA = true
		path := aPath(t)
		copied := func(sg bool) (n, bytes float64) {
			c.SG, c.TSO = sg, sg
			totals := played1(t, path, chunk, c).totals()
			return totals.Count(trace.CPUCopies).Value, totals.Count(trace.CPUCopiedBytes).Value
		}
		on, onBytes := copied(true)
		off, offBytes := copied(false)
		if onBytes > offBytes || on > off {
			t.Fatalf("%s: %v copies of %v bytes with scatter-gather, %v of %v without", path, on, onBytes, off, offBytes)
		}
	})
}

// A thread's calls follow each other, and what it does during a call lies within
// the call's span, which begins with the switch into the kernel and ends with
// the one back.
func TestSpansNest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _ := aRun(t)
		spans := map[int]trace.Event{} // of each thread, the latest
		for _, e := range p.Events {
			if e.Kind == trace.DMA || e.Kind == trace.MemoryBus || e.Detail == "llc" || e.Call == 0 {
				continue // a device goes on after the call
			}
			span := spans[e.Thread]
			if e.Kind == trace.Syscall {
				if e.Call != span.Call+1 || e.At < span.End() {
					t.Fatalf("thread %d: after %s comes %s", e.Thread, told(span), told(e))
				}
				spans[e.Thread] = e
				continue
			}
			if e.Call != span.Call || e.At < span.At || e.End() > span.End() {
				t.Fatalf("thread %d: %s does not lie within %s", e.Thread, told(e), told(span))
			}
			if e.Kind == trace.ModeSwitch && e.To == trace.KernelMode && e.At != span.At {
				t.Fatalf("%s begins before %s", told(span), told(e))
			}
			if e.Kind == trace.ModeSwitch && e.To == trace.UserMode && e.End() != span.End() {
				t.Fatalf("%s does not end with %s", told(span), told(e))
			}
		}
	})
}
