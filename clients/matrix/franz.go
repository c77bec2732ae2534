package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func franzRows() (rows []row) {
	for _, r := range []row{
		{scenario: "compression", asserts: "five codecs, idempotent by default: keys, values, nulls, headers, timestamps, offsets", run: franzRecords},
		{scenario: "transactions", asserts: "commits and aborts in turn: what is committed is read, with gaps where the rest and the markers are", run: franzTransactions},
		{scenario: "consume, transform, produce", asserts: "GroupTransactSession: offsets of an aborted transaction do not count, those of a committed one do; each record comes out once", run: franzTransform},
		{scenario: "group range", asserts: "two members share four partitions, one leaves; every record once; resume after the commits", run: franzRange},
		{scenario: "group cooperative-sticky", asserts: "the same, and the first keeps two partitions throughout", run: franzCooperative},
		{scenario: "group consumer", asserts: "ServerSideBalancer (KIP-848): the same, and the first keeps two partitions throughout", run: franzConsumer},
		{scenario: "static members", asserts: "a restarted static member gets its partitions back; the other sees no rebalance", run: franzStatic},
		{scenario: "offsets", asserts: "commit, fetch, reset, lag, delete offsets; start, end, by timestamp, greatest timestamp", run: franzOffsets},
		{scenario: "admin topics", asserts: "create, alter, list, add partitions, delete records, delete; Kafka's errors", run: franzTopics},
		{scenario: "admin configs", asserts: "describe, incremental and whole alteration, validation", run: franzConfigs},
		{scenario: "admin cluster", asserts: "brokers, versions of requests, log directories, offset for leader epoch", run: franzCluster},
		{scenario: "SASL", asserts: "PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, in plaintext and over TLS; a wrong password gets SASL_AUTHENTICATION_FAILED", files: true, run: onSecured(franzSASL)},
		{scenario: "quotas", asserts: "set, validate, describe, remove; Kafka's errors; a producer over its quota is told to wait as long as Kafka's formula says", run: franzQuotas},
		{scenario: "admin groups", asserts: "list, describe with assignment, refuse to delete while in use, delete", run: franzGroupsAdmin},
	} {
		r.client = "franz-go"
		rows = append(rows, r)
	}
	return rows
}

// connect is a client of the server. Without retries for ever, so that a server
// that refuses is told at once.
func connect(brokers string, more ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(brokers), kgo.RetryTimeout(15 * time.Second),
		kgo.MetadataMinAge(100 * time.Millisecond),
	}, more...)...)
}

// createTopic makes a topic with configs (may be nil).
func createTopic(ctx context.Context, brokers, topic string, partitions int, configs map[string]string) error {
	client, err := connect(brokers)
	if err != nil {
		return err
	}
	defer client.Close()
	values := map[string]*string{}
	for k, v := range configs {
		values[k] = &v
	}
	_, err = kadm.NewClient(client).CreateTopic(ctx, int32(partitions), -1, values, topic)
	return err
}

// produce sends records in order and waits for all.
func produce(ctx context.Context, brokers string, records []*kgo.Record, more ...kgo.Opt) error {
	client, err := connect(brokers, append([]kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner())}, more...)...)
	if err != nil {
		return err
	}
	defer client.Close()
	// Not kgo.RecordDeliveryTimeout: that counts from a record's own timestamp.
	ctx, cancel := context.WithTimeoutCause(ctx, 20*time.Second, errors.New("not acknowledged within 20 s"))
	defer cancel()
	return client.ProduceSync(ctx, records...).FirstErr()
}

// hourAgo is when records begin: retention takes older ones, and later than now
// is refused. In ms.
var hourAgo = time.Now().Add(-time.Hour).UnixMilli()

// produceAt fills partition 0 with n records v0, v1, … whose timestamps begin
// at start and are step apart, in ms.
func produceAt(ctx context.Context, brokers, topic string, start, step int64, n int) error {
	var records []*kgo.Record
	for i := range n {
		records = append(records, &kgo.Record{Topic: topic, Value: []byte("v" + strconv.Itoa(i)), Timestamp: time.UnixMilli(start + int64(i)*step)})
	}
	return produce(ctx, brokers, records)
}

// fillPartitions gives each partition n records "roundR P I".
func fillPartitions(ctx context.Context, brokers, topic string, partitions, n, round int) error {
	var records []*kgo.Record
	for i := range n {
		for p := range partitions {
			records = append(records, &kgo.Record{Topic: topic, Partition: int32(p), Value: fmt.Appendf(nil, "round%d %d %d", round, p, i)})
		}
	}
	return produce(ctx, brokers, records)
}

// consume reads what is committed of a partition from its beginning until n records
// came.
func consume(ctx context.Context, brokers, topic string, partition int32, n int) ([]*kgo.Record, error) {
	client, err := connect(brokers, kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().AtStart()}}))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, fmt.Errorf("not within 30 s"))
	defer cancel()
	var got []*kgo.Record
	for len(got) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return nil, fmt.Errorf("%d of %d records of %s came: %w", len(got), n, topic, err)
		}
		var failed error
		fetches.EachError(func(_ string, p int32, err error) { failed = fmt.Errorf("%s-%d: %w", topic, p, err) })
		if failed != nil {
			return nil, failed
		}
		got = append(got, fetches.Records()...)
	}
	if len(got) > n {
		return nil, fmt.Errorf("%d records of %s came, %d were expected", len(got), topic, n)
	}
	return got, nil
}
