package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/internal/load"
)

func TestBenchFiguresOfTime(t *testing.T) {
	for ns, want := range map[float64]string{1: "0s", 1_455_000: "1.455ms", 1_100_099: "1.1ms", 12_345_678: "12.35ms", 136_285_000: "136.3ms", 12_345_678_901: "12.35s"} {
		if got := benchFigure(load.Figure{Value: &ns, Unit: "ns"}); got != want {
			t.Errorf("%v ns are shown as %s, want %s", ns, got, want)
		}
	}
}

// A topic that is there begins where it begins, and partitions of it may be
// empty: partition 0 is from the first on, 1 was cut to nothing, 2 never had a
// record, 3 begins at offset 1.
func TestBenchFetchesATopicAsItIs(t *testing.T) {
	s := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(s.ready["kafka"]), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	admin := kadm.NewClient(cl)
	if _, err := admin.CreateTopic(ctx, 4, 1, nil, "events"); err != nil {
		t.Fatal(err)
	}
	for _, p := range []int32{0, 1, 3, 0, 1, 3} {
		if err := cl.ProduceSync(ctx, &kgo.Record{Topic: "events", Partition: p, Value: make([]byte, 100)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	cut := kadm.Offsets{}
	cut.AddOffset("events", 1, 2, -1)
	cut.AddOffset("events", 3, 1, -1)
	deleted, err := admin.DeleteRecords(ctx, cut)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []string{load.RawSide, load.FranzSide} {
		r, err := load.Fetch(ctx, load.Setup{Brokers: s.ready["kafka"], Topic: load.TopicSpec{Name: "events"}, Clients: []string{client}, Rounds: 1},
			load.FillOptions{}, load.FetchOptions{MaxBytes: 1 << 20, Outstanding: 4, Consumers: 1, Amount: load.Amount{Bytes: 10_000}})
		if err != nil {
			t.Errorf("%s: %v", client, err)
			continue
		}
		for _, name := range []string{"records", "requests", "latency_p50_ns"} {
			if f := r.Median[client][name]; f.Value == nil || *f.Value == 0 {
				t.Errorf("%s: %s is %+v", client, name, f)
			}
		}
	}
	// One side at a time: several would wait until the disk has caught up.
	for _, client := range []string{load.RawSide, load.FranzSide} {
		r, err := load.Produce(ctx, load.Setup{Brokers: s.ready["kafka"], Topic: load.TopicSpec{Name: "events"}, Clients: []string{client}, Rounds: 1},
			load.ProduceOptions{RecordBytes: 100, BatchBytes: 1000, Acks: 1, Outstanding: 2, Producers: 1, Amount: load.Amount{Bytes: 10_000}})
		if err != nil {
			t.Fatal(err)
		}
		if n := r.Median[client]["requests"]; n.Value == nil || *n.Value == 0 {
			t.Errorf("%s: requests are %+v", client, n)
		}
	}
	if code := s.end(t); code != exitDone {
		t.Errorf("exit code %d; it said %s", code, s.stderr)
	}
}

// A request for more partitions than an answer holds has each of them in turn:
// partition n has n+1 records, and an answer holds one batch.
func TestBenchFetchesEveryPartitionInItsTurn(t *testing.T) {
	s := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(s.ready["kafka"]), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	const partitions = 4
	if _, err := kadm.NewClient(cl).CreateTopic(ctx, partitions, 1, nil, "many"); err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for p := range partitions {
		var records []*kgo.Record
		for range p + 1 {
			records = append(records, &kgo.Record{Topic: "many", Partition: int32(p), Value: make([]byte, 60_000/(p+1))})
		}
		if err := cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		want += float64(p + 1)
	}
	r, err := load.Fetch(ctx, load.Setup{Brokers: s.ready["kafka"], Topic: load.TopicSpec{Name: "many"}, Clients: []string{load.RawSide}, Rounds: 1},
		load.FillOptions{}, load.FetchOptions{MaxBytes: 60_000, Outstanding: 1, Consumers: 1, Amount: load.Amount{Bytes: (partitions - 1) * 60_000}}) // the answer behind it is the last
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Median[load.RawSide]["records"].Value; got == nil || *got != want {
		t.Errorf("records that were read: %v, want each of the %v once", show(got), want)
	}
}

func show(v *float64) any {
	if v == nil {
		return "none"
	}
	return *v
}

// Connections that go on to ask are timed apart from the greeting of all.
func TestBenchIdleTimesTheActiveOnes(t *testing.T) {
	s := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	setup := load.Setup{Brokers: s.ready["kafka"], Rounds: 1}
	r, err := load.Idle(ctx, setup, load.IdleOptions{Connections: 5, Active: 2, Asked: 3})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Median[load.RawSide]
	if v := f["active_latency_p99_ns"].Value; v == nil || *v <= 0 {
		t.Errorf("p99 of the active connections: %v", show(v))
	}
	if v := f["requests"].Value; v == nil || *v != 5 {
		t.Errorf("requests of the greeting: %v, want 5", show(v))
	}
	if r, err = load.Idle(ctx, setup, load.IdleOptions{Connections: 5}); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Median[load.RawSide]["active_latency_p99_ns"]; ok {
		t.Error("no connection was active, and their p99 is told")
	}
}

// A connection asks requests of any kind in turn, and says what it cannot ask.
func TestConnAsks(t *testing.T) {
	s := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := load.EnsureTopic(ctx, s.ready["kafka"], "asked", 3); err != nil {
		t.Fatal(err)
	}
	conn, err := load.Connect(ctx, s.ready["kafka"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	meta := kmsg.NewPtrMetadataRequest()
	meta.Version = 8
	for range 2 {
		answer, took, err := conn.Ask(ctx, meta)
		if err != nil {
			t.Fatal(err)
		}
		if m, ok := answer.(*kmsg.MetadataResponse); !ok || len(m.Topics) != 1 || len(m.Topics[0].Partitions) != 3 || took <= 0 {
			t.Errorf("after %v: %+v, want one topic of 3 partitions", took, answer)
		}
	}
	meta.Version = 12
	if _, _, err := conn.Ask(ctx, meta); err == nil || !strings.Contains(err.Error(), "earlier version") {
		t.Errorf("a request with tagged fields: %v", err)
	}
	cancel()
	meta.Version = 8
	if _, _, err := conn.Ask(ctx, meta); err == nil {
		t.Error("asked though the context has ended")
	}
}
