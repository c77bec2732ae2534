package log_test

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
)

const limit = 1 << 20

// record is one record, encoded.
func record(offsetDelta int, timeDelta int64, value string) []byte {
	r := kmsg.Record{TimestampDelta64: timeDelta, OffsetDelta: int32(offsetDelta), Value: []byte(value)}
	n := len(r.AppendTo(nil)) - 1 // the length field is one byte while it is 0
	r.Length = int32(n)
	return r.AppendTo(nil)
}

// seal sets length and checksum to what the content needs.
func seal(b []byte) []byte {
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// batch is what a producer would send, one record a ms from the time on.
func batch(baseTime int64, values ...string) []byte {
	var records []byte
	for i, v := range values {
		records = append(records, record(i, int64(i), v)...)
	}
	n := int32(len(values))
	rb := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1, Magic: 2, LastOffsetDelta: n - 1, NumRecords: n,
		FirstTimestamp: baseTime, MaxTimestamp: baseTime + int64(n) - 1,
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, Records: records,
	}
	return seal(rb.AppendTo(nil))
}

// open opens the partition until the test ends.
func open(t *testing.T, dir string) (*log.Partition, log.Recovery) {
	t.Helper()
	d, err := log.OpenDir(context.Background(), filepath.Dir(dir), log.DirOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	topic, _, _ := strings.Cut(filepath.Base(dir), "-")
	p, r, err := d.Open(context.Background(), topic, log.ID{}, 0, log.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	return p, r
}

// add appends a batch and returns the offset of its first record.
func add(t *testing.T, p *log.Partition, b []byte) int64 {
	t.Helper()
	a, err := p.Produce(b)
	if err != nil {
		t.Fatal(err)
	}
	return a.Base
}

// bytesOf reads a region.
func bytesOf(t *testing.T, r log.Region) []byte {
	t.Helper()
	b := make([]byte, r.Bytes)
	if r.Bytes == 0 {
		return b
	}
	if _, err := r.File.ReadAt(b, r.Position); err != nil {
		t.Fatal(err)
	}
	return b
}

// segment is the path of the partition's file.
func segment(dir string) string { return filepath.Join(dir, log.SegmentName(0)) }

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// openCounting opens the partition and tells read of the bytes of a recovery.
func openCounting(ctx context.Context, dir string, read func(int)) (*log.Dir, *log.Partition, error) {
	d, err := log.OpenDir(ctx, filepath.Dir(dir), log.DirOptions{Read: read})
	if err != nil {
		return nil, nil, err
	}
	p, _, err := d.Open(ctx, "t", log.ID{}, 0, log.Defaults())
	return d, p, err
}

// partitionDir is where the test's partition will be.
func partitionDir(t *testing.T) string { return filepath.Join(t.TempDir(), "t-0") }
