package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var codecs = []struct {
	name  string
	codec kgo.CompressionCodec
}{
	{"none", kgo.NoCompression()}, {"gzip", kgo.GzipCompression()}, {"snappy", kgo.SnappyCompression()},
	{"lz4", kgo.Lz4Compression()}, {"zstd", kgo.ZstdCompression()},
}

// sample is the i-th record of a topic: some keys and values are null, and
// every one has headers.
func sample(topic string, i int) *kgo.Record {
	r := &kgo.Record{Topic: topic, Timestamp: time.UnixMilli(hourAgo + int64(i)), Headers: []kgo.RecordHeader{
		{Key: "index", Value: fmt.Append(nil, i)}, {Key: "null"}, {Key: "index", Value: []byte("again")},
	}}
	if i%7 > 0 {
		r.Key = fmt.Appendf(nil, "key-%d", i)
	}
	if i%11 > 0 {
		r.Value = fmt.Appendf(nil, "value %d %s", i, strings.Repeat("x", i%300))
	}
	return r
}

// same is the error that a record is not the sample, but for what the broker gives it.
func same(want, got *kgo.Record, offset int64) error {
	text := func(r *kgo.Record) string {
		return fmt.Sprintf("key %q (null %t), value %q (null %t), headers %q, timestamp %d", r.Key, r.Key == nil, r.Value, r.Value == nil, r.Headers, r.Timestamp.UnixMilli())
	}
	if got.Offset != offset {
		return fmt.Errorf("offset %d, expected was %d", got.Offset, offset)
	}
	return differ(fmt.Sprintf("record %d", offset), text(want), text(got))
}

func franzRecords(ctx context.Context, e *env, prefix string) error {
	const n = 1000
	for _, c := range codecs {
		topic := prefix + "-" + c.name
		if err := createTopic(ctx, e.brokers, topic, 1, nil); err != nil {
			return err
		}
		var sent []*kgo.Record
		for i := range n {
			sent = append(sent, sample(topic, i))
		}
		if err := produce(ctx, e.brokers, sent, kgo.ProducerBatchCompression(c.codec), kgo.ProducerBatchMaxBytes(16<<10)); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		got, err := consume(ctx, e.brokers, topic, 0, n)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		for i := range got {
			if err := same(sample(topic, i), got[i], int64(i)); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		if !slices.ContainsFunc(got, func(r *kgo.Record) bool { return r.ProducerID >= 0 }) {
			return fmt.Errorf("%s: no record has a producer id, so the producer was not idempotent", c.name)
		}
	}
	return nil
}
