package sim_test

import (
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// What a slow peer's window has no room for is sent as it reads: not by the
// program, whose processor time it is none of, but copied all the same.
func TestWindowOfASlowPeer(t *testing.T) {
	const size, rate = 32 << 20, 2e8
	send := func(rate sim.Rate) *trace.Run {
		return run(t, "sendfile", 1<<20, sim.Config{Model: sim.Linux, Net: sim.Veth, DMA: true, Warm: true, FileBytes: size, ReaderRate: rate})
	}
	slow, quick := send(rate), send(0)
	// on is how many bytes of linear packets the program made itself, and how many
	// were made for it.
	on := func(r *trace.Run) (own, late int64) {
		for _, e := range r.Events {
			if e.Detail == "linearise" && e.CPU > 0 {
				own += e.Bytes
			} else if e.Detail == "linearise" {
				late += e.Bytes
			}
		}
		return own, late
	}
	if own, late := on(slow); own > size/2 || own+late != size {
		t.Errorf("to a peer of 200 MB/s: the program linearised %d bytes, %d were for it; want less than half of it by itself, %d in all", own, late, size)
	}
	if own, late := on(quick); own <= size/2 || own+late != size {
		t.Errorf("to a quick peer: the program linearised %d bytes, %d were for it; want most of %d", own, late, size)
	}
	a, b := slow.CountsAt(len(slow.Events)), quick.CountsAt(len(quick.Events))
	for _, name := range []trace.CountName{trace.CPUCopies, trace.CPUCopiedBytes, trace.Packets, trace.LinearPayloadBytes} {
		if a.Count(name) != b.Count(name) {
			t.Errorf("%s: %v to a slow peer, %v to a quick one", name, a.Count(name), b.Count(name))
		}
	}
	if x, y := a.Count(trace.CPUTime).Value, b.Count(trace.CPUTime).Value; x > y*2/3 {
		t.Errorf("the program took %.0f ns to a slow peer, %.0f to a quick one: what others send for it costs it nothing", x, y)
	}
	// The peer is busy with it beside what it receives: it cannot read as fast as over
	// loopback.
	plain := run(t, "sendfile", 1<<20, sim.Config{Model: sim.Linux, Net: sim.Loopback, DMA: true, SG: true, Warm: true, FileBytes: size, ReaderRate: rate})
	_, late := on(slow)
	costs := machine(sim.Config{}).Profile
	least := plain.CountsAt(len(plain.Events)).Count(trace.WallTime).Value +
		a.Count(trace.Packets).Value*float64(costs.SegmentTime) + float64(late)/float64(costs.CopyRate)*1e9
	if x := a.Count(trace.WallTime).Value; x < least {
		t.Errorf("handed over in %.0f ns, want %.0f and more", x, least)
	}
}

// Two receivers that share a processor take twice as long.
func TestPeersShareProcessors(t *testing.T) {
	const size = 32 << 20
	took := func(path string, processors int) float64 {
		r := run(t, path, 1<<20, sim.Config{Model: sim.Linux, Net: sim.Loopback, DMA: true, SG: true, Warm: true, FileBytes: size, ReaderRate: 2e9, PeerCPUs: processors})
		return r.CountsAt(len(r.Events)).Count(trace.WallTime).Value
	}
	own, two, one := took("tee", 0), took("tee", 2), took("tee", 1)
	if own != two {
		t.Errorf("two receivers: %.0f ns with a processor each, %.0f on two", own, two)
	}
	if one < 1.7*own || one > 2.2*own {
		t.Errorf("two receivers: %.0f ns with a processor each, %.0f on one; want about twice as long", own, one)
	}
	if a, b := took("sendfile", 0), took("sendfile", 1); a != b {
		t.Errorf("one receiver: %.0f ns, on a processor that is said to be shared %.0f", a, b)
	}
}

// A local receiver gets a copy of what was lent, but the sender's memory is its own
// again only when the receiver has read it.
func TestZerocopyWaitsForTheReceiver(t *testing.T) {
	const size, rate = 4 << 20, 1e9
	r := run(t, "msg-zerocopy", 64<<10, sim.Config{Model: sim.Linux, Net: sim.Loopback, DMA: true, SG: true, Warm: true, FileBytes: size, ReaderRate: rate})
	waits := 0
	for _, e := range r.Events {
		if e.Kind == trace.Wait && e.Detail == "completion" {
			waits++
		}
	}
	if waits != size/(64<<10) {
		t.Errorf("waited for %d completions, want one for each of %d sends", waits, size/(64<<10))
	}
	if got := r.CountsAt(len(r.Events)).Count(trace.WallTime).Value; got < size/rate*1e9 {
		t.Errorf("took %.0f ns, less than the receiver", got)
	}
}

// A receiver that reads nothing acknowledges all the same.
func TestZerocopyToAReceiverThatReadsNothing(t *testing.T) {
	for _, c := range []sim.Config{{Net: sim.Loopback, SG: true}, {Net: sim.Veth, SG: true}, {Net: sim.Veth}} {
		c.Model, c.DMA, c.Warm, c.FileBytes, c.HoldReader = sim.Linux, true, true, 64<<10, true
		m, _ := build(t, c)
		program, _ := transfer.Lookup("msg-zerocopy")
		k := m.Kernel()
		if _, err := program.Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Bytes: c.FileBytes, Chunk: 16 << 10}); err != nil {
			t.Errorf("%s, SG %v: %v", c.Net, c.SG, err)
		}
		m.Receive()
		if err := m.Finish(); err != nil {
			t.Errorf("%s, SG %v: %v", c.Net, c.SG, err)
		}
		if a := m.Arrived(); len(a) != 1 || a[0].Len != c.FileBytes {
			t.Errorf("%s, SG %v: %v arrived", c.Net, c.SG, a)
		}
	}
}
