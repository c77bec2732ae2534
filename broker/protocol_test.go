package broker_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

// What ApiVersions promises is kept: every API answers in every version, and
// the answer is encoded as franz-go expects it.
func TestEveryVersionAnswers(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 2))
	resp := ask[*kmsg.ApiVersionsResponse](c, &kmsg.ApiVersionsRequest{Version: 3, ClientSoftwareName: "test", ClientSoftwareVersion: "1"}, 1)
	if resp.ErrorCode != 0 || len(resp.ApiKeys) == 0 {
		t.Fatalf("ApiVersions: %+v", resp)
	}
	corr := int32(100)
	for _, k := range resp.ApiKeys {
		for version := k.MinVersion; version <= k.MaxVersion; version++ {
			t.Run(fmt.Sprintf("%s/%d", kmsg.NameForKey(k.ApiKey), version), func(t *testing.T) {
				req := sample(k.ApiKey)
				req.SetVersion(version)
				corr++
				c := raw{c.Conn, t}
				got := ask[kmsg.Response](c, req, corr)
				if again := got.AppendTo(nil); len(again) == 0 {
					t.Error("the answer is empty")
				}
			})
		}
	}
}

// sample is a request with something in it.
func sample(key int16) kmsg.Request {
	req := kmsg.RequestForKey(key)
	switch r := req.(type) {
	case *kmsg.ProduceRequest:
		return produceReq(0, 1, "t", 0, batchOf("a"))
	case *kmsg.FetchRequest:
		return fetchReq("t", 0)
	case *kmsg.ListOffsetsRequest:
		r.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: "t", Partitions: []kmsg.ListOffsetsRequestTopicPartition{{Timestamp: -1, CurrentLeaderEpoch: -1}}}}
	case *kmsg.MetadataRequest:
		r.Topics = []kmsg.MetadataRequestTopic{{Topic: kmsg.StringPtr("t")}}
	case *kmsg.CreateTopicsRequest:
		r.Topics = []kmsg.CreateTopicsRequestTopic{topicReq("t", 1)}
	case *kmsg.ApiVersionsRequest:
		r.ClientSoftwareName, r.ClientSoftwareVersion = "sample", "1"
	case *kmsg.DeleteTopicsRequest:
		r.TopicNames, r.Topics = []string{"none"}, []kmsg.DeleteTopicsRequestTopic{{Topic: kmsg.StringPtr("none")}}
	case *kmsg.DeleteRecordsRequest:
		r.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: "t", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Offset: 0}}}}
	case *kmsg.FindCoordinatorRequest:
		r.CoordinatorKey, r.CoordinatorKeys = "g", []string{"g"}
	case *kmsg.JoinGroupRequest:
		r.Group, r.SessionTimeoutMillis, r.RebalanceTimeoutMillis, r.ProtocolType = "g", 6000, 6000, "consumer"
		r.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: []byte{}}}
	case *kmsg.SyncGroupRequest:
		r.Group, r.MemberID, r.GroupAssignment = "g", "m", []kmsg.SyncGroupRequestGroupAssignment{{MemberID: "m"}}
	case *kmsg.HeartbeatRequest:
		r.Group, r.MemberID = "g", "m"
	case *kmsg.LeaveGroupRequest:
		r.Group, r.MemberID, r.Members = "g", "m", []kmsg.LeaveGroupRequestMember{{MemberID: "m"}}
	case *kmsg.OffsetCommitRequest:
		r.Group, r.Generation = "g", -1
		r.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Offset: 3, LeaderEpoch: -1}}}}
	case *kmsg.OffsetFetchRequest:
		r.Group, r.Topics = "g", []kmsg.OffsetFetchRequestTopic{{Topic: "t", Partitions: []int32{0}}}
		r.Groups = []kmsg.OffsetFetchRequestGroup{{Group: "g", MemberEpoch: -1}}
	case *kmsg.DescribeGroupsRequest:
		r.Groups = []string{"g"}
	case *kmsg.DeleteGroupsRequest:
		r.Groups = []string{"none"}
	case *kmsg.ConsumerGroupHeartbeatRequest:
		r.Group, r.MemberID, r.RebalanceTimeoutMillis = "modern", "m", 6000
		r.SubscribedTopicNames, r.Topics = []string{"t"}, []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	case *kmsg.ConsumerGroupDescribeRequest:
		r.Groups = []string{"modern", "g"}
	case *kmsg.OffsetDeleteRequest:
		r.Group, r.Topics = "g", []kmsg.OffsetDeleteRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetDeleteRequestTopicPartition{{}}}}
	case *kmsg.OffsetForLeaderEpochRequest:
		r.Topics = []kmsg.OffsetForLeaderEpochRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetForLeaderEpochRequestTopicPartition{{CurrentLeaderEpoch: -1}}}}
	case *kmsg.CreatePartitionsRequest:
		r.Topics = []kmsg.CreatePartitionsRequestTopic{{Topic: "t", Count: 2}}
	case *kmsg.DescribeLogDirsRequest:
		r.Topics = []kmsg.DescribeLogDirsRequestTopic{{Topic: "t", Partitions: []int32{0, 7}}}
	case *kmsg.InitProducerIDRequest:
		r.ProducerID, r.ProducerEpoch = -1, -1
	case *kmsg.AddPartitionsToTxnRequest:
		r.TransactionalID, r.Topics = "x", []kmsg.AddPartitionsToTxnRequestTopic{{Topic: "t", Partitions: []int32{0}}}
		r.Transactions = []kmsg.AddPartitionsToTxnRequestTransaction{{TransactionalID: "x", Topics: []kmsg.AddPartitionsToTxnRequestTransactionTopic{{Topic: "t", Partitions: []int32{0}}}}}
	case *kmsg.AddOffsetsToTxnRequest:
		r.TransactionalID, r.Group = "x", "g"
	case *kmsg.WriteTxnMarkersRequest:
		r.Markers = []kmsg.WriteTxnMarkersRequestMarker{{ProducerID: 1 << 40, Topics: []kmsg.WriteTxnMarkersRequestMarkerTopic{{Topic: "t", Partitions: []int32{0}}}}}
	case *kmsg.EndTxnRequest:
		r.TransactionalID = "x"
	case *kmsg.TxnOffsetCommitRequest:
		r.TransactionalID, r.Group, r.Generation = "x", "g", -1
		r.Topics = []kmsg.TxnOffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.TxnOffsetCommitRequestTopicPartition{{Offset: 3, LeaderEpoch: -1}}}}
	case *kmsg.DescribeProducersRequest:
		r.Topics = []kmsg.DescribeProducersRequestTopic{{Topic: "t", Partitions: []int32{0, 7}}}
	case *kmsg.DescribeTransactionsRequest:
		r.TransactionalIDs = []string{"x"}
	case *kmsg.DescribeClientQuotasRequest:
		r.Components = []kmsg.DescribeClientQuotasRequestComponent{{EntityType: "user", MatchType: 2}}
	case *kmsg.AlterClientQuotasRequest:
		r.Entries = []kmsg.AlterClientQuotasRequestEntry{{Entity: []kmsg.AlterClientQuotasRequestEntryEntity{{Type: "user"}}, Ops: []kmsg.AlterClientQuotasRequestEntryOp{{Key: "producer_byte_rate", Value: 1 << 40}}}}
	case *kmsg.DescribeConfigsRequest:
		r.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t"}}
	case *kmsg.AlterConfigsRequest:
		r.Resources = []kmsg.AlterConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t"}}
	case *kmsg.IncrementalAlterConfigsRequest:
		r.Resources = []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t"}}
	}
	return req
}

// The ranges that clients decide by (librdkafka's feature table, KIP-896).
func TestAdvertisedRanges(t *testing.T) {
	c := dial(t, start(t, t.TempDir()).addr)
	got := map[int16][2]int16{}
	for _, k := range ask[*kmsg.ApiVersionsResponse](c, &kmsg.ApiVersionsRequest{}, 1).ApiKeys {
		got[k.ApiKey] = [2]int16{k.MinVersion, k.MaxVersion}
	}
	for key, want := range map[int16][2]int16{0: {0, 7}, 1: {4, 10}, 2: {1, 2}, 3: {0, 13}, 10: {0, 0}, 18: {0, 4}, 19: {2, 7}, 20: {1, 6}, 21: {0, 2}, 22: {0, 5}, 24: {0, 5}, 25: {0, 4}, 26: {0, 5}, 27: {1, 2}, 28: {0, 5}, 32: {1, 4}, 33: {0, 2}, 35: {1, 4}, 37: {0, 3}, 44: {0, 1}, 60: {0, 2}, 65: {0, 0}, 66: {0, 1}, 68: {0, 1}, 69: {0, 1}} {
		have, ok := got[key]
		if !ok || have[0] > want[0] || have[1] < want[1] {
			t.Errorf("%s is served in %v, needed is %v", kmsg.NameForKey(key), have, want)
		}
	}
}

// KIP-511: an unknown version of ApiVersions is answered, in version 0.
func TestApiVersionsFromTheFuture(t *testing.T) {
	c := dial(t, start(t, t.TempDir()).addr)
	// key 18, version 99, correlation id 5, client id null, and what nobody knows
	c.send([]byte{0, 0, 0, 13, 0, 18, 0, 99, 0, 0, 0, 5, 0xff, 0xff, 1, 2, 3})
	resp := kmsg.ApiVersionsResponse{Version: 0}
	if err := resp.ReadFrom(c.receive(5)); err != nil {
		t.Fatal(err)
	}
	if resp.ErrorCode != 35 || len(resp.ApiKeys) == 0 {
		t.Fatalf("error %d with %d ranges, want 35 with all", resp.ErrorCode, len(resp.ApiKeys))
	}
	if again := ask[*kmsg.ApiVersionsResponse](c, &kmsg.ApiVersionsRequest{Version: 3, ClientSoftwareName: "test", ClientSoftwareVersion: "1.0-x"}, 6); again.ErrorCode != 0 {
		t.Errorf("the second try got error %d", again.ErrorCode)
	}
}

// What is no request ends its connection with a log line, and no other's.
func TestBadFrames(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) { c.MaxFrameBytes = 8 << 20 })
	good := dial(t, b.addr)
	header := func(key, version int16, rest ...byte) []byte {
		body := binary.BigEndian.AppendUint16(nil, uint16(key))
		body = binary.BigEndian.AppendUint16(body, uint16(version))
		body = append(append(body, 0, 0, 0, 1, 0xff, 0xff), rest...)
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
	}
	size := func(n uint32) []byte { return append(binary.BigEndian.AppendUint32(nil, n), make([]byte, 16)...) }
	for _, c := range []struct {
		name string
		in   []byte
		said string
	}{
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "is the peer a Kafka client?"},
		{"negative size", size(1 << 31), "size -2147483648"},
		{"size 0", size(0), "size 0"},
		{"produce above the limit", append(binary.BigEndian.AppendUint32(nil, 9<<20), make([]byte, 16)...), "size 9437184, at most 8388608"},
		{"other request above its limit", append(binary.BigEndian.AppendUint32(nil, 2<<20), 0, 3, 0, 4, 0, 0, 0, 0, 0xff, 0xff), "size 2097152, at most 1048576"},
		{"unknown API key", header(999, 0), "API key 999"},
		{"negative API key", header(-1, 0), "API key -1"},
		{"API that Kafka has and this broker has not", header(24, 0), "AddPartitionsToTxn"},
		{"unknown version", header(3, 77), "Metadata version 77"},
		{"negative version", header(3, -1), "Metadata version -1"},
		{"client id beyond the frame", append([]byte{0, 0, 0, 10, 0, 3, 0, 0, 0, 0, 0, 1, 0x10, 0}, make([]byte, 8)...), "client id"},
		{"array beyond the frame", header(3, 4, 0x7f, 0xff, 0xff, 0xff), "Metadata version 4"},
		{"produce with a lying count", header(0, 7, 0xff, 0xff, 0, 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff), "Produce version 7"},
		{"fetch cut short", header(1, 11, 1, 2, 3), "Fetch version 11"},
		{"ApiVersions with a lying tag count", header(18, 3, 0, 2, 'a', 2, 'b', 0xff, 0xff, 0xff, 0xff, 0x0f), "ApiVersions version 3"},
		{"Metadata with a lying tag count", header(3, 9, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f), "Metadata version 9"},
		{"header's tags beyond the frame", header(3, 12, 0x7f), "tagged fields"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := dial(t, b.addr)
			bad.send(c.in)
			bad.wantClosed()
			b.wantSaid(t, c.said)
			ask[*kmsg.MetadataResponse](raw{good.Conn, t}, &kmsg.MetadataRequest{Version: 4}, 9)
		})
	}
}

// Requests that come together are answered one by one, in order.
func TestPipelined(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	var all []byte
	for i := range int32(50) {
		all = append(all, frame(produceReq(7, 1, "t", 0, batchOf(fmt.Sprint(i))), 3*i)...)
		all = append(all, frame(fetchReq("t", int64(i)), 3*i+1)...)
		all = append(all, frame(&kmsg.MetadataRequest{Version: 12}, 3*i+2)...)
	}
	go c.Write(all)
	for i := range int32(50) {
		p := answer[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, nil), 3*i).Topics[0].Partitions[0]
		if p.ErrorCode != 0 || p.BaseOffset != int64(i) {
			t.Fatalf("produce %d: error %d, offset %d", i, p.ErrorCode, p.BaseOffset)
		}
		f := answer[*kmsg.FetchResponse](c, fetchReq("t", 0), 3*i+1).Topics[0].Partitions[0]
		if !bytes.Contains(f.RecordBatches, []byte(fmt.Sprint(i))) {
			t.Fatalf("fetch %d does not see what was produced before it", i)
		}
		answer[*kmsg.MetadataResponse](c, &kmsg.MetadataRequest{Version: 12}, 3*i+2)
	}
}

func TestProduceErrors(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1), topicReq("small", 1, "max.message.bytes", "100"))
	flipped := batchOf("a", "b")
	flipped[len(flipped)-1] ^= 1
	for i, k := range []struct {
		name          string
		version, acks int16
		topic         string
		partition     int32
		records       []byte
		want          int16
	}{
		{"good", 7, 1, "t", 0, batchOf("a"), 0},
		{"good, all", 9, -1, "t", 0, batchOf("a"), 0},
		{"unknown topic", 7, 1, "nope", 0, batchOf("a"), 3},
		{"unknown partition", 7, 1, "t", 1, batchOf("a"), 3},
		{"negative partition", 7, 1, "t", -1, batchOf("a"), 3},
		{"acks 2", 7, 2, "t", 0, batchOf("a"), 21},
		{"no records", 7, 1, "t", 0, nil, 87},
		{"bad checksum", 7, 1, "t", 0, flipped, 2},
		{"cut short", 7, 1, "t", 0, batchOf("a")[:40], 2},
		{"lying count", 7, 1, "t", 0, edited(func(b []byte) { b[60] = 9 }), 87},
		{"two batches", 7, 1, "t", 0, append(batchOf("a"), batchOf("b")...), 87},
		{"old magic", 7, 1, "t", 0, edited(func(b []byte) { b[16] = 1 }), 87},
		{"LogAppendTime", 7, 1, "t", 0, edited(func(b []byte) { b[22] = 8 }), 32},
		{"too large", 7, 1, "small", 0, batchOf(strings.Repeat("x", 100)), 10},
		{"zstd before version 7", 6, 1, "t", 0, edited(func(b []byte) { b[22] = 4 }), 76},
		{"zstd", 7, 1, "t", 0, zstdBatch(t, "a", "b"), 0},
		{"not zstd, but so it says", 7, 1, "t", 0, edited(func(b []byte) { b[22] = 4 }), 87},
		{"message set version", 2, 1, "t", 0, batchOf("a"), 35},
	} {
		t.Run(k.name, func(t *testing.T) {
			c := raw{c.Conn, t}
			p := ask[*kmsg.ProduceResponse](c, produceReq(k.version, k.acks, k.topic, k.partition, k.records), int32(i)).Topics[0].Partitions[0]
			if p.ErrorCode != k.want {
				t.Errorf("error %d (%v), want %d", p.ErrorCode, p.ErrorMessage, k.want)
			}
			if (p.BaseOffset < 0) != (k.want != 0) {
				t.Errorf("base offset %d with error %d", p.BaseOffset, p.ErrorCode)
			}
		})
	}
	if _, high := stored(b, "t"); high != 4 {
		t.Errorf("%d records are stored, want the 4 of good batches", high)
	}
}

// stored is the size and the next offset of the topic's partition 0.
func stored(b *running, topic string) (bytes, high int64) {
	for _, t := range b.Topics() {
		if t.Name == topic {
			return t.Partitions[0].Bytes, t.Partitions[0].High
		}
	}
	return 0, 0
}

// acks 0: stored without an answer; an error ends the connection.
func TestNoAcknowledgement(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	c.send(frame(produceReq(7, 0, "t", 0, batchOf("a")), 5))
	// The next answer is the one to the next request.
	ask[*kmsg.MetadataResponse](c, &kmsg.MetadataRequest{Version: 4}, 6)
	if _, high := stored(b, "t"); high != 1 {
		t.Errorf("the next offset is %d, want 1", high)
	}
	c.send(frame(produceReq(7, 0, "nope", 0, batchOf("a")), 7))
	c.wantClosed()
	b.wantSaid(t, "produce without acknowledgement failed")
}

func TestListOffsets(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	for range 3 {
		ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, edited(func(b []byte) {
			binary.BigEndian.PutUint64(b[27:], 1000) // base and latest timestamp
			binary.BigEndian.PutUint64(b[35:], 1000)
		})), 1)
	}
	for _, k := range []struct {
		version      int16
		time, offset int64
		epoch        int32
		code         int16
	}{
		{5, -1, 6, -1, 0}, {5, -2, 0, 0, 0}, {5, 500, 0, -1, 0}, {5, 1000, 0, -1, 0}, {5, 1001, -1, -1, 0},
		{5, -9, -1, -1, 35}, {11, -9, -1, -1, 35}, {5, -1, -1, 3, 75},
		{6, -3, -1, -1, 35}, {7, -3, 0, -1, 0}, // the record with the latest timestamp
		{7, -4, -1, -1, 35}, {8, -4, 0, -1, 0}, // the first one on this disk
		{8, -5, -1, -1, 35}, {9, -5, -1, -1, 0}, // the last one on another
		{10, -6, -1, -1, 35}, {11, -6, -1, -1, 0}, // the first one that another lacks
		{11, -1, 6, 0, 0}, {11, 1000, 0, -1, 0},
	} {
		req := kmsg.NewPtrListOffsetsRequest()
		req.Version = k.version
		req.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: "t", Partitions: []kmsg.ListOffsetsRequestTopicPartition{{Timestamp: k.time, CurrentLeaderEpoch: k.epoch}}}}
		p := ask[*kmsg.ListOffsetsResponse](c, req, 1).Topics[0].Partitions[0]
		if p.Offset != k.offset || p.ErrorCode != k.code {
			t.Errorf("version %d, timestamp %d: offset %d error %d, want %d error %d", k.version, k.time, p.Offset, p.ErrorCode, k.offset, k.code)
		}
	}
}

// The one epoch ends at the end; none is above it.
func TestOffsetForLeaderEpoch(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, edited(func([]byte) {})), 1)
	for version := int16(2); version <= 4; version++ {
		for _, k := range []struct {
			topic      string
			now, asked int32
			epoch      int32
			end        int64
			code       int16
		}{{"t", -1, 0, 0, 2, 0}, {"t", 0, 0, 0, 2, 0}, {"t", 4, 0, -1, -1, 75}, {"t", -1, 7, -1, -1, 0}, {"u", -1, 0, -1, -1, 3}} {
			req := kmsg.NewPtrOffsetForLeaderEpochRequest()
			req.Version = version
			req.Topics = []kmsg.OffsetForLeaderEpochRequestTopic{{Topic: k.topic, Partitions: []kmsg.OffsetForLeaderEpochRequestTopicPartition{{CurrentLeaderEpoch: k.now, LeaderEpoch: k.asked}}}}
			p := ask[*kmsg.OffsetForLeaderEpochResponse](c, req, 1).Topics[0].Partitions[0]
			if p.LeaderEpoch != k.epoch || p.EndOffset != k.end || p.ErrorCode != k.code {
				t.Errorf("version %d, %s epoch %d (now %d): got epoch %d end %d error %d, want %+v", version, k.topic, k.asked, k.now, p.LeaderEpoch, p.EndOffset, p.ErrorCode, k)
			}
		}
	}
}

// Share groups are refused with a reason, not left waiting; groups and
// transactional ids are found.
func TestFindCoordinator(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	resp := ask[*kmsg.FindCoordinatorResponse](c, &kmsg.FindCoordinatorRequest{Version: 2, CoordinatorKey: "x", CoordinatorType: 2}, 1)
	if resp.ErrorCode != 42 || resp.ErrorMessage == nil || !strings.Contains(*resp.ErrorMessage, "share groups") {
		t.Errorf("got error %d, %v", resp.ErrorCode, resp.ErrorMessage)
	}
	resp = ask[*kmsg.FindCoordinatorResponse](c, &kmsg.FindCoordinatorRequest{Version: 2, CoordinatorKey: "x", CoordinatorType: 1}, 1)
	if at := fmt.Sprintf("%s:%d", resp.Host, resp.Port); resp.ErrorCode != 0 || at != b.addr || resp.NodeID != 1 {
		t.Errorf("the coordinator of a transactional id: %+v", resp)
	}
	resp = ask[*kmsg.FindCoordinatorResponse](c, &kmsg.FindCoordinatorRequest{Version: 6, CoordinatorKeys: []string{"g", "", "h"}}, 2)
	for i, code := range []int16{0, 24, 0} {
		of := resp.Coordinators[i]
		if at := fmt.Sprintf("%s:%d", of.Host, of.Port); of.ErrorCode != code || code == 0 && (at != b.addr || of.NodeID != 1) {
			t.Errorf("key %q: error %d, node %d at %s; want error %d, node 1 at %s", of.Key, of.ErrorCode, of.NodeID, at, code, b.addr)
		}
	}
}
