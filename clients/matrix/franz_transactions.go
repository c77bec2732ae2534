package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// transact ends transactions of n records each, in partition 0 of the topic.
func transact(ctx context.Context, brokers, topic string, n int, ends ...kgo.TransactionEndTry) error {
	client, err := connect(brokers, kgo.TransactionalID(topic+"-transactions"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, errors.New("not ended within 30 s"))
	defer cancel()
	for turn, end := range ends {
		if err := client.BeginTransaction(); err != nil {
			return err
		}
		var records []*kgo.Record
		for i := range n {
			records = append(records, &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "transaction%d %d", turn, i), Timestamp: time.UnixMilli(hourAgo + int64(i))})
		}
		if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
			return err
		}
		if err := client.EndTransaction(ctx, end); err != nil {
			return err
		}
	}
	return nil
}

func franzTransactions(ctx context.Context, e *env, prefix string) error {
	topic := prefix + "-transactions"
	if err := createTopic(ctx, e.brokers, topic, 1, nil); err != nil {
		return err
	}
	const n, turns = 10, 20
	var ends []kgo.TransactionEndTry
	for turn := range turns {
		ends = append(ends, kgo.TransactionEndTry(turn%2 == 0))
	}
	if err := transact(ctx, e.brokers, topic, n, ends...); err != nil {
		return err
	}
	got, err := consume(ctx, e.brokers, topic, 0, n*turns/2)
	if err != nil {
		return err
	}
	for i, r := range got {
		turn, index := i/n*2, i%n
		if err := errors.Join(expect("value", fmt.Sprintf("transaction%d %d", turn, index), string(r.Value)), expect("offset", int64(turn*(n+1)+index), r.Offset)); err != nil {
			return err
		}
	}
	return nil
}

func franzTransform(ctx context.Context, e *env, prefix string) error {
	from, to := prefix+"-consumed", prefix+"-produced"
	const n = 200
	if err := errors.Join(createTopic(ctx, e.brokers, from, 1, nil), createTopic(ctx, e.brokers, to, 1, nil), produceAt(ctx, e.brokers, from, hourAgo, 1, n)); err != nil {
		return err
	}
	session, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(e.brokers), kgo.TransactionalID(prefix+"-transform"), kgo.ConsumerGroup(prefix+"-transforms"),
		kgo.ConsumeTopics(from), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxBytes(2048))
	if err != nil {
		return err
	}
	defer session.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, errors.New("not transformed within 30 s"))
	defer cancel()
	for done, turn := 0, 0; done < n; turn++ {
		polled := session.PollRecords(ctx, 40)
		if err := polled.Err0(); err != nil {
			return fmt.Errorf("%d of %d records were transformed: %w", done, n, err)
		}
		if err := session.Begin(); err != nil {
			return err
		}
		for _, r := range polled.Records() {
			session.Produce(ctx, &kgo.Record{Topic: to, Value: append([]byte("to "), r.Value...)}, nil)
		}
		commit := kgo.TransactionEndTry(turn%3 > 0)
		ended, err := session.End(ctx, commit)
		if err != nil {
			return err
		}
		if ended {
			done += polled.NumRecords()
		}
	}
	got, err := consume(ctx, e.brokers, to, 0, n)
	if err != nil {
		return err
	}
	for i, r := range got {
		if err := expect("value", fmt.Sprintf("to v%d", i), string(r.Value)); err != nil {
			return err
		}
	}
	return nil
}
