package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"
)

// Who compares several servers arranges the rounds himself; these measure a server
// that is there, once, with the raw client.

// ProduceOnce produces to a topic that is there.
func ProduceOnce(ctx context.Context, target *Target, topic Topic, o ProduceOptions) (Figures, error) {
	f, _, err := metered(target, func() (Tally, time.Duration, error) { return produceRaw(ctx, topic, o) })
	return f, err
}

// FetchOnce fetches a topic that is there and holds records, as [Topic.Fill] returns it.
func FetchOnce(ctx context.Context, target *Target, topic Topic, o FetchOptions) (Figures, error) {
	f, _, err := metered(target, func() (Tally, time.Duration, error) { return fetchRaw(ctx, topic, o) })
	return f, err
}

// EndToEndOnce produces to a topic at a steady rate, and consumes it at its end. The
// figure records_sent may be more than records: what is missing had not arrived in
// time, and is in no percentile.
func EndToEndOnce(ctx context.Context, target *Target, topic Topic, o EndToEndOptions) (Figures, error) {
	f, _, err := endToEnd(ctx, target, topic, o)
	return f, err
}

// IdleOnce holds connections open.
func IdleOnce(ctx context.Context, target *Target, o IdleOptions) (Figures, error) {
	f, _, err := idle(ctx, target, o)
	return f, err
}

// MeasureOnce meters a load of the caller's own, on a server of any protocol.
func MeasureOnce(target *Target, run func(*Tally) error) (Figures, error) {
	f, _, err := metered(target, func() (Tally, time.Duration, error) {
		sum := newTally()
		began := time.Now()
		err := run(&sum)
		return sum, time.Since(began), err
	})
	return f, err
}

// CreateTopic makes a topic of a new name. remove deletes it; its error says that
// the broker cannot.
func CreateTopic(ctx context.Context, brokers string, secure *tls.Config, partitions int, configs map[string]string) (t Topic, remove func() error, err error) {
	return openTopic(ctx, brokers, secure, TopicSpec{Partitions: partitions, Configs: configs})
}

// Fill produces to a topic what is fetched later, and returns the topic as it
// is read.
func (t Topic) Fill(ctx context.Context, brokers string, o FillOptions) (Topic, error) {
	if _, _, err := produceRaw(ctx, t, ProduceOptions{RecordBytes: o.RecordBytes, BatchBytes: o.BatchBytes,
		Acks: 1, Outstanding: 4, Producers: 1, Amount: Amount{Bytes: o.Bytes}}); err != nil {
		return t, fmt.Errorf("fill the topic: %w", err)
	}
	return t.readable(ctx, brokers)
}

// At is the topic as another server hands it out: one that has the same files.
func (t Topic) At(address string) Topic {
	moved := Topic{Name: t.Name, Starts: t.Starts, Ends: t.Ends}
	for _, leader := range t.Leaders {
		if leader != "" {
			leader = address
		}
		moved.Leaders = append(moved.Leaders, leader)
	}
	return moved
}

// BareTopic is one of so many partitions at a server that knows no topics, such as
// [ServeRelay].
func BareTopic(address string, partitions int) Topic {
	t := Topic{Name: "bare"}
	for range partitions {
		t.Leaders = append(t.Leaders, address)
	}
	return t
}
