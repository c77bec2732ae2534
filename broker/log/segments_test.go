package log_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// segmented is a directory in memory, with a partition of so many segments of a
// record each; the one at offset i has the time i, in ms.
func segmented(t testing.TB, n int) (*vfstest.Disk, *log.Dir, *log.Partition) {
	t.Helper()
	disk := vfstest.NewDisk(1)
	if err := disk.MkdirAll("/logs"); err != nil {
		t.Fatal(err)
	}
	d, p := openSegmented(t, disk)
	for i := range n {
		if _, err := p.Produce(batch(int64(i), "a record")); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(p.Segments()); got != n {
		t.Fatalf("%d segments, want %d", got, n)
	}
	return disk, d, p
}

func openSegmented(t testing.TB, disk vfs.FS) (*log.Dir, *log.Partition) {
	t.Helper()
	d, err := log.OpenDir(context.Background(), "/logs", log.DirOptions{FS: disk, Log: quiet(), Manual: true})
	if err != nil {
		t.Fatal(err)
	}
	cfg := log.Defaults()
	cfg.SegmentBytes, cfg.RetentionAge = 100, -1 // a batch of one record is 76 bytes
	p, _, err := d.Open(context.Background(), "t", log.ID{1}, 0, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d, p
}

// What a look for a time takes of the memory does not grow with the segments
// behind the one that it finds.
func TestALookForATimeTakesNoMemoryForEachSegment(t *testing.T) {
	allocated := func(segments int) float64 {
		_, d, p := segmented(t, segments)
		defer d.Close()
		return testing.AllocsPerRun(20, func() {
			if at, ok, err := p.AtTime(3); err != nil || !ok || at.Offset != 3 {
				t.Errorf("the first record at 3 ms is %v, %v, %v; want offset 3", at, ok, err)
			}
		})
	}
	if few, many := allocated(10), allocated(1000); many > few {
		t.Errorf("of 10 segments a look allocates %v times, of 1,000 segments %v times", few, many)
	}
}

// opens counts the files that are opened.
type opens struct {
	vfs.FS
	n int
}

func (o *opens) Open(name string, flag int) (vfs.File, error) {
	o.n++
	return o.FS.Open(name, flag)
}

// A fetch whose answer is full asks the other partitions for nothing, which may be
// thousands: that opens no file, and still says that an offset is not there.
func TestAReadOfNothingOpensNoFile(t *testing.T) {
	disk, d, _ := segmented(t, 3)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	counting := &opens{FS: disk}
	d, p := openSegmented(t, counting)
	defer d.Close()
	counting.n = 0
	if r, err := p.Read(1, 0, false); err != nil || r.Bytes != 0 || counting.n != 0 {
		t.Errorf("nothing is read: %d bytes, %d files opened, %v", r.Bytes, counting.n, err)
	}
	if _, err := p.Read(9, 0, false); !errors.Is(err, log.ErrOffset) {
		t.Errorf("an offset that is not there: %v, want %v", err, log.ErrOffset)
	}
	r, err := p.Read(1, 0, true)
	defer r.Release()
	if err != nil || r.Bytes == 0 || counting.n == 0 {
		t.Errorf("a whole batch: %d bytes, %d files opened, %v", r.Bytes, counting.n, err)
	}
}

// BenchmarkAtTime looks for the time of the oldest record.
func BenchmarkAtTime(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			_, d, p := segmented(b, n)
			defer d.Close()
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, err := p.AtTime(0); err != nil || !ok {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

// BenchmarkOpenSegments opens one partition of so many segments after a clean
// stop.
func BenchmarkOpenSegments(b *testing.B) {
	for _, n := range []int{1000, 5000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			disk, d, _ := segmented(b, n)
			for b.Loop() {
				if err := d.Close(); err != nil {
					b.Fatal(err)
				}
				d, _ = openSegmented(b, disk)
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(n)*1e6, "µs/segment")
			d.Close()
		})
	}
}
