package log_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"copyscope/broker/log"
)

// unhex reads bytes that are written in groups.
func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGoldenBytes holds every file to the bytes that Kafka's own tools were
// seen to read (DumpLogSegments of 4.4.0). They never change.
func TestGoldenBytes(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "t-0")
	cfg := log.Defaults()
	cfg.SegmentBytes, cfg.IndexIntervalBytes = 400, 100
	d, err := log.OpenDir(context.Background(), root, log.DirOptions{Manual: true, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := d.Open(context.Background(), "t", log.ID{0: 1, 15: 2}, 0, cfg)
	if err != nil {
		t.Fatal(err)
	}
	base := int64(1_700_000_000_000)
	for i := range 6 {
		add(t, p, idempotent(5, 1, int32(i*2), base+int64(i*10), "first", "second"))
	}
	if _, err := p.DeleteRecords(1); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, want string }{
		{"t-0/00000000000000000000.index", "00000005 000000ac"},
		{"t-0/00000000000000000000.timeindex", "0000018bcfe56815 00000005  0000018bcfe5681f 00000007"},
		{"t-0/00000000000000000008.index", ""},
		{"t-0/00000000000000000008.timeindex", "0000018bcfe56833 00000003"},
		{"t-0/00000000000000000008.snapshot", "0001 d7235f8d 00000001  0000000000000005 0001 00000007 0000000000000007 00000001 0000018bcfe5681f ffffffff ffffffffffffffff"},
		{"t-0/leader-epoch-checkpoint", hex.EncodeToString([]byte("0\n1\n0 0\n"))},
		{"t-0/partition.metadata", hex.EncodeToString([]byte("version: 0\ntopic_id: AQAAAAAAAAAAAAAAAAAAAg"))},
		{"recovery-point-offset-checkpoint", hex.EncodeToString([]byte("0\n1\nt 0 12\n"))},
		{"log-start-offset-checkpoint", hex.EncodeToString([]byte("0\n1\nt 0 1\n"))},
		{".kafka_cleanshutdown", hex.EncodeToString([]byte(`{"version":0,"brokerEpoch":-1}`))},
	} {
		if got := readFile(t, filepath.Join(root, c.file)); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s:\n%x\nwant\n%s", c.file, got, c.want)
		}
	}
	first := readFile(t, filepath.Join(dir, log.SegmentName(0)))
	want := unhex(t, `0000000000000000 0000004a 00000000 02 00000000 0000 00000001 0000018bcfe56800 0000018bcfe56801
		0000000000000005 0001 00000000 00000002  16 00 00 00 01 0a 6669727374 00  18 00 02 02 01 0c 7365636f6e64 00`)
	copy(want[17:21], first[17:21]) // the checksum is compared when the log is read
	if !bytes.Equal(first[:len(want)], want) {
		t.Errorf("the first batch:\n%x\nwant\n%x", first[:len(want)], want)
	}
}

// TestRoll: a segment ends where Kafka ends it.
func TestRoll(t *testing.T) {
	clock := time.UnixMilli(1_700_000_000_000)
	for _, c := range []struct {
		name  string
		cfg   func(c *log.Config)
		waits time.Duration // between the appends
		want  int           // segments after 10 appends of 80 bytes
	}{
		{"never", func(c *log.Config) {}, 0, 1},
		{"by size", func(c *log.Config) { c.SegmentBytes = 250 }, 0, 4},
		{"by size, one batch each", func(c *log.Config) { c.SegmentBytes = 80 }, 0, 10},
		{"by time", func(c *log.Config) { c.SegmentAge = 3*time.Hour - 1 }, time.Hour, 4},
		{"by size, preallocated", func(c *log.Config) { c.SegmentBytes, c.Preallocate = 250, true }, 0, 4},
		{"by a full index", func(c *log.Config) { c.IndexBytes, c.IndexIntervalBytes = 16, 70 }, 0, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := clock
			cfg := log.Defaults()
			cfg.TimeAfter = 1<<63 - 1
			c.cfg(&cfg)
			d, err := log.OpenDir(context.Background(), t.TempDir(), log.DirOptions{Manual: true, Log: quiet(), Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			p, _, err := d.Open(context.Background(), "t", log.ID{}, 0, cfg)
			if err != nil {
				t.Fatal(err)
			}
			for range 10 {
				add(t, p, batch(now.UnixMilli(), "0123456789ab"))
				now = now.Add(c.waits)
			}
			if got := len(p.Segments()); got != c.want {
				t.Errorf("%d segments, want %d: %v", got, c.want, p.Segments())
			}
			if got, err := valuesOf(p); err != nil || len(got) != 10 {
				t.Errorf("%d records are read, want 10 (%v)", len(got), err)
			}
		})
	}
}
