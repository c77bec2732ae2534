package broker_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"copyscope/broker"
)

// What clients send and get is counted, by topic, by request and by path.
func TestStats(t *testing.T) {
	b := start(t, t.TempDir())
	ctx := deadline(t)
	cl := client(t, b.addr, kgo.ConsumeTopics("counted"), kgo.DefaultProduceTopic("counted"))
	const records = 7
	for range records {
		if err := cl.ProduceSync(ctx, kgo.StringRecord("x")).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for got := 0; got < records; {
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		got += f.NumRecords()
	}
	connections := b.Stats().Connections
	cl.Close()
	b.stop() // a request is counted when its answer is out
	s := b.Stats()
	if len(s.Topics) != 1 {
		t.Fatalf("topics: %+v", s.Topics)
	}
	topic := s.Topics[0]
	if topic.MessagesIn != records || topic.ProduceRequests != records || topic.FailedProduce != 0 || topic.FailedFetch != 0 {
		t.Errorf("the topic's counts: %+v", topic)
	}
	if stored := topic.Partitions[0].Bytes; topic.BytesIn != stored || topic.BytesOut != stored {
		t.Errorf("%d bytes in, %d out, %d stored", topic.BytesIn, topic.BytesOut, stored)
	}
	if len(s.Paths) != 1 || s.Paths[0].Bytes != topic.BytesOut || s.Paths[0].Regions == 0 {
		t.Errorf("paths: %+v", s.Paths)
	}
	if len(s.Engines) != 1 || s.Engines[0].Engine != "write" || s.Engines[0].Bytes != topic.BytesIn || s.Engines[0].Batches != records {
		t.Errorf("engines: %+v", s.Engines)
	}
	if calls := s.Engines[0].SyscallsByName; !reflect.DeepEqual(calls, map[string]int64{"pwrite64": records}) {
		t.Errorf("calls of %d appends: %v", records, calls)
	}
	produced := int64(0)
	for _, r := range s.Requests {
		sum := int64(0)
		for _, n := range r.Buckets {
			sum += n
		}
		asked := int64(0)
		for _, n := range r.ByVersion {
			asked += n
		}
		if sum != asked {
			t.Errorf("%s: %d requests, %d times", r.API, asked, sum)
		}
		if r.API == "Produce" {
			produced = asked
		}
	}
	if produced != records || connections == 0 {
		t.Errorf("%d produce requests on %d connections", produced, connections)
	}
}

// Error codes in answers are counted by API; those of a produce request without
// an answer too.
func TestStatsOfErrors(t *testing.T) {
	b := start(t, t.TempDir())
	ctx := deadline(t)
	cl := client(t, b.addr)
	produce := func(acks int16) {
		req := kmsg.NewPtrProduceRequest()
		req.Acks, req.TimeoutMillis = acks, 1000
		topic := kmsg.NewProduceRequestTopic()
		topic.Topic = "nowhere"
		topic.Partitions = []kmsg.ProduceRequestTopicPartition{{Partition: 0}, {Partition: 1}}
		req.Topics = append(req.Topics, topic)
		req.SetVersion(9)
		conn := dial(t, b.addr)
		if _, err := conn.Write(kmsg.NewRequestFormatter().AppendRequest(nil, req, 1)); err != nil {
			t.Fatal(err)
		}
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		conn.Read(make([]byte, 1)) // the answer, or the end of the connection
		conn.Close()
	}
	produce(1)
	produce(0)
	heartbeat := kmsg.NewPtrHeartbeatRequest()
	heartbeat.Group, heartbeat.MemberID = "none", "none"
	if _, err := heartbeat.RequestWith(ctx, cl); err != nil {
		t.Fatal(err)
	}
	cl.Close()
	b.stop()
	got := map[string]map[int16]int64{}
	for _, r := range b.Stats().Requests {
		if len(r.Errors) > 0 && r.API != "ApiVersions" { // clients begin it with a version too new
			got[r.API] = r.Errors
		}
	}
	want := map[string]map[int16]int64{"Produce": {3: 4}, "Heartbeat": {25: 1}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("errors %v, want %v", got, want)
	}
}

// The lag of a group is told, unless its id is no label.
func TestStatsOfLags(t *testing.T) {
	b := start(t, t.TempDir())
	ctx := deadline(t)
	cl := client(t, b.addr, kgo.DefaultProduceTopic("lagging"))
	for range 5 {
		if err := cl.ProduceSync(ctx, kgo.StringRecord("x")).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for _, group := range []string{"b", "a", strings.Repeat("long", 100), "\xff"} {
		p := kmsg.NewOffsetCommitRequestTopicPartition()
		p.Offset = 2
		topic := kmsg.NewOffsetCommitRequestTopic()
		topic.Topic, topic.Partitions = "lagging", append(topic.Partitions, p)
		req := kmsg.NewPtrOffsetCommitRequest()
		req.Group, req.Generation, req.Topics = group, -1, append(req.Topics, topic)
		resp, err := req.RequestWith(ctx, client(t, b.addr, kgo.MaxVersions(kversion.V3_0_0())))
		if err != nil {
			t.Fatal(err)
		}
		if code := resp.Topics[0].Partitions[0].ErrorCode; code != 0 {
			t.Fatalf("group %q: error code %d", group, code)
		}
	}
	s := b.Stats()
	want := []broker.GroupLag{{Group: "a", Topic: "lagging", Lag: 3}, {Group: "b", Topic: "lagging", Lag: 3}}
	if !slices.Equal(s.Lags, want) || s.LagsOmitted != 2 {
		t.Errorf("lags %v, %d groups omitted, want %v and 2", s.Lags, s.LagsOmitted, want)
	}
}

// Groups commit offsets of any number of partitions; a scrape is told of 10,000 lags.
func TestLagsAreBounded(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	const partitions = 1100
	c.create(topicReq("wide", partitions))
	commit := kmsg.OffsetCommitRequestTopic{Topic: "wide"}
	for p := range int32(partitions) {
		commit.Partitions = append(commit.Partitions, kmsg.OffsetCommitRequestTopicPartition{Partition: p, LeaderEpoch: -1})
	}
	for i, group := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"} {
		resp := ask[*kmsg.OffsetCommitResponse](c, &kmsg.OffsetCommitRequest{Version: 8, Group: group, Generation: -1, Topics: []kmsg.OffsetCommitRequestTopic{commit}}, int32(i))
		if code := resp.Topics[0].Partitions[partitions-1].ErrorCode; code != 0 {
			t.Fatalf("group %s: error %d", group, code)
		}
	}
	s := b.Stats()
	if len(s.Lags) != 10_000 || s.LagsOmitted != 2 { // j is cut, k left out
		t.Errorf("%d lags are told, %d groups omitted, want 10,000 and 2", len(s.Lags), s.LagsOmitted)
	}
}
