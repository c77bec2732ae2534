package log_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// A topic that is made again under its name has nothing of the checkpoints of
// the former one, when the broker dies before the next checkpoint, too.
func TestCheckpointsOfFormerTopic(t *testing.T) {
	for _, when := range []string{"in one run", "after a restart"} {
		t.Run(when, func(t *testing.T) {
			disk, now := vfstest.NewDisk(1), time.UnixMilli(1_700_000_000_000)
			clock := func() time.Time { return now }
			d, p, err := openOn(disk, log.Defaults(), clock)
			if err != nil {
				t.Fatal(err)
			}
			for range 10 {
				add(t, p, batch(0, "old"))
			}
			if _, err := p.DeleteRecords(8); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Minute)
			d.Tend() // the checkpoint of the first offset is written
			if err := d.Remove(p); err != nil {
				t.Fatal(err)
			}
			if when == "after a restart" {
				disk.Kill()
				if d, err = log.OpenDir(context.Background(), "/", log.DirOptions{FS: disk, Manual: true, Log: quiet(), Now: clock}); err != nil {
					t.Fatal(err)
				}
			}
			if p, _, err = d.Open(context.Background(), "t", log.ID{2}, 0, log.Defaults()); err != nil {
				t.Fatal(err)
			}
			add(t, p, batch(0, "new"))
			disk.Kill()
			if d, err = log.OpenDir(context.Background(), "/", log.DirOptions{FS: disk, Manual: true, Log: quiet(), Now: clock}); err != nil {
				t.Fatal(err)
			}
			if p, _, err = d.Open(context.Background(), "t", log.ID{2}, 0, log.Defaults()); err != nil {
				t.Fatal(err)
			}
			if low, next := p.Offsets(); low != 0 || next != 1 {
				t.Errorf("the new topic has the offsets %d to %d, want 0 to 1", low, next)
			}
		})
	}
}

// An append that could not even open its file wrote nothing, so there is
// nothing to cut off and no reason to end appending.
func TestNoDescriptorForAppend(t *testing.T) {
	disk := vfstest.NewDisk(1)
	d, p, err := openOn(disk, log.Defaults(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, batch(0, "kept"))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	// The first open is that of the start.
	_, p, err = openOn(vfstest.Inject(t, disk, "open .log#2: EMFILE\nopen .log#3: EMFILE"), log.Defaults(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := p.Produce(batch(0, "no")); !errors.Is(err, log.ErrStorage) || !errors.Is(err, syscall.EMFILE) {
			t.Errorf("without a descriptor: %v, want %v with EMFILE", err, log.ErrStorage)
		}
	}
	if base := add(t, p, batch(0, "next")); base != 1 {
		t.Errorf("with descriptors again the next record got offset %d, want 1", base)
	}
}

// A segment that finds no space when it is made keeps neither the space it got
// nor a descriptor.
func TestNoSpaceForNewSegment(t *testing.T) {
	if _, err := os.ReadDir("/proc/self/fd"); err != nil {
		t.Skip("this system does not list held := func() (n int) {: ", err)
	}
	root := t.TempDir()
	cfg := smallSegments()
	cfg.Preallocate = true
	open := func(script string) *log.Partition {
		t.Helper()
		d, err := log.OpenDir(context.Background(), root, log.DirOptions{FS: vfstest.Inject(t, vfs.OS, script), Manual: true, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		p, _, err := d.Open(context.Background(), "t", log.ID{}, 0, cfg)
		if p == nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		return p
	}
	held := func() (n int) {
		t.Helper()
		fds, err := filepath.Glob("/proc/self/fd/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range fds {
			if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, root) && strings.HasSuffix(to, "(deleted)") {
				n++
			}
		}
		return n
	}
	open("allocate .log#1: ENOSPC")
	if n := held(); n != 0 {
		t.Errorf("%d unlinked files of a partition that could not be made are open", n)
	}
	p := open("allocate .log#2: ENOSPC\nallocate .log#3: ENOSPC\nallocate .log#4: ENOSPC")
	add(t, p, batch(0, strings.Repeat("x", 900)))
	for range 3 {
		if _, err := p.Produce(batch(0, strings.Repeat("x", 900))); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("a roll without space gave %v", err)
		}
	}
	if n := held(); n != 0 {
		t.Errorf("%d unlinked files are open after rolls that failed", n)
	}
}

// No offset of a file makes the next one overflow, in what a clean stop left
// neither.
func TestLastOffsetOfAll(t *testing.T) {
	disk := vfstest.NewDisk(1)
	disk.MkdirAll("/t-0")
	b := batch(0, "a", "b")
	binary.BigEndian.PutUint64(b, math.MaxInt64-1)
	for name, content := range map[string][]byte{
		"/t-0/" + log.SegmentName(0): b, "/t-0/00000000000000000000.index": nil, "/t-0/00000000000000000000.timeindex": nil,
		"/.kafka_cleanshutdown": nil, "/recovery-point-offset-checkpoint": []byte("0\n1\nt 0 0\n"),
	} {
		if err := vfs.Write(disk, name, content); err != nil {
			t.Fatal(err)
		}
	}
	_, p, err := openOn(disk, log.Defaults(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, next := p.Offsets(); next != 0 {
		t.Errorf("the next offset is %d, want 0", next)
	}
}

// syncHook calls after each fsync of a file.
type syncHook struct {
	vfs.FS
	after *func(name string)
}

func (s syncHook) Open(name string, flag int) (vfs.File, error) {
	f, err := s.FS.Open(name, flag)
	if err != nil {
		return nil, err
	}
	return syncHookFile{f, s.after}, nil
}

type syncHookFile struct {
	vfs.File
	after *func(name string)
}

func (f syncHookFile) Sync() error {
	err := f.File.Sync()
	(*f.after)(f.Name())
	return err
}

// A segment whose indexes end while a flush is under way, behind that flush's
// fsync of them, is forced by the next one: the recovery point passes it then.
func TestRollDuringFlush(t *testing.T) {
	const times = "/t-0/00000000000000000000.timeindex"
	after := func(string) {}
	disk := vfstest.Inject(t, vfstest.NewDisk(1), "open .log#3: ENOSPC")
	d, p, err := openOn(syncHook{disk, &after}, smallSegments(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, batch(7, strings.Repeat("x", 800)))
	if _, err := p.Produce(batch(8, strings.Repeat("x", 900))); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("a roll without space gave %v", err)
	}
	add(t, p, batch(9, "y")) // still fits
	rolled := false
	after = func(name string) {
		if name == times && !rolled {
			rolled = true
			add(t, p, batch(10, strings.Repeat("x", 900)))
		}
	}
	if err := p.Flush(); err != nil || !rolled {
		t.Fatalf("the flush came by %s: %v (%v)", times, rolled, err)
	}
	forced := false
	after = func(name string) { forced = forced || name == times }
	d.Tend()
	if !forced {
		t.Error("the time index that ended behind the first fsync was not forced")
	}
}

// Where fewer descriptors are allowed than idle files may stay open, those that
// nobody uses make room.
func TestIdleFilesMakeRoom(t *testing.T) {
	// Two are opened when they are made, the third by the first append.
	d, p, err := openOn(vfstest.Inject(t, vfstest.NewDisk(1), "open .log#4: EMFILE"), log.Defaults(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	q, _, err := d.Open(context.Background(), "t", log.ID{1}, 1, log.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, batch(0, "first"))
	add(t, q, batch(0, "second"))
	add(t, p, batch(0, "third"))
}
