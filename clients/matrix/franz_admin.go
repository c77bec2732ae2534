package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func franzTopics(ctx context.Context, e *env, topic string) error {
	a, done, err := admin(e.brokers)
	if err != nil {
		return err
	}
	defer done()
	made, err := a.CreateTopic(ctx, 2, 1, map[string]*string{"retention.ms": kadm.StringPtr("3600000")}, topic)
	if err != nil {
		return err
	}
	_, again := a.CreateTopic(ctx, 2, 1, nil, topic)
	_, name := a.CreateTopic(ctx, 1, 1, nil, "a/b")
	_, config := a.CreateTopic(ctx, 1, 1, map[string]*string{"retention.ms": kadm.StringPtr("long")}, topic+"-bad")
	_, replicas := a.CreateTopic(ctx, 1, 3, nil, topic+"-bad")
	err = errors.Join(
		expect("partitions as created", 2, made.NumPartitions), expect("replication as created", 1, made.ReplicationFactor),
		refused("creating it again", kerr.TopicAlreadyExists, again), refused("a name with a slash", kerr.InvalidTopicException, name),
		refused("a config that is no number", kerr.InvalidConfig, config), refused("three replicas on one broker", kerr.InvalidReplicationFactor, replicas))
	if err != nil {
		return err
	}
	partitions := func() (int, error) {
		topics, err := a.ListTopics(ctx, topic)
		if err == nil {
			err = topics.Error()
		}
		if d := topics[topic]; err == nil && d.ID != made.ID {
			err = fmt.Errorf("its id is %v, as created it was %v", d.ID, made.ID)
		}
		return len(topics[topic].Partitions), err
	}
	if n, err := partitions(); err != nil || n != 2 {
		return fmt.Errorf("%d partitions, expected were 2: %v", n, err)
	}
	more, err := a.UpdatePartitions(ctx, 3, topic)
	if err != nil {
		return err
	}
	fewer, err := a.UpdatePartitions(ctx, 1, topic)
	if err != nil {
		return err
	}
	if err := errors.Join(more.Error(), refused("fewer partitions", kerr.InvalidPartitions, fewer.Error())); err != nil {
		return err
	}
	if n, err := partitions(); err != nil || n != 3 {
		return fmt.Errorf("%d partitions, expected were 3: %v", n, err)
	}
	if err := franzDeleteRecords(ctx, e, a, topic); err != nil {
		return err
	}
	if _, err := a.DeleteTopic(ctx, topic); err != nil {
		return err
	}
	_, gone := a.DeleteTopic(ctx, topic)
	return refused("deleting it again", kerr.UnknownTopicOrPartition, gone)
}

func franzDeleteRecords(ctx context.Context, e *env, a *kadm.Client, topic string) error {
	if err := produceAt(ctx, e.brokers, topic, hourAgo, 1000, 50); err != nil {
		return err
	}
	cut := func(at int64) (kadm.DeleteRecordsResponse, error) {
		all, err := a.DeleteRecords(ctx, offsetsOf(topic, at))
		if err != nil {
			return kadm.DeleteRecordsResponse{}, err
		}
		r, _ := all.Lookup(topic, 0)
		return r, r.Err
	}
	r, err := cut(20)
	if err != nil {
		return err
	}
	if err := expect("low watermark", 20, r.LowWatermark); err != nil {
		return err
	}
	_, after := cut(51)
	if err := refused("deleting what is not there yet", kerr.OffsetOutOfRange, after); err != nil {
		return err
	}
	left, err := consume(ctx, e.brokers, topic, 0, 30)
	if err != nil {
		return err
	}
	return errors.Join(expect("first offset that is left", 20, left[0].Offset), expect("its value", "v20", string(left[0].Value)))
}

func franzConfigs(ctx context.Context, e *env, topic string) error {
	if err := createTopic(ctx, e.brokers, topic, 1, map[string]string{"segment.bytes": "2097152"}); err != nil {
		return err
	}
	a, done, err := admin(e.brokers)
	if err != nil {
		return err
	}
	defer done()
	values := func() (map[string]string, error) {
		all, err := a.DescribeTopicConfigs(ctx, topic)
		if err != nil {
			return nil, err
		}
		m := map[string]string{}
		for _, r := range all {
			if r.Err != nil {
				return nil, r.Err
			}
			for _, c := range r.Configs {
				m[c.Key] = c.MaybeValue()
			}
		}
		return m, nil
	}
	retention := func(op kadm.IncrementalOp, value string) []kadm.AlterConfig {
		return []kadm.AlterConfig{{Op: op, Name: "retention.ms", Value: kadm.StringPtr(value)}}
	}
	type alteration func(context.Context, []kadm.AlterConfig, ...string) (kadm.AlterConfigsResponses, error)
	for _, s := range []struct {
		what               string
		alter              alteration
		configs            []kadm.AlterConfig
		refused            *kerr.Error
		retention, segment string
	}{
		{"set", a.AlterTopicConfigs, retention(kadm.SetConfig, "60000"), nil, "60000", "2097152"},
		{"set, validated only", a.ValidateAlterTopicConfigs, retention(kadm.SetConfig, "1"), nil, "60000", "2097152"},
		{"set to no number", a.AlterTopicConfigs, retention(kadm.SetConfig, "soon"), kerr.InvalidConfig, "60000", "2097152"},
		{"delete", a.AlterTopicConfigs, retention(kadm.DeleteConfig, ""), nil, "604800000", "2097152"},
		{"the whole, which resets the others", a.AlterTopicConfigsState, retention(kadm.SetConfig, "70000"), nil, "70000", "1073741824"},
	} {
		r, err := s.alter(ctx, s.configs, topic)
		if err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
		one, err := r.On(topic, nil)
		if err == nil {
			err = one.Err
		}
		if s.refused != nil {
			err = refused(s.what, s.refused, err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
		err = eventually(ctx, func() error {
			now, err := values()
			return errors.Join(err, expect(s.what+": retention.ms", s.retention, now["retention.ms"]), expect(s.what+": segment.bytes", s.segment, now["segment.bytes"]))
		})
		if err != nil {
			return err
		}
	}
	all, err := a.DescribeTopicConfigs(ctx, topic+"-absent")
	if err != nil {
		return err
	}
	_, err = all.On(topic+"-absent", nil)
	if one := all[0]; err == nil {
		err = one.Err
	}
	return refused("configs of a topic that is not there", kerr.UnknownTopicOrPartition, err)
}

// eventually repeats what fails for up to 5 s: a broker of Kafka's learns of its
// controller's changes after the controller acknowledged them.
func eventually(ctx context.Context, try func() error) error {
	deadline := time.Now().Add(5 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

func franzCluster(ctx context.Context, e *env, topic string) error {
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
	meta, err := a.BrokerMetadata(ctx)
	if err != nil {
		return err
	}
	if len(meta.Brokers) != 1 || meta.Cluster == "" || meta.Controller != meta.Brokers[0].NodeID {
		return fmt.Errorf("cluster %q has brokers %v and controller %d", meta.Cluster, meta.Brokers, meta.Controller)
	}
	b := meta.Brokers[0]
	if err := expect("advertised address", e.brokers, fmt.Sprintf("%s:%d", b.Host, b.Port)); err != nil {
		return err
	}
	versions, err := a.ApiVersions(ctx)
	if err != nil {
		return err
	}
	v := versions[b.NodeID]
	if low, high, ok := v.KeyVersions(1); !ok || low > 4 || high < 11 {
		return fmt.Errorf("versions of Fetch: %d to %d", low, high)
	}
	var set kadm.TopicsSet
	set.Add(topic, 0)
	dirs, err := a.DescribeAllLogDirs(ctx, set)
	if err != nil {
		return err
	}
	p, ok := dirs[b.NodeID].LookupPartition(topic, 0)
	if !ok || p.Size < 500 || p.OffsetLag != 0 {
		return fmt.Errorf("log directories: %+v", dirs)
	}
	var ask kadm.OffsetForLeaderEpochRequest
	ask.Add(topic, 0, 0)
	ends, err := a.OffsetForLeaderEpoch(ctx, ask)
	if err != nil {
		return err
	}
	end := ends[topic][0]
	return errors.Join(end.Err, expect("end of the only epoch", 50, end.EndOffset), expect("its epoch", 0, end.LeaderEpoch))
}

func franzGroupsAdmin(ctx context.Context, e *env, prefix string) error {
	topic, group := prefix, prefix+"-group"
	if err := createTopic(ctx, e.brokers, topic, 2, nil); err != nil {
		return err
	}
	a, done, err := admin(e.brokers)
	if err != nil {
		return err
	}
	defer done()
	m, err := join(ctx, e.brokers, group, topic, kgo.ClientID("the-member"), kgo.Balancers(kgo.RangeBalancer()))
	if err != nil {
		return err
	}
	defer m.leave()
	if err := until(ctx, "it has both", func() bool { return len(m.view().assigned) == 2 }, m); err != nil {
		return err
	}
	listed, err := a.ListGroups(ctx)
	if err != nil {
		return err
	}
	state := func() (kadm.DescribedGroup, error) {
		all, err := a.DescribeGroups(ctx, group)
		if err != nil {
			return kadm.DescribedGroup{}, err
		}
		return all[group], all[group].Err
	}
	d, err := state()
	if err != nil {
		return err
	}
	err = errors.Join(
		expect("it is listed", true, slices.Contains(listed.Groups(), group)), expect("protocol type", "consumer", listed[group].ProtocolType),
		expect("state", "Stable", d.State), expect("protocol", "range", d.Protocol), expect("members", 1, len(d.Members)))
	if err != nil {
		return err
	}
	assigned := d.AssignedPartitions()
	err = errors.Join(
		expect("client id", "the-member", d.Members[0].ClientID),
		expect("assigned partitions", true, assigned.Lookup(topic, 0) && assigned.Lookup(topic, 1)))
	if err != nil {
		return err
	}
	_, inUse := a.DeleteGroup(ctx, group)
	if err := refused("deleting it while in use", kerr.NonEmptyGroup, inUse); err != nil {
		return err
	}
	if err := fillPartitions(ctx, e.brokers, topic, 2, 5, 0); err != nil {
		return err
	}
	if err := until(ctx, "it consumes", func() bool { return m.view().records == 10 }, m); err != nil {
		return err
	}
	m.leave()
	if d, err = state(); err != nil {
		return err
	}
	if err := expect("state once it left", "Empty", d.State); err != nil {
		return err
	}
	if _, err := a.DeleteGroup(ctx, group); err != nil {
		return err
	}
	_, gone := a.DeleteGroup(ctx, group)
	return refused("deleting it again", kerr.GroupIDNotFound, gone)
}
