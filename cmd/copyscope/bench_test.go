package main

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

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
