package broker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// What the broker keeps about itself goes through the files of its config, as the
// logs do: each fault there is met, and is an answer to the client.
func TestFilesOfTheConfig(t *testing.T) {
	files := vfstest.Inject(t, vfs.OS, "rename .json#2: EIO\nrename .json#3: EIO\nwrite .log#1: ENOSPC")
	b := start(t, t.TempDir(), func(c *broker.Config) { c.Files = files })
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	if got := ask[*kmsg.CreateTopicsResponse](c, createReq(topicReq("u", 1)), 1).Topics[0]; got.ErrorCode != 56 {
		t.Errorf("CreateTopics where topics.json cannot be renamed: error %d, want 56", got.ErrorCode)
	}
	id := kmsg.NewPtrInitProducerIDRequest()
	if got := ask[*kmsg.InitProducerIDResponse](c, id, 1); got.ErrorCode == 0 {
		t.Errorf("InitProducerId gives %d where producer-ids.json cannot be renamed", got.ProducerID)
	}
	produce(t, client(t, b.addr), "t", "a") // the first try finds no space
	if files.Made()["rename .properties"] == 0 {
		t.Error("meta.properties did not go through the files of the config")
	}
}

// A full disk fails every request in the same way: each producer is told, and the log
// says once what is to be done.
func TestFullDiskIsLoggedOnce(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) { c.Files = vfstest.Inject(t, vfs.OS, "write .log#*: ENOSPC") })
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	for range 5 {
		got := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "t", 0, batchOf("a")), 1)
		if code := got.Topics[0].Partitions[0].ErrorCode; code != 56 {
			t.Fatalf("error %d, want 56", code)
		}
	}
	b.wantSaid(t, "free space where the data directory is")
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := strings.Count(b.said.String(), "no space left on device"); n != 1 {
		t.Errorf("the log says so %d times:\n%s", n, &b.said)
	}
}

// The logs take the time from the config: a topic that stamps records has it.
func TestNowOfTheConfig(t *testing.T) {
	then := time.UnixMilli(1_700_000_000_000)
	b := start(t, t.TempDir(), func(c *broker.Config) { c.Now = func() time.Time { return then } })
	dial(t, b.addr).create(topicReq("t", 1, "message.timestamp.type", "LogAppendTime"))
	produce(t, client(t, b.addr), "t", "a")
	req := kmsg.NewPtrListOffsetsRequest()
	of := kmsg.NewListOffsetsRequestTopicPartition()
	of.Timestamp = -3 // of the latest timestamp
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic, topic.Partitions = "t", append(topic.Partitions, of)
	req.Version, req.Topics = 7, append(req.Topics, topic)
	got := ask[*kmsg.ListOffsetsResponse](dial(t, b.addr), req, 1).Topics[0].Partitions[0]
	if got.Timestamp != then.UnixMilli() {
		t.Errorf("the stored time is %d, want %d", got.Timestamp, then.UnixMilli())
	}
}
