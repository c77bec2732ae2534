package sim_test

import (
	"testing"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// appending runs a program that writes on a machine with an empty second file.
func appending(t *testing.T, c sim.Config, body func(k *sim.Kernel, log sim.FileID) error) *trace.Run {
	t.Helper()
	c.Model, c.Net, c.DMA, c.SG, c.FileBytes = sim.Linux, sim.NIC, true, true, 1
	m, log := build(t, c)
	id := m.AddFile("log", 0, 0)
	m.Go("producer", func(k *sim.Kernel) error { return body(k, id) })
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	if err := m.Finish(); err != nil {
		t.Fatal(err)
	}
	return events(log)
}

// written is how many bytes went to the disk.
func written(r *trace.Run) (n int64) {
	for _, e := range r.Events {
		if e.Kind == trace.DMA && e.To == trace.DiskPlace {
			n += e.Bytes
		}
	}
	return n
}

func appendAll(k *sim.Kernel, id sim.FileID, pieces, bytes int, after func() error) error {
	fd := k.OpenFile(id)
	buf, err := k.Alloc(bytes)
	if err != nil {
		return err
	}
	for range pieces {
		if _, err := k.Append("append", fd, buf); err != nil {
			return err
		}
		if err := after(); err != nil {
			return err
		}
	}
	return nil
}

// An append is one copy into the page cache; nothing goes to the disk.
func TestAppendDirtiesThePageCache(t *testing.T) {
	r := appending(t, sim.Config{}, func(k *sim.Kernel, id sim.FileID) error {
		return appendAll(k, id, 16, 64<<10, func() error { return nil })
	})
	c := r.CountsAt(len(r.Events))
	if n := c.Count(trace.CPUCopiedBytes).Value; n != 1<<20 {
		t.Errorf("%v bytes copied, want each once", n)
	}
	if n := written(r); n != 0 {
		t.Errorf("%d bytes on the disk at once", n)
	}
}

// With fdatasync after each append everything is on the disk, and the program
// waited for it each time.
func TestFsyncWaitsForTheDisk(t *testing.T) {
	r := appending(t, sim.Config{}, func(k *sim.Kernel, id sim.FileID) error {
		fd := k.OpenFile(id)
		return appendAll(k, id, 8, 64<<10, func() error { return k.Fsync("fsync", fd) })
	})
	waits := 0
	for _, e := range r.Events {
		if e.Kind == trace.Wait && e.Detail == "flush" {
			waits++
		}
	}
	if n := written(r); n != 8*64<<10 || waits < 8 {
		t.Errorf("%d bytes on the disk, %d waits; want all, and one for each flush at least", n, waits)
	}
}

// Dirty pages go to the disk by their age, not at once and not by idleness: 30 s
// old at one of the flusher's rounds, each 5 s.
func TestWriteBackByAge(t *testing.T) {
	for _, row := range []struct {
		seconds trace.Ns
		want    int64
	}{{29, 0}, {36, 1 << 20}} {
		r := appending(t, sim.Config{}, func(k *sim.Kernel, id sim.FileID) error {
			if err := appendAll(k, id, 16, 64<<10, func() error { return nil }); err != nil {
				return err
			}
			return k.Sleep("sleep", row.seconds*1e9)
		})
		if n := written(r); n != row.want {
			t.Errorf("after %d s %d bytes are on the disk, want %d", row.seconds, n, row.want)
		}
	}
}

// Above the background threshold the flusher writes beside the program; above
// the other one the program must wait for it.
func TestWriteBackByThresholds(t *testing.T) {
	c := sim.Config{Settings: sim.DefaultSettings()}
	c.Settings.DirtyBackgroundBytes, c.Settings.DirtyBytes = 4<<20, 8<<20
	c.Profile, _ = sim.LookupProfile("hdd-1g") // slower than the program
	r := appending(t, c, func(k *sim.Kernel, id sim.FileID) error {
		return appendAll(k, id, 512, 64<<10, func() error { return nil })
	})
	throttled := false
	for _, e := range r.Events {
		throttled = throttled || e.Kind == trace.Wait && e.Detail == "throttle" && e.Dur > 0
	}
	if n := written(r); n < 20<<20 || !throttled {
		t.Errorf("%d of 32 MiB on the disk, throttled %v; want most of it, and a program that waited", n, throttled)
	}
}

// A store into a mapping is a copy without a syscall, with a fault for each page
// that was clean; msync takes it to the disk.
func TestAppendByMapping(t *testing.T) {
	r := appending(t, sim.Config{}, func(k *sim.Kernel, id sim.FileID) error {
		fd := k.OpenFile(id)
		mem, err := k.MmapShared("mmap", fd, 0, 1<<20)
		if err != nil {
			return err
		}
		for i := range 16 {
			if err := k.Store("store", mem.Slice(i<<16, 64<<10)); err != nil {
				return err
			}
		}
		return k.Msync("msync", mem)
	})
	c := r.CountsAt(len(r.Events))
	if copies, faults, calls := c.Count(trace.CPUCopiedBytes).Value, c.Count(trace.PageFaults).Value, c.SyscallsByName()["write"]; copies != 1<<20 || faults != 256 || calls != 0 {
		t.Errorf("%v bytes copied, %v faults, %v writes; want each byte once, a fault for each page and no write", copies, faults, calls)
	}
	if n := written(r); n != 1<<20 {
		t.Errorf("%d bytes on the disk after msync", n)
	}
}
