package broker_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// An administrator's day with a real client: each call as kadm negotiates it.
func TestAdminClient(t *testing.T) {
	b := start(t, t.TempDir())
	cl := client(t, b.addr)
	admin, ctx := kadm.NewClient(cl), deadline(t)
	value := func(s string) *string { return &s }
	want := func(what string, ok bool, got any, err error) {
		t.Helper()
		if err != nil || !ok {
			t.Errorf("%s: got %+v, error %v", what, got, err)
		}
	}

	made, err := admin.CreateTopics(ctx, -1, -1, map[string]*string{"retention.ms": value("60000")}, "a", "b")
	want("create", made.Error() == nil && made["a"].NumPartitions == 1, made, err)
	grown, err := admin.CreatePartitions(ctx, 2, "a")
	want("create partitions", grown.Error() == nil, grown, err)
	topics, err := admin.ListTopics(ctx)
	want("list", len(topics) == 2 && len(topics["a"].Partitions) == 3 && topics["a"].ID == made["a"].ID, topics, err)

	altered, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{
		{Op: kadm.SetConfig, Name: "segment.bytes", Value: value("100000")},
		{Op: kadm.DeleteConfig, Name: "retention.ms"},
		{Op: kadm.AppendConfig, Name: "cleanup.policy", Value: value("delete")},
	}, "a")
	want("alter", len(altered) == 1 && altered[0].Err == nil, altered, err)
	refused, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SubtractConfig, Name: "cleanup.policy", Value: value("delete")}}, "a")
	want("subtract the last policy", len(refused) == 1 && refused[0].Err != nil, refused, err)
	configs, err := admin.DescribeTopicConfigs(ctx, "a")
	want("describe", len(configs) == 1, configs, err)
	got := map[string]kadm.Config{}
	for _, c := range configs[0].Configs {
		got[c.Key] = c
	}
	if c := got["segment.bytes"]; c.MaybeValue() != "100000" || c.Source != kmsg.ConfigSourceDynamicTopicConfig || len(c.Synonyms) != 2 || c.Synonyms[1].Key != "log.segment.bytes" {
		t.Errorf("segment.bytes is %+v", c)
	}
	if c := got["retention.ms"]; c.MaybeValue() != "604800000" || c.Source != kmsg.ConfigSourceDefaultConfig {
		t.Errorf("retention.ms is %+v", c)
	}
	self, err := admin.DescribeBrokerConfigs(ctx, 1)
	want("describe the broker", len(self) == 1 && self[0].Err == nil && len(self[0].Configs) > 20, self, err)
	brokerAltered, err := admin.AlterBrokerConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "num.partitions", Value: value("3")}}, 1)
	want("alter the broker", len(brokerAltered) == 1 && brokerAltered[0].Err != nil, brokerAltered, err)

	produce(t, cl, "b", "one", "two", "three")
	var below kadm.Offsets
	below.Add(kadm.Offset{Topic: "b", Partition: 0, At: 2})
	records, err := admin.DeleteRecords(ctx, below)
	want("delete records", records.Error() == nil && records["b"][0].LowWatermark == 2, records, err)
	if rest := consume(t, b.addr, "b", 2, 1); rest[0] != "three" {
		t.Errorf("the first record is %q", rest[0])
	}
	below = kadm.Offsets{}
	below.Add(kadm.Offset{Topic: "b", Partition: 0, At: 9})
	records, err = admin.DeleteRecords(ctx, below)
	want("delete records that are not there yet", records.Error() != nil, records, err)

	dirs, err := admin.DescribeAllLogDirs(ctx, nil)
	want("log directories", dirs[1].Error() == nil && dirs[1].Size() > 0, dirs, err)
	cluster, err := admin.BrokerMetadata(ctx)
	want("cluster", len(cluster.Brokers) == 1 && cluster.Controller == 1, cluster, err)

	gone, err := admin.DeleteTopics(ctx, "a", "b")
	want("delete", gone.Error() == nil, gone, err)
	topics, err = kadm.NewClient(client(t, b.addr)).ListTopics(ctx) // the first client's list is cached
	want("list what is left", len(topics) == 0, topics, err)
}
