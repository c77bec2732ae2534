package broker_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"
)

// smallDisk mounts a file system of so many bytes, for this test.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("copyscope-test", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("a small tmpfs cannot be mounted, which needs root: %v", err)
		}
		t.Skipf("SKIPPED: a small tmpfs cannot be mounted: %v; run as root to see the disk become full", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// A disk that becomes full, under a broker in a process of its own: produce
// fails with KAFKA_STORAGE_ERROR, what was acknowledged can be fetched, nothing
// else can, and when there is space again produce goes on. A restart finds the
// same. A mapping that were written without space would be SIGBUS.
func TestFullDisk(t *testing.T) {
	for _, k := range []struct {
		engine  string
		configs []string
	}{
		{"write", nil},
		{"mmap", nil},
		{"write", []string{"index.interval.bytes", "0"}}, // every batch needs room in the mapped indexes
		{"mmap", []string{"index.interval.bytes", "0"}},
	} {
		t.Run(fmt.Sprint(k.engine, len(k.configs) > 0), func(t *testing.T) {
			const disk = 12 << 20
			dir := smallDisk(t, disk)
			b := startChild(t, dir)
			c := dial(t, b.addr)
			c.SetDeadline(time.Now().Add(time.Minute))
			c.create(topicReq("t", 1, append(k.configs, "copyscope.append.engine", k.engine, "segment.bytes", "2097152")...))
			// The disk is filled by another, but for the space of some batches,
			// so that it ends within a segment as well as at a roll.
			ballast := filepath.Join(dir, "ballast")
			fill(t, ballast, disk/2)

			dice := rand.New(rand.NewPCG(1, 2))
			var want []string // by offset
			send := func() int16 {
				value := fmt.Sprint(len(want), ":", strings.Repeat("x", 1+dice.IntN(60_000)))
				p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "t", 0, batchOf(value)), 1).Topics[0].Partitions[0]
				if p.ErrorCode == 0 {
					if p.BaseOffset != int64(len(want)) {
						t.Fatalf("the batch got offset %d, want %d", p.BaseOffset, len(want))
					}
					want = append(want, value)
				}
				return p.ErrorCode
			}
			check := func(when string) {
				t.Helper()
				for at := int64(0); at < int64(len(want)); {
					p := c.fetchOne(fetchReq("t", at))
					if p.ErrorCode != 0 || p.HighWatermark != int64(len(want)) {
						t.Fatalf("%s: fetch at %d: error %d, high watermark %d, want %d", when, at, p.ErrorCode, p.HighWatermark, len(want))
					}
					n := wholeBatches(t, p.RecordBatches, at, func(offset int64, b []byte) {
						if !bytes.Contains(b, []byte(want[offset])) {
							t.Fatalf("%s: other records at offset %d", when, offset)
						}
					})
					if n == 0 {
						t.Fatalf("%s: no batch at %d", when, at)
					}
					at += n
				}
			}
			failures := 0
			for tries := 0; failures < 20; tries++ {
				switch code := send(); {
				case code == 56:
					if failures++; failures == 1 || failures == 20 {
						check("while the disk is full")
					}
				case code != 0:
					t.Fatalf("on the full disk: error %d, want 56", code)
				case tries > 2000:
					t.Fatal("the disk does not become full")
				}
			}
			before := len(want)
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			for range 60 {
				if code := send(); code != 0 {
					t.Fatalf("with space again: error %d; the broker said:\n%.3000s", code, b.text())
				}
			}
			check("with space again")
			t.Logf("%d batches until the disk was full, %d in all", before, len(want))
			b.stop()
			b = startChild(t, dir)
			c = dial(t, b.addr)
			check("after a restart")
		})
	}
}

// fill makes a file that takes the space.
func fill(t *testing.T, path string, size int) {
	t.Helper()
	if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A batch in the middle that the disk has changed: its fetch gets
// CORRUPT_MESSAGE, never the bytes, and those before it are as they were.
func TestDamagedMiddleIsNotServed(t *testing.T) {
	dir := t.TempDir()
	b := startChild(t, dir)
	c := dial(t, b.addr)
	c.create(topicReq("t", 1, "index.interval.bytes", "0"))
	const batches, damaged = 20, 7
	var size int64
	for i := range batches {
		batch := batchOf(fmt.Sprint(i, strings.Repeat("x", 2000)))
		size = max(size, int64(len(batch)))
		if p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "t", 0, batch), 1).Topics[0].Partitions[0]; p.ErrorCode != 0 {
			t.Fatalf("produce: error %d", p.ErrorCode)
		}
	}
	b.stop()
	if err := os.Remove(filepath.Join(dir, ".kafka_cleanshutdown")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "t-0", "00000000000000000000.log")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(content, []byte(fmt.Sprint(damaged, strings.Repeat("x", 2000))))
	content[at+1000] ^= 0x20
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	// All of it was on the disk, says the recovery point: so this is no torn tail.
	if err := os.WriteFile(filepath.Join(dir, "recovery-point-offset-checkpoint"), fmt.Appendf(nil, "0\n1\nt 0 %d\n", batches), 0o644); err != nil {
		t.Fatal(err)
	}
	b = startChild(t, dir)
	c = dial(t, b.addr)
	served := 0
	for offset := range int64(batches) {
		p := c.fetchOne(fetchReq("t", offset))
		if bytes.Contains(p.RecordBatches, content[at+900:at+1100]) {
			t.Errorf("offset %d: the damaged bytes are served", offset)
		}
		n := wholeBatches(t, p.RecordBatches, offset, func(int64, []byte) {})
		switch {
		case offset < damaged && (p.ErrorCode != 0 || offset+n > damaged || n == 0):
			t.Errorf("offset %d, before the damage: error %d, %d batches", offset, p.ErrorCode, n)
		case offset == damaged && (p.ErrorCode != 2 || len(p.RecordBatches) != 0):
			t.Errorf("offset %d, the damage: error %d, %d bytes; want 2 and none", offset, p.ErrorCode, len(p.RecordBatches))
		case offset > damaged && p.ErrorCode == 0:
			served++
		}
	}
	t.Logf("%d offsets behind the damage are served", served)
	if !strings.Contains(b.text(), "damage") {
		t.Errorf("the log says nothing of the damage:\n%s", b.text())
	}
	if p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "t", 0, batchOf("more")), 1).Topics[0].Partitions[0]; p.ErrorCode != 0 || p.BaseOffset != batches {
		t.Errorf("produce: error %d, offset %d", p.ErrorCode, p.BaseOffset)
	}
}
