package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// quotaEntry is one quota of an entity that is given as types and names.
func quotaEntry(key string, value float64, entity ...string) kadm.AlterClientQuotaEntry {
	e := kadm.AlterClientQuotaEntry{Ops: []kadm.AlterClientQuotaOp{{Key: key, Value: value, Remove: value < 0}}}
	for i := 0; i < len(entity); i += 2 {
		e.Entity = append(e.Entity, kadm.ClientQuotaEntityComponent{Type: entity[i], Name: &entity[i+1]})
	}
	return e
}

func franzQuotas(ctx context.Context, e *env, prefix string) error {
	a, done, err := admin(e.brokers)
	if err != nil {
		return err
	}
	defer done()
	const key = "producer_byte_rate"
	type alteration func(context.Context, []kadm.AlterClientQuotaEntry) (kadm.AlteredClientQuotas, error)
	for _, s := range []struct {
		what  string
		alter alteration
		entry kadm.AlterClientQuotaEntry
		want  *kerr.Error
	}{
		{"validated only", a.ValidateAlterClientQuotas, quotaEntry(key, 5, "client-id", prefix), nil},
		{"a part of a byte", a.AlterClientQuotas, quotaEntry(key, 1.5, "client-id", prefix), kerr.InvalidRequest},
		{"zero", a.AlterClientQuotas, quotaEntry(key, 0, "client-id", prefix), kerr.InvalidRequest},
		{"an unknown key", a.AlterClientQuotas, quotaEntry("speed", 1, "client-id", prefix), kerr.InvalidRequest},
		{"an address's key", a.AlterClientQuotas, quotaEntry("connection_creation_rate", 1, "client-id", prefix), kerr.InvalidRequest},
		{"too large an INT", a.AlterClientQuotas, quotaEntry("connection_creation_rate", 3e9, "ip", "192.0.2.7"), kerr.InvalidRequest},
		{"no entity", a.AlterClientQuotas, quotaEntry(key, 1), kerr.InvalidRequest},
		{"an unknown type", a.AlterClientQuotas, quotaEntry(key, 1, "group", prefix), kerr.InvalidRequest},
		{"a user's address", a.AlterClientQuotas, quotaEntry(key, 1, "user", prefix, "ip", "192.0.2.7"), kerr.InvalidRequest},
		{"no name", a.AlterClientQuotas, quotaEntry(key, 1, "user", ""), kerr.InvalidRequest},
		{"removed that was not there", a.AlterClientQuotas, quotaEntry(key, -1, "client-id", prefix), nil},
		{"set", a.AlterClientQuotas, quotaEntry(key, 100_000, "client-id", prefix), nil},
	} {
		all, err := s.alter(ctx, []kadm.AlterClientQuotaEntry{s.entry})
		if err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
		if len(all) != 1 || s.want == nil && all[0].Err != nil || s.want != nil && !errors.Is(all[0].Err, s.want) {
			return fmt.Errorf("%s: %+v, expected was %v", s.what, all, s.want)
		}
	}
	err = eventually(ctx, func() error {
		described, err := a.DescribeClientQuotas(ctx, true, []kadm.DescribeClientQuotaComponent{{Type: "client-id", MatchName: &prefix}})
		return errors.Join(err, expect("described", fmt.Sprintf("[{{client-id=%s} [%s=%f]}]", prefix, key, 100_000.0), fmt.Sprint(described)))
	})
	if err != nil {
		return err
	}
	if err := franzThrottled(ctx, e.brokers, prefix); err != nil {
		return err
	}
	all, err := a.AlterClientQuotas(ctx, []kadm.AlterClientQuotaEntry{quotaEntry(key, -1, "client-id", prefix)})
	return errors.Join(err, all[0].Err)
}

// throttleHook gets what a broker tells to wait.
type throttleHook chan time.Duration

func (h throttleHook) OnBrokerThrottle(_ kgo.BrokerMetadata, wait time.Duration, after bool) {
	if after {
		select {
		case h <- wait:
		default:
		}
	}
}

// franzThrottled sends 1.2 MB in two requests by a client whose ten windows hold
// 1 MB: the second is answered with a wait of two seconds, more or less.
func franzThrottled(ctx context.Context, brokers, name string) error {
	told := make(throttleHook, 10)
	client, err := connect(brokers, kgo.ClientID(name), kgo.WithHooks(told), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(20), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer client.Close()
	for range 2 {
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: name, Value: []byte(strings.Repeat("x", 600_000))}).FirstErr(); err != nil {
			return err
		}
	}
	select {
	case wait := <-told:
		if wait < time.Second || wait > 3*time.Second {
			return fmt.Errorf("the client is to wait %v, expected were 2 s", wait)
		}
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("1.2 MB with a quota of 100,000 bytes a second are not throttled")
	}
}
