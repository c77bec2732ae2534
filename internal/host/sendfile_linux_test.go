package host_test

import (
	"context"
	"testing"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// BenchmarkSendfile holds the watched program against a bare sendfile(2) loop
// with the same chunk and reader, in turns, so that both meet the same host.
// MB/s is what the receiver got.
func BenchmarkSendfile(b *testing.B) {
	const size = 1 << 30
	src := newSource(b, size)
	p, _ := transfer.Lookup("sendfile")
	var bare, watched trace.Ns
	for b.Loop() {
		o := host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src}
		out, err := host.BareSendfile(context.Background(), o)
		if err != nil {
			b.Fatal(err)
		}
		bare += out.Delivered
		o.Recorder = trace.NewCounter(size, trace.Measured, host.Watch(false))
		if out, err = host.Run(context.Background(), o); err != nil {
			b.Fatal(err)
		}
		watched += out.Delivered
	}
	mbps := func(t trace.Ns) float64 { return float64(b.N) * size / 1e6 / (float64(t) / 1e9) }
	b.ReportMetric(mbps(bare), "bare-MB/s")
	b.ReportMetric(mbps(watched), "watched-MB/s")
	b.ReportMetric(float64(bare)/float64(watched), "ratio")
}
