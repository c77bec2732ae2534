package broker_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// EndTxn that comes again, with the same result or the other, by both protocols,
// and what a producer is told then. The codes are those of
// TransactionCoordinator.endTransaction.
func TestEndAgain(t *testing.T) {
	const invalidState, fenced = 48, 90
	b := start(t, t.TempDir())
	dial(t, b.addr).create(topicReq("t", 1))
	for _, k := range []struct {
		name    string
		version int16
		first   bool  // commits
		epoch   int16 // that the second comes with, less that of the first
		second  bool
		code    int16
		next    int16 // epoch that is told then, less that of the first
	}{
		{"commit, commit", 4, true, 0, true, 0, 0},
		{"abort, abort", 4, false, 0, false, 0, 0},
		{"commit, abort", 4, true, 0, false, invalidState, 0},
		{"abort, commit", 4, false, 0, true, invalidState, 0},
		{"commit, a zombie's commit", 4, true, -1, true, fenced, 0},
		{"commit, commit", 5, true, 0, true, 0, 1},
		{"abort, abort", 5, false, 0, false, 0, 1},
		{"commit, abort", 5, true, 0, false, invalidState, 0},
		{"abort, commit of the aborted epoch", 5, false, 0, true, invalidState, 0},
		{"commit, commit of nothing", 5, true, 1, true, invalidState, 0},
		{"commit, abort of nothing", 5, true, 1, false, 0, 2},
		{"commit, a zombie's commit", 5, true, -1, true, fenced, 0},
		{"commit, one of the future", 5, true, 2, true, fenced, 0},
	} {
		x := newTxnClient(t, b.addr, k.name+string(rune('0'+k.version)))
		x.init(0) // so that there is an older epoch
		p := x.producerID
		if k.version < 5 {
			wantCodes(t, k.name, x.addPartitions(3, p, "t", 0), 0)
		}
		wantCodes(t, k.name, x.produce(10+2*(k.version-4), &x.id, "t", inTxn(p, 0)), 0)
		if got := x.end(k.version, p, k.first); got.ErrorCode != 0 {
			t.Fatalf("%s: the first gave %d", k.name, got.ErrorCode)
		}
		got := x.end(k.version, p.at(k.epoch), k.second)
		if got.ErrorCode != k.code || k.code == 0 && k.version >= 5 && (got.ProducerID != p.id || got.ProducerEpoch != p.epoch+k.next) {
			t.Errorf("EndTxn %d, %s: the second gave %+v, want code %d and %+v", k.version, k.name, got, k.code, p.at(k.next))
		}
	}
	x := newTxnClient(t, b.addr, "nothing")
	for _, commit := range []bool{true, false} {
		if got := x.end(4, x.producerID, commit); got.ErrorCode != invalidState {
			t.Errorf("the end (commit %v) of no transaction gave %d", commit, got.ErrorCode)
		}
	}
}

// Transactional ids and timeouts that cannot be.
func TestInitProducerIDRefused(t *testing.T) {
	const invalidRequest, invalidTimeout = 42, 50
	c := dial(t, start(t, t.TempDir()).addr)
	longest := strings.Repeat("x", 1<<15-1)
	for _, k := range []struct {
		name    string
		id      string
		timeout int32
		code    int16
	}{
		{"no id", "", 1000, invalidRequest},
		{"an id that a stored key cannot hold", longest + "x", 1000, invalidRequest},
		{"the longest id", longest, 1000, 0},
		{"no timeout", "x", 0, invalidTimeout},
		{"a negative timeout", "x", -1, invalidTimeout},
		{"more than transaction.max.timeout.ms", "x", 900_001, invalidTimeout},
		{"transaction.max.timeout.ms", "x", 900_000, 0},
	} {
		req := kmsg.NewPtrInitProducerIDRequest()
		req.Version, req.TransactionalID, req.TransactionTimeoutMillis = 5, &k.id, k.timeout
		got := ask[*kmsg.InitProducerIDResponse](c, req, 1)
		if got.ErrorCode != k.code || k.code != 0 && (got.ProducerID != -1 || got.ProducerEpoch != -1) {
			t.Errorf("%s: %+v, want code %d", k.name, got, k.code)
		}
	}
}

// A partition where somebody later has ended the producer's transactions, as one
// that was taken over from elsewhere may have, refuses the marker for good: the
// transaction ends without it, and its producer goes on.
func TestRefusedMarker(t *testing.T) {
	for _, k := range []struct {
		name        string
		epochs      int16 // that the marker is ahead
		coordinator int32
	}{
		{"a later epoch of the producer", 5, 0},
		{"a later coordinator", 0, 9},
	} {
		t.Run(k.name, func(t *testing.T) {
			b := start(t, t.TempDir())
			dial(t, b.addr).create(topicReq("t", 2))
			x := newTxnClient(t, b.addr, "x")
			p := x.producerID
			wantCodes(t, "produced", x.produce(12, &x.id, "t", inTxn(p, 0), inTxn(p, 0)), 0, 0)
			ends := kmsg.NewPtrWriteTxnMarkersRequest()
			ends.Version = 1
			ends.Markers = []kmsg.WriteTxnMarkersRequestMarker{{ProducerID: p.id, ProducerEpoch: p.epoch + k.epochs, CoordinatorEpoch: k.coordinator,
				Topics: []kmsg.WriteTxnMarkersRequestMarkerTopic{{Topic: "t", Partitions: []int32{0}}}}}
			if got := ask[*kmsg.WriteTxnMarkersResponse](x.raw, ends, 9).Markers[0].Topics[0].Partitions[0]; got.ErrorCode != 0 {
				t.Fatalf("the marker gave %+v", got)
			}
			got := x.end(5, p, true)
			if got.ErrorCode != 0 {
				t.Fatalf("EndTxn gave %d", got.ErrorCode)
			}
			p = p.at(1)
			if describe := ask[*kmsg.DescribeTransactionsResponse](x.raw, &kmsg.DescribeTransactionsRequest{TransactionalIDs: []string{"x"}}, 10).TransactionStates[0]; describe.State != "CompleteCommit" {
				t.Fatalf("it is %+v", describe)
			}
			other, err := b.Partition("t", 1)
			if err != nil {
				t.Fatal(err)
			}
			if stable := other.LastStable(); stable != 3 { // two records and the marker
				t.Errorf("the other partition's last stable offset is %d", stable)
			}
			x.init(0)
		})
	}
}
