package broker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"copyscope/broker"
)

// transactional is a franz-go client with a transactional id.
func transactional(t *testing.T, addr, id string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(addr), kgo.TransactionalID(id), kgo.TransactionTimeout(time.Minute), kgo.AllowAutoTopicCreation(),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond })}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// protocols are the two of transactions.
var protocols = []struct {
	name string
	opts []kgo.Opt
}{
	{"transaction.version 2", nil},
	{"before KIP-890", []kgo.Opt{kgo.MaxVersions(kversion.V3_7_0())}},
}

// inTransaction produces the values and ends the transaction.
func inTransaction(t *testing.T, cl *kgo.Client, topic string, end kgo.TransactionEndTry, values ...string) {
	t.Helper()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, cl, topic, values...)
	if err := cl.EndTransaction(deadline(t), end); err != nil {
		t.Fatal(err)
	}
}

// committedValues reads partition 0 as far as what is committed reaches now.
func committedValues(t *testing.T, addr, topic string, end int) []string {
	t.Helper()
	cl := client(t, addr, kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}))
	var values []string
	for ctx := deadline(t); len(values) < end; {
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatalf("after %q: %v", values, err)
		}
		f.EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	return values
}

// A transactional producer commits and aborts, with both protocols, and over
// restarts of the broker; who reads what is committed sees that and nothing else.
func TestTransactionalProducer(t *testing.T) {
	for _, k := range protocols {
		t.Run(k.name, func(t *testing.T) {
			dir := t.TempDir()
			b := start(t, dir)
			cl := transactional(t, b.addr, "x", k.opts...)
			inTransaction(t, cl, "t", kgo.TryCommit, "a", "b")
			inTransaction(t, cl, "t", kgo.TryAbort, "no")
			if err := cl.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			produce(t, cl, "t", "c")
			b.stop()
			b = start(t, dir, func(c *broker.Config) { c.Listen = b.addr })
			produce(t, cl, "t", "d") // the transaction goes on
			if err := cl.EndTransaction(deadline(t), kgo.TryCommit); err != nil {
				t.Fatal(err)
			}
			inTransaction(t, cl, "t", kgo.TryAbort, "nor this")
			inTransaction(t, cl, "t", kgo.TryCommit, "e")
			want := []string{"a", "b", "c", "d", "e"}
			if got := committedValues(t, b.addr, "t", len(want)); !slices.Equal(got, want) {
				t.Errorf("committed are %q, want %q", got, want)
			}
			// Another producer of the id fences this one, and aborts what it does.
			if err := cl.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			produce(t, cl, "t", "lost")
			inTransaction(t, transactional(t, b.addr, "x", k.opts...), "t", kgo.TryCommit, "f")
			if err := cl.EndTransaction(deadline(t), kgo.TryCommit); err == nil {
				t.Error("a producer that was fenced commits")
			}
			if got := committedValues(t, b.addr, "t", len(want)+1); !slices.Equal(got, append(want, "f")) {
				t.Errorf("committed are %q", got)
			}
		})
	}
}

// Consume, transform, produce: with transactions that abort and a broker that
// restarts, each input has one output, and the group's offsets are the
// transactions'.
func TestConsumeTransformProduce(t *testing.T) {
	const inputs = 60
	for _, k := range protocols {
		t.Run(k.name, func(t *testing.T) {
			dir := t.TempDir()
			b := start(t, dir)
			var values []string
			for n := range inputs {
				values = append(values, strconv.Itoa(n))
			}
			produce(t, client(t, b.addr), "in", values...)
			s, err := kgo.NewGroupTransactSession(append([]kgo.Opt{kgo.SeedBrokers(b.addr), kgo.TransactionalID("x"), kgo.TransactionTimeout(time.Minute), kgo.AllowAutoTopicCreation(),
				kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ConsumerGroup("g"), kgo.ConsumeTopics("in"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
				kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxPartitionBytes(1), kgo.HeartbeatInterval(100 * time.Millisecond),
				kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond })}, k.opts...)...)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ctx := deadline(t)
			done, tried := 0, 0
			for done < inputs {
				f := s.PollRecords(ctx, 7)
				if err := f.Err(); err != nil {
					if errors.Is(err, context.DeadlineExceeded) {
						t.Fatalf("after %d of %d inputs: %v", done, inputs, err)
					}
					continue // of the restart
				}
				if f.NumRecords() == 0 {
					continue
				}
				if err := s.Begin(); err != nil {
					t.Fatal(err)
				}
				if tried++; tried == 4 {
					b.stop()
					b = start(t, dir, func(c *broker.Config) { c.Listen = b.addr })
				}
				var out []*kgo.Record
				f.EachRecord(func(r *kgo.Record) {
					out = append(out, &kgo.Record{Topic: "out", Value: []byte("out " + string(r.Value))})
				})
				failed := s.ProduceSync(ctx, out...).FirstErr()
				committed, err := s.End(ctx, failed == nil && tried%3 != 0)
				if err != nil {
					t.Fatal(err)
				}
				if committed {
					done += len(out)
				}
			}
			var want []string
			for n := range inputs {
				want = append(want, fmt.Sprint("out ", n))
			}
			if got := committedValues(t, b.addr, "out", inputs); !slices.Equal(got, want) {
				t.Errorf("the outputs are %q", got)
			}
			if offset := b.groupOffset(t, "g", "in"); offset != inputs {
				t.Errorf("the group is at %d", offset)
			}
		})
	}
}

// groupOffset is what a group has committed of partition 0.
func (r *running) groupOffset(t *testing.T, group, topic string) int64 {
	t.Helper()
	info, ok := r.Group(group)
	if !ok {
		t.Fatalf("there is no group %s", group)
	}
	for _, o := range info.Offsets {
		if o.Topic == topic && o.Partition == 0 {
			return o.Committed
		}
	}
	return -1
}
