package log_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// FuzzDump: whatever a file has in it, its reader neither panics nor goes on
// for ever, and says where it went wrong inside the file.
func FuzzDump(f *testing.F) {
	good := append(batch(1000, "one", "two"), idempotent(1, 0, 0, 1001, "three")...)
	f.Add(good)
	f.Add(good[:70])
	f.Add([]byte{0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0x15, 0, 0, 0, 5})
	f.Add([]byte("0\n2\nt 0 12\nu 1 5\n"))
	f.Add([]byte("0\n2\n0 0\n3 12\n"))
	f.Add([]byte("version: 0\ntopic_id: AQAAAAAAAAAAAAAAAAAAAg"))
	f.Add(append([]byte{0, 1, 0x8d, 0xe2, 0x1f, 0x9a, 0, 0, 0, 1}, make([]byte, 46)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, size := bytes.NewReader(b), int64(len(b))
		inside := func(err error) {
			if at, ok := err.(*log.InvalidAt); ok && (at.Position < 0 || at.Position >= size) {
				t.Errorf("the position %d is not in the file of %d bytes: %v", at.Position, size, err)
			}
		}
		inside(log.DumpSegment(r, size, func(_ log.BatchInfo, records func(func(log.RecordInfo) error) error) error {
			return records(func(log.RecordInfo) error { return nil })
		}))
		inside(log.DumpOffsetIndex(r, size, 5, func(int64, log.OffsetEntry) error { return nil }))
		inside(log.DumpTimeIndex(r, size, 5, func(int64, log.TimeEntry) error { return nil }))
		log.ParseSnapshot(b)
		log.ParseEpochs(b)
		log.ParseOffsetCheckpoint(b)
		log.ParsePartitionMetadata(b)
	})
}

// FuzzRecovery: whatever stands in a partition's files, opening it neither
// panics nor fails, what it then has is readable without gaps, appending goes
// on, and after a clean stop it is the same.
func FuzzRecovery(f *testing.F) {
	disk := vfstest.NewDisk(1)
	d, p, err := openOn(disk, smallSegments(), time.Now)
	if err != nil {
		f.Fatal(err)
	}
	for i := range 8 {
		if _, err := p.Produce(idempotent(1, 0, int32(i), int64(i), "some value")); err != nil {
			f.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		f.Fatal(err)
	}
	read := func(name string) []byte {
		b, err := vfs.ReadFile(disk, "/t-0/"+name, 1<<20)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	segment, index, times, snapshot := read(log.SegmentName(0)), read("00000000000000000000.index"), read("00000000000000000000.timeindex"), read("00000000000000000008.snapshot")
	f.Add(segment, index, times, snapshot, true)
	f.Add(segment, index, times, snapshot, false)
	f.Add(segment[:len(segment)-5], index, times[:5], snapshot[:20], true)
	f.Add(append(bytes.Clone(segment), make([]byte, 500)...), make([]byte, 4096), make([]byte, 4096), snapshot, false)
	f.Add(segment, []byte{0, 0, 0, 2, 0, 0, 0, 7}, times, []byte{}, true)
	f.Fuzz(func(t *testing.T, segment, index, times, snapshot []byte, clean bool) {
		disk := vfstest.NewDisk(1)
		disk.MkdirAll("/t-0")
		for name, content := range map[string][]byte{
			log.SegmentName(0): segment, "00000000000000000000.index": index,
			"00000000000000000000.timeindex": times, "00000000000000000008.snapshot": snapshot,
		} {
			vfs.Write(disk, "/t-0/"+name, content)
		}
		if clean {
			vfs.Write(disk, "/.kafka_cleanshutdown", nil)
			vfs.Write(disk, "/recovery-point-offset-checkpoint", []byte("0\n1\nt 0 8\n"))
		}
		d, err := log.OpenDir(context.Background(), "/", log.DirOptions{FS: disk, Manual: true, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		p, r, err := d.Open(context.Background(), "t", log.ID{}, 0, smallSegments())
		if err != nil {
			t.Fatal(err)
		}
		for offset := range min(r.Next, 30) {
			if r, err := p.Read(offset, 1000, true); err == nil {
				r.Release()
			}
			p.AtTime(offset)
		}
		_, next := p.Offsets()
		if a, err := p.Produce(batch(0, "next")); err != nil || a.Base != next {
			t.Fatalf("the next batch got %+v (%v), want offset %d", a, err, next)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d, err = log.OpenDir(context.Background(), "/", log.DirOptions{FS: disk, Manual: true, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if _, again, err := d.Open(context.Background(), "t", log.ID{}, 0, smallSegments()); err != nil || again.Next != next+1 {
			t.Fatalf("opened again, the next offset is %d, want %d (%v)", again.Next, next+1, err)
		}
	})
}
