package sim_test

import (
	"fmt"
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// counted is the units of a kind of event.
func counted(r *trace.Run, kind trace.Kind) (n int64) {
	for _, e := range r.Events {
		if e.Kind == kind {
			n += e.Units()
		}
	}
	return n
}

// A file larger than the page cache passes through it: what comes in drives out
// what came first, and reading it again finds nothing of its begin.
func TestALargeFileEvictsItself(t *testing.T) {
	c := sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 16 << 20, MemoryBytes: 4 << 20}
	m, log := build(t, c)
	for range 2 {
		m.Go("consumer", func(k *sim.Kernel) error {
			_, err := mustLookup("sendfile").Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Bytes: c.FileBytes, Chunk: 64 << 10})
			return err
		})
		if err := m.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Finish(); err != nil {
		t.Fatal(err)
	}
	r := events(log)
	const pages = 16 << 20 / sim.PageBytes
	read := r.CountsAt(len(r.Events)).Count(trace.DiskReadBytes).Value
	if evicted := counted(r, trace.Evict); evicted != 2*pages-4<<20/sim.PageBytes || read != 32<<20 {
		t.Errorf("%d pages evicted and %v bytes read, want all but what the cache holds, and the file twice", evicted, read)
	}
}

// Consumers that follow each other closely share one read of the disk; one that
// lags by more than the page cache holds reads it again.
func TestConsumersShareThePageCache(t *testing.T) {
	for _, row := range []struct {
		memory int64
		reads  float64 // of the file, at least
	}{{64 << 20, 1}, {4 << 20, 1.9}} {
		c := sim.Config{Model: sim.Linux, Net: sim.NIC, CPUs: 2, DMA: true, SG: true, FileBytes: 32 << 20, MemoryBytes: row.memory}
		c.Profile, _ = sim.LookupProfile("nvme-100g")
		m, log := build(t, c)
		for i := range 3 {
			m.Go(fmt.Sprint("consumer ", i), func(k *sim.Kernel) error {
				if i == 2 { // it comes when the others are through
					if err := k.Sleep("sleep", 1e9); err != nil {
						return err
					}
				}
				_, err := mustLookup("sendfile").Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Bytes: c.FileBytes, Chunk: 64 << 10})
				return err
			})
		}
		if err := m.Run(); err != nil {
			t.Fatal(err)
		}
		r := events(log)
		if read := r.CountsAt(len(r.Events)).Count(trace.DiskReadBytes).Value / float64(c.FileBytes); read < row.reads || row.reads == 1 && read > 1 {
			t.Errorf("with %d MiB of page cache the file was read %v times, want %v, or a little more", row.memory>>20, read, row.reads)
		}
	}
}

// A page that is evicted is no longer mapped: it takes a fault again.
func TestEvictionUnmaps(t *testing.T) {
	c := sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 16 << 20, MemoryBytes: 4 << 20}
	m, log := build(t, c)
	m.Go("reader", func(k *sim.Kernel) error {
		mem, err := k.Mmap("mmap", k.File(), 0, 16<<20)
		if err != nil {
			return err
		}
		for range 2 {
			if err := k.Touch("touch", mem); err != nil {
				return err
			}
		}
		return nil
	})
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	r := events(log)
	if read := r.CountsAt(len(r.Events)).Count(trace.DiskReadBytes).Value; read < 28<<20 {
		t.Errorf("%v bytes read for two passes over 16 MiB through 4 MiB of page cache", read)
	}
}
