package broker_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/internal/trace"
)

// Naming one topic, or its id, many times brings one description of it.
func TestMetadataTellsOnce(t *testing.T) {
	c := dial(t, start(t, t.TempDir()).addr)
	c.create(topicReq("wide", 50))
	names := make([]string, 2000)
	for i := range names {
		names[i] = "wide"
	}
	byName := ask[*kmsg.MetadataResponse](c, metadataReq(1, false, names...), 1).Topics
	if len(byName) != 1 || len(byName[0].Partitions) != 50 {
		t.Fatalf("%d topics are told, want 1 with its 50 partitions", len(byName))
	}
	req := metadataReq(12, false)
	id := ask[*kmsg.MetadataResponse](c, req, 2).Topics[0].TopicID
	for range 2000 {
		req.Topics = append(req.Topics, kmsg.MetadataRequestTopic{TopicID: id})
	}
	if byID := ask[*kmsg.MetadataResponse](c, req, 3).Topics; len(byID) != 1 || len(byID[0].Partitions) != 50 {
		t.Fatalf("%d topics are told by id, want 1", len(byID))
	}
}

// Naming thousands of new topics creates some of them, soon.
func TestMetadataCreatesFew(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	var names []string
	for i := range 3500 {
		names = append(names, fmt.Sprint("new-", i))
	}
	got := ask[*kmsg.MetadataResponse](c, metadataReq(4, true, names...), 1).Topics
	made := 0
	for _, topic := range got {
		switch topic.ErrorCode {
		case 0:
			made++
		case 3: // clients ask again
		default:
			t.Fatalf("topic %s: error %d", *topic.Topic, topic.ErrorCode)
		}
	}
	if len(got) != len(names) || made != 100 || len(b.Topics()) != 100 {
		t.Errorf("%d topics are told, %d of them made, the broker has %d; want all, 100, 100", len(got), made, len(b.Topics()))
	}
	b.wantSaid(t, "more new topics than are created on demand")
}

// What a request names twice is refused, or answered once, as Kafka does.
func TestNamedTwice(t *testing.T) {
	c := dial(t, start(t, t.TempDir()).addr)
	c.create(topicReq("t", 1))
	created := ask[*kmsg.CreateTopicsResponse](c, createReq(topicReq("new", 1), topicReq("new", 1), topicReq("other", 1)), 1).Topics
	if len(created) != 2 || created[0].ErrorCode != 42 || created[1].ErrorCode != 0 {
		t.Errorf("CreateTopics: %+v", created)
	}
	offsets := kmsg.NewPtrListOffsetsRequest()
	offsets.Version = 1
	at := kmsg.ListOffsetsRequestTopicPartition{Timestamp: -2}
	offsets.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: "t", Partitions: []kmsg.ListOffsetsRequestTopicPartition{at, at}}, {Topic: "t", Partitions: []kmsg.ListOffsetsRequestTopicPartition{at}}}
	listed := ask[*kmsg.ListOffsetsResponse](c, offsets, 2).Topics
	if p := listed[0].Partitions; p[0].ErrorCode != 0 || p[1].ErrorCode != 42 || listed[1].Partitions[0].ErrorCode != 42 {
		t.Errorf("ListOffsets: %+v", listed)
	}
	describe := kmsg.NewPtrDescribeConfigsRequest()
	of := kmsg.DescribeConfigsRequestResource{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t"}
	describe.Resources = []kmsg.DescribeConfigsRequestResource{of, of, of}
	if got := ask[*kmsg.DescribeConfigsResponse](c, describe, 3).Resources; len(got) != 1 || len(got[0].Configs) == 0 {
		t.Errorf("DescribeConfigs: %+v", got)
	}
	incremental := kmsg.NewPtrIncrementalAlterConfigsRequest()
	change := kmsg.IncrementalAlterConfigsRequestResource{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t",
		Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: "max.message.bytes", Value: kmsg.StringPtr("7")}}}
	incremental.Resources = []kmsg.IncrementalAlterConfigsRequestResource{change, change}
	if got := ask[*kmsg.IncrementalAlterConfigsResponse](c, incremental, 4).Resources; len(got) != 1 || got[0].ErrorCode != 42 {
		t.Errorf("IncrementalAlterConfigs: %+v", got)
	}
}

// Serve ends in time though a request does not, and says so; the directory
// stays locked until the request has ended.
func TestShutdownWithStuckRequest(t *testing.T) {
	dir := t.TempDir()
	stuck, release := make(chan struct{}), make(chan struct{})
	b := open(t, dir, func(c *broker.Config) {
		c.OnServed = func(trace.Served) {
			close(stuck)
			<-release
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx) }()
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, batchOf("a")), 1)
	c.send(frame(fetchReq("t", 0), 2))
	<-stuck
	cancel()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "1 requests did not end") || !strings.Contains(err.Error(), dir) {
			t.Errorf("Serve ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("Serve did not end within 5 s")
	}
	again := func() (*broker.Broker, error) {
		return broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: dir})
	}
	if b, err := again(); err == nil {
		b.Close()
		t.Error("the directory is free though a request may still write to it")
	}
	close(release)
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if b, err := again(); err == nil {
			b.Close()
			break
		} else if time.Now().After(end) {
			t.Fatalf("the request ended, and the directory is not free: %v", err)
		}
	}
}

// Recovery ends with the context, cuts nothing off, and gives port and
// directory back.
func TestOpenInterrupted(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, batchOf("a")), 1)
	b.stop()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := broker.Open(ctx, broker.Config{Listen: b.addr, Dir: dir}); err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Fatalf("got %v, want that the context ended", err)
	}
	again := start(t, dir, func(c *broker.Config) { c.Listen = b.addr })
	if _, high := stored(again, "t"); high != 1 {
		t.Errorf("the next offset is %d, want 1", high)
	}
}

// What a client calls itself reaches pages and terminals: only what is
// printable is kept.
func TestClientNames(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, batchOf("a")), 1)
	for i, k := range []struct{ id, want string }{
		{"plain name-1.2", "plain name-1.2@"},
		{"a\u202eb\u009bc\u2028d\u2029e\u200bf\ufeffg\x1bh\x7fi\u2066j\xffk\n", "abcdefghijk@"},
		{"数据", "数据@"},
		{"\u202e\u2028", c.LocalAddr().String()},
		{strings.Repeat("数", 100), strings.Repeat("数", 21) + "@"},
	} {
		req := fetchReq("t", 0)
		c.send(kmsg.NewRequestFormatter(kmsg.FormatterClientID(k.id)).AppendRequest(nil, req, int32(i)))
		answer[*kmsg.FetchResponse](c, req, int32(i))
		var got string
		for end := time.Now().Add(5 * time.Second); len(b.transfers()) <= i && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if all := b.transfers(); len(all) > i {
			got = all[i].Client
		}
		if want := strings.TrimSuffix(k.want, c.LocalAddr().String()) + c.LocalAddr().String(); got != want {
			t.Errorf("%q is told as %q, want %q", k.id, got, want)
		}
	}
}

// A catalogue that claims what create would refuse is refused as a whole,
// before anything is made.
func TestLyingCatalogue(t *testing.T) {
	topic := func(name string, partitions int) string { // each has an id of its own
		var id [16]byte
		copy(id[:], name)
		return fmt.Sprintf(`"%s":{"id":"%s","partitions":%d}`, name, base64.RawURLEncoding.EncodeToString(id[:]), partitions)
	}
	for _, k := range []struct {
		topics string
		want   []string
	}{
		{topic("a", 99999), []string{`"a"`, "99999", "20000"}},
		{topic("a", -1), []string{`"a"`, "-1"}},
		{topic("a", 0), []string{`"a"`, "0 partitions"}},
		{topic("a", 15000) + "," + topic("b", 15000), []string{"30000", "20000"}},
		{topic("a", 1) + "," + topic("../b", 1), []string{"../b", "only letters"}},
		{topic("a", 1) + "," + strings.Replace(topic("a", 1), `"a"`, `"b"`, 1), []string{`"a" and "b"`, "one id"}},
		{topic("a", 1) + `,"b":{"id":"short","partitions":1}`, []string{`"b"`, "short"}},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "topics.json"), []byte(`{"schema":1,"topics":{`+k.topics+`}}`), 0o644); err != nil {
			t.Fatal(err)
		}
		b, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: dir})
		if err == nil {
			b.Close()
			t.Errorf("%s: it opened", k.topics)
			continue
		}
		for _, w := range append(k.want, "topics.json", "restore") {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("the error %q does not say %q", err, w)
			}
		}
		if made, _ := filepath.Glob(filepath.Join(dir, "*-*")); len(made) > 0 {
			t.Errorf("%s: %d directories were made", k.topics, len(made))
		}
	}
}

// Large requests share a budget: who finds it taken waits, small requests do
// not, and the end of the broker ends the waiting.
func TestBytesInFlight(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) { c.MaxFrameBytes, c.MaxInFlightBytes = 1<<20, 1<<20 })
	small := dial(t, b.addr)
	small.create(topicReq("t", 1))
	req := produceReq(7, 1, "t", 0, batchOf(strings.Repeat("x", 700<<10)))
	large := frame(req, 1)

	holds, waits := dial(t, b.addr), dial(t, b.addr)
	holds.send(large[:100])
	time.Sleep(50 * time.Millisecond)
	go waits.Write(large)
	waits.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := waits.Read(make([]byte, 1)); n > 0 || !isTimeout(err) {
		t.Fatalf("a second large request was answered while the first held all bytes: %d bytes, %v", n, err)
	}
	ask[*kmsg.MetadataResponse](small, metadataReq(8, false), 2)
	holds.Close()
	waits.SetReadDeadline(time.Now().Add(10 * time.Second))
	if p := answer[*kmsg.ProduceResponse](waits, req, 1).Topics[0].Partitions[0]; p.ErrorCode != 0 {
		t.Errorf("when there was room it got error %d", p.ErrorCode)
	}

	again := dial(t, b.addr)
	again.send(large[:100])
	time.Sleep(50 * time.Millisecond)
	go waits.Write(large)
	time.Sleep(50 * time.Millisecond)
	began := time.Now()
	b.stop()
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("the end took %v though no request was worked on", took)
	}
}

// A request of few bytes each for very many partitions is not taken apart.
func TestProduceToManyPartitions(t *testing.T) {
	b := start(t, t.TempDir())
	req := produceReq(9, 1, "t", 0, nil)
	part := req.Topics[0].Partitions[0]
	for range 20_000 {
		req.Topics[0].Partitions = append(req.Topics[0].Partitions, part)
	}
	c := dial(t, b.addr)
	c.send(frame(req, 1))
	c.wantClosed()
	b.wantSaid(t, "arrays of more than 16384 elements")
}
