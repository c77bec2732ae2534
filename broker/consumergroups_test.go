package broker_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

// beat is a heartbeat that joins the group g, changed.
func beat(change ...func(*kmsg.ConsumerGroupHeartbeatRequest)) *kmsg.ConsumerGroupHeartbeatRequest {
	r := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	r.Version, r.Group, r.MemberID, r.RebalanceTimeoutMillis = 1, "g", "m", 60_000
	r.SubscribedTopicNames, r.Topics = []string{"t"}, []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	for _, f := range change {
		f(r)
	}
	return r
}

// What is wrong with a heartbeat has Kafka's code on the wire, and says why.
func TestConsumerGroupCodes(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) {
		c.Defaults = broker.Defaults{"group.consumer.max.size": "1", "group.consumer.assignors": "range"}
	})
	c := dial(t, b.addr)
	c.create(topicReq("t", 2))
	joined := ask[*kmsg.ConsumerGroupHeartbeatResponse](c, beat(), 1)
	if joined.ErrorCode != 0 || *joined.MemberID != "m" || joined.MemberEpoch != 1 || joined.HeartbeatIntervalMillis != 5000 ||
		len(joined.Assignment.Topics) != 1 || len(joined.Assignment.Topics[0].Partitions) != 2 {
		t.Fatalf("joined with %+v", joined)
	}
	for _, k := range []struct {
		name   string
		code   int16
		change func(*kmsg.ConsumerGroupHeartbeatRequest)
	}{
		{"no group", 24, func(r *kmsg.ConsumerGroupHeartbeatRequest) { r.Group = "" }},
		{"no member id", 42, func(r *kmsg.ConsumerGroupHeartbeatRequest) { r.MemberID = "" }},
		{"unknown member", 25, func(r *kmsg.ConsumerGroupHeartbeatRequest) { r.MemberID, r.MemberEpoch = "x", 1 }},
		{"unknown group", 69, func(r *kmsg.ConsumerGroupHeartbeatRequest) { r.Group, r.MemberEpoch = "x", 1 }},
		{"full", 81, func(r *kmsg.ConsumerGroupHeartbeatRequest) { r.MemberID = "x" }},
		{"epoch", 110, func(r *kmsg.ConsumerGroupHeartbeatRequest) { r.MemberEpoch = 7 }},
		{"assignor that is switched off", 112, func(r *kmsg.ConsumerGroupHeartbeatRequest) { r.ServerAssignor = kmsg.StringPtr("uniform") }},
		{"expression", 128, func(r *kmsg.ConsumerGroupHeartbeatRequest) { r.SubscribedTopicRegex = kmsg.StringPtr("[") }},
		{"left with -2 without instance", 42, func(r *kmsg.ConsumerGroupHeartbeatRequest) { r.MemberEpoch = -2 }},
	} {
		got := ask[*kmsg.ConsumerGroupHeartbeatResponse](c, beat(k.change), 2)
		if got.ErrorCode != k.code || got.ErrorMessage == nil || *got.ErrorMessage == "" || got.MemberID != nil {
			t.Errorf("%s: got %+v, want the code %d", k.name, got, k.code)
		}
	}
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Group, commit.MemberID = "g", "m"
	commit.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Offset: 3, LeaderEpoch: -1}}}}
	for _, k := range []struct {
		version    int16
		group      string
		epoch      int32
		code       int16
		memberless bool
	}{{9, "g", 1, 0, false}, {9, "g", 2, 113, false}, {8, "g", 1, 35, false}, {9, "x", 1, 69, false}, {8, "x", 1, 22, false}, {9, "g", -1, 25, true}} {
		commit.Version, commit.Group, commit.Generation, commit.MemberID = k.version, k.group, k.epoch, "m"
		if k.memberless {
			commit.MemberID = ""
		}
		if got := ask[*kmsg.OffsetCommitResponse](c, commit, 3).Topics[0].Partitions[0].ErrorCode; got != k.code {
			t.Errorf("a commit by version %d of %s in epoch %d: error %d, want %d", k.version, k.group, k.epoch, got, k.code)
		}
	}
	fetch := kmsg.NewPtrOffsetFetchRequest()
	fetch.Version = 9
	for epoch, code := range map[int32]int16{1: 0, 2: 113} {
		fetch.Groups = []kmsg.OffsetFetchRequestGroup{{Group: "g", MemberID: kmsg.StringPtr("m"), MemberEpoch: epoch}}
		if got := ask[*kmsg.OffsetFetchResponse](c, fetch, 4).Groups[0].ErrorCode; got != code {
			t.Errorf("a fetch in epoch %d: error %d, want %d", epoch, got, code)
		}
	}
}

// A group is described and listed under its own type alone.
func TestConsumerGroupIsNoClassicGroup(t *testing.T) {
	c := dial(t, start(t, t.TempDir()).addr)
	c.create(topicReq("t", 2))
	ask[*kmsg.ConsumerGroupHeartbeatResponse](c, beat(), 1)
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Version, commit.Group, commit.Generation = 9, "classic", -1
	commit.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Offset: 3, LeaderEpoch: -1}}}}
	ask[*kmsg.OffsetCommitResponse](c, commit, 1)
	for version, code := range map[int16]int16{5: 0, 6: 69} {
		got := ask[*kmsg.DescribeGroupsResponse](c, &kmsg.DescribeGroupsRequest{Version: version, Groups: []string{"g"}}, 2).Groups[0]
		if got.State != "Dead" || got.ErrorCode != code {
			t.Errorf("as a classic group, by version %d, it is %+v", version, got)
		}
	}
	described := ask[*kmsg.ConsumerGroupDescribeResponse](c, &kmsg.ConsumerGroupDescribeRequest{Version: 1, Groups: []string{"g", "classic", "", "g"}, IncludeAuthorizedOperations: true}, 3).Groups
	for i, code := range []int16{0, 69, 24, 42} {
		if described[i].ErrorCode != code {
			t.Errorf("%q: error %d, want %d", described[i].Group, described[i].ErrorCode, code)
		}
	}
	g := described[0]
	if g.State != "Stable" || g.Epoch != 1 || g.AssignmentEpoch != 1 || g.AssignorName != "uniform" || g.AuthorizedOperations <= 0 || len(g.Members) != 1 {
		t.Fatalf("it is %+v", g)
	}
	if m := g.Members[0]; m.MemberID != "m" || m.MemberEpoch != 1 || m.MemberType != 1 || !strings.HasPrefix(m.ClientHost, "/") || len(m.Assignment.TopicPartitions) != 1 ||
		m.Assignment.TopicPartitions[0].Topic != "t" || len(m.TargetAssignment.TopicPartitions[0].Partitions) != 2 {
		t.Errorf("its member is %+v", m)
	}
	for types, want := range map[string]string{"consumer": "g", "Classic": "classic"} {
		got := ask[*kmsg.ListGroupsResponse](c, &kmsg.ListGroupsRequest{Version: 5, TypesFilter: []string{types}}, 4).Groups
		if len(got) != 1 || got[0].Group != want || !strings.EqualFold(got[0].GroupType, types) {
			t.Errorf("of type %s are %+v", types, got)
		}
	}
}

// The settings of consumer groups are what is possible together, or a broker does
// not open.
func TestConsumerGroupSettings(t *testing.T) {
	for _, k := range []struct {
		set  broker.Defaults
		says string
	}{
		{broker.Defaults{"group.consumer.heartbeat.interval.ms": "15000", "group.consumer.assignors": "range"}, ""},
		{broker.Defaults{"group.consumer.heartbeat.interval.ms": "4999"}, "group.consumer.min.heartbeat.interval.ms"},
		{broker.Defaults{"group.consumer.session.timeout.ms": "60001"}, "group.consumer.max.session.timeout.ms"},
		{broker.Defaults{"group.consumer.max.heartbeat.interval.ms": "60000", "group.consumer.heartbeat.interval.ms": "45000"}, "not less than"},
		{broker.Defaults{"group.consumer.assignors": "uniform,sticky"}, `no assignor "sticky"`},
		{broker.Defaults{"group.consumer.assignors": ""}, "names no assignor"},
	} {
		b, err := broker.Open(t.Context(), broker.Config{Listen: "127.0.0.1:0", Dir: t.TempDir(), Defaults: k.set})
		switch {
		case err == nil && k.says == "":
		case err == nil:
			t.Errorf("%v is taken", k.set)
		case k.says == "" || !strings.Contains(err.Error(), k.says):
			t.Errorf("%v: %v", k.set, err)
		}
		if err == nil {
			b.Close()
		}
	}
}
