package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/wire"
)

// served are the requests of DecodeRequest, filled, each with the range of its
// versions.
func served() []struct {
	req      kmsg.Request
	min, max int16
} {
	null, empty, some := (*string)(nil), kmsg.StringPtr(""), kmsg.StringPtr("value")
	fetch := kmsg.NewPtrFetchRequest()
	fetch.MaxWaitMillis, fetch.MinBytes, fetch.MaxBytes, fetch.SessionID, fetch.SessionEpoch, fetch.Rack = 1, 2, 3, 4, 5, "rack"
	for _, name := range []string{"one", "two"} {
		fetch.Topics = append(fetch.Topics, kmsg.FetchRequestTopic{Topic: name})
		for n := range int32(3) {
			p := kmsg.NewFetchRequestTopicPartition()
			p.Partition, p.FetchOffset, p.PartitionMaxBytes = n, 1<<40, 1<<20
			to := &fetch.Topics[len(fetch.Topics)-1]
			to.Partitions = append(to.Partitions, p)
		}
	}
	fetch.ForgottenTopics = []kmsg.FetchRequestForgottenTopic{{Topic: "three", Partitions: []int32{4, 5}}}
	offsets := kmsg.NewPtrListOffsetsRequest()
	offsets.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: "t", Partitions: []kmsg.ListOffsetsRequestTopicPartition{
		{Partition: 1, Timestamp: -2, CurrentLeaderEpoch: -1}, {Partition: 2, Timestamp: 1 << 40, CurrentLeaderEpoch: -1}}}}
	find := kmsg.NewPtrFindCoordinatorRequest()
	find.CoordinatorKey, find.CoordinatorType, find.CoordinatorKeys = "g", 1, []string{"g", "h"}
	join := kmsg.NewPtrJoinGroupRequest()
	join.Group, join.SessionTimeoutMillis, join.RebalanceTimeoutMillis, join.MemberID, join.InstanceID, join.ProtocolType, join.Reason = "g", 1, 2, "m", some, "consumer", some
	join.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: []byte{1, 2}}, {Name: "sticky", Metadata: []byte{}}}
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.Generation, sync.MemberID, sync.InstanceID, sync.ProtocolType, sync.Protocol = "g", 7, "m", null, some, some
	sync.GroupAssignment = []kmsg.SyncGroupRequestGroupAssignment{{MemberID: "m", MemberAssignment: []byte{3}}, {MemberAssignment: []byte{}}}
	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group, leave.MemberID = "g", "m"
	leave.Members = []kmsg.LeaveGroupRequestMember{{MemberID: "m", Reason: some}, {InstanceID: some}}
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Group, commit.Generation, commit.MemberID, commit.InstanceID, commit.RetentionTimeMillis = "g", 5, "m", some, 9
	commit.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: "t", TopicID: [16]byte{1}, Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Partition: 1, Offset: 1 << 40, LeaderEpoch: 3, Metadata: some}, {LeaderEpoch: -1}}}, {Topic: "u"}}
	committed, all8 := kmsg.NewPtrOffsetFetchRequest(), kmsg.NewPtrOffsetFetchRequest()
	committed.Group, committed.Topics, committed.RequireStable = "g", []kmsg.OffsetFetchRequestTopic{{Topic: "t", Partitions: []int32{1, 2}}, {Topic: "u"}}, true
	committed.Groups = []kmsg.OffsetFetchRequestGroup{{Group: "g", MemberID: some, MemberEpoch: 4, Topics: []kmsg.OffsetFetchRequestGroupTopic{{Topic: "t", TopicID: [16]byte{1}, Partitions: []int32{3}}}}, {Group: "h", MemberEpoch: -1}}
	all8.Group = "g"
	forget := kmsg.NewPtrOffsetDeleteRequest()
	forget.Group, forget.Topics = "g", []kmsg.OffsetDeleteRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetDeleteRequestTopicPartition{{Partition: 1}}}, {Topic: "u"}}
	epochs := kmsg.NewPtrOffsetForLeaderEpochRequest()
	epochs.Topics = []kmsg.OffsetForLeaderEpochRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetForLeaderEpochRequestTopicPartition{{Partition: 1, CurrentLeaderEpoch: -1, LeaderEpoch: 3}, {LeaderEpoch: -1}}}, {Topic: "u"}}
	topics := kmsg.NewPtrMetadataRequest()
	topics.Topics, topics.AllowAutoTopicCreation = []kmsg.MetadataRequestTopic{{Topic: some}, {Topic: empty}}, true
	all, none := kmsg.NewPtrMetadataRequest(), kmsg.NewPtrMetadataRequest()
	none.Topics = []kmsg.MetadataRequestTopic{}
	byID := kmsg.NewPtrMetadataRequest()
	byID.Topics = []kmsg.MetadataRequestTopic{{TopicID: [16]byte{1, 2, 3}}, {Topic: some}}
	create := kmsg.NewPtrCreateTopicsRequest()
	create.Topics = []kmsg.CreateTopicsRequestTopic{{Topic: "t", NumPartitions: -1, ReplicationFactor: -1,
		ReplicaAssignment: []kmsg.CreateTopicsRequestTopicReplicaAssignment{{Partition: 0, Replicas: []int32{1, 2}}, {Partition: 1}},
		Configs:           []kmsg.CreateTopicsRequestTopicConfig{{Name: "a", Value: some}, {Name: "b", Value: null}, {Name: "c", Value: empty}}}}
	create.ValidateOnly = true
	describe := kmsg.NewPtrDescribeConfigsRequest()
	describe.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: 2, ResourceName: "t"}, {ResourceType: 4, ResourceName: "1", ConfigNames: []string{"a", "b"}}, {ConfigNames: []string{}}}
	describe.IncludeSynonyms, describe.IncludeDocumentation = true, true
	alter := kmsg.NewPtrAlterConfigsRequest()
	alter.Resources = []kmsg.AlterConfigsRequestResource{{ResourceType: 2, ResourceName: "t", Configs: []kmsg.AlterConfigsRequestResourceConfig{{Name: "a", Value: some}, {Name: "b"}}}}
	incremental := kmsg.NewPtrIncrementalAlterConfigsRequest()
	incremental.Resources = []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: 2, ResourceName: "t", Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: "a", Op: 1}, {Name: "b", Value: some}}}}
	incremental.ValidateOnly = true
	deleteTopics := kmsg.NewPtrDeleteTopicsRequest()
	deleteTopics.TopicNames, deleteTopics.TimeoutMillis = []string{"a", "b"}, 7
	deleteTopics.Topics = []kmsg.DeleteTopicsRequestTopic{{Topic: some}, {TopicID: [16]byte{9}}, {}}
	deleteRecords := kmsg.NewPtrDeleteRecordsRequest()
	deleteRecords.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: "t", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Partition: 1, Offset: -1}, {Partition: 2, Offset: 1 << 40}}}, {Topic: "u"}}
	partitions := kmsg.NewPtrCreatePartitionsRequest()
	partitions.Topics = []kmsg.CreatePartitionsRequestTopic{{Topic: "t", Count: 3, Assignment: []kmsg.CreatePartitionsRequestTopicAssignment{{Replicas: []int32{1}}, {}}}, {Topic: "u", Count: -1}}
	partitions.ValidateOnly = true
	logDirs, allLogDirs := kmsg.NewPtrDescribeLogDirsRequest(), kmsg.NewPtrDescribeLogDirsRequest()
	logDirs.Topics = []kmsg.DescribeLogDirsRequestTopic{{Topic: "t", Partitions: []int32{0, 1}}, {Topic: "u"}}
	cluster := kmsg.NewPtrDescribeClusterRequest()
	cluster.IncludeClusterAuthorizedOperations, cluster.EndpointType, cluster.IncludeFencedBrokers = true, 2, true
	oneTxn, manyTxns := kmsg.NewPtrAddPartitionsToTxnRequest(), kmsg.NewPtrAddPartitionsToTxnRequest()
	oneTxn.TransactionalID, oneTxn.ProducerID, oneTxn.ProducerEpoch = "x", 1<<40, 3
	oneTxn.Topics = []kmsg.AddPartitionsToTxnRequestTopic{{Topic: "t", Partitions: []int32{0, 7}}, {Topic: "u"}}
	manyTxns.Transactions = []kmsg.AddPartitionsToTxnRequestTransaction{{TransactionalID: "x", ProducerID: 1 << 40, ProducerEpoch: 3, VerifyOnly: true,
		Topics: []kmsg.AddPartitionsToTxnRequestTransactionTopic{{Topic: "t", Partitions: []int32{0, 7}}, {Topic: "u"}}}, {TransactionalID: "y"}}
	txnCommit := kmsg.NewPtrTxnOffsetCommitRequest()
	txnCommit.TransactionalID, txnCommit.Group, txnCommit.ProducerID, txnCommit.ProducerEpoch = "x", "g", 1<<40, 3
	txnCommit.Generation, txnCommit.MemberID, txnCommit.InstanceID = 5, "m", some
	txnCommit.Topics = []kmsg.TxnOffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.TxnOffsetCommitRequestTopicPartition{{Partition: 1, Offset: 1 << 40, LeaderEpoch: 4, Metadata: some}, {}}}}
	markers := kmsg.NewPtrWriteTxnMarkersRequest()
	markers.Markers = []kmsg.WriteTxnMarkersRequestMarker{{ProducerID: 1 << 40, ProducerEpoch: 3, Committed: true, CoordinatorEpoch: 5, TransactionVersion: 2,
		Topics: []kmsg.WriteTxnMarkersRequestMarkerTopic{{Topic: "t", Partitions: []int32{0, 7}}, {Topic: "u"}}}, {}}
	scram := &kmsg.AlterUserSCRAMCredentialsRequest{
		Deletions:  []kmsg.AlterUserSCRAMCredentialsRequestDeletion{{Name: "a", Mechanism: 1}, {}},
		Upsertions: []kmsg.AlterUserSCRAMCredentialsRequestUpsertion{{Name: "b", Mechanism: 2, Iterations: 4096, Salt: []byte{1, 2}, SaltedPassword: []byte{3}}, {}},
	}
	quotas := &kmsg.AlterClientQuotasRequest{ValidateOnly: true, Entries: []kmsg.AlterClientQuotasRequestEntry{
		{Entity: []kmsg.AlterClientQuotasRequestEntryEntity{{Type: "user", Name: some}, {Type: "client-id"}}, Ops: []kmsg.AlterClientQuotasRequestEntryOp{{Key: "a", Value: 1.5}, {Remove: true}}}, {}}}
	filter := &kmsg.DescribeClientQuotasRequest{Strict: true, Components: []kmsg.DescribeClientQuotasRequestComponent{{EntityType: "ip", Match: some}, {MatchType: 2}}}
	acls := kmsg.NewPtrCreateACLsRequest()
	acls.Creations = []kmsg.CreateACLsRequestCreation{{ResourceType: 2, ResourceName: "t", ResourcePatternType: 3, Principal: "User:a", Host: "*", Operation: 2, PermissionType: 3}, {}}
	filters := kmsg.NewPtrDeleteACLsRequest()
	filters.Filters = []kmsg.DeleteACLsRequestFilter{{ResourceType: 1, ResourcePatternType: 1, Operation: 1, PermissionType: 1}, {ResourceName: some, Principal: some, Host: some}}
	beat, quiet := kmsg.NewPtrConsumerGroupHeartbeatRequest(), kmsg.NewPtrConsumerGroupHeartbeatRequest()
	beat.Group, beat.MemberID, beat.MemberEpoch, beat.InstanceID, beat.RackID, beat.RebalanceTimeoutMillis = "g", "m", 3, some, some, 5
	beat.SubscribedTopicNames, beat.SubscribedTopicRegex, beat.ServerAssignor = []string{"t", ""}, some, some
	beat.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{{TopicID: [16]byte{1}, Partitions: []int32{0, 7}}, {}}
	quiet.Group, quiet.MemberID = "g", "m"
	return []struct {
		req      kmsg.Request
		min, max int16
	}{
		{beat, 0, 1}, {quiet, 0, 1}, {&kmsg.ConsumerGroupDescribeRequest{Groups: []string{"a", ""}, IncludeAuthorizedOperations: true}, 0, 1},
		{markers, 1, 2},
		{oneTxn, 0, 3}, {manyTxns, 4, 5}, {txnCommit, 0, 5},
		{&kmsg.AddOffsetsToTxnRequest{TransactionalID: "x", ProducerID: 1 << 40, ProducerEpoch: 3, Group: "g"}, 0, 4},
		{&kmsg.EndTxnRequest{TransactionalID: "x", ProducerID: 1 << 40, ProducerEpoch: 3, Commit: true}, 0, 5},
		{&kmsg.DescribeProducersRequest{Topics: []kmsg.DescribeProducersRequestTopic{{Topic: "t", Partitions: []int32{0, 7}}, {Topic: "u"}}}, 0, 0},
		{&kmsg.DescribeTransactionsRequest{TransactionalIDs: []string{"x", ""}}, 0, 0},
		{&kmsg.ListTransactionsRequest{StateFilters: []string{"Ongoing"}, ProducerIDFilters: []int64{1 << 40}, DurationFilterMillis: 5}, 0, 1},
		{&kmsg.SASLHandshakeRequest{Mechanism: "PLAIN"}, 0, 1}, {&kmsg.SASLAuthenticateRequest{SASLAuthBytes: []byte{0, 1, 2}}, 0, 2},
		{&kmsg.DescribeUserSCRAMCredentialsRequest{Users: []kmsg.DescribeUserSCRAMCredentialsRequestUser{{Name: "a"}, {}}}, 0, 0}, {&kmsg.DescribeUserSCRAMCredentialsRequest{}, 0, 0}, {scram, 0, 0},
		{&kmsg.DescribeACLsRequest{ResourceType: 1, ResourceName: some, Principal: some, Operation: 1, PermissionType: 1}, 1, 3}, {acls, 1, 3}, {filters, 1, 3},
		{quotas, 0, 1}, {filter, 0, 1},
		{deleteTopics, 0, 6}, {deleteRecords, 0, 2}, {partitions, 0, 3}, {logDirs, 0, 4}, {allLogDirs, 0, 4}, {cluster, 0, 2},
		{&kmsg.InitProducerIDRequest{TransactionalID: some, TransactionTimeoutMillis: 5, ProducerID: 1 << 40, ProducerEpoch: 3}, 0, 5},
		{&kmsg.InitProducerIDRequest{ProducerID: -1, ProducerEpoch: -1}, 0, 5},
		{find, 0, 6}, {join, 0, 9}, {sync, 0, 5}, {&kmsg.HeartbeatRequest{Group: "g", Generation: 3, MemberID: "m", InstanceID: some}, 0, 4},
		{leave, 0, 5}, {&kmsg.DescribeGroupsRequest{Groups: []string{"a", ""}, IncludeAuthorizedOperations: true}, 0, 6},
		{&kmsg.ListGroupsRequest{StatesFilter: []string{"Stable"}, TypesFilter: []string{"classic", ""}}, 0, 5},
		{&kmsg.DeleteGroupsRequest{Groups: []string{"a", "b"}}, 0, 2}, {commit, 2, 10}, {committed, 1, 10}, {all8, 1, 10}, {forget, 0, 0},
		{fetch, 4, 18}, {offsets, 1, 11}, {epochs, 2, 4}, {topics, 0, 13}, {all, 1, 13}, {none, 0, 13}, {byID, 10, 13},
		{&kmsg.FindCoordinatorRequest{CoordinatorKey: "group", CoordinatorType: 1}, 0, 2},
		{&kmsg.ApiVersionsRequest{ClientSoftwareName: "name", ClientSoftwareVersion: "1.2"}, 0, 4},
		{create, 0, 7}, {describe, 0, 4}, {alter, 0, 2}, {incremental, 0, 1},
	}
}

// messages are the requests in all their versions, with their messages: what
// follows the header's fixed fields.
func messages(each func(req kmsg.Request, h wire.RequestHeader, message []byte)) {
	for _, s := range served() {
		for version := s.min; version <= s.max; version++ {
			s.req.SetVersion(version)
			message := s.req.AppendTo(nil)
			if s.req.IsFlexible() {
				message = append([]byte{0}, message...)
			}
			each(s.req, wire.RequestHeader{Key: s.req.Key(), Version: version}, message)
		}
	}
}

// What franz-go encodes is decoded to the same, in every version, and nothing
// shorter is taken for it.
func TestDecodeRequest(t *testing.T) {
	messages(func(req kmsg.Request, h wire.RequestHeader, message []byte) {
		got, err := wire.DecodeRequest(h, message)
		if err != nil {
			t.Errorf("%T version %d: %v", req, h.Version, err)
			return
		}
		if again := got.AppendTo(nil); !bytes.Equal(again, req.AppendTo(nil)) {
			t.Errorf("%T version %d: %x became %x", req, h.Version, req.AppendTo(nil), again)
		}
		for n := range message {
			if _, err := wire.DecodeRequest(h, message[:n]); !errors.Is(err, wire.ErrFrame) {
				t.Errorf("%T version %d, %d of %d bytes: got %v", req, h.Version, n, len(message), err)
			}
		}
	})
}

// Tagged fields that nobody knows are skipped.
func TestUnknownTags(t *testing.T) {
	req := kmsg.NewPtrMetadataRequest()
	req.Version = 12
	topic := kmsg.MetadataRequestTopic{Topic: kmsg.StringPtr("t")}
	topic.UnknownTags.Set(77, []byte("seventy-seven"))
	req.Topics = append(req.Topics, topic, kmsg.MetadataRequestTopic{Topic: kmsg.StringPtr("u")})
	req.UnknownTags.Set(1<<20, nil)
	got, err := wire.DecodeRequest(wire.RequestHeader{Key: 3, Version: 12}, append([]byte{1, 5, 2, 'h', 'i'}, req.AppendTo(nil)...))
	if err != nil {
		t.Fatal(err)
	}
	if m := got.(*kmsg.MetadataRequest); len(m.Topics) != 2 || *m.Topics[1].Topic != "u" {
		t.Errorf("got %+v", m)
	}
}

// Counts that are not true end the decoding at once, wherever they stand: a
// count of 2^32-1 tagged fields would be counted down for a minute.
func TestLyingTagCounts(t *testing.T) {
	lies := [][]byte{binary.AppendUvarint(nil, 1<<32-1), binary.AppendUvarint(nil, 1<<64-1), {0x7f, 0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0xff}}
	began, n := time.Now(), 0
	messages(func(_ kmsg.Request, h wire.RequestHeader, message []byte) {
		for at := range len(message) + 1 {
			for _, lie := range lies {
				wire.DecodeRequest(h, slices.Concat(message[:at], lie))
				wire.DecodeRequest(h, slices.Concat(message[:at], lie, message[at:]))
				n += 2
			}
		}
	})
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("%d requests took %v", n, took)
	}
}

// A request names no more than 65,536 things, wherever they stand: the answers to
// a million names of a byte each would take hundreds of megabytes.
func TestManyElements(t *testing.T) {
	for _, k := range []struct {
		elements int
		want     error
	}{{1 << 16, nil}, {1<<16 + 1, wire.ErrFrame}} {
		groups := &kmsg.DescribeGroupsRequest{Version: 6, Groups: make([]string, k.elements)}
		partitions := &kmsg.OffsetFetchRequest{Version: 7, Topics: []kmsg.OffsetFetchRequestTopic{{}, {Partitions: make([]int32, k.elements-2)}}}
		for _, req := range []kmsg.Request{groups, partitions} {
			body := append([]byte{0}, req.AppendTo(nil)...) // the header's tagged fields
			_, err := wire.DecodeRequest(wire.RequestHeader{Key: req.Key(), Version: req.GetVersion()}, body)
			if !errors.Is(err, k.want) {
				t.Errorf("%s with %d: got %v, want %v", kmsg.NameForKey(req.Key()), k.elements, err, k.want)
			}
		}
	}
}

// FuzzDecodeRequest: decoding ends soon, whatever comes, and what it takes kmsg
// encodes to what is decoded to the same.
func FuzzDecodeRequest(f *testing.F) {
	messages(func(_ kmsg.Request, h wire.RequestHeader, message []byte) { f.Add(h.Key, h.Version, message) })
	f.Add(int16(18), int16(3), []byte{0, 2, 'a', 2, 'b', 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add(int16(3), int16(9), []byte{0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, key, version int16, message []byte) {
		for _, s := range served() {
			if s.req.Key() != key || version < s.min || version > s.max {
				continue
			}
			began := time.Now()
			req, err := wire.DecodeRequest(wire.RequestHeader{Key: key, Version: version}, message)
			if took := time.Since(began); took > 10*time.Second {
				t.Fatalf("%d bytes took %v", len(message), took)
			}
			if err != nil {
				return
			}
			// What was taken is whole: kmsg's encoding of it is taken for the same.
			encoded := req.AppendTo(nil)
			message := encoded
			if req.IsFlexible() {
				message = append([]byte{0}, encoded...)
			}
			again, err := wire.DecodeRequest(wire.RequestHeader{Key: key, Version: version}, message)
			if err != nil {
				t.Fatalf("%T version %d: %x is not taken again: %v", req, version, encoded, err)
			}
			if got := again.AppendTo(nil); !bytes.Equal(got, encoded) {
				t.Fatalf("%T version %d: %x became %x", req, version, encoded, got)
			}
			return
		}
	})
}
