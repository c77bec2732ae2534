package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// expect is the error that two values are not the same, or nil.
func expect[T comparable](what string, want, got T) error {
	if want != got {
		return fmt.Errorf("%s: %v, expected was %v", what, got, want)
	}
	return nil
}

// refused is the error that err is not Kafka's want, or nil.
func refused(what string, want *kerr.Error, err error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("%s: %v, expected was %s", what, err, want.Message)
	}
	return nil
}

// admin is a client for administration, and what closes it.
func admin(brokers string) (*kadm.Client, func(), error) {
	client, err := connect(brokers)
	if err != nil {
		return nil, nil, err
	}
	return kadm.NewClient(client), client.Close, nil
}

// commitOffset commits for partition 0.
func commitOffset(ctx context.Context, brokers, group, topic string, at int64) error {
	a, done, err := admin(brokers)
	if err != nil {
		return err
	}
	defer done()
	return a.CommitAllOffsets(ctx, group, offsetsOf(topic, at))
}

func offsetsOf(topic string, at int64) kadm.Offsets {
	var o kadm.Offsets
	o.Add(kadm.Offset{Topic: topic, At: at, LeaderEpoch: -1, Metadata: "at " + fmt.Sprint(at)})
	return o
}

func franzOffsets(ctx context.Context, e *env, topic string) error {
	group := topic + "-group"
	if err := createTopic(ctx, e.brokers, topic, 1, nil); err != nil {
		return err
	}
	if err := produceAt(ctx, e.brokers, topic, hourAgo, 1000, 50); err != nil {
		return err
	}
	a, done, err := admin(e.brokers)
	if err != nil {
		return err
	}
	defer done()
	committed := func() (kadm.OffsetResponse, bool, error) {
		all, err := a.FetchOffsets(ctx, group)
		if err == nil {
			err = all.Error()
		}
		o, ok := all.Lookup(topic, 0)
		return o, ok, err
	}
	for _, at := range []int64{40, 12} { // commit, and reset to before
		if err := a.CommitAllOffsets(ctx, group, offsetsOf(topic, at)); err != nil {
			return err
		}
		o, _, err := committed()
		if err != nil {
			return err
		}
		if err := errors.Join(expect("committed", at, o.At), expect("metadata", fmt.Sprint("at ", at), o.Metadata)); err != nil {
			return err
		}
	}
	lags, err := a.Lag(ctx, group)
	if err != nil {
		return err
	}
	l := lags[group]
	if err := errors.Join(l.Error(), expect("lag", 38, l.Lag.Total())); err != nil {
		return err
	}
	var set kadm.TopicsSet
	set.Add(topic, 0)
	deleted, err := a.DeleteOffsets(ctx, group, set)
	if err != nil {
		return err
	}
	if err := deleted.Error(); err != nil {
		return err
	}
	if o, ok, err := committed(); err != nil || ok && o.At >= 0 {
		return fmt.Errorf("after its deletion the offset is %d, %v", o.At, err)
	}
	return franzListOffsets(ctx, a, topic)
}

func franzListOffsets(ctx context.Context, a *kadm.Client, topic string) error {
	for _, l := range []struct {
		name string
		list func() (kadm.ListedOffsets, error)
		want int64
	}{
		{"start", func() (kadm.ListedOffsets, error) { return a.ListStartOffsets(ctx, topic) }, 0},
		{"end", func() (kadm.ListedOffsets, error) { return a.ListEndOffsets(ctx, topic) }, 50},
		{"committed end", func() (kadm.ListedOffsets, error) { return a.ListCommittedOffsets(ctx, topic) }, 50},
		{"greatest timestamp", func() (kadm.ListedOffsets, error) { return a.ListMaxTimestampOffsets(ctx, topic) }, 49},
		{"by timestamp", func() (kadm.ListedOffsets, error) { return a.ListOffsetsAfterMilli(ctx, hourAgo+30_500, topic) }, 31},
		{"after the last, which is the end", func() (kadm.ListedOffsets, error) { return a.ListOffsetsAfterMilli(ctx, hourAgo+100_000, topic) }, 50},
	} {
		listed, err := l.list()
		if err == nil {
			err = listed.Error()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		o, _ := listed.Lookup(topic, 0)
		if err := expect(l.name, l.want, o.Offset); err != nil {
			return err
		}
	}
	return nil
}
