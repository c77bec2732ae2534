package log_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// TestFetchWhileCleaning: a region of before stays readable, and readers that
// come meanwhile get what they would without a cleaning.
func TestFetchWhileCleaning(t *testing.T) {
	root := t.TempDir()
	c := newCompacting(vfs.OS, 9)
	d, err := log.OpenDir(context.Background(), root, log.DirOptions{Manual: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), OpenFiles: 2, Now: func() time.Time { return time.UnixMilli(1_800_000_000_000) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	c.dir = d
	if c.part, _, err = d.Open(context.Background(), "t", log.ID{}, 0, c.cfg); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		if err := c.append(); err != nil {
			t.Fatal(err)
		}
	}
	d.Tend()
	r, err := c.part.Read(0, 1<<20, true)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	before := bytesOf(t, r)
	stop, done := make(chan struct{}), make(chan error, 2)
	for range 2 {
		go func() {
			for {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				last := int64(-1)
				err := c.part.Replay(context.Background(), 0, func(offset int64, r log.Record) error {
					if was := c.all[offset]; offset < c.next && (offset <= last || was.key != string(r.Key) || !bytes.Equal(was.value, r.Value)) {
						return fmt.Errorf("offset %d after %d is %q=%q, want %+v", offset, last, r.Key, r.Value, was)
					}
					last = offset
					return nil
				})
				if err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for i := range 20 {
		for range 8 {
			add(t, c.part, keyedBatch("lz4", int64(i), keyed{fmt.Sprint("key", i), bytes.Repeat([]byte("x"), 300)}))
		}
		d.Tend()
		d.Clean()
	}
	close(stop)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if d.CleanerStats().Runs == 0 {
		t.Error("nothing was cleaned")
	}
	if !bytes.Equal(before, bytesOf(t, r)) {
		t.Error("a region that was being sent changed")
	}
}

// mapHook calls on once, when an offset index is mapped.
type mapHook struct {
	vfs.FS
	on func()
}

func (m *mapHook) Open(name string, flag int) (vfs.File, error) {
	f, err := m.FS.Open(name, flag)
	if err == nil && strings.HasSuffix(name, ".index") {
		f = mapHookFile{f, m}
	}
	return f, err
}

type mapHookFile struct {
	vfs.File
	hook *mapHook
}

func (f mapHookFile) Map(position, size int64) ([]byte, error) {
	if on := f.hook.on; on != nil {
		f.hook.on = nil
		on()
	}
	return f.File.Map(position, size)
}

// A reader that has looked at a segment's index and not yet opened its batches
// when the segment is replaced does not open the new one's in their place.
func TestCleaningBetweenIndexAndBatches(t *testing.T) {
	hook := &mapHook{FS: vfstest.NewDisk(1)}
	c := newCompacting(hook, 4)
	c.openFiles = 1
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	for range 60 {
		if err := c.append(); err != nil {
			t.Fatal(err)
		}
	}
	c.dir.Tend()
	hook.on = c.dir.Clean
	for at := int64(0); at < c.next; at++ {
		r, err := c.part.Read(at, 1, true)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, r.Bytes)
		if _, err := r.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		r.Release()
		if base := int64(binary.BigEndian.Uint64(b)); base+int64(binary.BigEndian.Uint32(b[23:])) < at {
			t.Fatalf("read at %d gave the batch at %d", at, base)
		}
		if sum := crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)); sum != binary.BigEndian.Uint32(b[17:]) {
			t.Fatalf("read at %d gave no batch: its checksum is wrong", at)
		}
	}
	if c.dir.CleanerStats().Runs == 0 {
		t.Fatal("nothing was cleaned")
	}
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
}
