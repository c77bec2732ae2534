package broker_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// read polls until n records came, and returns their values.
func read(t *testing.T, cl *kgo.Client, n int) (values []string) {
	t.Helper()
	for ctx := deadline(t); len(values) < n; {
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", len(values), n, err)
		}
		f.EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	return values
}

// member is a client in the group "g".
func member(t *testing.T, addr string, opts ...kgo.Opt) *kgo.Client {
	return client(t, addr, append([]kgo.Opt{kgo.ConsumerGroup("g"), kgo.ConsumeTopics("t"), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.HeartbeatInterval(100 * time.Millisecond)}, opts...)...)
}

// What a group has committed, and its static member, outlive a restart of the
// broker: the reader goes on where it stopped.
func TestGroupOutlivesRestart(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	produce(t, client(t, b.addr), "t", "one", "two", "three")
	cl := member(t, b.addr, kgo.InstanceID("static"))
	if got := read(t, cl, 3); !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Fatalf("read %q", got)
	}
	if err := cl.CommitUncommittedOffsets(deadline(t)); err != nil {
		t.Fatal(err)
	}
	before := describe(t, b.addr)
	cl.CloseAllowingRebalance() // a static member does not leave
	b.stop()

	b = start(t, dir)
	after := describe(t, b.addr)
	if after.State != "Stable" || len(after.Members) != 1 || after.Members[0].MemberID != before.Members[0].MemberID || *after.Members[0].InstanceID != "static" {
		t.Errorf("the group came back as %+v, it was %+v", after, before)
	}
	produce(t, client(t, b.addr), "t", "four")
	if got := read(t, member(t, b.addr, kgo.InstanceID("static")), 1); got[0] != "four" {
		t.Errorf("it went on with %q", got)
	}
}

func describe(t *testing.T, addr string) kadm.DescribedGroup {
	t.Helper()
	groups, err := kadm.NewClient(client(t, addr)).DescribeGroups(deadline(t), "g")
	if err != nil {
		t.Fatal(err)
	}
	return groups["g"]
}

// Members share the partitions among them, and take over from who leaves; each
// record is read once while nobody fails.
func TestGroupRebalances(t *testing.T) {
	for name, balancer := range map[string]kgo.GroupBalancer{"eager": kgo.RangeBalancer(), "cooperative": kgo.CooperativeStickyBalancer()} {
		t.Run(name, func(t *testing.T) {
			b := start(t, t.TempDir())
			c := dial(t, b.addr)
			c.create(topicReq("t", 4))
			var mu sync.Mutex
			held := map[string]map[int32]bool{}
			in := func(who string) []kgo.Opt {
				held[who] = map[int32]bool{}
				note := func(has bool) func(context.Context, *kgo.Client, map[string][]int32) {
					return func(_ context.Context, _ *kgo.Client, p map[string][]int32) {
						mu.Lock()
						defer mu.Unlock()
						for _, n := range p["t"] {
							if has {
								held[who][n] = true
							} else {
								delete(held[who], n)
							}
						}
					}
				}
				return []kgo.Opt{kgo.Balancers(balancer), kgo.OnPartitionsAssigned(note(true)), kgo.OnPartitionsRevoked(note(false)), kgo.OnPartitionsLost(note(false))}
			}
			wait := func(want map[string]int) {
				t.Helper()
				for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
					mu.Lock()
					ok := true
					for who, n := range want {
						ok = ok && len(held[who]) == n
					}
					mu.Unlock()
					if ok {
						return
					}
					if time.Now().After(end) {
						t.Fatalf("the partitions are %v, want %v", held, want)
					}
				}
			}
			one := member(t, b.addr, in("one")...)
			polling(t, one)
			wait(map[string]int{"one": 4})
			two := member(t, b.addr, in("two")...)
			polling(t, two)
			wait(map[string]int{"one": 2, "two": 2})
			one.LeaveGroup()
			wait(map[string]int{"one": 0, "two": 4})
		})
	}
}

// polling polls until the test ends.
func polling(t *testing.T, cl *kgo.Client) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil && !cl.PollFetches(ctx).IsClientClosed() {
		}
	}()
	t.Cleanup(func() { stop(); <-done })
}

// Old clients speak version 0, without an id of the member's first.
func TestGroupVersion0(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	join := &kmsg.JoinGroupRequest{Group: "g", SessionTimeoutMillis: 6000, ProtocolType: "consumer", Protocols: []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: []byte("m")}}}
	j := ask[*kmsg.JoinGroupResponse](c, join, 1)
	if j.ErrorCode != 0 || j.Generation != 1 || j.LeaderID != j.MemberID || len(j.Members) != 1 || string(j.Members[0].ProtocolMetadata) != "m" {
		t.Fatalf("join: %+v", j)
	}
	s := ask[*kmsg.SyncGroupResponse](c, &kmsg.SyncGroupRequest{Group: "g", Generation: 1, MemberID: j.MemberID,
		GroupAssignment: []kmsg.SyncGroupRequestGroupAssignment{{MemberID: j.MemberID, MemberAssignment: []byte("all")}}}, 2)
	if s.ErrorCode != 0 || string(s.MemberAssignment) != "all" {
		t.Fatalf("sync: %+v", s)
	}
	if s := ask[*kmsg.SyncGroupResponse](c, &kmsg.SyncGroupRequest{Version: 5, Group: "g", Generation: 1, MemberID: j.MemberID}, 6); s.ErrorCode != 23 {
		t.Errorf("version 5 without the protocol: error %d, want INCONSISTENT_GROUP_PROTOCOL", s.ErrorCode)
	}
	if h := ask[*kmsg.HeartbeatResponse](c, &kmsg.HeartbeatRequest{Group: "g", Generation: 1, MemberID: j.MemberID}, 3); h.ErrorCode != 0 {
		t.Errorf("heartbeat: %+v", h)
	}
	if l := ask[*kmsg.LeaveGroupResponse](c, &kmsg.LeaveGroupRequest{Group: "g", MemberID: j.MemberID}, 4); l.ErrorCode != 0 {
		t.Errorf("leave: %+v", l)
	}
	long := &kmsg.JoinGroupRequest{Version: 9, Group: string(make([]byte, 64<<10)), SessionTimeoutMillis: 6000, ProtocolType: "consumer", Protocols: join.Protocols}
	if j := ask[*kmsg.JoinGroupResponse](c, long, 5); j.ErrorCode != 24 {
		t.Errorf("a group id of 64 KiB: error %d, want INVALID_GROUP_ID", j.ErrorCode)
	}
}

// Offsets go with their topic, also when the broker ended before its groups
// heard of the deletion; a new topic of the name begins anew.
func TestOffsetsGoWithTheirTopic(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	c.create(topicReq("u", 1))
	commit := &kmsg.OffsetCommitRequest{Version: 9, Group: "g", Generation: -1}
	for _, topic := range []string{"t", "u"} {
		commit.Topics = append(commit.Topics, kmsg.OffsetCommitRequestTopic{Topic: topic, Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Offset: 7, LeaderEpoch: -1}}})
	}
	for _, t1 := range ask[*kmsg.OffsetCommitResponse](c, commit, 1).Topics {
		if code := t1.Partitions[0].ErrorCode; code != 0 {
			t.Fatalf("commit for %s: error %d", t1.Topic, code)
		}
	}
	committed := func(c raw) map[string]int64 {
		out := map[string]int64{}
		for _, topic := range ask[*kmsg.OffsetFetchResponse](c, &kmsg.OffsetFetchRequest{Version: 5, Group: "g"}, 2).Topics {
			out[topic.Topic] = topic.Partitions[0].Offset
		}
		return out
	}
	del := kmsg.NewPtrDeleteTopicsRequest()
	del.Version, del.TopicNames = 4, []string{"t"}
	ask[*kmsg.DeleteTopicsResponse](c, del, 3)
	if got := committed(c); len(got) != 1 || got["u"] != 7 {
		t.Errorf("after the topic's deletion there are %v", got)
	}
	b.stop()
	if err := os.RemoveAll(filepath.Join(dir, "u-0")); err != nil {
		t.Fatal(err)
	}
	forget(t, filepath.Join(dir, "topics.json"), "u")
	if got := committed(dial(t, start(t, dir).addr)); len(got) != 0 {
		t.Errorf("after a restart without the other there are %v", got)
	}
}

// forget takes a topic out of topics.json.
func forget(t *testing.T, path, topic string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var f map[string]any
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	delete(f["topics"].(map[string]any), topic)
	if b, err = json.Marshal(f); err == nil {
		err = os.WriteFile(path, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
