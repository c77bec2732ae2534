//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// What the page calls topic and group.
const (
	topic      = "orders"
	readers    = "billing"
	partitions = 2
)

// perCodec records go to each partition with each codec, then as many as
// inTransaction in each of two transactions, of which the first is aborted.
const (
	perCodec      = 1000
	inTransaction = 50
	// perPartition are the offsets that a partition has then: each transaction ends
	// with a marker.
	perPartition = 2*perCodec + 2*(inTransaction+1)
	// committed is the group's offset of each partition, in the middle.
	committed = perCodec + 7
)

// segmentBytes is the smallest that Kafka 4 allows (KIP-1030).
const segmentBytes = "1048576"

var (
	fillKafka        = step{name: "records come to Kafka", do: func(ctx context.Context, m *move) error { return fill(ctx, m.kafka.addr) }}
	fillCopyscope    = step{name: "records come to copyscope", do: func(ctx context.Context, m *move) error { return fill(ctx, m.copyscope.addr) }}
	groupAtKafka     = step{name: "Kafka has the group's offsets", do: func(ctx context.Context, m *move) error { return hasOffsets(ctx, m.kafka.addr, committed, committed) }}
	groupAtCopyscope = step{name: "copyscope has the group's offsets", do: func(ctx context.Context, m *move) error {
		return hasOffsets(ctx, m.copyscope.addr, committed, committed)
	}}
	// The first record that copyscope appends has the next offset, and Kafka's the one
	// after that.
	appendToCopyscope = step{name: "copyscope appends", do: func(ctx context.Context, m *move) error { return appends(ctx, m.copyscope.addr, perPartition) }}
	appendToKafka     = step{name: "Kafka appends", do: func(ctx context.Context, m *move) error { return appends(ctx, m.kafka.addr, perPartition+1) }}
	contentsAgree     = step{name: "as many records here as there", do: contents}
	// A mirror's offsets are the group's, or before.
	groupMirroredToCopyscope = step{name: "copyscope has offsets of the group", do: func(ctx context.Context, m *move) error {
		return hasOffsets(ctx, m.copyscope.addr, 1, committed)
	}}
	groupMirroredToKafka = step{name: "Kafka has offsets of the group", do: func(ctx context.Context, m *move) error {
		return hasOffsets(ctx, m.kafka.addr, 1, committed)
	}}
)

// fill makes the topic, its records, and a group that has read half of them.
func fill(ctx context.Context, addr string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	size := segmentBytes
	if _, err := admin.CreateTopic(ctx, partitions, 1, map[string]*string{"segment.bytes": &size}, topic); err != nil {
		return err
	}
	n := 0
	for _, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.ZstdCompression()} {
		if err := produce(ctx, addr, perCodec, &n, kgo.ProducerBatchCompression(codec)); err != nil {
			return err
		}
	}
	for _, end := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} {
		if err := transact(ctx, addr, &n, end); err != nil {
			return err
		}
	}
	var offsets kadm.Offsets
	for p := range int32(partitions) {
		offsets.AddOffset(topic, p, committed, -1)
	}
	return admin.CommitAllOffsets(ctx, readers, offsets)
}

// record is the n-th: keys, headers, and times of an hour ago and later.
func record(n int, partition int32) *kgo.Record {
	return &kgo.Record{Topic: topic, Partition: partition, Key: fmt.Appendf(nil, "key %d", n%97), Value: fmt.Appendf(nil, "%0700d", n),
		Headers: []kgo.RecordHeader{{Key: "n", Value: fmt.Append(nil, n)}}, Timestamp: time.UnixMilli(time.Now().Add(-time.Hour).UnixMilli() + int64(n))}
}

func manual(addr string, opts ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(opts, kgo.SeedBrokers(addr), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(64<<10))...)
}

// batch is so many records for each partition; n counts all that there were.
func batch(each int, n *int) (records []*kgo.Record) {
	for range each {
		for p := range int32(partitions) {
			records = append(records, record(*n, p))
			*n++
		}
	}
	return records
}

func produce(ctx context.Context, addr string, each int, n *int, opts ...kgo.Opt) error {
	client, err := manual(addr, opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.ProduceSync(ctx, batch(each, n)...).FirstErr()
}

func transact(ctx context.Context, addr string, n *int, end kgo.TransactionEndTry) error {
	client, err := manual(addr, kgo.TransactionalID("migration"))
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.BeginTransaction(); err != nil {
		return err
	}
	if err := client.ProduceSync(ctx, batch(inTransaction, n)...).FirstErr(); err != nil {
		return err
	}
	return client.EndTransaction(ctx, end)
}

// hasOffsets holds the group's offsets to a range, by what was committed at the other
// broker.
func hasOffsets(ctx context.Context, addr string, least, most int64) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		return err
	}
	defer client.Close()
	got, err := kadm.NewClient(client).FetchOffsets(ctx, readers)
	if err != nil {
		return err
	}
	for p := range int32(partitions) {
		if o, _ := got.Lookup(topic, p); o.At < least || o.At > most {
			return fmt.Errorf("partition %d: the group is at offset %d, expected was %d to %d", p, o.At, least, most)
		}
	}
	return nil
}

// appends produces one record to each partition, whose offset is to be next. A producer
// that the broker takes for one of the other broker's fails.
func appends(ctx context.Context, addr string, next int64) error {
	client, err := manual(addr, kgo.StopProducerOnDataLossDetected())
	if err != nil {
		return err
	}
	defer client.Close()
	for p := range int32(partitions) {
		r := record(int(next), p)
		if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
			return err
		}
		if r.Offset != next {
			return fmt.Errorf("partition %d: the next record has offset %d, expected was %d", p, r.Offset, next)
		}
	}
	return nil
}

// contents holds both brokers to as many committed records: the page compared what is
// in them, which two empty topics would pass.
func contents(ctx context.Context, m *move) error {
	for _, s := range []*server{m.kafka, m.copyscope} {
		if n, err := count(ctx, s.addr); err != nil {
			return err
		} else if want := partitions * (2*perCodec + inTransaction); n != want {
			return fmt.Errorf("%s has %d records, expected were %d", s.addr, n, want)
		}
	}
	return nil
}

// count is how many committed records the topic has.
func count(ctx context.Context, addr string) (n int, err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListCommittedOffsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	at := map[int32]int64{}
	done := func() bool {
		for p := range int32(partitions) {
			if end, _ := ends.Lookup(topic, p); at[p] < end.Offset-2 { // a marker, and the record before it
				return false
			}
		}
		return true
	}
	for !done() {
		polled := client.PollFetches(ctx)
		if err := polled.Err(); err != nil {
			return 0, err
		}
		polled.EachRecord(func(r *kgo.Record) { n, at[r.Partition] = n+1, r.Offset })
	}
	return n, nil
}
