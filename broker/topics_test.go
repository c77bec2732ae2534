package broker_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

func TestCreateTopics(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) { c.MaxPartitions = 20 })
	c := dial(t, b.addr)
	replicated := topicReq("r", 1)
	replicated.ReplicationFactor = 3
	assigned := topicReq("assigned", -1)
	assigned.ReplicationFactor = -1
	assigned.ReplicaAssignment = []kmsg.CreateTopicsRequestTopicReplicaAssignment{{Partition: 0, Replicas: []int32{1}}, {Partition: 1, Replicas: []int32{1}}}
	elsewhere := topicReq("elsewhere", -1)
	elsewhere.ReplicationFactor = -1
	elsewhere.ReplicaAssignment = []kmsg.CreateTopicsRequestTopicReplicaAssignment{{Partition: 0, Replicas: []int32{2}}}
	numbered := elsewhere
	numbered.NumPartitions = 1
	twice := elsewhere
	twice.ReplicaAssignment = []kmsg.CreateTopicsRequestTopicReplicaAssignment{{Partition: 0, Replicas: []int32{1}}, {Partition: 0, Replicas: []int32{1}}}
	for _, k := range []struct {
		req  kmsg.CreateTopicsRequestTopic
		code int16
		said string
	}{
		{topicReq("a", 3), 0, ""},
		{topicReq("a", 3), 36, "exists"},
		{topicReq("default", -1), 0, ""},
		{topicReq("none", 0), 37, "at least 1"},
		{topicReq("many", 100), 44, "at most 20"},
		{topicReq("absurd", 1<<31-1), 44, "at most 20"},
		{replicated, 38, "one node"},
		{assigned, 0, ""},
		{elsewhere, 39, "only node"},
		{numbered, 42, "must be -1"},
		{twice, 39, "each once"},
		{topicReq("p", 1, "copyscope.fetch.path", "splice"), 0, ""},
		{topicReq("q", 1, "copyscope.fetch.path", "sendfil"), 40, `nearest is "sendfile"`},
		{topicReq("q", 1, "copyscope.fetch.paht", "sendfile"), 40, `nearest is "copyscope.fetch.path"`},
		{topicReq("q", 1, "remote.storage.enable", "true"), 40, "no tiered storage"},
		{topicReq("q", 1, "cleanup.policy", "compress"), 40, "no policy"},
		{topicReq("q", 1, "min.insync.replicas", "2"), 40, "one node"},
		{topicReq("q", 1, "retention.ms", "-2"), 40, "from -1"},
		{topicReq("q", 1, "segment.bytes", "2147483648"), 40, "segment.bytes"},
		{topicReq("q", 1, "preallocate", "yes"), 40, "neither"},
		{topicReq("q", 1, "min.cleanable.dirty.ratio", "NaN"), 40, "from 0 to 1"},
		{topicReq("q", 1, "leader.replication.throttled.replicas", "0:1,all"), 40, "partition:node"},
		{topicReq("a.b", 1, "follower.replication.throttled.replicas", "0:1, 2:1", "leader.replication.throttled.replicas", "*", "retention.ms", " 5 ", "unclean.leader.election.enable", "TRUE"), 0, ""},
		{topicReq("a_b", 1), 17, "metrics"},
		{topicReq("__consumer_offsets", 1), 17, "own"},
		{topicReq("q", 1, "max.message.bytes", "-1"), 40, "max.message.bytes"},
		{topicReq("", 1), 17, "empty"},
		{topicReq(".", 1), 17, "cannot be"},
		{topicReq("..", 1), 17, "cannot be"},
		{topicReq("../escape", 1), 17, "only letters"},
		{topicReq("a/b", 1), 17, "only letters"},
		{topicReq("nul\x00", 1), 17, "only letters"},
		{topicReq("数据", 1), 17, "only letters"},
		{topicReq(strings.Repeat("n", 249), 1), 0, ""},
		{topicReq(strings.Repeat("n", 250), 1), 17, "at most 249"},
		{topicReq("rest", 12), 44, "has 9 and holds at most 20"},
		{topicReq("rest", 10), 0, ""},
	} {
		got := ask[*kmsg.CreateTopicsResponse](c, createReq(k.req), 1).Topics[0]
		message := ""
		if got.ErrorMessage != nil {
			message = *got.ErrorMessage
		}
		if got.ErrorCode != k.code || !strings.Contains(message, k.said) {
			t.Errorf("%.30q: error %d %q, want %d with %q", k.req.Topic, got.ErrorCode, message, k.code, k.said)
		}
	}
	check := createReq(topicReq("dry", 1))
	check.ValidateOnly = true
	if got := ask[*kmsg.CreateTopicsResponse](c, check, 1).Topics[0]; got.ErrorCode != 0 {
		t.Errorf("validating: error %d", got.ErrorCode)
	}
	names := map[string]int{}
	for _, info := range b.Topics() {
		names[info.Name] = len(info.Partitions)
	}
	if len(names) != 7 || names["a"] != 3 || names["assigned"] != 2 || names["default"] != 1 {
		t.Errorf("the topics are %v", names)
	}
}

func metadataReq(version int16, create bool, topics ...string) *kmsg.MetadataRequest {
	req := kmsg.NewPtrMetadataRequest()
	req.Version, req.AllowAutoTopicCreation = version, create
	for _, name := range topics {
		req.Topics = append(req.Topics, kmsg.MetadataRequestTopic{Topic: kmsg.StringPtr(name)})
	}
	return req
}

func TestMetadata(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	c := dial(t, b.addr)
	if got := ask[*kmsg.MetadataResponse](c, metadataReq(8, false, "t"), 1).Topics[0]; got.ErrorCode != 3 {
		t.Errorf("unknown topic, creation not allowed: error %d, want 3", got.ErrorCode)
	}
	made := ask[*kmsg.MetadataResponse](c, metadataReq(12, true, "t"), 1).Topics[0]
	if made.ErrorCode != 0 || len(made.Partitions) != 1 || made.Partitions[0].Leader != 1 || made.TopicID == [16]byte{} {
		t.Errorf("created on demand: %+v", made)
	}
	for _, name := range []string{"..", "../../etc", "a b"} {
		if got := ask[*kmsg.MetadataResponse](c, metadataReq(8, true, name), 1).Topics[0]; got.ErrorCode != 17 {
			t.Errorf("topic %q: error %d, want 17", name, got.ErrorCode)
		}
	}
	byID := kmsg.NewPtrMetadataRequest()
	byID.Version, byID.Topics = 12, []kmsg.MetadataRequestTopic{
		{TopicID: made.TopicID, Topic: kmsg.StringPtr("")}, // as the Java client asks
		{TopicID: [16]byte{1}}, {TopicID: made.TopicID},
	}
	got := ask[*kmsg.MetadataResponse](c, byID, 1).Topics
	if got[0].Topic == nil || *got[0].Topic != "t" || got[1].ErrorCode != 100 {
		t.Errorf("by id: %+v", got)
	}
	all := ask[*kmsg.MetadataResponse](c, metadataReq(8, false), 1)
	if len(all.Topics) != 1 || len(all.Brokers) != 1 || *all.ClusterID == "" {
		t.Errorf("all topics: %+v", all)
	}
	none := metadataReq(8, false)
	none.Topics = []kmsg.MetadataRequestTopic{}
	if got := ask[*kmsg.MetadataResponse](c, none, 1); len(got.Topics) != 0 {
		t.Errorf("an empty list asks for no topic, got %d", len(got.Topics))
	}
	if host := all.Brokers[0].Host; host != "127.0.0.1" || all.Brokers[0].Port != int32(b.Addr().(*net.TCPAddr).Port) {
		t.Errorf("advertised is %s:%d, bound is %s", host, all.Brokers[0].Port, b.Addr())
	}
	inside, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "*etc*"))
	if err != nil || len(inside) > 0 {
		t.Errorf("a topic name left the data directory: %v %v", inside, err)
	}
}

func TestAdvertisedAddress(t *testing.T) {
	for _, k := range []struct{ listen, advertised, host string }{
		{"127.0.0.1:0", "kafka.example:19092", "kafka.example"},
		{"0.0.0.0:0", "", "127.0.0.1"}, // where the client came in
	} {
		b := start(t, t.TempDir(), func(c *broker.Config) { c.Listen, c.Advertised = k.listen, k.advertised })
		_, port, _ := strings.Cut(strings.TrimPrefix(b.addr, "[::]"), ":")
		at := ask[*kmsg.MetadataResponse](dial(t, "127.0.0.1:"+port), metadataReq(8, false), 1).Brokers[0]
		if at.Host != k.host || at.Port == 0 {
			t.Errorf("listening on %s, advertised %q: clients are told %s:%d", k.listen, k.advertised, at.Host, at.Port)
		}
	}
}

func TestConfigs(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	c := dial(t, b.addr)
	c.create(topicReq("t", 1, "max.message.bytes", "5000"))
	describe := func(name string, keys ...string) kmsg.DescribeConfigsResponseResource {
		req := kmsg.NewPtrDescribeConfigsRequest()
		req.Version, req.IncludeDocumentation = 4, true
		req.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: name, ConfigNames: keys}}
		return ask[*kmsg.DescribeConfigsResponse](c, req, 1).Resources[0]
	}
	value := func(key string) (string, bool) {
		for _, k := range describe("t").Configs {
			if k.Name == key {
				return *k.Value, k.Source == kmsg.ConfigSourceDefaultConfig
			}
		}
		return "absent", false
	}
	want := func(key, wanted string) {
		t.Helper()
		if got, _ := value(key); got != wanted {
			t.Errorf("%s is %q, want %q", key, got, wanted)
		}
	}
	want("copyscope.fetch.path", "sendfile")
	want("max.message.bytes", "5000")
	if code, message := c.setPath("t", "spice"); code != 40 || !strings.Contains(message, `"splice"`) {
		t.Errorf("a path that is none: error %d %q", code, message)
	}
	want("copyscope.fetch.path", "sendfile")
	if code, message := c.setPath("t", "read-write"); code != 0 {
		t.Fatalf("error %d %q", code, message)
	}
	want("copyscope.fetch.path", "read-write")
	want("max.message.bytes", "5000")
	if code, _ := c.setPath("nope", "splice"); code != 3 {
		t.Errorf("configs of an unknown topic: error %d, want 3", code)
	}
	if r := describe("t", "max.message.bytes"); len(r.Configs) != 1 {
		t.Errorf("one config was asked for, %d came", len(r.Configs))
	}
	if r := describe("t", []string{}...); len(r.Configs) < 2 {
		t.Errorf("an empty list of configs was asked for, %d came; it stands for all", len(r.Configs))
	}
	if r := describe("nope"); r.ErrorCode != 3 {
		t.Errorf("describing an unknown topic: error %d, want 3", r.ErrorCode)
	}

	b.stop()
	b = start(t, dir)
	c = dial(t, b.addr)
	want("copyscope.fetch.path", "read-write")

	// AlterConfigs sets what it names and resets the rest.
	req := kmsg.NewPtrAlterConfigsRequest()
	req.Version = 1
	r := kmsg.NewAlterConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, "t"
	r.Configs = []kmsg.AlterConfigsRequestResourceConfig{{Name: "copyscope.fetch.path", Value: kmsg.StringPtr("mmap-write")}}
	req.Resources = append(req.Resources, r)
	if got := ask[*kmsg.AlterConfigsResponse](c, req, 1).Resources[0]; got.ErrorCode != 0 {
		t.Fatalf("AlterConfigs: error %d %v", got.ErrorCode, got.ErrorMessage)
	}
	want("copyscope.fetch.path", "mmap-write")
	if got, isDefault := value("max.message.bytes"); got != "1048588" || !isDefault {
		t.Errorf("max.message.bytes is %s (default: %v) after AlterConfigs left it out", got, isDefault)
	}
	path := func(v *string) kmsg.AlterConfigsRequestResourceConfig {
		return kmsg.AlterConfigsRequestResourceConfig{Name: "copyscope.fetch.path", Value: v}
	}
	for what, configs := range map[string][]kmsg.AlterConfigsRequestResourceConfig{
		"no value":     {path(nil)},
		"a name twice": {path(kmsg.StringPtr("splice")), path(kmsg.StringPtr("sendfile"))},
	} {
		req.Resources[0].Configs = configs
		if got := ask[*kmsg.AlterConfigsResponse](c, req, 1).Resources[0]; got.ErrorCode != 42 {
			t.Errorf("AlterConfigs with %s: error %d, want 42", what, got.ErrorCode)
		}
		want("copyscope.fetch.path", "mmap-write")
	}
}

// What is wrong with one topic stays what its answer says when the others
// cannot be stored.
func TestCatalogueNotWritable(t *testing.T) {
	dir := t.TempDir()
	c := dial(t, start(t, dir).addr)
	c.create(topicReq("t", 1))
	if err := os.Mkdir(filepath.Join(dir, "topics.json.tmp"), 0o755); err != nil { // in the way of the next one
		t.Fatal(err)
	}
	created := ask[*kmsg.CreateTopicsResponse](c, createReq(topicReq("t", 1), topicReq("new", 1)), 1).Topics
	if created[0].ErrorCode != 36 || created[1].ErrorCode != 56 {
		t.Errorf("CreateTopics: errors %d and %d, want 36 and 56", created[0].ErrorCode, created[1].ErrorCode)
	}
}

// A restart finds the topics, their ids and configs, and every record.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	dial(t, b.addr).create(topicReq("t", 1, "copyscope.fetch.path", "splice"), topicReq("three", 3))
	values := lines(2000)
	produce(t, client(t, b.addr), "t", values...)
	before := b.Topics()
	b.stop()

	b = start(t, dir)
	for i, info := range b.Topics() {
		if was := before[i]; info.Name != was.Name || info.ID != was.ID || len(info.Partitions) != len(was.Partitions) ||
			info.Partitions[0] != was.Partitions[0] || info.Configs["copyscope.fetch.path"] != was.Configs["copyscope.fetch.path"] {
			t.Errorf("after the restart %+v, before %+v", info, was)
		}
	}
	for i, v := range consume(t, b.addr, "t", 0, len(values)) {
		if v != values[i] {
			t.Fatalf("record %d is %q, stored was %q", i, v, values[i])
		}
	}
	produce(t, client(t, b.addr), "t", "after")
	if got := consume(t, b.addr, "t", 2000, 1); got[0] != "after" {
		t.Errorf("after the restart %q was stored, got %q", "after", got[0])
	}
}

// A torn tail is cut off with a log line; the records before it are served.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	values := lines(100)
	produce(t, client(t, b.addr), "t", values...)
	b.stop()
	f, err := os.OpenFile(filepath.Join(dir, "t-0", "00000000000000000000.log"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	torn := batchOf("never acknowledged")
	f.Write(torn[:len(torn)-3])
	f.Close()

	b = start(t, dir)
	b.wantSaid(t, "the rest was cut off")
	if got := consume(t, b.addr, "t", 0, 100); got[99] != values[99] {
		t.Errorf("the last record is %q, want %q", got[99], values[99])
	}
	if _, high := stored(b, "t"); high != 100 {
		t.Errorf("the next offset is %d, want 100", high)
	}
}

// A client with default settings: franz-go leaves idempotence out by itself
// when a broker hands out no producer ids.
func TestDefaultClient(t *testing.T) {
	b := start(t, t.TempDir())
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.addr), kgo.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	produce(t, cl, "t", "one", "two")
	if got := consume(t, b.addr, "t", 0, 2); got[0] != "one" || got[1] != "two" {
		t.Errorf("consumed %q", got)
	}
}
