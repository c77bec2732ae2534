package log

import (
	"testing"
	"time"
)

// BenchmarkCheckRecords walks a batch of 64 KiB with records of 100 bytes.
func BenchmarkCheckRecords(b *testing.B) {
	var records []Record
	for len(records)*110 < 64<<10 {
		records = append(records, Record{Value: make([]byte, 100), Timestamp: 1 + int64(len(records)/50)})
	}
	batch := encodeRecords(records)
	h, cfg := parseHeader(batch), Defaults()
	l := limits(h, &cfg, time.Now())
	b.SetBytes(int64(len(batch)))
	for b.Loop() {
		if _, err := batch.checkRecords(h, l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(records)), "ns/record")
}
