package sim_test

import (
	"fmt"
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// run sends the whole file through one program and returns the events.
func run(t testing.TB, path string, chunk int64, c sim.Config) *trace.Run {
	t.Helper()
	p, err := play(path, chunk, machine(c))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range p.arrived {
		if len(a) != 1 || a[0].Off != 0 || a[0].Len != c.FileBytes {
			t.Fatalf("%s: %v arrived, want the %d bytes of the file", path, a, c.FileBytes)
		}
	}
	return p.Run
}

// The table that the articles teach: one file in one call, cold cache.
func TestTextbookTable(t *testing.T) {
	const size = 64 << 20
	for _, row := range []struct {
		path                                           string
		dma, sg                                        bool
		cpu, dmaCopies, modeSwitches, syscalls, descrs float64
	}{
		{"read-write", false, false, 4, 0, 4, 2, 0},
		{"read", true, true, 1, 1, 2, 1, 0},
		{"read-write", true, false, 2, 2, 4, 2, 0},
		{"read-write", true, true, 2, 2, 4, 2, 0},
		{"mmap-write", true, true, 1, 2, 4, 2, 0},
		{"sendfile", true, false, 1, 2, 2, 1, 0},
		{"sendfile", true, true, 0, 2, 2, 1, 1},
		{"splice", true, false, 1, 2, 4, 2, 2},
		{"splice", true, true, 0, 2, 4, 2, 2},
		{"tee", true, true, 0, 3, 8, 4, 4}, // the disk's, and one to the card for each sink
		{"relay-copy", true, true, 2, 2, 4, 2, 0},
		{"relay-splice", true, true, 0, 2, 4, 2, 2},
		{"msg-zerocopy", true, true, 1, 2, 8, 4, 1},
		{"io-uring", true, true, 2, 2, 2, 1, 0},
		{"direct", true, true, 1, 2, 4, 2, 0},
		{"ktls", true, false, 0, 2, 2, 1, 0}, // the cipher's output is the kernel's own, in one piece
		{"ktls", true, true, 0, 2, 2, 1, 1},
	} {
		t.Run(fmt.Sprintf("%s/dma=%v/sg=%v", row.path, row.dma, row.sg), func(t *testing.T) {
			r := run(t, row.path, size, sim.Config{Model: sim.Textbook, Net: sim.NIC, DMA: row.dma, SG: row.sg, FileBytes: size})
			c := r.CountsAt(len(r.Events))
			for name, want := range map[trace.CountName]float64{
				trace.CPUCopies: row.cpu, trace.DMATransfers: row.dmaCopies, trace.ModeSwitches: row.modeSwitches,
				trace.Syscalls: row.syscalls, trace.Descriptors: row.descrs, trace.CPUCopiesPerByte: row.cpu,
			} {
				if got := c.Count(name); got.Value != want || got.Provenance != trace.Modelled {
					t.Errorf("%s = %v (%s), want %v", name, got.Value, got.Provenance, want)
				}
			}
		})
	}
}

// With a warm cache the disk takes no part, but for who goes past the cache.
func TestTextbookWarmCacheNeedsNoDisk(t *testing.T) {
	for _, path := range transfer.Paths() {
		r := run(t, path, 1<<20, sim.Config{Model: sim.Textbook, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: 1 << 20})
		c := r.CountsAt(len(r.Events))
		want := float64(0)
		if path == "direct" {
			want = 1 << 20
		}
		if n := c.Count(trace.DiskReadBytes).Value; n != want {
			t.Errorf("%s: %v bytes from the disk, want %v", path, n, want)
		}
	}
}

// What kernel TLS sends are records that the cipher wrote: the card takes them
// from the kernel's memory, never from the page cache.
func TestSealedBytesComeFromTheSocket(t *testing.T) {
	for _, model := range []sim.Model{sim.Textbook, sim.Linux} {
		r := run(t, "ktls", 64<<10, sim.Config{Model: model, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: 1 << 20})
		for _, e := range r.Events {
			if e.To == trace.NICRing && e.Kind == trace.DMA && e.From != trace.SocketBuffer {
				t.Fatalf("%s: the card takes %d bytes from %s, want the socket buffer", model, e.Bytes, e.From)
			}
		}
	}
}

// The descriptor is handed over before the card's DMA begins (some articles
// tell it the other way round).
func TestDescriptorComesBeforeGather(t *testing.T) {
	r := run(t, "sendfile", 64<<10, sim.Config{Model: sim.Textbook, Net: sim.NIC, DMA: true, SG: true, FileBytes: 64 << 10})
	descriptor, gather := 0, 0
	for _, e := range r.Events {
		if e.Kind == trace.Descriptor {
			descriptor = e.Seq
		}
		if e.Kind == trace.DMA && e.Detail == "gather" {
			gather = e.Seq
		}
	}
	if descriptor == 0 || gather == 0 || descriptor > gather {
		t.Errorf("descriptor is event %d, gather %d: want the descriptor first", descriptor, gather)
	}
}
