package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// A partition that a fetch names again and again is answered once: while the fetch
// waits, each append has all that it names looked at.
func TestFetchNamesOnce(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 2))
	if p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "t", 0, batchOf("first")), 1).Topics[0].Partitions[0]; p.ErrorCode != 0 {
		t.Fatalf("produce: error %d", p.ErrorCode)
	}
	id := ask[*kmsg.MetadataResponse](c, metadataReq(12, false, "t"), 1).Topics[0].TopicID
	for _, version := range []int16{11, 16} {
		req := fetchReq("t", 0, func(r *kmsg.FetchRequest) {
			r.Version, r.Topics[0].TopicID = version, id
			one, other := r.Topics[0].Partitions[0], r.Topics[0].Partitions[0]
			other.Partition = 1
			for range 5000 {
				r.Topics[0].Partitions = append(r.Topics[0].Partitions, one, other)
			}
			r.Topics = append(r.Topics, r.Topics[0])
		})
		n, bytes := 0, 0
		for _, topic := range ask[*kmsg.FetchResponse](c, req, 2).Topics {
			for _, p := range topic.Partitions {
				n, bytes = n+1, bytes+len(p.RecordBatches)
			}
		}
		if n != 2 || bytes != len(batchOf("first")) {
			t.Errorf("version %d: %d partitions with %d bytes are answered, want 2 with the one batch", version, n, bytes)
		}
	}
}

// A config's value is bounded, however it is made: all are written at each change
// of a topic, and one of more than 32,767 bytes could not be told to older clients.
// To add to a list looks for each among all.
func TestConfigValuesAreBounded(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	const config = "leader.replication.throttled.replicas"
	var replicas []string
	for i := range 100_000 {
		replicas = append(replicas, fmt.Sprintf("%d:1", i))
	}
	bomb := strings.Join(replicas, ",")
	if got := ask[*kmsg.CreateTopicsResponse](c, createReq(topicReq("bomb", 1, config, bomb)), 1).Topics[0]; got.ErrorCode != 40 {
		t.Errorf("CreateTopics: error %d, want INVALID_CONFIG", got.ErrorCode)
	}
	c.create(topicReq("t", 1))
	alter := func(op kmsg.IncrementalAlterConfigOp, value string) int16 {
		req := kmsg.NewPtrIncrementalAlterConfigsRequest()
		req.Version = 1
		req.Resources = []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t",
			Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: config, Op: op, Value: &value}}}}
		return ask[*kmsg.IncrementalAlterConfigsResponse](c, req, 2).Resources[0].ErrorCode
	}
	began := time.Now()
	for _, op := range []kmsg.IncrementalAlterConfigOp{kmsg.IncrementalAlterConfigOpSet, kmsg.IncrementalAlterConfigOpAppend, kmsg.IncrementalAlterConfigOpSubtract} {
		if code := alter(op, bomb); code != 40 {
			t.Errorf("operation %d: error %d, want INVALID_CONFIG", op, code)
		}
	}
	refused := int16(0)
	for i := 0; refused == 0 && i < 100; i++ { // a little at a time
		refused = alter(kmsg.IncrementalAlterConfigOpAppend, strings.Join(replicas[i*100:(i+1)*100], ","))
	}
	if refused != 40 {
		t.Errorf("appending again and again: error %d, want INVALID_CONFIG in the end", refused)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	describe := kmsg.NewPtrDescribeConfigsRequest()
	describe.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t", ConfigNames: []string{config}}}
	if got := ask[*kmsg.DescribeConfigsResponse](c, describe, 3).Resources[0].Configs; len(got) != 1 || got[0].Value == nil || len(*got[0].Value) > 4096 {
		t.Errorf("it is described as %+v", got)
	}
}

// Names that nobody knows, of topics, groups, transactions and clients, make
// neither topics nor anything else that is counted by name: no client decides how
// much there is to tell at /metrics.
func TestStrangersAreNotCountedByName(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	before := fmt.Sprintf("%d topics", len(b.Stats().Topics))
	for i := range 200 {
		name := fmt.Sprint("stranger-", i)
		for _, req := range []kmsg.Request{
			metadataReq(9, false, name), produceReq(9, -1, name, 0, batchOf("a")), fetchReq(name, 0),
			&kmsg.HeartbeatRequest{Group: name, MemberID: name},
			&kmsg.DescribeGroupsRequest{Groups: []string{name}},
			&kmsg.DescribeTransactionsRequest{TransactionalIDs: []string{name}},
		} {
			c.send(kmsg.NewRequestFormatter(kmsg.FormatterClientID(name)).AppendRequest(nil, req, int32(i)))
			c.receive(int32(i))
		}
	}
	s := b.Stats()
	if now := fmt.Sprintf("%d topics", len(s.Topics)); now != before || len(s.Groups) != 0 || len(s.Transactions.IDs) != 0 || len(s.Lags) != 0 {
		t.Errorf("told are %s, groups %v, transactions %v, %d lags; want %s and nothing else", now, s.Groups, s.Transactions.IDs, len(s.Lags), before)
	}
}
