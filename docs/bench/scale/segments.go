//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/internal/load"
)

func segments() *curve {
	return &curve{
		name: "segments", title: "Segments of one partition", size: "segments",
		about: "One partition of so many segments of 16 KiB, with a record each, a second apart. *Start* is from exec to serving, after a clean stop. *Fetch* asks for the record at a random offset, *ListOffsets* for the first one at or after a random time; both one request after the other on one connection, 2,000 of them, with the files in the page cache.",
		why:   "*Start* bends upwards where the segments outweigh the start of the process: beyond, for each of them the files of the directory are looked at, and the last entry of its time index is read, which opens it.\n\nWhich segment holds an offset is found by halves, so a *fetch* takes longer with more segments only for the files: the first from a segment opens its log, and a look for a time the log and the time index, which is mapped. Where there are about as many segments as requests, most requests are first ones, and there the medians bend; below, the p99 alone has them. *Descriptors* are those files, at most 8,000 unused ones. *ListOffsets* looks at what is known of each segment's latest time, in order, before it opens one.",
		sizes: []int{1, 10, 100, 1000, 5000}, quick: []int{1, 10, 100},
		series: []series{
			{name: "start", title: "Start", unit: "ms", work: true},
			{name: "fetch_p50", title: "Fetch at a random offset: p50", unit: "µs", work: true},
			{name: "fetch_p99", title: "Fetch at a random offset: p99", unit: "µs", work: true},
			{name: "list_p50", title: "ListOffsets by time: p50", unit: "µs", work: true},
			{name: "list_p99", title: "ListOffsets by time: p99", unit: "µs", work: true},
			{name: "descriptors", title: "Descriptors", unit: "open", work: true},
		},
		open: func(_ context.Context, s setting) (measurer, error) { return segmentCurve(s), nil },
	}
}

// segmentCurve has nothing that its points share.
type segmentCurve setting

func (segmentCurve) Close() error { return nil }

const (
	segmentBytes = 16 << 10
	// recordBytes is so much that a batch of one record fits and one of two does not.
	recordBytes = 15 << 10
)

// firstTime is that of the first record, in ms; the others follow a second apart.
var firstTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

func (c segmentCurve) measure(ctx context.Context, n int) (f figures, err error) {
	work, err := os.MkdirTemp(c.dir, "segments-")
	if err != nil {
		return nil, err
	}
	options := load.BrokerOptions{Binary: c.binary, Dir: work, Data: filepath.Join(work, "data")}
	t, err := load.StartBroker(ctx, options)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(fillSegments(ctx, t.Address, n), t.Stop()); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	began := time.Now()
	if t, err = load.StartBroker(ctx, options); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	f = figures{"start": ms(time.Since(began))}
	conn, err := load.Connect(ctx, t.Address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	times := 2000
	if c.quick {
		times = 300
	}
	dice := rand.New(rand.NewPCG(1, 2))
	if err := timed(f, "fetch", times, func() (time.Duration, error) { return fetchAt(ctx, conn, dice.IntN(n)) }); err != nil {
		return nil, err
	}
	if err := timed(f, "list", times, func() (time.Duration, error) { return listAt(ctx, conn, dice.IntN(n)) }); err != nil {
		return nil, err
	}
	descriptors, _, err := t.Holds()
	f["descriptors"] = float64(descriptors)
	return f, err
}

// timed asks so often and sets the percentiles, in µs.
func timed(f figures, name string, times int, ask func() (time.Duration, error)) error {
	all := hdrhistogram.New(1_000, int64(time.Minute), 3)
	for range times {
		took, err := ask()
		if err != nil {
			return err
		}
		all.RecordValue(min(max(int64(took), 1_000), int64(time.Minute)))
	}
	f[name+"_p50"], f[name+"_p99"] = us(time.Duration(all.ValueAtPercentile(50))), us(time.Duration(all.ValueAtPercentile(99)))
	return nil
}

// fillSegments makes a partition of so many segments, with a record each.
func fillSegments(ctx context.Context, address string, n int) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.DefaultProduceTopic(topic), kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck()),
		kgo.ProducerBatchMaxBytes(segmentBytes), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer cl.Close()
	bytes := fmt.Sprint(segmentBytes)
	if _, err := kadm.NewClient(cl).CreateTopic(ctx, 1, 1, map[string]*string{"segment.bytes": &bytes, "retention.ms": kmsg.StringPtr("-1")}, topic); err != nil {
		return err
	}
	value := make([]byte, recordBytes)
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = &kgo.Record{Value: value, Timestamp: time.UnixMilli(firstTime + 1000*int64(i))}
	}
	return cl.ProduceSync(ctx, records...).FirstErr()
}

// fetchAt fetches the record at the offset.
func fetchAt(ctx context.Context, conn *load.Conn, offset int) (time.Duration, error) {
	r := kmsg.NewPtrFetchRequest()
	r.Version, r.ReplicaID, r.MinBytes, r.MaxBytes, r.MaxWaitMillis = 11, -1, 1, segmentBytes, 500
	asked, p := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
	asked.Topic, p.FetchOffset, p.PartitionMaxBytes = topic, int64(offset), segmentBytes
	asked.Partitions = append(asked.Partitions, p)
	r.Topics = append(r.Topics, asked)
	answer, took, err := conn.Ask(ctx, r)
	if err != nil {
		return 0, err
	}
	topics := answer.(*kmsg.FetchResponse).Topics
	if len(topics) != 1 || len(topics[0].Partitions) != 1 {
		return 0, fmt.Errorf("fetch at %d: the answer is of %d topics, asked for one partition", offset, len(topics))
	}
	found := topics[0].Partitions[0]
	if err := kerr.ErrorForCode(found.ErrorCode); err != nil {
		return 0, fmt.Errorf("fetch at %d: %w", offset, err)
	}
	if len(found.RecordBatches) < recordBytes {
		return 0, fmt.Errorf("fetch at %d: %d bytes came, want a record of %d", offset, len(found.RecordBatches), recordBytes)
	}
	return took, nil
}

// listAt asks for the record of the offset by its time.
func listAt(ctx context.Context, conn *load.Conn, offset int) (time.Duration, error) {
	r := kmsg.NewPtrListOffsetsRequest()
	r.Version, r.ReplicaID = 5, -1
	asked, p := kmsg.NewListOffsetsRequestTopic(), kmsg.NewListOffsetsRequestTopicPartition()
	asked.Topic, p.Timestamp = topic, firstTime+1000*int64(offset)
	asked.Partitions = append(asked.Partitions, p)
	r.Topics = append(r.Topics, asked)
	answer, took, err := conn.Ask(ctx, r)
	if err != nil {
		return 0, err
	}
	topics := answer.(*kmsg.ListOffsetsResponse).Topics
	if len(topics) != 1 || len(topics[0].Partitions) != 1 {
		return 0, fmt.Errorf("list the offset of time %d: the answer is of %d topics, asked for one partition", p.Timestamp, len(topics))
	}
	found := topics[0].Partitions[0]
	if err := kerr.ErrorForCode(found.ErrorCode); err != nil {
		return 0, fmt.Errorf("list the offset of time %d: %w", p.Timestamp, err)
	}
	if found.Offset != int64(offset) {
		return 0, fmt.Errorf("the offset of time %d is said to be %d, it is %d", p.Timestamp, found.Offset, offset)
	}
	return took, nil
}
