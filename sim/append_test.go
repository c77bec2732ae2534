package sim_test

import (
	"slices"
	"testing"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// Who maps the page that a file ends in and stores from its end on appends each
// byte once, and who waits for the file to grow sees only what was stored.
func TestAppendByMappingWithinAPage(t *testing.T) {
	const old, batch, batches = 10_000, 64 << 10, 4
	c := sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 1, CPUs: 2}
	m, log := build(t, c)
	id := m.AddFile("log", old, 0)
	m.Go("producer", func(k *sim.Kernel) error {
		begin := int64(old / sim.PageBytes * sim.PageBytes)
		mem, err := k.MmapShared("mmap", k.OpenFile(id), begin, old-int(begin)+batch*batches)
		for i := 0; i < batches && err == nil; i++ {
			err = k.Store("store", mem.Slice(old-int(begin)+i*batch, batch))
		}
		return err
	})
	var seen []int64
	m.Go("consumer", func(k *sim.Kernel) error {
		fd, at := k.OpenFile(id), int64(old)
		for at < old+batch*batches {
			end, err := k.Grown("await", fd, at)
			if err != nil {
				return err
			}
			seen, at = append(seen, end), end
		}
		return nil
	})
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	m.Idle()
	if n := m.SizeOf(id); n != old+batch*batches {
		t.Errorf("the file has %d bytes, want the old ones and those appended", n)
	}
	if want := []int64{old + batch, old + 2*batch, old + 3*batch, old + 4*batch}; !slices.Equal(seen, want) {
		t.Errorf("it was seen to grow to %v, want %v", seen, want)
	}
	r := events(log)
	if n := r.CountsAt(len(r.Events)).Count(trace.DiskReadBytes).Value; n != sim.PageBytes {
		t.Errorf("%v bytes read from the disk, want the page that the file ended in", n)
	}
}

// An append that begins within a page whose other bytes are on the disk alone
// reads them first.
func TestAppendReadsThePageItBeginsIn(t *testing.T) {
	for _, row := range []struct{ size, cached, want int64 }{{10_000, 0, sim.PageBytes}, {10_000, 10_000, 0}, {8192, 0, 0}} {
		m, log := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 1})
		id := m.AddFile("log", row.size, row.cached)
		m.Go("producer", func(k *sim.Kernel) error {
			return appendAll(k, id, 3, 1000, func() error { return nil })
		})
		if err := m.Run(); err != nil {
			t.Fatal(err)
		}
		m.Idle()
		r := events(log)
		if n := r.CountsAt(len(r.Events)).Count(trace.DiskReadBytes).Value; int64(n) != row.want {
			t.Errorf("%d bytes of which %d are cached: %v read from the disk, want %d", row.size, row.cached, n, row.want)
		}
	}
}
