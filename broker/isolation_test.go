package broker_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func fetchCommitted(version int16, topic string, offset int64, wait int32) *kmsg.FetchRequest {
	return fetchReq(topic, offset, func(r *kmsg.FetchRequest) {
		r.Version, r.IsolationLevel, r.MaxWaitMillis, r.MinBytes = version, 1, wait, 1
	})
}

func (c raw) latest(topic string, timestamp int64, isolation int8) int64 {
	c.t.Helper()
	req := kmsg.NewPtrListOffsetsRequest()
	req.Version, req.IsolationLevel = 7, isolation
	req.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: topic, Partitions: []kmsg.ListOffsetsRequestTopicPartition{{Timestamp: timestamp, CurrentLeaderEpoch: -1}}}}
	p := ask[*kmsg.ListOffsetsResponse](c, req, 31).Topics[0].Partitions[0]
	if p.ErrorCode != 0 {
		c.t.Fatalf("ListOffsets gave error %d", p.ErrorCode)
	}
	return p.Offset
}

// What readers of committed records are told, and what all others are: where the
// log ends for them, and which transactions were aborted. A marker wakes who waits.
func TestIsolation(t *testing.T) {
	b := start(t, t.TempDir())
	c := dial(t, b.addr)
	c.create(topicReq("t", 1))
	x := newTxnClient(t, b.addr, "x")
	clock := time.Now().UnixMilli()
	begin := func(sequence int32) {
		t.Helper()
		wantCodes(t, "added", x.addPartitions(3, x.producerID, "t", 0), 0)
		wantCodes(t, "produced", x.produce(11, &x.id, "t", inTxn(x.producerID, sequence)), 0)
	}
	plain := func(value string) {
		t.Helper()
		b := batchOf(value)
		clock++
		for _, at := range []int{27, 35} {
			binary.BigEndian.PutUint64(b[at:], uint64(clock))
		}
		if p := ask[*kmsg.ProduceResponse](c, produceReq(9, -1, "t", 0, sealed(b)), 9).Topics[0].Partitions[0]; p.ErrorCode != 0 {
			t.Fatalf("produce gave error %d", p.ErrorCode)
		}
	}
	plain("before")
	begin(0)
	plain("behind")
	for version := int16(4); version <= 12; version++ {
		p := c.fetchOne(fetchCommitted(version, "t", 0, 0))
		if p.ErrorCode != 0 || p.HighWatermark != 4 || p.LastStableOffset != 1 || len(p.RecordBatches) != len(batchOf("before")) || p.AbortedTransactions == nil {
			t.Fatalf("version %d: committed are %d bytes, %+v", version, len(p.RecordBatches), p)
		}
		p = c.fetchOne(fetchReq("t", 0, func(r *kmsg.FetchRequest) { r.Version = version }))
		if p.HighWatermark != 4 || p.LastStableOffset != 1 || len(p.RecordBatches) <= 2*len(batchOf("before")) || p.AbortedTransactions != nil {
			t.Fatalf("version %d: all are %d bytes, %+v", version, len(p.RecordBatches), p)
		}
	}
	for _, at := range []int64{1, 2, 3, 4} {
		if p := c.fetchOne(fetchCommitted(11, "t", at, 0)); p.ErrorCode != 0 || len(p.RecordBatches) != 0 {
			t.Errorf("at offset %d, behind the last stable one: error %d, %d bytes", at, p.ErrorCode, len(p.RecordBatches))
		}
	}
	if p := c.fetchOne(fetchCommitted(11, "t", 5, 0)); p.ErrorCode != 1 {
		t.Errorf("behind the end: error %d, want 1", p.ErrorCode)
	}
	if all, committed := c.latest("t", -1, 0), c.latest("t", -1, 1); all != 4 || committed != 1 {
		t.Errorf("the log ends at %d and at %d, want 4 and 1", all, committed)
	}
	for _, timestamp := range []int64{-3, clock} {
		if all, committed := c.latest("t", timestamp, 0), c.latest("t", timestamp, 1); all != 3 || committed != -1 {
			t.Errorf("timestamp %d is at %d, and at %d; want 3 and none", timestamp, all, committed)
		}
	}
	// The marker wakes a fetch that waits.
	waiting := dial(t, b.addr)
	req := fetchCommitted(11, "t", 1, 20_000)
	waiting.send(frame(req, 77))
	producers := func() []kmsg.DescribeProducersResponseTopicPartitionActiveProducer {
		t.Helper()
		req := &kmsg.DescribeProducersRequest{Topics: []kmsg.DescribeProducersRequestTopic{{Topic: "t", Partitions: []int32{0, 0, 1}}, {Topic: "none", Partitions: []int32{0}}}}
		got := ask[*kmsg.DescribeProducersResponse](c, req, 61)
		var codes []int16
		for _, topic := range got.Topics {
			for _, p := range topic.Partitions {
				codes = append(codes, p.ErrorCode)
			}
		}
		wantCodes(t, "DescribeProducers", codes, 0, 42, 3, 3)
		return got.Topics[0].Partitions[0].ActiveProducers
	}
	if got := producers(); len(got) != 1 || got[0].ProducerID != x.producerID.id || got[0].CurrentTxnStartOffset != 1 || got[0].LastSequence != 1 || got[0].CoordinatorEpoch != -1 {
		t.Errorf("producers are %+v", got)
	}
	if e := x.end(3, x.producerID, false); e.ErrorCode != 0 {
		t.Fatalf("EndTxn gave error %d", e.ErrorCode)
	}
	p := answer[*kmsg.FetchResponse](waiting, req, 77).Topics[0].Partitions[0]
	if p.ErrorCode != 0 || p.LastStableOffset != 5 || len(p.RecordBatches) == 0 || len(p.AbortedTransactions) != 1 || p.AbortedTransactions[0].ProducerID != x.producerID.id || p.AbortedTransactions[0].FirstOffset != 1 {
		t.Errorf("who waited got %d bytes, %+v", len(p.RecordBatches), p.AbortedTransactions)
	}
	if got := producers(); len(got) != 1 || got[0].CurrentTxnStartOffset != -1 || got[0].CoordinatorEpoch < 0 {
		t.Errorf("after the end producers are %+v", got)
	}
	begin(2)
	if e := x.end(3, x.producerID, true); e.ErrorCode != 0 {
		t.Fatalf("EndTxn gave error %d", e.ErrorCode)
	}
	plain("last")
	cl := client(t, b.addr, kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"t": {0: kgo.NewOffset().AtStart()}}))
	var offsets []int64
	for ctx := deadline(t); len(offsets) == 0 || offsets[len(offsets)-1] < 8; {
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) { offsets = append(offsets, r.Offset) })
	}
	if want := []int64{0, 3, 5, 6, 8}; !slices.Equal(offsets, want) {
		t.Errorf("a client reads the offsets %v, want %v", offsets, want)
	}
}
