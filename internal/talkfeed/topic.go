package talkfeed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// startWait bounds the wait for a broker at the start.
	startWait = 10 * time.Second
	// replicas is how many copies a new topic has, if there are as many brokers.
	replicas = 3
	// maxMessage is a new topic's max.message.bytes: a batch of records of this
	// package, and less than a stranger would like.
	maxMessage = 128 << 10
)

// ensure has the topic there: it takes one of one partition, or makes it. It returns
// what is to be told about a topic that was made otherwise than this would.
func ensure(ctx context.Context, client *kgo.Client, a Address) (warning string, err error) {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	admin := kadm.NewClient(client)
	for {
		there, err := admin.ListTopics(ctx, a.Topic)
		if err != nil {
			return "", reached(a, err)
		}
		topic := there[a.Topic]
		switch {
		case errors.Is(topic.Err, kerr.UnknownTopicOrPartition):
			if err := create(ctx, admin, a); err != nil {
				return "", err
			}
		case topic.Err == nil && len(topic.Partitions) == 1 && topic.Partitions[0].Leader >= 0:
			return kept(ctx, admin, a), nil
		case topic.Err == nil && len(topic.Partitions) > 1:
			return "", fmt.Errorf("feed %s: the topic has %d partitions; a room's events have one order, so it must have 1: name another topic, and the first server makes it", a, len(topic.Partitions))
		case topic.Err != nil && !kerr.IsRetriable(topic.Err):
			return "", fmt.Errorf("feed %s: %w", a, topic.Err)
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("feed %s: the topic has no leader within %v; see whether the cluster's brokers run", a, startWait)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// reached says that no broker was.
func reached(a Address, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("feed %s: no broker answers at %s within %v; see that one runs there, and that --kafka-tls and --kafka-user are as it wants them", a, strings.Join(a.Brokers, ", "), startWait)
	}
	return fmt.Errorf("feed %s: %w; see that a broker runs there, and that --kafka-tls and --kafka-user are as it wants them", a, err)
}

func create(ctx context.Context, admin *kadm.Client, a Address) error {
	brokers, err := admin.ListBrokers(ctx)
	if err != nil {
		return reached(a, err)
	}
	value := func(v string) *string { return &v }
	configs := map[string]*string{"cleanup.policy": value("delete"), "retention.ms": value("-1"), "retention.bytes": value("-1"), "max.message.bytes": value(fmt.Sprint(maxMessage))}
	copies := min(replicas, max(1, len(brokers)))
	if copies == replicas {
		configs["min.insync.replicas"] = value("2") // one broker may be away
	}
	made, err := admin.CreateTopic(ctx, 1, int16(copies), configs, a.Topic)
	if err == nil {
		err = made.Err
	}
	switch {
	case errors.Is(err, kerr.TopicAlreadyExists): // another server was first
		return nil
	case err != nil && made.ErrMessage != "":
		return fmt.Errorf("feed %s: the topic cannot be made: %w: %s", a, err, made.ErrMessage)
	case err != nil:
		return fmt.Errorf("feed %s: the topic cannot be made: %w", a, err)
	}
	return nil
}

// kept says if a topic does not keep what is in it; "" if it does, or if this user
// may not know.
func kept(ctx context.Context, admin *kadm.Client, a Address) string {
	all, err := admin.DescribeTopicConfigs(ctx, a.Topic)
	if err != nil {
		return ""
	}
	var bad []string
	for _, topic := range all {
		for _, c := range topic.Configs {
			v := c.MaybeValue()
			switch {
			case c.Key == "cleanup.policy" && v != "delete", (c.Key == "retention.ms" || c.Key == "retention.bytes") && v != "-1":
				bad = append(bad, c.Key+"="+v)
			}
		}
	}
	if len(bad) == 0 {
		return ""
	}
	slices.Sort(bad)
	return fmt.Sprintf("the topic %s has %s, so the cluster removes steps of the talk in time; cleanup.policy=delete, retention.ms=-1 and retention.bytes=-1 keep them", a.Topic, strings.Join(bad, ", "))
}
