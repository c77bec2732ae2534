package broker_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// What clients send and get is counted, by topic, by request and by path.
func TestStats(t *testing.T) {
	b := start(t, t.TempDir())
	ctx := deadline(t)
	cl := client(t, b.addr, kgo.ConsumeTopics("counted"), kgo.DefaultProduceTopic("counted"))
	const records = 7
	for range records {
		if err := cl.ProduceSync(ctx, kgo.StringRecord("x")).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for got := 0; got < records; {
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		got += f.NumRecords()
	}
	connections := b.Stats().Connections
	cl.Close()
	b.stop() // a request is counted when its answer is out
	s := b.Stats()
	if len(s.Topics) != 1 {
		t.Fatalf("topics: %+v", s.Topics)
	}
	topic := s.Topics[0]
	if topic.MessagesIn != records || topic.ProduceRequests != records || topic.FailedProduce != 0 || topic.FailedFetch != 0 {
		t.Errorf("the topic's counts: %+v", topic)
	}
	if stored := topic.Partitions[0].Bytes; topic.BytesIn != stored || topic.BytesOut != stored {
		t.Errorf("%d bytes in, %d out, %d stored", topic.BytesIn, topic.BytesOut, stored)
	}
	if len(s.Paths) != 1 || s.Paths[0].Bytes != topic.BytesOut || s.Paths[0].Regions == 0 {
		t.Errorf("paths: %+v", s.Paths)
	}
	produced := int64(0)
	for _, r := range s.Requests {
		sum := int64(0)
		for _, n := range r.Buckets {
			sum += n
		}
		asked := int64(0)
		for _, n := range r.ByVersion {
			asked += n
		}
		if sum != asked {
			t.Errorf("%s: %d requests, %d times", r.API, asked, sum)
		}
		if r.API == "Produce" {
			produced = asked
		}
	}
	if produced != records || connections == 0 {
		t.Errorf("%d produce requests on %d connections", produced, connections)
	}
}
