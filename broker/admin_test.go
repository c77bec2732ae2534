package broker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

// deleteReq deletes topics by name, in the form of the version.
func deleteReq(version int16, names ...string) *kmsg.DeleteTopicsRequest {
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.Version = version
	if version < 6 {
		req.TopicNames = names
		return req
	}
	for _, name := range names {
		req.Topics = append(req.Topics, kmsg.DeleteTopicsRequestTopic{Topic: &name})
	}
	return req
}

// catalogued is a data directory whose topics.json has the text.
func catalogued(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "topics.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

const offsetsTopic = `{"schema":1,"topics":{"__consumer_offsets":{"id":"AAAAAAAAAAAAAAAAAAAAAQ","partitions":2}}}`

func (c raw) topicID(name string) [16]byte {
	c.t.Helper()
	return ask[*kmsg.MetadataResponse](c, metadataReq(12, false, name), 1).Topics[0].TopicID
}

// partitionsOnDisk are the directories of the topic that hold a partition.
func partitionsOnDisk(t *testing.T, dir, topic string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), topic+"-") && !strings.HasSuffix(e.Name(), "-delete") {
			found = append(found, e.Name())
		}
	}
	return found
}

func TestDeleteTopics(t *testing.T) {
	dir := catalogued(t, offsetsTopic)
	b := start(t, dir)
	c := dial(t, b.addr)
	for version := int16(0); version <= 6; version++ {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			c := raw{c.Conn, t}
			c.create(topicReq("t", 2), topicReq("twice", 1), topicReq("kept", 1))
			defer ask[*kmsg.DeleteTopicsResponse](c, deleteReq(1, "kept", "twice"), 1)
			was := c.topicID("t")
			got := ask[*kmsg.DeleteTopicsResponse](c, deleteReq(version, "t", "none", "twice", "twice", "__consumer_offsets", "../x"), 1).Topics
			var codes []int16
			for _, a := range got {
				codes = append(codes, a.ErrorCode)
			}
			if fmt.Sprint(codes) != "[0 3 42 17 3]" {
				t.Errorf("the codes are %v", codes)
			}
			if version >= 6 && got[0].TopicID != was {
				t.Errorf("deleted is %x, it was %x", got[0].TopicID, was)
			}
			if m := ask[*kmsg.MetadataResponse](c, metadataReq(8, false, "t"), 2).Topics[0]; m.ErrorCode != 3 {
				t.Errorf("after the deletion Metadata says %d, want 3", m.ErrorCode)
			}
			produced := ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, batchOf("late")), 3)
			if code := produced.Topics[0].Partitions[0].ErrorCode; code != 3 {
				t.Errorf("appending to it says %d, want 3", code)
			}
			own := ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "__consumer_offsets", 0, batchOf("forged")), 3)
			if code := own.Topics[0].Partitions[0].ErrorCode; code != 17 {
				t.Errorf("appending to the broker's own topic says %d, want 17", code)
			}
			if left := partitionsOnDisk(t, dir, "t"); len(left) > 0 {
				t.Errorf("left on the disk is %v", left)
			}
			c.create(topicReq("t", 1))
			defer ask[*kmsg.DeleteTopicsResponse](c, deleteReq(1, "t"), 1)
			if again := c.topicID("t"); again == was {
				t.Error("the new topic has the id of the old one")
			}
			byID := kmsg.NewPtrMetadataRequest()
			byID.Version, byID.Topics = 12, []kmsg.MetadataRequestTopic{{TopicID: was}}
			if m := ask[*kmsg.MetadataResponse](c, byID, 4).Topics[0]; m.ErrorCode != 100 {
				t.Errorf("by its id Metadata says %d, want 100", m.ErrorCode)
			}
		})
	}
	t.Run("by id", func(t *testing.T) {
		c := raw{c.Conn, t}
		c.create(topicReq("t", 1), topicReq("u", 1))
		id, name := c.topicID("t"), "u"
		req := deleteReq(6)
		req.Topics = []kmsg.DeleteTopicsRequestTopic{{TopicID: id}, {TopicID: [16]byte{5}}, {}, {Topic: &name, TopicID: c.topicID("u")}}
		got := ask[*kmsg.DeleteTopicsResponse](c, req, 1).Topics
		if got[0].ErrorCode != 0 || got[0].Topic == nil || *got[0].Topic != "t" || got[1].ErrorCode != 100 || got[2].ErrorCode != 42 || got[3].ErrorCode != 42 {
			t.Errorf("got %+v", got)
		}
	})
	b.stop()
	if again := start(t, dir).Topics(); len(again) != 2 {
		t.Errorf("after a restart the topics are %+v", again)
	}
}

func TestDeletionDisabled(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) { c.Defaults = broker.Defaults{"delete.topic.enable": "false"} })
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	for version, want := range map[int16]int16{1: 42, 3: 73, 6: 73} {
		if got := ask[*kmsg.DeleteTopicsResponse](c, deleteReq(version, "t"), 1).Topics[0].ErrorCode; got != want {
			t.Errorf("version %d: error %d, want %d", version, got, want)
		}
	}
}

// Topics grow while they are in use, and stay so.
func TestCreatePartitions(t *testing.T) {
	dir := catalogued(t, offsetsTopic)
	b := start(t, dir, func(c *broker.Config) { c.MaxPartitions = 20 })
	c := dial(t, b.addr)
	c.create(topicReq("t", 2))
	ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 1, batchOf("kept")), 1)
	here, elsewhere := []int32{1}, []int32{2}
	type assignment = []kmsg.CreatePartitionsRequestTopicAssignment
	for _, k := range []struct {
		topic    string
		count    int32
		assigned assignment
		dry      bool
		code     int16
	}{
		{"t", 5, nil, true, 0},
		{"t", 2, nil, false, 37},
		{"t", 1, nil, false, 37},
		{"t", -1, nil, false, 37},
		{"t", 100, nil, false, 44},
		{"t", 20, nil, false, 44}, // other topics have some
		{"t", 1<<31 - 1, nil, false, 44},
		{"t", 4, assignment{{Replicas: here}}, false, 39},
		{"t", 3, assignment{{Replicas: elsewhere}}, false, 39},
		{"none", 4, nil, false, 3},
		{"__consumer_offsets", 4, nil, false, 17},
		{"t", 3, assignment{{Replicas: here}}, false, 0},
		{"t", 6, nil, false, 0},
	} {
		for version := int16(0); version <= 3; version++ {
			req := kmsg.NewPtrCreatePartitionsRequest()
			req.Version, req.ValidateOnly = version, k.dry
			req.Topics = []kmsg.CreatePartitionsRequestTopic{{Topic: k.topic, Count: k.count, Assignment: k.assigned}}
			want := k.code
			if version > 0 && want == 0 && !k.dry {
				want = 37 // it has as many by now
			}
			if got := ask[*kmsg.CreatePartitionsResponse](c, req, 1).Topics[0]; got.ErrorCode != want && !(k.assigned != nil && got.ErrorCode == 37) {
				t.Errorf("version %d, %s to %d: error %d %v, want %d", version, k.topic, k.count, got.ErrorCode, got.ErrorMessage, want)
			}
		}
	}
	ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 5, batchOf("new")), 1)
	b.stop()
	again := start(t, dir).Topics()[1]
	if len(again.Partitions) != 6 || again.Partitions[1].High != 1 || again.Partitions[5].High != 1 {
		t.Errorf("after a restart: %+v", again)
	}
}

// An id is handed out once, whatever becomes of the broker.
func TestInitProducerID(t *testing.T) {
	dir := t.TempDir()
	seen := map[int64]bool{}
	for range 3 {
		b := start(t, dir)
		c := dial(t, b.addr)
		for n := range 1100 { // more than a block
			req := kmsg.NewPtrInitProducerIDRequest()
			req.Version, req.ProducerID, req.ProducerEpoch = int16(n%6), -1, -1
			got := ask[*kmsg.InitProducerIDResponse](c, req, 1)
			if got.ErrorCode != 0 || got.ProducerID < 0 || got.ProducerEpoch != 0 || seen[got.ProducerID] {
				t.Fatalf("got %+v, handed out before: %v", got, seen[got.ProducerID])
			}
			seen[got.ProducerID] = true
		}
		// What is on the disk now is what a crash would leave.
		file, err := os.ReadFile(filepath.Join(dir, "producer-ids.json"))
		if err != nil {
			t.Fatal(err)
		}
		b.stop()
		if err := os.WriteFile(filepath.Join(dir, "producer-ids.json"), file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := dial(t, start(t, dir).addr)
	name, empty := "txn", ""
	for _, k := range []struct {
		transactional *string
		id            int64
		epoch         int16
		code          int16
	}{
		{&name, -1, -1, 50}, {&empty, -1, -1, 42}, {nil, 5, -1, 42}, {nil, -1, 5, 42}, {nil, 5, 5, 0},
	} {
		req := kmsg.NewPtrInitProducerIDRequest()
		req.Version, req.TransactionalID, req.ProducerID, req.ProducerEpoch = 5, k.transactional, k.id, k.epoch
		if got := ask[*kmsg.InitProducerIDResponse](c, req, 1); got.ErrorCode != k.code || got.ErrorCode == 0 && seen[got.ProducerID] {
			t.Errorf("%+v: got %+v", k, got)
		}
	}
}

func TestDamagedProducerIDs(t *testing.T) {
	for _, text := range []string{"{", `{"schema":2,"next":5}`, `{"schema":1,"next":-5}`} {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "producer-ids.json"), []byte(text), 0o644)
		wantOpenError(t, dir, "producer-ids.json", "restore it")
	}
}

func TestDescribeLogDirs(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	c := dial(t, b.addr)
	c.create(topicReq("t", 2), topicReq("u", 1))
	ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 1, batchOf("a")), 1)
	for version := int16(0); version <= 4; version++ {
		req := kmsg.NewPtrDescribeLogDirsRequest()
		req.Version = version
		all := ask[*kmsg.DescribeLogDirsResponse](c, req, 1)
		if len(all.Dirs) != 1 || all.Dirs[0].Dir != dir || len(all.Dirs[0].Topics) != 2 || all.Dirs[0].Topics[0].Partitions[1].Size <= 0 {
			t.Errorf("version %d: all are %+v", version, all)
		}
		if at := all.Dirs[0]; version >= 4 && sendsZeroCopy && (at.TotalBytes <= 0 || at.UsableBytes > at.TotalBytes) {
			t.Errorf("of %d bytes %d are usable", at.TotalBytes, at.UsableBytes)
		}
		req.Topics = []kmsg.DescribeLogDirsRequestTopic{{Topic: "t", Partitions: []int32{1, 1, 9, -1}}, {Topic: "none", Partitions: []int32{0}}}
		if some := ask[*kmsg.DescribeLogDirsResponse](c, req, 1).Dirs[0].Topics; len(some) != 1 || len(some[0].Partitions) != 1 || some[0].Partitions[0].Partition != 1 {
			t.Errorf("version %d: asked for one, got %+v", version, some)
		}
	}
}

func TestDescribeCluster(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	for version := int16(0); version <= 2; version++ {
		req := kmsg.NewPtrDescribeClusterRequest()
		req.Version, req.IncludeClusterAuthorizedOperations = version, true
		got := ask[*kmsg.DescribeClusterResponse](c, req, 1)
		if got.ErrorCode != 0 || len(got.Brokers) != 1 || got.ControllerID != got.Brokers[0].NodeID || got.Brokers[0].Host != "127.0.0.1" || got.ClusterID == "" || got.ClusterAuthorizedOperations != 8096 {
			t.Errorf("version %d: %+v", version, got)
		}
		for kind, want := range map[int8]int16{2: 114, 9: 115} {
			req.EndpointType = kind
			if got := ask[*kmsg.DescribeClusterResponse](c, req, 1); version >= 1 && got.ErrorCode != want {
				t.Errorf("version %d, endpoint type %d: error %d, want %d", version, kind, got.ErrorCode, want)
			}
		}
	}
}

// Without an authorizer everyone may do everything, and is told so who asks.
func TestAuthorizedOperations(t *testing.T) {
	c := dial(t, start(t, t.TempDir()).addr)
	c.create(topicReq("t", 1))
	for version := int16(8); version <= 13; version++ {
		for _, wanted := range []bool{false, true} {
			req := metadataReq(version, false, "t", "none")
			req.IncludeTopicAuthorizedOperations, req.IncludeClusterAuthorizedOperations = wanted, wanted
			got := ask[*kmsg.MetadataResponse](c, req, 1)
			topic, cluster := int32(-1<<31), int32(-1<<31)
			if wanted {
				topic = 3576
				if version <= 10 {
					cluster = 8096
				}
			}
			if got.Topics[0].AuthorizedOperations != topic || got.AuthorizedOperations != cluster || got.Topics[1].AuthorizedOperations != -1<<31 {
				t.Errorf("version %d, asked for: %v: %d and %d, want %d and %d", version, wanted, got.Topics[0].AuthorizedOperations, got.AuthorizedOperations, topic, cluster)
			}
		}
	}
}

// Kafka holds clients to names that metrics can have.
func TestClientSoftware(t *testing.T) {
	c := dial(t, start(t, t.TempDir()).addr)
	for name, want := range map[string]int16{"apache-kafka-java": 0, "": 42, "a b": 42, "-a": 42, "a.": 42, "1.2": 0} {
		got := ask[*kmsg.ApiVersionsResponse](c, &kmsg.ApiVersionsRequest{Version: 4, ClientSoftwareName: name, ClientSoftwareVersion: "4.2.0"}, 1)
		if got.ErrorCode != want || (want == 0) != (len(got.ApiKeys) > 0) {
			t.Errorf("%q: error %d with %d ranges, want %d", name, got.ErrorCode, len(got.ApiKeys), want)
		}
	}
}

// Topics come and go under those who use them: everyone gets an answer, with a
// code that a client can act on.
func TestDeleteUnderLoad(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	admin := dial(t, b.addr)
	admin.create(topicReq("t", 4))
	stop := make(chan struct{})
	var users sync.WaitGroup
	use := func(what string, one func(c raw) int16) {
		c := dial(t, b.addr)
		users.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if code := one(c); code != 0 && code != 3 {
					t.Errorf("%s: error %d, want 0 or 3", what, code)
					return
				}
			}
		})
	}
	for n := range int32(4) {
		use("produce", func(c raw) int16 {
			return ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", n, batchOf("a")), 1).Topics[0].Partitions[0].ErrorCode
		})
	}
	use("fetch", func(c raw) int16 {
		return ask[*kmsg.FetchResponse](c, fetchReq("t", 0), 1).Topics[0].Partitions[0].ErrorCode
	})
	use("configs", func(c raw) int16 {
		code, _ := c.setPath("t", "read-write")
		return code
	})
	use("more partitions", func(c raw) int16 {
		req := kmsg.NewPtrCreatePartitionsRequest()
		req.Topics = []kmsg.CreatePartitionsRequestTopic{{Topic: "t", Count: 6}}
		if code := ask[*kmsg.CreatePartitionsResponse](c, req, 1).Topics[0].ErrorCode; code != 37 { // it has 6 by now
			return code
		}
		return 0
	})
	for range 30 {
		if code := ask[*kmsg.DeleteTopicsResponse](admin, deleteReq(4, "t"), 1).Topics[0].ErrorCode; code != 0 {
			t.Fatalf("deleting: error %d", code)
		}
		admin.create(topicReq("t", 4))
	}
	close(stop)
	users.Wait()
	if code := ask[*kmsg.DeleteTopicsResponse](admin, deleteReq(4, "t"), 1).Topics[0].ErrorCode; code != 0 {
		t.Fatalf("deleting: error %d", code)
	}
	if left := partitionsOnDisk(t, dir, "t"); len(left) > 0 {
		t.Errorf("left on the disk is %v", left)
	}
	if said := b.text(); strings.Contains(said, "met a bug") {
		t.Error(said)
	}
}
