package log_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
)

// nowhere is a file system whose segments take writes and keep nothing, so
// that a benchmark leaves the write(2) out.
type nowhere struct{ vfs.FS }

func (n nowhere) Open(name string, flag int) (vfs.File, error) {
	f, err := n.FS.Open(name, flag)
	if err != nil {
		return nil, err
	}
	return nowhereFile{f}, nil
}

type nowhereFile struct{ vfs.File }

func (nowhereFile) WriteAt(b []byte, at int64) (int, error) { return len(b), nil }

func benchBatch() (b []byte, records int) {
	values := make([]string, 0, 600)
	for size := 61; size < 64<<10; size += 110 {
		values = append(values, fmt.Sprintf("%0100d", len(values)))
	}
	return batch(time.Now().UnixMilli(), values...), len(values)
}

// BenchmarkAppend appends 64 KiB batches of 100-byte records.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		name   string
		fs     vfs.FS
		mapped bool
	}{{"no write", nowhere{vfs.OS}, false}, {"write", vfs.OS, false}, {"mmap", vfs.OS, true}} {
		b.Run(c.name, func(b *testing.B) {
			cfg := log.Defaults()
			cfg.Mapped, cfg.RetentionBytes, cfg.SegmentBytes, cfg.FileDelay = c.mapped, 1<<30, 256<<20, 0
			d, err := log.OpenDir(context.Background(), b.TempDir(), log.DirOptions{FS: c.fs, Log: quiet(), RetentionCheck: time.Second})
			if err != nil {
				b.Fatal(err)
			}
			p, _, err := d.Open(context.Background(), "t", log.ID{1}, 0, cfg)
			if err != nil {
				b.Fatal(err)
			}
			sent, records := benchBatch()
			set := bytes.Clone(sent)
			b.SetBytes(int64(len(set)))
			b.ReportAllocs()
			for b.Loop() {
				copy(set, sent[:61]) // what the broker wrote into the last one
				if _, err := p.Produce(set); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(records)/b.Elapsed().Seconds(), "records/s")
			b.StopTimer()
			d.Remove(p)
			d.Close()
		})
	}
}

// BenchmarkRead finds regions: at the end, where readers keep up, and anywhere.
func BenchmarkRead(b *testing.B) {
	d, err := log.OpenDir(context.Background(), b.TempDir(), log.DirOptions{Log: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	p, _, err := d.Open(context.Background(), "t", log.ID{1}, 0, log.Defaults())
	if err != nil {
		b.Fatal(err)
	}
	for i := range 20000 {
		if _, err := p.Produce(batch(int64(i), "a record", "another one")); err != nil {
			b.Fatal(err)
		}
	}
	_, next := p.Offsets()
	for _, c := range []struct {
		name string
		at   func(i int) int64
	}{{"tail", func(i int) int64 { return next - 2 }}, {"anywhere", func(i int) int64 { return int64(i) * 7919 % next }}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r, err := p.Read(c.at(i), 1<<20, true)
				if err != nil || r.Bytes == 0 {
					b.Fatal(r.Bytes, err)
				}
				r.Release()
			}
		})
	}
}

// BenchmarkOpen8000 opens 8,000 partitions after a clean stop, each with a few
// batches, and tells the memory and the descriptors that they need.
func BenchmarkOpen8000(b *testing.B) {
	const n = 8000
	path := b.TempDir()
	open := func() (*log.Dir, []*log.Partition) {
		d, err := log.OpenDir(context.Background(), path, log.DirOptions{Log: quiet()})
		if err != nil {
			b.Fatal(err)
		}
		all := make([]*log.Partition, n)
		for i := range n {
			if all[i], _, err = d.Open(context.Background(), fmt.Sprintf("topic-%d", i/8), log.ID{1}, int32(i%8), log.Defaults()); err != nil {
				b.Fatal(err)
			}
		}
		return d, all
	}
	d, all := open()
	for _, p := range all {
		for range 3 {
			if _, err := p.Produce(batch(time.Now().UnixMilli(), "a record")); err != nil {
				b.Fatal(err)
			}
		}
	}
	began := time.Now()
	if err := d.Close(); err != nil {
		b.Fatal(err)
	}
	b.Logf("closing took %v", time.Since(began))
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		d, all := open()
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "bytes/partition")
		if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
			b.ReportMetric(float64(len(fds)), "descriptors")
		}
		runtime.KeepAlive(all)
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
