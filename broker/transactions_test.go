package broker_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

// inTxn is a batch of one record in a producer's transaction.
func inTxn(p producerID, sequence int32) []byte {
	return edited(func(b []byte) {
		b[22] = 0x10
		binary.BigEndian.PutUint64(b[43:], uint64(p.id))
		binary.BigEndian.PutUint16(b[51:], uint16(p.epoch))
		binary.BigEndian.PutUint32(b[53:], uint32(sequence))
	})
}

// producerID is a producer's id and epoch.
type producerID struct {
	id    int64
	epoch int16
}

func (p producerID) at(epochs int16) producerID { return producerID{p.id, p.epoch + epochs} }

// txnClient is a transactional producer, request by request.
type txnClient struct {
	raw
	id string
	producerID
}

func newTxnClient(t *testing.T, addr, id string) *txnClient {
	c := &txnClient{raw: dial(t, addr), id: id}
	c.init(0)
	return c
}

func (c *txnClient) init(code int16) {
	c.t.Helper()
	req := kmsg.NewPtrInitProducerIDRequest()
	req.Version, req.TransactionalID, req.TransactionTimeoutMillis = 5, &c.id, 60_000
	got := ask[*kmsg.InitProducerIDResponse](c.raw, req, 1)
	if got.ErrorCode != code {
		c.t.Fatalf("InitProducerId gave error %d, want %d", got.ErrorCode, code)
	}
	if code == 0 {
		c.producerID = producerID{got.ProducerID, got.ProducerEpoch}
	}
}

func (c *txnClient) produce(version int16, id *string, topic string, batches ...[]byte) (codes []int16) {
	c.t.Helper()
	req := produceReq(version, -1, topic, 0, nil)
	req.TransactionID, req.Topics[0].Partitions = id, nil
	for n, b := range batches {
		req.Topics[0].Partitions = append(req.Topics[0].Partitions, kmsg.ProduceRequestTopicPartition{Partition: int32(n), Records: b})
	}
	for _, p := range ask[*kmsg.ProduceResponse](c.raw, req, 2).Topics[0].Partitions {
		codes = append(codes, p.ErrorCode)
	}
	return codes
}

func (c *txnClient) addPartitions(version int16, p producerID, topic string, partitions ...int32) (codes []int16) {
	c.t.Helper()
	req := kmsg.NewPtrAddPartitionsToTxnRequest()
	req.Version, req.TransactionalID, req.ProducerID, req.ProducerEpoch = version, c.id, p.id, p.epoch
	req.Topics = []kmsg.AddPartitionsToTxnRequestTopic{{Topic: topic, Partitions: partitions}}
	for _, p := range ask[*kmsg.AddPartitionsToTxnResponse](c.raw, req, 3).Topics[0].Partitions {
		codes = append(codes, p.ErrorCode)
	}
	return codes
}

func (c *txnClient) end(version int16, p producerID, commit bool) *kmsg.EndTxnResponse {
	c.t.Helper()
	return ask[*kmsg.EndTxnResponse](c.raw, &kmsg.EndTxnRequest{Version: version, TransactionalID: c.id, ProducerID: p.id, ProducerEpoch: p.epoch, Commit: commit}, 4)
}

func (c *txnClient) commitOffset(version int16, p producerID, group string, offset int64) int16 {
	c.t.Helper()
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.Version, req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch, req.Generation = version, c.id, group, p.id, p.epoch, -1
	req.Topics = []kmsg.TxnOffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.TxnOffsetCommitRequestTopicPartition{{Partition: 0, Offset: offset, LeaderEpoch: -1}}}}
	return ask[*kmsg.TxnOffsetCommitResponse](c.raw, req, 5).Topics[0].Partitions[0].ErrorCode
}

func (c *txnClient) addOffsets(version int16, p producerID, group string) int16 {
	c.t.Helper()
	return ask[*kmsg.AddOffsetsToTxnResponse](c.raw, &kmsg.AddOffsetsToTxnRequest{Version: version, TransactionalID: c.id, ProducerID: p.id, ProducerEpoch: p.epoch, Group: group}, 6).ErrorCode
}

func wantCodes(t *testing.T, what string, got []int16, want ...int16) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: codes %v, want %v", what, got, want)
	}
}

// Who writes in a transaction is answered as its version knows it: which
// partitions are in it, who is fenced, and whose transaction it is.
func TestProduceInTransactions(t *testing.T) {
	b := start(t, t.TempDir())
	dial(t, b.addr).create(topicReq("t", 3))
	x := newTxnClient(t, b.addr, "x")
	x.init(0) // so that there is an older epoch
	id, other := "x", "other"
	p := x.producerID
	wantCodes(t, "version 10, not added", x.produce(10, &id, "t", inTxn(p, 0)), 48)
	wantCodes(t, "version 11, not added", x.produce(11, &id, "t", inTxn(p, 0)), 120)
	wantCodes(t, "fenced", x.produce(11, &id, "t", inTxn(p.at(-1), 0)), 47)
	wantCodes(t, "version 12, fenced", x.produce(12, &id, "t", inTxn(p.at(-1), 0)), 47)
	wantCodes(t, "another's id", x.produce(12, &id, "t", inTxn(producerID{p.id + 1000, 0}, 0)), 49)
	wantCodes(t, "an id that is none", x.produce(12, &other, "t", inTxn(p, 0)), 49)
	wantCodes(t, "no transactional id", x.produce(12, nil, "t", inTxn(p, 0)), 53)
	wantCodes(t, "two producers", x.produce(12, &id, "t", inTxn(p, 0), inTxn(p.at(1), 0)), 49, 49)
	wantCodes(t, "a batch of none", x.produce(11, &id, "t", batchOf("a")), 0)
	wantCodes(t, "the broker's own topic", x.produce(12, &id, "__transaction_state", inTxn(p, 0)), 17)

	wantCodes(t, "added", x.addPartitions(3, p, "t", 0, 1), 0, 0)
	wantCodes(t, "version 10", x.produce(10, &id, "t", inTxn(p, 0), inTxn(p, 0), inTxn(p, 0)), 0, 0, 48)
	if got := x.end(4, p, true); got.ErrorCode != 0 {
		t.Fatalf("EndTxn gave %d", got.ErrorCode)
	}
	wantCodes(t, "after the end", x.produce(11, &id, "t", inTxn(p, 1)), 120)

	x.init(0)
	p = x.producerID
	wantCodes(t, "version 12 adds", x.produce(12, &id, "t", inTxn(p, 0), inTxn(p, 0)), 0, 0)
	got := x.end(5, p, true)
	if got.ErrorCode != 0 || got.ProducerID != p.id || got.ProducerEpoch != p.epoch+1 {
		t.Fatalf("EndTxn 5 gave %+v after %+v", got, p)
	}
	wantCodes(t, "the epoch before", x.produce(12, &id, "t", inTxn(p, 1)), 47)
	wantCodes(t, "the next", x.produce(12, &id, "t", inTxn(p.at(1), 0)), 0)
	if got := x.end(5, p.at(1), false); got.ErrorCode != 0 || got.ProducerEpoch != p.epoch+2 {
		t.Fatalf("EndTxn 5 gave %+v", got)
	}
}

// Partitions are added all or none; who is fenced learns it by the code that its
// version knows.
func TestAddPartitions(t *testing.T) {
	b := start(t, t.TempDir())
	dial(t, b.addr).create(topicReq("t", 2))
	x := newTxnClient(t, b.addr, "x")
	x.init(0)
	p := x.producerID
	wantCodes(t, "one unknown", x.addPartitions(3, p, "t", 0, 5), 55, 3)
	wantCodes(t, "version 1, fenced", x.addPartitions(1, p.at(-1), "t", 0), 47)
	wantCodes(t, "version 2, fenced", x.addPartitions(2, p.at(-1), "t", 0), 90)
	wantCodes(t, "another's id", x.addPartitions(3, producerID{p.id + 9, 0}, "t", 0), 49)
	if code := x.addOffsets(1, p.at(-1), "g"); code != 47 {
		t.Errorf("AddOffsetsToTxn 1, fenced: %d", code)
	}
	if code := x.addOffsets(4, p.at(-1), "g"); code != 90 {
		t.Errorf("AddOffsetsToTxn 4, fenced: %d", code)
	}
	if code := x.end(1, p.at(-1), true).ErrorCode; code != 47 {
		t.Errorf("EndTxn 1, fenced: %d", code)
	}
	if code := x.end(5, p.at(-1), true).ErrorCode; code != 90 {
		t.Errorf("EndTxn 5, fenced: %d", code)
	}
	wantCodes(t, "added", x.addPartitions(0, p, "t", 0), 0)
	// Another broker asks; and from version 4 on many transactions come at once.
	for version := int16(4); version <= 5; version++ {
		req := kmsg.NewPtrAddPartitionsToTxnRequest()
		req.Version = version
		asks := kmsg.AddPartitionsToTxnRequestTransaction{TransactionalID: "x", ProducerID: p.id, ProducerEpoch: p.epoch, VerifyOnly: true,
			Topics: []kmsg.AddPartitionsToTxnRequestTransactionTopic{{Topic: "t", Partitions: []int32{0, 1}}}}
		none := asks
		none.TransactionalID = "y"
		req.Transactions = append(req.Transactions, asks, none, asks)
		got := ask[*kmsg.AddPartitionsToTxnResponse](x.raw, req, 7).Transactions
		for i, want := range [][]int16{{0, 120}, {49, 49}, {42, 42}} {
			wantCodes(t, got[i].TransactionalID, []int16{got[i].Topics[0].Partitions[0].ErrorCode, got[i].Topics[0].Partitions[1].ErrorCode}, want...)
		}
	}
	// A second producer fences the first, whose transaction is aborted first.
	y := &txnClient{raw: dial(t, b.addr), id: "x"}
	y.init(51)
	y.init(0)
	if code := x.end(4, p, true).ErrorCode; code != 90 || y.id != "x" || y.producerID.id != p.id {
		t.Errorf("the first is told %d, the second has %+v", code, y.producerID)
	}
	long := "long"
	req := kmsg.NewPtrInitProducerIDRequest()
	req.Version, req.TransactionalID, req.TransactionTimeoutMillis = 5, &long, 900_001
	if got := ask[*kmsg.InitProducerIDResponse](x.raw, req, 1); got.ErrorCode != 50 || got.ProducerID != -1 {
		t.Errorf("a timeout above transaction.max.timeout.ms: %+v", got)
	}
	// KIP-360: going on needs the last epoch.
	back := kmsg.NewPtrInitProducerIDRequest()
	back.Version, back.TransactionalID, back.TransactionTimeoutMillis, back.ProducerID, back.ProducerEpoch = 3, &id0, 1000, p.id, p.epoch
	if got := ask[*kmsg.InitProducerIDResponse](x.raw, back, 1); got.ErrorCode != 47 {
		t.Errorf("InitProducerId 3 of who is fenced: %+v", got)
	}
	back.Version = 4
	if got := ask[*kmsg.InitProducerIDResponse](x.raw, back, 1); got.ErrorCode != 90 {
		t.Errorf("InitProducerId 4 of who is fenced: %+v", got)
	}
}

var id0 = "x"

// committedOffset is what a group has of partition 0 of t, and the code for who
// asks for what is stable.
func committedOffset(c raw, version int16, group string, stable bool) (int64, int16) {
	c.t.Helper()
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Version, req.RequireStable = version, stable
	if version < 8 {
		req.Group, req.Topics = group, []kmsg.OffsetFetchRequestTopic{{Topic: "t", Partitions: []int32{0}}}
		p := ask[*kmsg.OffsetFetchResponse](c, req, 8).Topics[0].Partitions[0]
		return p.Offset, p.ErrorCode
	}
	req.Groups = []kmsg.OffsetFetchRequestGroup{{Group: group, MemberEpoch: -1, Topics: []kmsg.OffsetFetchRequestGroupTopic{{Topic: "t", Partitions: []int32{0}}}}}
	p := ask[*kmsg.OffsetFetchResponse](c, req, 8).Groups[0].Topics[0].Partitions[0]
	return p.Offset, p.ErrorCode
}

// Offsets that are committed in a transaction count when it commits, and not when
// it aborts; until then who asks for what is stable is told to wait. It holds over
// restarts.
func TestOffsetsInTransactions(t *testing.T) {
	dir := t.TempDir()
	var b *running
	var x *txnClient
	again := func() {
		if b != nil {
			b.stop()
		}
		b = start(t, dir)
		if x != nil {
			x.raw = dial(t, b.addr)
		}
	}
	again()
	dial(t, b.addr).create(topicReq("t", 1))
	x = newTxnClient(t, b.addr, "x")
	want := func(committed int64, pending bool) {
		t.Helper()
		for _, version := range []int16{7, 8, 9} {
			if got, code := committedOffset(x.raw, version, "g", false); got != committed || code != 0 {
				t.Errorf("version %d: offset %d, error %d; want %d", version, got, code, committed)
			}
			got, code := committedOffset(x.raw, version, "g", true)
			if pending && (got != -1 || code != 88) || !pending && (got != committed || code != 0) {
				t.Errorf("version %d, stable: offset %d, error %d; want %d, pending %v", version, got, code, committed, pending)
			}
		}
	}
	p := x.producerID
	for _, k := range []struct{ version, code int16 }{{3, 48}, {4, 120}} {
		if code := x.commitOffset(k.version, p, "g", 1); code != k.code {
			t.Errorf("version %d before AddOffsetsToTxn: %d, want %d", k.version, code, k.code)
		}
	}
	if code := x.addOffsets(4, p, "g"); code != 0 {
		t.Fatalf("AddOffsetsToTxn gave %d", code)
	}
	for version := int16(0); version <= 4; version++ {
		if code := x.commitOffset(version, p, "g", 5+int64(version)); code != 0 {
			t.Fatalf("version %d gave %d", version, code)
		}
	}
	for range 2 {
		want(-1, true)
		again()
	}
	if code := x.end(4, p, true).ErrorCode; code != 0 {
		t.Fatalf("EndTxn gave %d", code)
	}
	for range 2 {
		want(9, false)
		again()
	}
	if code := x.commitOffset(5, p, "g", 20); code != 0 { // adds by itself
		t.Fatalf("version 5 gave %d", code)
	}
	for range 2 {
		want(9, true)
		again()
	}
	next := x.end(5, p, false)
	for range 2 {
		want(9, false)
		again()
	}
	p = producerID{next.ProducerID, next.ProducerEpoch}
	if code := x.commitOffset(5, p.at(-1), "g", 30); code != 47 {
		t.Errorf("who is fenced is told %d", code)
	}
	if code := x.commitOffset(5, p, "", 30); code != 24 {
		t.Errorf("without a group id: %d", code)
	}
	if code := x.commitOffset(5, p, "g", 40); code != 0 {
		t.Fatalf("version 5 gave %d", code)
	}
	// Another producer fences this one: its offsets are dropped.
	y := &txnClient{raw: dial(t, b.addr), id: "x"}
	y.init(51)
	want(9, false)
}

// An administrator ends a transaction that hangs in a partition, which a
// coordinator does not know of any more; offsets in it are dropped, too.
func TestWriteMarkers(t *testing.T) {
	b := start(t, t.TempDir())
	dial(t, b.addr).create(topicReq("t", 1))
	x := newTxnClient(t, b.addr, "x")
	wantCodes(t, "produced", x.produce(12, &x.id, "t", inTxn(x.producerID, 0)), 0)
	if code := x.commitOffset(5, x.producerID, "g", 7); code != 0 {
		t.Fatalf("the offset got %d", code)
	}
	stable := func() (next int64) {
		p, err := b.Partition("t", 0)
		if err != nil {
			t.Fatal(err)
		}
		return p.LastStable()
	}
	if got := stable(); got != 0 {
		t.Fatalf("the last stable offset is %d", got)
	}
	ends := func(p producerID) (codes []int16) {
		req := kmsg.NewPtrWriteTxnMarkersRequest()
		req.Version = 1
		req.Markers = []kmsg.WriteTxnMarkersRequestMarker{{ProducerID: p.id, ProducerEpoch: p.epoch, Topics: []kmsg.WriteTxnMarkersRequestMarkerTopic{
			{Topic: "t", Partitions: []int32{0, 9, 0}}, {Topic: "__consumer_offsets", Partitions: []int32{0}}, {Topic: "none", Partitions: []int32{0}}}}}
		for _, t := range ask[*kmsg.WriteTxnMarkersResponse](x.raw, req, 9).Markers[0].Topics {
			for _, p := range t.Partitions {
				codes = append(codes, p.ErrorCode)
			}
		}
		return codes
	}
	wantCodes(t, "an old epoch", ends(x.producerID.at(-1)), 47, 3, 42, 47, 3)
	if got, code := committedOffset(x.raw, 8, "g", true); got != -1 || code != 88 {
		t.Errorf("the group has %d, error %d", got, code)
	}
	wantCodes(t, "ended", ends(x.producerID), 0, 3, 42, 0, 3)
	if got := stable(); got != 3 { // two records and the marker
		t.Errorf("the last stable offset is %d", got)
	}
	if got, code := committedOffset(x.raw, 8, "g", true); got != -1 || code != 0 {
		t.Errorf("the group has %d, error %d", got, code)
	}
}

// What there is is told, by state, producer id and duration.
func TestListTransactions(t *testing.T) {
	b := start(t, t.TempDir())
	dial(t, b.addr).create(topicReq("t", 2), topicReq("u", 1))
	a, c := newTxnClient(t, b.addr, "a"), newTxnClient(t, b.addr, "c")
	wantCodes(t, "added", a.addPartitions(3, a.producerID, "t", 1, 0), 0, 0)
	wantCodes(t, "added", a.addPartitions(3, a.producerID, "u", 0), 0)
	list := func(version int16, change func(*kmsg.ListTransactionsRequest)) (ids []string, unknown []string) {
		req := kmsg.NewPtrListTransactionsRequest()
		req.Version, req.DurationFilterMillis = version, -1
		change(req)
		got := ask[*kmsg.ListTransactionsResponse](a.raw, req, 1)
		for _, s := range got.TransactionStates {
			ids = append(ids, fmt.Sprint(s.TransactionalID, " ", s.TransactionState))
		}
		return ids, got.UnknownStateFilters
	}
	for _, k := range []struct {
		name   string
		change func(*kmsg.ListTransactionsRequest)
		want   []string
	}{
		{"all", func(*kmsg.ListTransactionsRequest) {}, []string{"a Ongoing", "c Empty"}},
		{"a state", func(r *kmsg.ListTransactionsRequest) { r.StateFilters = []string{"Empty", "Dead"} }, []string{"c Empty"}},
		{"no state that there is", func(r *kmsg.ListTransactionsRequest) { r.StateFilters = []string{"ongoing"} }, nil},
		{"a producer", func(r *kmsg.ListTransactionsRequest) { r.ProducerIDFilters = []int64{a.producerID.id, 5} }, []string{"a Ongoing"}},
		{"a duration", func(r *kmsg.ListTransactionsRequest) { r.DurationFilterMillis = time.Hour.Milliseconds() }, nil},
	} {
		version := int16(1)
		got, unknown := list(version, k.change)
		if k.name == "a duration" { // what never had a transaction began in 1970
			got = slices.DeleteFunc(got, func(s string) bool { return s == "c Empty" })
		}
		if !slices.Equal(got, k.want) || (k.name == "no state that there is") != (len(unknown) == 1) {
			t.Errorf("%s: %v, unknown %v; want %v", k.name, got, unknown, k.want)
		}
	}
	got := ask[*kmsg.DescribeTransactionsResponse](c.raw, &kmsg.DescribeTransactionsRequest{TransactionalIDs: []string{"a", "none", "", "a"}}, 2).TransactionStates
	wantCodes(t, "described", []int16{got[0].ErrorCode, got[1].ErrorCode, got[2].ErrorCode, got[3].ErrorCode}, 0, 105, 42, 42)
	if d := got[0]; d.State != "Ongoing" || d.ProducerID != a.producerID.id || d.TimeoutMillis != 60_000 || time.Since(time.UnixMilli(d.StartTimestamp)) > time.Minute ||
		len(d.Topics) != 2 || d.Topics[0].Topic != "t" || !slices.Equal(d.Topics[0].Partitions, []int32{0, 1}) || d.Topics[1].Topic != "u" {
		t.Errorf("a is %+v", d)
	}
	if s := b.Stats().Transactions; s.IDs["Ongoing"] != 1 || s.IDs["Empty"] != 1 {
		t.Errorf("counted %+v", s)
	}
}

// The second protocol of transactions and that of consumer groups are told of, and
// not what older clients cannot read.
func TestFeatures(t *testing.T) {
	c := dial(t, start(t, t.TempDir()).addr)
	for version := int16(0); version <= 4; version++ {
		got := ask[*kmsg.ApiVersionsResponse](c, &kmsg.ApiVersionsRequest{Version: version, ClientSoftwareName: "x", ClientSoftwareVersion: "1"}, 1)
		finalized, supported := map[string]int16{}, map[string]int16{}
		for _, f := range got.FinalizedFeatures {
			finalized[f.Name] = f.MaxVersionLevel
		}
		for _, f := range got.SupportedFeatures {
			supported[f.Name] = f.MaxVersion
		}
		want := map[string]int16{"group.version": 1, "transaction.version": 2}
		none := map[string]int16{}
		wantFinalized, wantSupported := none, none
		if version >= 3 {
			wantFinalized = want
		}
		if version >= 4 {
			wantSupported = want
		}
		if !maps.Equal(finalized, wantFinalized) || !maps.Equal(supported, wantSupported) || got.FinalizedFeaturesEpoch < 0 == (version >= 3) {
			t.Errorf("version %d: finalized %v, supported %v, epoch %d", version, finalized, supported, got.FinalizedFeaturesEpoch)
		}
	}
}

// Transactions that take too long are aborted while the broker runs.
func TestTransactionTimesOut(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) {
		c.Defaults = broker.Defaults{"transaction.abort.timed.out.transaction.cleanup.interval.ms": "20"}
	})
	dial(t, b.addr).create(topicReq("t", 1))
	x := &txnClient{raw: dial(t, b.addr), id: "x"}
	req := kmsg.NewPtrInitProducerIDRequest()
	req.Version, req.TransactionalID, req.TransactionTimeoutMillis = 5, &x.id, 50
	got := ask[*kmsg.InitProducerIDResponse](x.raw, req, 1)
	p := producerID{got.ProducerID, got.ProducerEpoch}
	wantCodes(t, "added", x.addPartitions(3, p, "t", 0), 0)
	for end := time.Now().Add(20 * time.Second); b.Stats().Transactions.TimedOut == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not aborted")
		}
	}
	if code := x.end(4, p, true).ErrorCode; code != 90 {
		t.Errorf("a late commit is told %d", code)
	}
}
