package log_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"copyscope/broker/log"
)

// offsetsOf browses from the offset and tells the offsets of the records, and the
// ranges that are damaged.
func offsetsOf(t *testing.T, p *log.Partition, from int64) (whole []int64, damaged [][2]int64) {
	t.Helper()
	err := p.Browse(context.Background(), from, func(b log.StoredBatch) bool {
		if b.Damage != nil {
			if !errors.Is(b.Damage, log.ErrCorrupt) {
				t.Errorf("damage is told as %v", b.Damage)
			}
			damaged = append(damaged, [2]int64{b.Base, b.Last})
			return true
		}
		if err := b.Records(func(r log.RecordInfo) error {
			whole = append(whole, r.Offset)
			return nil
		}); err != nil {
			t.Errorf("batch %d: %v", b.Base, err)
		}
		return true
	})
	if err != nil {
		t.Errorf("from %d: %v", from, err)
	}
	return whole, damaged
}

func upTo(n int64, but ...int64) (all []int64) {
	for i := range n {
		if !slices.Contains(but, i) {
			all = append(all, i)
		}
	}
	return all
}

// Whatever is damaged, and whether a start found it or it came while the log was
// open, the rest is seen once, in order, and the damage is told with the offsets
// that it covers.
func TestBrowsePassesDamage(t *testing.T) {
	damages := map[string]func(b []byte){
		"a record's byte": func(b []byte) { b[70] ^= 1 },
		"the length":      func(b []byte) { binary.BigEndian.PutUint32(b[8:], 1<<30) },
		"all of it":       func(b []byte) { clear(b) },
	}
	for name, change := range damages {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			cfg := log.Defaults()
			cfg.SegmentBytes = 2000
			d, p, _ := openIn(t, root, cfg)
			size := int64(len(batch(0, strings.Repeat("x", 100))))
			for i := range 30 {
				add(t, p, batch(int64(i), strings.Repeat("x", 100)))
			}
			if whole, damaged := offsetsOf(t, p, 0); !slices.Equal(whole, upTo(30)) || damaged != nil {
				t.Fatalf("before the damage: %v, %v", whole, damaged)
			}
			path := filepath.Join(root, "t-0", log.SegmentName(0))
			b := readFile(t, path)
			change(b[3*size : 4*size])
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			// While it is open nothing is indexed behind the damage: where the header
			// is gone, the rest of the segment is told as damaged.
			whole, damaged := offsetsOf(t, p, 0)
			if len(damaged) != 1 || damaged[0][0] != 3 || !slices.Equal(whole, upTo(30, upTo(damaged[0][1] + 1)[3:]...)) {
				t.Errorf("while it is open: %v, damaged %v", whole, damaged)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			os.Remove(filepath.Join(root, ".kafka_cleanshutdown"))
			os.WriteFile(filepath.Join(root, "recovery-point-offset-checkpoint"), []byte("0\n1\nt 0 8\n"), 0o644)
			_, p, _ = openIn(t, root, cfg)
			for from := range int64(30) {
				whole, damaged := offsetsOf(t, p, from)
				want := upTo(30, 3)
				want = slices.DeleteFunc(want, func(o int64) bool { return o < from })
				if !slices.Equal(whole, want) {
					t.Errorf("from %d after a start: %v", from, whole)
				}
				if from <= 3 && !slices.Equal(damaged, [][2]int64{{3, 3}}) || from > 3 && damaged != nil {
					t.Errorf("from %d after a start: damaged %v", from, damaged)
				}
			}
		})
	}
}

func TestBrowseEndsWithTheLog(t *testing.T) {
	p, _ := open(t, filepath.Join(t.TempDir(), "t-0"))
	if whole, damaged := offsetsOf(t, p, 0); whole != nil || damaged != nil {
		t.Errorf("an empty log: %v, %v", whole, damaged)
	}
	add(t, p, batch(1000, "a", "b", "c"))
	if whole, _ := offsetsOf(t, p, 2); !slices.Equal(whole, []int64{0, 1, 2}) {
		t.Errorf("from the middle of a batch: %v, want the whole batch", whole)
	}
	if whole, _ := offsetsOf(t, p, 3); whole != nil {
		t.Errorf("from the next offset: %v", whole)
	}
	if _, err := p.DeleteRecords(2); err != nil {
		t.Fatal(err)
	}
	for _, from := range []int64{1, 4} {
		if err := p.Browse(context.Background(), from, func(log.StoredBatch) bool { return true }); !errors.Is(err, log.ErrOffset) {
			t.Errorf("from %d: %v, want %v", from, err, log.ErrOffset)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Browse(ended, 2, func(log.StoredBatch) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestSegmentFiles(t *testing.T) {
	root := t.TempDir()
	cfg := log.Defaults()
	cfg.SegmentBytes = 500
	_, p, _ := openIn(t, root, cfg)
	for i := range 10 {
		add(t, p, batch(int64(1000+i), strings.Repeat("x", 100)))
	}
	all := p.SegmentFiles()
	if len(all) < 3 {
		t.Fatalf("%d segments", len(all))
	}
	next := int64(0)
	for i, s := range all {
		if s.Base != next || s.Next <= s.Base || s.Active != (i == len(all)-1) || s.First != 1000+s.Base || s.Latest != 999+s.Next {
			t.Errorf("segment %d: %+v", i, s)
		}
		if info, err := os.Stat(s.Log); err != nil || info.Size() != s.Bytes {
			t.Errorf("segment %d: its file: %v, %v", i, info, err)
		}
		next = s.Next
	}
	if next != 10 {
		t.Errorf("the last segment ends at %d", next)
	}
}
