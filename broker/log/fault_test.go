package log_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// openOn opens a partition on a file system, with nothing that happens by
// itself.
func openOn(fs vfs.FS, cfg log.Config, now func() time.Time) (*log.Dir, *log.Partition, error) {
	d, err := log.OpenDir(context.Background(), "/", log.DirOptions{FS: fs, Manual: true, Log: quiet(), Now: now})
	if err != nil {
		return nil, nil, err
	}
	p, _, err := d.Open(context.Background(), "t", log.ID{1}, 0, cfg)
	return d, p, err
}

func smallSegments() log.Config {
	cfg := log.Defaults()
	cfg.SegmentBytes, cfg.IndexIntervalBytes, cfg.FileDelay = 1000, 100, 0
	return cfg
}

// valuesOf are the values of all records, which must have offsets without gaps.
func valuesOf(p *log.Partition) (all []string, err error) {
	next, _ := p.Offsets()
	err = p.Replay(context.Background(), 0, func(offset int64, r log.Record) error {
		if offset != next {
			return fmt.Errorf("offset %d where %d should be", offset, next)
		}
		next++
		all = append(all, string(r.Value))
		return nil
	})
	return all, err
}

// TestFaultAtEveryCall makes each call that a run makes fail once. Whatever
// fails: what was acknowledged is there and is read, nothing else is, and a
// restart without faults goes on from there.
func TestFaultAtEveryCall(t *testing.T) {
	run := func(t *testing.T, fs vfs.FS, flush int64) (acked []string) {
		cfg := smallSegments()
		cfg.FlushMessages = flush
		d, p, err := openOn(fs, cfg, time.Now)
		if err != nil {
			return nil
		}
		for i := range 30 {
			value := fmt.Sprint(i, strings.Repeat("x", i*5))
			_, err := p.Produce(batch(int64(1000+i), value))
			if err == nil {
				acked = append(acked, value)
			} else if !errors.Is(err, log.ErrStorage) {
				t.Errorf("the error is %v, want %v", err, log.ErrStorage)
			}
			got, err := valuesOf(p)
			if errors.Is(err, log.ErrStorage) {
				got, err = valuesOf(p) // that read met the fault
			}
			if p.Failed() == nil && (err != nil || !slices.Equal(got, acked)) {
				t.Fatalf("after record %d: %d are read of %d (%v)", i, len(got), len(acked), err)
			}
		}
		d.Close()
		return acked
	}
	for _, flush := range []int64{1, 1 << 40} {
		counted := vfstest.Inject(t, vfstest.NewDisk(1), "")
		run(t, counted, flush)
		made := counted.Made()
		for _, call := range slices.Sorted(maps.Keys(made)) {
			if strings.Contains(call, " ") || call == "read" { // reads are of the checks
				continue
			}
			for n := 1; n <= made[call]; n++ {
				faults := []string{"EIO"}
				if call == "write" || call == "allocate" {
					faults = []string{"ENOSPC", "EINTR"}
				}
				if call == "write" {
					faults = append(faults, "short 50 ENOSPC")
				}
				for _, f := range faults {
					script := fmt.Sprintf("%s#%d: %s", call, n, f)
					t.Run(fmt.Sprintf("flush %d/%s", flush, script), func(t *testing.T) {
						disk := vfstest.NewDisk(1)
						acked := run(t, vfstest.Inject(t, disk, script), flush)
						d, p, err := openOn(disk, smallSegments(), time.Now)
						if err != nil {
							t.Fatal(err)
						}
						got, err := valuesOf(p)
						if err != nil || len(got) < len(acked) || !isSubset(acked, got) {
							t.Fatalf("after a restart %d records are read, %d were acknowledged (%v)", len(got), len(acked), err)
						}
						if a, err := p.Produce(batch(0, "more")); err != nil || a.Base != int64(len(got)) {
							t.Fatalf("the next batch: %+v %v", a, err)
						}
						if err := d.Close(); err != nil {
							t.Fatal(err)
						}
					})
				}
			}
		}
	}
}

// isSubset says whether some are in all, in the same order.
func isSubset(some, all []string) bool {
	for _, s := range all {
		if len(some) > 0 && some[0] == s {
			some = some[1:]
		}
	}
	return len(some) == 0
}

// A full disk fails appends and nothing else, however long it lasts; with
// space, appending goes on with the next offset.
func TestFullDisk(t *testing.T) {
	for _, script := range []string{"write .log#*: ENOSPC", "write .log#*: short 30 ENOSPC", "allocate#*: ENOSPC", "open .log#3: ENOSPC\nopen .log#4: ENOSPC"} {
		for _, mapped := range []bool{false, true} {
			if mapped && strings.HasPrefix(script, "write") {
				continue
			}
			t.Run(fmt.Sprint(script, mapped), func(t *testing.T) {
				disk := vfstest.NewDisk(1)
				cfg := smallSegments()
				_, p, err := openOn(disk, cfg, time.Now)
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				for i := range 5 {
					add(t, p, batch(int64(i), fmt.Sprint(i, strings.Repeat("x", 40))))
					want = append(want, fmt.Sprint(i, strings.Repeat("x", 40)))
				}
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
				cfg.Mapped = mapped
				full := vfstest.Inject(t, disk, script)
				_, p, err = openOn(full, cfg, time.Now)
				if err != nil {
					t.Fatal(err)
				}
				failed := 0
				for i := range 12 {
					value := fmt.Sprint("late", i, strings.Repeat("y", 150))
					if _, err := p.Produce(batch(9, value)); err == nil {
						want = append(want, value)
					} else if failed++; !errors.Is(err, log.ErrStorage) || !errors.Is(err, syscall.ENOSPC) {
						t.Fatalf("got %v, want %v with ENOSPC", err, log.ErrStorage)
					}
					if got, err := valuesOf(p); err != nil || !slices.Equal(got, want) {
						t.Fatalf("while the disk is full, %d records are read of %d: %v", len(got), len(want), err)
					}
				}
				if failed == 0 {
					t.Error("no append failed")
				}
				full.Heal()
				for i := range 12 {
					add(t, p, batch(9, fmt.Sprint("space", i, strings.Repeat("z", 150))))
					want = append(want, fmt.Sprint("space", i, strings.Repeat("z", 150)))
				}
				if got, err := valuesOf(p); err != nil || !slices.Equal(got, want) {
					t.Fatalf("with space again, %d records are read of %d: %v", len(got), len(want), err)
				}
			})
		}
	}
}

// After an error of fsync the partition is offline, and no second fsync is
// tried, even though it would succeed.
func TestFsyncError(t *testing.T) {
	disk := vfstest.NewDisk(1)
	fs := vfstest.Inject(t, disk, "sync .log#2: EIO")
	cfg := log.Defaults()
	cfg.FlushMessages = 1
	d, p, err := openOn(fs, cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	add(t, p, batch(0, "kept"))
	if _, err := p.Produce(batch(0, "perhaps")); !errors.Is(err, log.ErrOffline) || !errors.Is(err, syscall.EIO) {
		t.Fatalf("the append gave %v, want %v with EIO", err, log.ErrOffline)
	}
	if _, err := p.Produce(batch(0, "late")); !errors.Is(err, log.ErrOffline) {
		t.Errorf("the next append gave %v, want %v", err, log.ErrOffline)
	}
	if _, err := p.Read(0, 100, true); !errors.Is(err, log.ErrOffline) {
		t.Errorf("a read gave %v, want %v", err, log.ErrOffline)
	}
	if err := p.Flush(); !errors.Is(err, log.ErrOffline) {
		t.Errorf("a flush gave %v, want %v", err, log.ErrOffline)
	}
	if _, next := p.Offsets(); next != 1 {
		t.Errorf("readers see up to %d, want 1", next)
	}
	if err := d.Close(); !errors.Is(err, log.ErrOffline) {
		t.Errorf("the close gave %v, want %v", err, log.ErrOffline)
	}
	if n := fs.Made()["sync .log"]; n != 2 {
		t.Errorf("%d fsyncs of the segment, want none after the one that failed, the second", n)
	}
	disk.Restart()
	_, p, err = openOn(disk, cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := valuesOf(p); err != nil || len(got) == 0 || got[0] != "kept" {
		t.Errorf("after a restart %q is read (%v)", got, err)
	}
}
