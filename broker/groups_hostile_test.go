package broker_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// A group that is named again and again in one request is told once: the answer
// would be many times as large as what was asked.
func TestGroupNamedAgain(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	j := ask[*kmsg.JoinGroupResponse](c, &kmsg.JoinGroupRequest{Group: "g", SessionTimeoutMillis: 6000, ProtocolType: "consumer",
		Protocols: []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: make([]byte, 100<<10)}}}, 1)
	if s := ask[*kmsg.SyncGroupResponse](c, &kmsg.SyncGroupRequest{Group: "g", Generation: j.Generation, MemberID: j.MemberID}, 2); s.ErrorCode != 0 {
		t.Fatalf("sync: %+v", s)
	}
	commit := &kmsg.OffsetCommitRequest{Version: 9, Group: "g", Generation: j.Generation, MemberID: j.MemberID,
		Topics: []kmsg.OffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Offset: 7, LeaderEpoch: -1}}}}}
	if r := ask[*kmsg.OffsetCommitResponse](c, commit, 3); r.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("commit: %+v", r)
	}

	const times = 20_000 // of 100 KiB would be 2 GB
	described := ask[*kmsg.DescribeGroupsResponse](c, &kmsg.DescribeGroupsRequest{Version: 6, Groups: slices.Repeat([]string{"g"}, times)}, 4)
	if n := len(described.Groups); n != times {
		t.Fatalf("%d groups are described, want %d", n, times)
	}
	if g := described.Groups[0]; g.ErrorCode != 0 || g.State != "Stable" || len(g.Members) != 1 || len(g.Members[0].ProtocolMetadata) != 100<<10 {
		t.Errorf("first: error %d, %s, %d members", g.ErrorCode, g.State, len(g.Members))
	}
	for _, g := range described.Groups[1:] {
		if g.ErrorCode != 42 || len(g.Members) != 0 {
			t.Fatalf("again: error %d, %d members; want INVALID_REQUEST and none", g.ErrorCode, len(g.Members))
		}
	}

	all := kmsg.OffsetFetchRequestGroup{Group: "g", MemberEpoch: -1}
	fetched := ask[*kmsg.OffsetFetchResponse](c, &kmsg.OffsetFetchRequest{Version: 9, Groups: slices.Repeat([]kmsg.OffsetFetchRequestGroup{all}, times)}, 5)
	if g := fetched.Groups[0]; len(fetched.Groups) != times || g.ErrorCode != 0 || len(g.Topics) != 1 || g.Topics[0].Partitions[0].Offset != 7 {
		t.Errorf("%d groups, first: %+v", len(fetched.Groups), g)
	}
	for _, g := range fetched.Groups[1:] {
		if g.ErrorCode != 42 || len(g.Topics) != 0 {
			t.Fatalf("again: %+v, want INVALID_REQUEST and no topics", g)
		}
	}
}

// Names that a flexible JoinGroup can hold and an older answer cannot: they are
// refused, and what others are told of the groups stays readable.
func TestNamesLongerThanAStringCanSay(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	long := strings.Repeat("n", 1<<15)
	for name, change := range map[string]func(*kmsg.JoinGroupRequest){
		"protocol type": func(j *kmsg.JoinGroupRequest) { j.ProtocolType = long },
		"instance":      func(j *kmsg.JoinGroupRequest) { j.InstanceID = &long },
		"protocol":      func(j *kmsg.JoinGroupRequest) { j.Protocols[0].Name = long },
	} {
		j := &kmsg.JoinGroupRequest{Version: 9, Group: "g", MemberID: "", InstanceID: kmsg.StringPtr("i"), SessionTimeoutMillis: 6000, RebalanceTimeoutMillis: 6000,
			ProtocolType: "consumer", Protocols: []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: []byte{1}}}}
		change(j)
		if r := ask[*kmsg.JoinGroupResponse](c, j, 1); r.ErrorCode != 42 {
			t.Errorf("%s of %d bytes: error %d, want INVALID_REQUEST", name, len(long), r.ErrorCode)
		}
	}
	if r := ask[*kmsg.ListGroupsResponse](c, &kmsg.ListGroupsRequest{}, 2); len(r.Groups) != 0 {
		t.Errorf("%d groups are listed, want none", len(r.Groups))
	}
}

// A partition that is asked for again and again is told once: its metadata would
// make the answer a thousand times as large as the question.
func TestPartitionNamedAgain(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	metadata := strings.Repeat("m", 4096)
	commit := &kmsg.OffsetCommitRequest{Version: 9, Group: "g", Generation: -1,
		Topics: []kmsg.OffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Offset: 7, LeaderEpoch: -1, Metadata: &metadata}}}}}
	if r := ask[*kmsg.OffsetCommitResponse](c, commit, 1); r.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("commit: %+v", r)
	}
	const times = 20_000 // of 4 KiB would be 80 MB
	again := make([]int32, times)

	old := ask[*kmsg.OffsetFetchResponse](c, &kmsg.OffsetFetchRequest{Version: 7, Group: "g", Topics: []kmsg.OffsetFetchRequestTopic{{Topic: "t", Partitions: again}}}, 2)
	for i, p := range old.Topics[0].Partitions {
		if i == 0 && (p.ErrorCode != 0 || p.Offset != 7 || *p.Metadata != metadata) || i > 0 && (p.ErrorCode != 42 || p.Offset != -1 || *p.Metadata != "") {
			t.Fatalf("version 7, number %d: error %d, offset %d, %d bytes of metadata", i, p.ErrorCode, p.Offset, len(*p.Metadata))
		}
	}
	now := ask[*kmsg.OffsetFetchResponse](c, &kmsg.OffsetFetchRequest{Version: 9, Groups: []kmsg.OffsetFetchRequestGroup{{Group: "g", MemberEpoch: -1,
		Topics: []kmsg.OffsetFetchRequestGroupTopic{{Topic: "t", Partitions: again}}}}}, 3)
	for i, p := range now.Groups[0].Topics[0].Partitions {
		if i == 0 && (p.ErrorCode != 0 || p.Offset != 7 || *p.Metadata != metadata) || i > 0 && (p.ErrorCode != 42 || p.Offset != -1 || *p.Metadata != "") {
			t.Fatalf("version 9, number %d: error %d, offset %d, %d bytes of metadata", i, p.ErrorCode, p.Offset, len(*p.Metadata))
		}
	}
	if len(old.Topics[0].Partitions) != times || len(now.Groups[0].Topics[0].Partitions) != times {
		t.Error("not each is answered")
	}
}
