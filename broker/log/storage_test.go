package log_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// openIn opens partition t-0 in a directory until the test ends.
func openIn(t *testing.T, root string, cfg log.Config) (*log.Dir, *log.Partition, log.Recovery) {
	t.Helper()
	d, err := log.OpenDir(context.Background(), root, log.DirOptions{Manual: true, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	p, r, err := d.Open(context.Background(), "t", log.ID{}, 0, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d, p, r
}

func TestAppendRecordsAndReplay(t *testing.T) {
	root := t.TempDir()
	d, p, _ := openIn(t, root, smallSegments())
	now := time.UnixMilli(1_700_000_000_000)
	var want []log.Record
	for i := range 20 {
		records := []log.Record{
			{Key: []byte("key"), Value: []byte(strings.Repeat("v", i*20)), Timestamp: 5},
			{Key: []byte{}, Value: nil},
			{Key: nil, Value: []byte{}},
		}
		a, err := p.AppendRecords(records, now)
		if err != nil || a.Base != int64(len(want)) || a.Last != a.Base+2 {
			t.Fatalf("%+v %v", a, err)
		}
		want = append(want, records...)
	}
	check := func() {
		t.Helper()
		for _, from := range []int64{0, 1, 31, 59} {
			next := from
			err := p.Replay(context.Background(), from, func(offset int64, r log.Record) error {
				w := want[offset]
				if w.Timestamp == 0 {
					w.Timestamp = now.UnixMilli()
				}
				if offset != next || !bytes.Equal(r.Key, w.Key) || !bytes.Equal(r.Value, w.Value) ||
					(r.Key == nil) != (w.Key == nil) || (r.Value == nil) != (w.Value == nil) || r.Timestamp != w.Timestamp {
					return fmt.Errorf("offset %d: %+v, want %+v", offset, r, w)
				}
				next++
				return nil
			})
			if err != nil || next != int64(len(want)) {
				t.Fatalf("from %d: it ended at %d of %d (%v)", from, next, len(want), err)
			}
		}
	}
	check()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	_, p, _ = openIn(t, root, smallSegments())
	check()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Replay(ctx, 0, func(int64, log.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

// After a clean stop nothing is scanned, whatever the number of segments.
func TestCleanStopSkipsTheScan(t *testing.T) {
	root := t.TempDir()
	d, p, _ := openIn(t, root, smallSegments())
	for i := range 50 {
		add(t, p, batch(int64(i), strings.Repeat("x", 100)))
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	reads := 0
	d, err := log.OpenDir(context.Background(), root, log.DirOptions{Manual: true, Log: quiet(), Read: func(int) { reads++ }})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	p, r, err := d.Open(context.Background(), "t", log.ID{}, 0, smallSegments())
	if err != nil || r.Scanned || reads > 0 || r.Next != 50 {
		t.Errorf("%+v, %d reads (%v)", r, reads, err)
	}
	if got, err := valuesOf(p); err != nil || len(got) != 50 {
		t.Errorf("%d records are read (%v)", len(got), err)
	}
}

// After an unclean stop, what is below the recovery point is not read again.
func TestRecoveryBeginsAtThePoint(t *testing.T) {
	disk, now := vfstest.NewDisk(1), time.UnixMilli(1_700_000_000_000)
	d, p, err := openOn(disk, smallSegments(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		add(t, p, batch(int64(i), strings.Repeat("x", 100)))
	}
	now = now.Add(time.Minute)
	d.Tend() // the rolled segments are flushed, then the checkpoint is written
	disk.Kill()
	read := int64(0)
	d, err = log.OpenDir(context.Background(), "/", log.DirOptions{FS: disk, Manual: true, Log: quiet(), Read: func(n int) { read += int64(n) }})
	if err != nil {
		t.Fatal(err)
	}
	p, r, err := d.Open(context.Background(), "t", log.ID{1}, 0, smallSegments())
	if err != nil || !r.Scanned || r.Next != 50 {
		t.Fatalf("%+v %v", r, err)
	}
	if read == 0 || read > r.Bytes {
		t.Errorf("the recovery read %d bytes, the last segment has %d", read, r.Bytes)
	}
	if got, err := valuesOf(p); err != nil || len(got) != 50 {
		t.Errorf("%d records are read (%v)", len(got), err)
	}
}

// TestDamagedMiddle: a batch that goes bad below the recovery point, with good
// ones behind it, stays where it is. Reading it is an error, never a skip; the
// others are served, and appending goes on.
func TestDamagedMiddle(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(b []byte) // of the fourth batch of the segment
	}{
		{"a record's byte", func(b []byte) { b[70] ^= 1 }},
		{"the length", func(b []byte) { binary.BigEndian.PutUint32(b[8:], 1<<30) }},
		{"all of it", func(b []byte) { clear(b) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			cfg := log.Defaults()
			cfg.SegmentBytes = 2000
			d, p, _ := openIn(t, root, cfg)
			size := int64(len(batch(0, strings.Repeat("x", 100))))
			for i := range 30 {
				add(t, p, batch(int64(i), strings.Repeat("x", 100)))
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			os.Remove(filepath.Join(root, ".kafka_cleanshutdown"))
			os.WriteFile(filepath.Join(root, "recovery-point-offset-checkpoint"), []byte("0\n1\nt 0 8\n"), 0o644)
			path := filepath.Join(root, "t-0", log.SegmentName(0))
			b := readFile(t, path)
			c.change(b[3*size : 4*size])
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			_, p, r := openIn(t, root, cfg)
			if r.Damaged != 1 || r.Cut != 0 || r.Next != 30 {
				t.Fatalf("recovery: %+v", r)
			}
			if !bytes.Equal(readFile(t, path), b) {
				t.Error("the segment was changed")
			}
			for offset := range int64(30) {
				r, err := p.Read(offset, 1<<20, true)
				if err != nil && strings.Contains(err.Error(), "%!") {
					t.Errorf("offset %d: a message that is not one: %v", offset, err)
				}
				if offset == 3 {
					if !errors.Is(err, log.ErrCorrupt) {
						t.Errorf("the damaged offset 3 gave %d bytes, %v", r.Bytes, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("offset %d: %v", offset, err)
				}
				if err == nil && offset < 3 && r.Bytes != (3-offset)*size {
					t.Errorf("offset %d: %d bytes, want those up to the damage", offset, r.Bytes)
				}
				r.Release()
			}
			if base := add(t, p, batch(0, "next")); base != 30 {
				t.Errorf("the next record got offset %d", base)
			}
		})
	}
}

// TestLeaderEpochs: a directory that a Kafka with several leaders wrote keeps
// its epochs, and goes on in the last one.
func TestLeaderEpochs(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "t-0")
	os.MkdirAll(dir, 0o755)
	var content []byte
	for i, epoch := range []uint32{2, 2, 5, 9} {
		b := batch(int64(i), "a", "b")
		binary.BigEndian.PutUint64(b, uint64(i*2))
		binary.BigEndian.PutUint32(b[12:], epoch)
		content = append(content, b...)
	}
	if err := os.WriteFile(filepath.Join(dir, log.SegmentName(0)), content, 0o644); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "00000000000000000000.index"), make([]byte, 10<<20), 0o644)
	os.WriteFile(filepath.Join(dir, "00000000000000000000.timeindex"), make([]byte, 10485756), 0o644)
	os.WriteFile(filepath.Join(dir, "a file of another kind"), []byte("x"), 0o644)
	os.WriteFile(filepath.Join(dir, "00000000000000000009.log.deleted"), []byte("x"), 0o644)
	check := func(p *log.Partition) {
		t.Helper()
		for _, c := range []struct {
			epoch, found int32
			end          int64
		}{{0, 0, 0}, {2, 2, 4}, {3, 2, 4}, {5, 5, 6}, {8, 5, 6}, {9, 9, 8}, {10, -1, -1}, {-1, -1, -1}} {
			if found, end := p.EpochEnd(c.epoch); found != c.found || end != c.end {
				t.Errorf("epoch %d ends at %d of epoch %d, want %d of %d", c.epoch, end, found, c.end, c.found)
			}
		}
		if p.Epoch() != 9 {
			t.Errorf("the epoch is %d, want 9", p.Epoch())
		}
	}
	os.WriteFile(filepath.Join(root, ".kafka_cleanshutdown"), nil, 0o644) // ours, not that partition's
	d, p, r := openIn(t, root, log.Defaults())
	if r.Next != 8 || r.Cut != 0 {
		t.Fatalf("recovery: %+v", r)
	}
	check(p)
	if got := string(readFile(t, filepath.Join(dir, "leader-epoch-checkpoint"))); got != "0\n3\n2 0\n5 4\n9 6\n" {
		t.Errorf("the checkpoint is %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "00000000000000000009.log.deleted")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a deleted segment is still there")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	_, p, _ = openIn(t, root, log.Defaults())
	check(p)
	add(t, p, batch(0, "next"))
	region, err := p.Read(8, 1000, true)
	if err != nil {
		t.Fatal(err)
	}
	if epoch := binary.BigEndian.Uint32(bytesOf(t, region)[12:]); epoch != 9 {
		t.Errorf("the next batch has epoch %d, want 9", epoch)
	}
}

// Appends, reads, retention, configs and removal at the same time, with fewer
// files than are used.
func TestConcurrently(t *testing.T) {
	root := t.TempDir()
	d, err := log.OpenDir(context.Background(), root, log.DirOptions{Manual: true, Log: quiet(), OpenFiles: 4, RetentionCheck: time.Nanosecond, Checkpoint: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	cfg := smallSegments()
	cfg.RetentionBytes = 5000
	const partitions, appends = 3, 300
	var work sync.WaitGroup
	for n := range int32(partitions) {
		p, _, err := d.Open(context.Background(), "t", log.ID{}, n, cfg)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		work.Go(func() {
			defer close(done)
			var writers sync.WaitGroup
			for w := range 2 {
				writers.Go(func() {
					for i := range appends {
						if _, err := p.Produce(batch(time.Now().UnixMilli(), fmt.Sprint(w, i, strings.Repeat("x", i%90)))); err != nil {
							t.Error(err)
						}
					}
				})
			}
			writers.Wait()
		})
		until := func(do func(i int)) {
			work.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-done:
						return
					default:
						do(i)
					}
				}
			})
		}
		until(func(i int) {
			low, _ := p.Offsets()
			r, err := p.Read(low, 4000, true)
			if err != nil {
				if !errors.Is(err, log.ErrOffset) { // retention was faster
					t.Error(err)
				}
				return
			}
			if b := make([]byte, r.Bytes); r.Bytes > 0 {
				if _, err := r.ReadAt(b, 0); err != nil || int64(binary.BigEndian.Uint64(b)) > low {
					t.Errorf("offset %d: %v", low, err)
				}
			}
			r.Release()
			if _, _, err := p.AtTime(int64(i)); err != nil {
				t.Error(err)
			}
		})
		until(func(i int) {
			next := cfg
			next.Mapped, next.FlushMessages = i%2 == 0 && vfs.Mappable, int64(1+i%3)
			p.Configure(next)
			d.Tend()
			p.Segments()
			p.EpochEnd(0)
		})
	}
	work.Wait()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// Of the files of many partitions, no more are open than the limit says.
func TestOpenFilesAreBounded(t *testing.T) {
	count := func() int {
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("this system does not list open files: ", err)
		}
		return len(fds)
	}
	d, err := log.OpenDir(context.Background(), t.TempDir(), log.DirOptions{Manual: true, Log: quiet(), OpenFiles: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	before := count()
	var all []*log.Partition
	for n := range int32(100) {
		p, _, err := d.Open(context.Background(), "t", log.ID{}, n, smallSegments())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
		for range 20 {
			add(t, p, batch(0, strings.Repeat("x", 100)))
		}
	}
	for _, p := range all {
		if got, err := valuesOf(p); err != nil || len(got) != 20 {
			t.Fatalf("%d records are read (%v)", len(got), err)
		}
	}
	if more := count() - before; more > 15 {
		t.Errorf("%d more files are open, the limit is 10", more)
	}
}

// Those who wait for the disk at the same time share its writes.
func TestGroupCommit(t *testing.T) {
	disk := vfstest.Inject(t, vfstest.NewDisk(1), "")
	cfg := log.Defaults()
	cfg.FlushMessages = 1
	_, p, err := openOn(slowSync{disk}, cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 16, 10
	var work sync.WaitGroup
	for range writers {
		work.Go(func() {
			for range each {
				a, err := p.Produce(batch(0, "x"))
				if _, next := p.Offsets(); err != nil || next <= a.Last {
					t.Errorf("offset %d was acknowledged, readers see up to %d (%v)", a.Last, next, err)
				}
			}
		})
	}
	work.Wait()
	if n := disk.Made()["sync .log"]; n >= writers*each/2 {
		t.Errorf("%d fsyncs for %d appends of %d writers", n, writers*each, writers)
	}
}

// slowSync takes a while for an fsync, as disks do.
type slowSync struct{ vfs.FS }

func (s slowSync) Open(name string, flag int) (vfs.File, error) {
	f, err := s.FS.Open(name, flag)
	return slowFile{f}, err
}

type slowFile struct{ vfs.File }

func (f slowFile) Sync() error {
	time.Sleep(time.Millisecond)
	return f.File.Sync()
}

// TestMapped: a segment that was written through a mapping is the same file in
// the end, and after a crash its zeros are cut off.
func TestMapped(t *testing.T) {
	if !vfs.Mappable {
		t.Skip("this system has no mappings for the log")
	}
	write := func(mapped bool) (root string, d *log.Dir, p *log.Partition) {
		root = t.TempDir()
		cfg := smallSegments()
		cfg.SegmentBytes, cfg.Mapped = 300000, mapped
		d, p, _ = openIn(t, root, cfg)
		for i := range 3000 {
			add(t, p, batch(int64(i), strings.Repeat("x", i%400)))
		}
		return root, d, p
	}
	contents := func(root string) (all []string) {
		files, err := filepath.Glob(filepath.Join(root, "t-0", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			all = append(all, filepath.Base(f)+string(readFile(t, f)))
		}
		return all
	}
	plainRoot, plain, _ := write(false)
	mappedRoot, mapped, p := write(true)
	if got, err := valuesOf(p); err != nil || len(got) != 3000 {
		t.Fatalf("%d records are read (%v)", len(got), err)
	}
	if err := errors.Join(plain.Close(), mapped.Close()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(contents(plainRoot), contents(mappedRoot)) {
		t.Error("the files differ")
	}
	crashed, _, _ := write(true)
	_, p, r := openIn(t, crashed, smallSegments())
	if got, err := valuesOf(p); err != nil || len(got) != 3000 || r.Cut == 0 {
		t.Errorf("after a crash %d records are read (%v), %d bytes were cut", len(got), err, r.Cut)
	}
}
