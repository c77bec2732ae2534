package broker_test

import (
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
	"copyscope/broker/quota"
)

// askAs is ask of a client with another name.
func askAs[Resp kmsg.Response](c raw, id string, req kmsg.Request, correlation int32) Resp {
	c.t.Helper()
	c.send(kmsg.NewRequestFormatter(kmsg.FormatterClientID(id)).AppendRequest(nil, req, correlation))
	return answer[Resp](c, req, correlation)
}

// over is a batch that makes who has a quota of 100,000 bytes a second wait for
// 0.3 s and a bit: ten windows hold 1,000,000.
func over() []byte { return batchOf(strings.Repeat("x", 1_030_000)) }

// muted asks once more, and fails the test if the answer comes before the time that
// the client was told to wait.
func (c raw) muted(from time.Time, throttleMs int32) {
	c.t.Helper()
	if throttleMs < 250 || throttleMs > 1000 {
		c.t.Fatalf("the client is told to wait %d ms", throttleMs)
	}
	ask[*kmsg.ApiVersionsResponse](c, &kmsg.ApiVersionsRequest{}, 77)
	if took := time.Since(from); took < time.Duration(throttleMs)*time.Millisecond {
		c.t.Errorf("the next request is answered after %v, the client was told to wait %d ms", took, throttleMs)
	}
}

// A producer above its quota is answered at once, and read from again when the time
// is over that it was told.
func TestProducersAreThrottled(t *testing.T) {
	b := start(t, t.TempDir())
	admin := dial(t, b.addr)
	admin.create(topicReq("t", 1))
	admin.setQuotas(quotaOf(quota.ProducerByteRate, 100_000, "client-id", "raw"))
	for _, version := range []int16{3, 13} {
		c := dial(t, b.addr)
		req := produceReq(version, 1, "t", 0, over())
		req.Topics[0].TopicID = admin.topicID("t")
		began := time.Now()
		resp := ask[*kmsg.ProduceResponse](c, req, 1)
		if p := resp.Topics[0].Partitions[0]; p.ErrorCode != 0 {
			t.Fatalf("version %d: error %d", version, p.ErrorCode)
		}
		if version == 3 {
			c.muted(began, resp.ThrottleMillis)
		} else if resp.ThrottleMillis < 5000 { // both count, though they came by two connections
			t.Errorf("the second batch makes the client wait %d ms", resp.ThrottleMillis)
		}
	}
	quiet := dial(t, b.addr)
	quiet.send(frame(produceReq(7, 0, "t", 0, over()), 5)) // acks 0 has no answer, but counts
	began := time.Now()
	quiet.send(frame(&kmsg.ApiVersionsRequest{}, 6))
	quiet.SetReadDeadline(began.Add(200 * time.Millisecond))
	if _, err := quiet.Read(make([]byte, 1)); !isTimeout(err) {
		t.Errorf("who asks for no acknowledgement is not throttled: %v", err)
	}
	if resp := askAs[*kmsg.ProduceResponse](dial(t, b.addr), "other", produceReq(7, 1, "t", 0, over()), 1); resp.ThrottleMillis != 0 {
		t.Errorf("who has no quota is told to wait %d ms", resp.ThrottleMillis)
	}
	b.stop() // ends the waits: two of them take seconds
}

// A consumer above its quota gets nothing but the time to wait, and after it the
// records, as they are sent to anyone: by sendfile.
func TestConsumersAreThrottled(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	records := over()
	ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, records), 1)
	c.setQuotas(quotaOf(quota.ConsumerByteRate, 100_000, "user", "ANONYMOUS", "client-id", "raw"))
	began := time.Now()
	resp := ask[*kmsg.FetchResponse](c, fetchReq("t", 0), 2)
	if len(resp.Topics) != 0 || resp.ErrorCode != 0 || resp.SessionID != 0 {
		t.Errorf("a fetch above the quota got %d topics, error %d, session %d", len(resp.Topics), resp.ErrorCode, resp.SessionID)
	}
	c.muted(began, resp.ThrottleMillis)
	// The time that passed makes room: the windows are longer by it, up to a second.
	for try := int32(0); len(resp.Topics) == 0; try++ {
		if try > 0 && resp.ThrottleMillis == 0 || try == 30 {
			t.Fatalf("try %d gets nothing, and is to wait %d ms", try, resp.ThrottleMillis)
		}
		resp = ask[*kmsg.FetchResponse](c, fetchReq("t", 0), 3+try)
	}
	if got := resp.Topics[0].Partitions[0].RecordBatches; len(got) != len(records) || resp.ThrottleMillis != 0 {
		t.Fatalf("after it has waited it got %d bytes of %d, and is to wait %d ms", len(got), len(records), resp.ThrottleMillis)
	}
	sent := waitServed(t, b, 1)
	if runtime.GOOS == "linux" && (len(sent) != 1 || sent[0].Path != "sendfile" || sent[0].SyscallsByName["sendfile"] == 0) {
		t.Errorf("the transfers are %+v", sent)
	}
	if other := askAs[*kmsg.FetchResponse](dial(t, b.addr), "other", fetchReq("t", 0), 1); len(other.Topics) != 1 || other.ThrottleMillis != 0 {
		t.Errorf("who has no quota gets %d topics, and is to wait %d ms", len(other.Topics), other.ThrottleMillis)
	}
}

// With one window, too, a fetch of who has no quota is answered as if nobody had
// one: when there is enough, with as much as is asked for.
func TestFetchWithOneWindow(t *testing.T) {
	c := dial(t, start(t, t.TempDir(), func(c *broker.Config) { c.Defaults = broker.Defaults{"quota.window.num": "1"} }).addr)
	c.create(topicReq("t", 2))
	c.setQuotas(quotaOf(quota.ConsumerByteRate, 100_000, "client-id", "other"))
	const wait = 300 * time.Millisecond
	began := time.Now()
	ask[*kmsg.FetchResponse](c, fetchReq("t", 0, func(r *kmsg.FetchRequest) { r.MaxWaitMillis = int32(wait.Milliseconds()) }), 1)
	if took := time.Since(began); took < wait {
		t.Errorf("nothing is answered after %v, not after %v", took, wait)
	}
	size := 0
	for range 2 {
		batch := batchOf("a")
		size += len(batch)
		ask[*kmsg.ProduceResponse](c, produceReq(7, 1, "t", 0, batch), 2)
	}
	if got := ask[*kmsg.FetchResponse](c, fetchReq("t", 0), 3).Topics[0].Partitions[0].RecordBatches; len(got) != size {
		t.Errorf("of %d bytes it gets %d", size, len(got))
	}
}

// While one client waits, no other does, and the broker's end does not wait for it.
func TestAThrottledClientHoldsNobodyBack(t *testing.T) {
	b := start(t, t.TempDir())
	slow, other := dial(t, b.addr), dial(t, b.addr)
	slow.create(topicReq("t", 1))
	slow.setQuotas(quotaOf(quota.ProducerByteRate, 1, "client-id", "raw"))
	resp := ask[*kmsg.ProduceResponse](slow, produceReq(7, 1, "t", 0, batchOf(strings.Repeat("x", 1000))), 1)
	if resp.ThrottleMillis != 11_000 {
		t.Fatalf("the client is to wait %d ms; eleven windows are the most", resp.ThrottleMillis)
	}
	for i := range int32(50) {
		if p := askAs[*kmsg.ProduceResponse](other, "other", produceReq(7, 1, "t", 0, batchOf("a")), 10+i); p.ThrottleMillis != 0 {
			t.Fatalf("another client is to wait %d ms", p.ThrottleMillis)
		}
	}
	infos := b.ConnectionInfos()
	if infos[0].Throttles != 1 || time.Until(infos[0].ThrottledUntil) <= 0 || infos[1].Throttles != 0 {
		t.Errorf("the connections are told as %+v", infos)
	}
	for _, w := range b.Stats().Throttles {
		if want := map[string]int64{quota.ProducerByteRate: 1}[w.Key]; w.Times != want {
			t.Errorf("%s made clients wait %d times, want %d", w.Key, w.Times, want)
		}
	}
	left := time.Now()
	slow.Close()
	for len(b.ConnectionInfos()) > 1 { // one that leaves is noticed
		if time.Since(left) > 5*time.Second {
			t.Fatal("a client that left while it waited is still there")
		}
		time.Sleep(5 * time.Millisecond)
	}
	resp = ask[*kmsg.ProduceResponse](dial(t, b.addr), produceReq(7, 1, "t", 0, batchOf("x")), 1)
	if resp.ThrottleMillis == 0 {
		t.Error("the quota is gone with its connection")
	}
	b.stop() // fails the test if it takes 5 s
}

// The time that requests take is counted for all of them, and every answer that has
// a place for it tells the wait: a window at most.
func TestEveryAnswerTellsTheWait(t *testing.T) {
	b := start(t, t.TempDir())
	admin := dial(t, b.addr)
	admin.create(topicReq("t", 1))
	admin.setQuotas(quotaOf(quota.RequestPercentage, 1e-9, "client-id", "hurried"))
	all := ask[*kmsg.ApiVersionsResponse](admin, &kmsg.ApiVersionsRequest{}, 1).ApiKeys
	for _, k := range all {
		req := sample(k.ApiKey)
		req.SetVersion(k.MaxVersion)
		if f, ok := req.(*kmsg.FetchRequest); ok {
			f.Topics[0].TopicID = admin.topicID("t")
		}
		resp := askAs[kmsg.Response](dial(t, b.addr), "hurried", req, 1) // one that was not told to wait yet
		if to, ok := resp.(kmsg.ThrottleResponse); ok {
			if ms, _ := to.Throttle(); ms != 1000 {
				t.Errorf("%s version %d tells to wait %d ms, want 1000", kmsg.NameForKey(k.ApiKey), k.MaxVersion, ms)
			}
		}
	}
}

// A long poll, and a wait for a group, is no work.
func TestWaitingIsNoWork(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	c.setQuotas(quotaOf(quota.RequestPercentage, 2, "client-id", "poller"))
	poll := fetchReq("t", 0, func(f *kmsg.FetchRequest) { f.MaxWaitMillis, f.MinBytes = 500, 1 }) // 5 % of ten windows
	if resp := askAs[*kmsg.FetchResponse](c, "poller", poll, 1); resp.ThrottleMillis != 0 {
		t.Errorf("a fetch that waited makes the client wait %d ms", resp.ThrottleMillis)
	}
}

func TestMutationsAreThrottled(t *testing.T) {
	b := start(t, t.TempDir())
	admin := dial(t, b.addr)
	for _, name := range []string{"grows", "goes"} {
		admin.create(topicReq(name, 1))
	}
	admin.setQuotas(quotaOf(quota.ControllerMutationRate, 1, "user", "ANONYMOUS"))
	create := func(version int16, validateOnly bool, name string, partitions int32) *kmsg.CreateTopicsResponse {
		req := createReq(topicReq(name, partitions))
		req.Version, req.ValidateOnly = version, validateOnly
		return ask[*kmsg.CreateTopicsResponse](dial(t, b.addr), req, 1)
	}
	// Eleven windows hold 11 partitions; the last change may take more.
	if r := create(7, false, "grows", 50); r.Topics[0].ErrorCode != 36 || r.ThrottleMillis != 0 {
		t.Errorf("what fails anyway gets error %d, and counts: wait %d ms", r.Topics[0].ErrorCode, r.ThrottleMillis)
	}
	if r := create(7, false, "many", 15); r.Topics[0].ErrorCode != 0 || r.ThrottleMillis != 0 {
		t.Errorf("the first one gets error %d, wait %d ms", r.Topics[0].ErrorCode, r.ThrottleMillis)
	}
	refused := func(what string, code int16, throttleMs int32) {
		t.Helper()
		if code != 89 || throttleMs < 1000 || throttleMs > 11_000 {
			t.Errorf("%s gets error %d, wait %d ms; want THROTTLING_QUOTA_EXCEEDED and seconds", what, code, throttleMs)
		}
	}
	r := create(7, false, "more", 1)
	refused("a topic", r.Topics[0].ErrorCode, r.ThrottleMillis)
	r = create(6, true, "more", 1)
	refused("a topic that is validated only", r.Topics[0].ErrorCode, r.ThrottleMillis)
	grow := &kmsg.CreatePartitionsRequest{Version: 3, Topics: []kmsg.CreatePartitionsRequestTopic{{Topic: "grows", Count: 2}}}
	g := ask[*kmsg.CreatePartitionsResponse](dial(t, b.addr), grow, 1)
	refused("a new partition", g.Topics[0].ErrorCode, g.ThrottleMillis)
	d := ask[*kmsg.DeleteTopicsResponse](dial(t, b.addr), deleteReq(5, "goes"), 1)
	refused("a deletion", d.Topics[0].ErrorCode, d.ThrottleMillis)
	// Older clients do not know the code: they wait.
	for what, throttleMs := range map[string]int32{
		"a topic":         create(5, false, "old", 1).ThrottleMillis,
		"a new partition": ask[*kmsg.CreatePartitionsResponse](dial(t, b.addr), func() kmsg.Request { grow.Version = 2; return grow }(), 1).ThrottleMillis,
		"a deletion":      ask[*kmsg.DeleteTopicsResponse](dial(t, b.addr), deleteReq(4, "goes"), 1).ThrottleMillis,
		"on demand":       ask[*kmsg.MetadataResponse](dial(t, b.addr), metadataReq(12, true, "demanded"), 1).ThrottleMillis,
	} {
		if throttleMs < 1000 {
			t.Errorf("older: %s makes wait %d ms", what, throttleMs)
		}
	}
	var names []string
	for _, info := range b.Topics() {
		names = append(names, info.Name)
	}
	if got := strings.Join(names, " "); got != "demanded grows many old" {
		t.Errorf("the topics are %s", got)
	}
}

func TestConnectionsThatComeTooFast(t *testing.T) {
	b := start(t, t.TempDir())
	admin := dial(t, b.addr)
	admin.setQuotas(quotaOf(quota.ConnectionCreationRate, 1, "ip", "127.0.0.1"))
	for i := range int32(10) { // ten windows' worth
		ask[*kmsg.ApiVersionsResponse](dial(t, b.addr), &kmsg.ApiVersionsRequest{}, i)
	}
	began := time.Now()
	dial(t, b.addr).wantClosed()
	if took := time.Since(began); took < 500*time.Millisecond {
		t.Errorf("it is closed after %v, and not held", took)
	}
	admin.setQuotas(quotaOf(quota.ConnectionCreationRate, -1, "ip", "127.0.0.1"))
	ask[*kmsg.ApiVersionsResponse](dial(t, b.addr), &kmsg.ApiVersionsRequest{}, 1)
}

func TestConnectionsOfOneAddress(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs 127.0.0.2")
	}
	b := start(t, t.TempDir(), func(c *broker.Config) {
		c.MaxConnectionsPerIP, c.MaxConnectionsByIP = 2, map[netip.Addr]int{netip.MustParseAddr("127.0.0.2"): 1, netip.MustParseAddr("127.0.0.3"): 0}
	})
	from := func(ip string) raw {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
		conn, err := d.DialContext(deadline(t), "tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		return raw{conn, t}
	}
	served := func(c raw) raw {
		t.Helper()
		ask[*kmsg.ApiVersionsResponse](c, &kmsg.ApiVersionsRequest{}, 1)
		return c
	}
	first := served(from("127.0.0.1"))
	served(from("127.0.0.1"))
	from("127.0.0.1").wantClosed()
	served(from("127.0.0.2"))
	from("127.0.0.2").wantClosed()
	from("127.0.0.3").wantClosed()
	b.wantSaid(t, "too many connections of one address")
	first.Close()
	for len(b.ConnectionInfos()) > 2 {
		time.Sleep(5 * time.Millisecond)
	}
	served(from("127.0.0.1"))
}

// A user's quota holds all of the user's clients, and franz-go is told.
func TestUsersHaveQuotas(t *testing.T) {
	dir := t.TempDir()
	withUsers(t, dir, "alice", "one", "bob", "two")
	b := start(t, dir, bySASL("SCRAM-SHA-512"))
	throttles := make(chan time.Duration, 100)
	of := func(user, password string) *kgo.Client {
		return client(t, b.addr, kgo.SASL(as(user, password)["SCRAM-SHA-512"]), kgo.WithHooks(onThrottle(func(d time.Duration) { throttles <- d })))
	}
	bob := of("bob", "two")
	alter := &kmsg.AlterClientQuotasRequest{Entries: []kmsg.AlterClientQuotasRequestEntry{quotaOf(quota.ProducerByteRate, 100_000, "user", "alice")}}
	if resp, err := alter.RequestWith(deadline(t), bob); err != nil || resp.Entries[0].ErrorCode != 0 {
		t.Fatalf("%+v, %v", resp, err)
	}
	value := strings.Repeat("x", 600_000)
	produce(t, bob, "t", value, value)
	if len(throttles) > 0 {
		t.Errorf("bob is to wait %v", <-throttles)
	}
	produce(t, of("alice", "one"), "t", value)
	produce(t, of("alice", "one"), "t", value)
	select {
	case d := <-throttles:
		if d < time.Second || d > 3*time.Second { // 1.2 MB in ten windows that hold 1 MB
			t.Errorf("alice is to wait %v", d)
		}
	case <-time.After(10 * time.Second):
		t.Error("alice's second client is not to wait, though the first used the quota up")
	}
	b.stop()
}

// onThrottle is a hook for what a broker tells to wait.
type onThrottle func(time.Duration)

func (f onThrottle) OnBrokerThrottle(_ kgo.BrokerMetadata, d time.Duration, _ bool) { f(d) }
