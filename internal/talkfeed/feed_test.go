package talkfeed_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/broker"
	"copyscope/internal/talk"
	"copyscope/internal/talkfeed"
)

const token = "TESTTESTTESTTESTTESTTEST"

func serve(t *testing.T) (addr string) {
	t.Helper()
	b, err := broker.Open(t.Context(), broker.Config{Listen: "127.0.0.1:0", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return b.PlainAddr().String()
}

func address(kafka string) talkfeed.Address {
	return talkfeed.Address{Brokers: []string{kafka}, Topic: "talk"}
}

func open(t *testing.T, c talkfeed.Config) (*talkfeed.Feed, error) {
	t.Helper()
	f, err := talkfeed.Open(t.Context(), c)
	if err == nil {
		t.Cleanup(f.Close)
	}
	return f, err
}

// follow joins and gives the events that come from then on.
func follow(t *testing.T, f *talkfeed.Feed) (talk.Joined, <-chan talk.Entry) {
	t.Helper()
	joined, err := f.Join(t.Context(), talk.Print{Deck: "d", Runs: "r"})
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan talk.Entry, 100)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Follow(ctx, func(e talk.Entry) error { events <- e; return nil }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return joined, events
}

// safeText is what two goroutines write and read.
type safeText struct {
	mu sync.Mutex
	bytes.Buffer
}

func (s *safeText) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(p)
}

func (s *safeText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.String()
}

// A stranger may read and write the topic. Whatever it writes, and whatever it
// repeats or changes of what it has read, no server does; and what the servers say
// afterwards is heard.
func TestForgedRecordsArePassedOver(t *testing.T) {
	kafka := serve(t)
	log := &safeText{}
	f, err := open(t, talkfeed.Config{Address: address(kafka), Token: token, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	joined, events := follow(t, f)
	first := make(chan error, 1)
	f.Send(talk.Event{Kind: talk.Moves, By: 1}, func(err error) { first <- err })
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if e := <-events; !e.Own || e.Kind != talk.Moves || e.By != 1 {
		t.Fatalf("the event came back as %+v", e)
	}

	stranger, err := kgo.NewClient(kgo.SeedBrokers(kafka), kgo.DefaultProduceTopic("talk"), kgo.ProducerBatchMaxBytes(64<<20), kgo.MaxBufferedBytes(0),
		kgo.ProducerBatchCompression(kgo.GzipCompression()), kgo.ConsumeTopics("talk"))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	var genuine []*kgo.Record
	for len(genuine) < 3 { // that it may write, the room's beginning, the move
		genuine = append(genuine, stranger.PollFetches(t.Context()).Records()...)
	}
	move := genuine[len(genuine)-1]
	if !strings.Contains(string(move.Value), `"move"`) {
		t.Fatalf("the last record is %s", move.Value)
	}
	write := func(value []byte, headers []kgo.RecordHeader) error {
		return stranger.ProduceSync(t.Context(), &kgo.Record{Value: value, Headers: headers}).FirstErr()
	}
	last := func(n int) []byte {
		return bytes.Replace(move.Value, []byte(`"number":3`), fmt.Appendf(nil, `"number":%d`, n), 1)
	}
	for name, attack := range map[string]kgo.Record{
		"nothing":                         {},
		"garbage":                         {Value: []byte("\x00\xff{")},
		"an event without a MAC":          {Value: last(100)},
		"repeated":                        {Value: move.Value, Headers: move.Headers},
		"changed":                         {Value: last(101), Headers: move.Headers},
		"another's room":                  {Value: bytes.Replace(last(102), []byte(joined.Room), []byte(strings.Repeat("A", len(joined.Room))), 1), Headers: move.Headers},
		"a room begun, repeated":          {Value: genuine[1].Value, Headers: genuine[1].Headers},
		"100 KiB that say to be an event": {Value: bytes.Replace(last(103), []byte(`"kind"`), []byte(`"x":"`+strings.Repeat("x", 100<<10)+`","kind"`), 1), Headers: move.Headers},
		"20 MiB, packed to less":          {Value: make([]byte, 20<<20), Headers: move.Headers},
	} {
		if err := write(attack.Value, attack.Headers); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The broker itself refuses what is large as it comes.
	if err := write(incompressible(1<<20), nil); err == nil {
		t.Error("a record of 1 MiB was taken")
	}

	second := make(chan error, 1)
	f.Send(talk.Event{Kind: talk.Moves, By: 2}, func(err error) { second <- err })
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	if e := <-events; !e.Own || e.By != 2 {
		t.Errorf("after a stranger's records comes %+v", e)
	}
	for _, why := range []string{"forged", "larger", "repeated", "another token", "unpacks"} {
		if n := strings.Count(log.String(), why); n == 0 || n > 2 {
			t.Errorf("the log tells %d times of what is %q:\n%s", n, why, log)
		}
	}

	// A server that starts now has the same, and a stranger's token is another room's.
	late, err := open(t, talkfeed.Config{Address: address(kafka), Token: token})
	if err != nil {
		t.Fatal(err)
	}
	again, err := late.Join(t.Context(), talk.Print{Deck: "d", Runs: "r"})
	if err != nil || again.Room != joined.Room || len(again.Past) != 2 || again.Past[1].By != 2 {
		t.Errorf("a server that starts late has %+v, %v", again, err)
	}
	other, err := open(t, talkfeed.Config{Address: address(kafka), Token: token + "X", New: true})
	if err != nil {
		t.Fatal(err)
	}
	if room, err := other.Join(t.Context(), talk.Print{Deck: "e", Runs: "r"}); err != nil || room.Room == joined.Room || len(room.Past) != 0 {
		t.Errorf("with another token: %+v, %v", room, err)
	}
	select {
	case e := <-events:
		t.Errorf("of the other room comes %+v", e)
	case <-time.After(200 * time.Millisecond):
	}
}

// incompressible bytes are those of a counter that is mixed.
func incompressible(n int) []byte {
	out := make([]byte, n)
	x := uint32(1)
	for i := range out {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		out[i] = byte(x)
	}
	return out
}

// The topic is made as the room needs it; one that was made otherwise is refused, or
// told of.
func TestTopicOfAFeed(t *testing.T) {
	kafka := serve(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(kafka))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	if _, err := open(t, talkfeed.Config{Address: address(kafka), Token: token}); err != nil {
		t.Fatal(err)
	}
	configs, err := admin.DescribeTopicConfigs(t.Context(), "talk")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range configs[0].Configs {
		got[c.Key] = c.MaybeValue()
	}
	for key, want := range map[string]string{"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete", "max.message.bytes": "131072"} {
		if got[key] != want {
			t.Errorf("%s=%s, not %s", key, got[key], want)
		}
	}
	day := "86400000"
	if _, err := admin.CreateTopic(t.Context(), 2, 1, nil, "two"); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.CreateTopic(t.Context(), 1, 1, map[string]*string{"retention.ms": &day}, "day"); err != nil {
		t.Fatal(err)
	}
	at := address(kafka)
	at.Topic = "two"
	if _, err := open(t, talkfeed.Config{Address: at, Token: token}); err == nil || !strings.Contains(err.Error(), "2 partitions") {
		t.Errorf("a topic of two partitions: %v", err)
	}
	at.Topic = "day"
	log := &safeText{}
	if _, err := open(t, talkfeed.Config{Address: at, Token: token, Log: slog.New(slog.NewTextHandler(log, nil))}); err != nil || !strings.Contains(log.String(), "retention.ms=86400000") {
		t.Errorf("a topic that is kept for a day: %v, %s", err, log)
	}
}

// Servers that start at once have one room.
func TestServersThatBeginAtOnce(t *testing.T) {
	kafka := serve(t)
	var joined [4]talk.Joined
	var all sync.WaitGroup
	for i := range joined {
		all.Go(func() {
			f, err := talkfeed.Open(context.Background(), talkfeed.Config{Address: address(kafka), Token: token})
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			if joined[i], err = f.Join(context.Background(), talk.Print{Deck: "d", Runs: "r"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, j := range joined[1:] {
		if j.Room == "" || j.Room != joined[0].Room || j.Code != joined[0].Code {
			t.Errorf("one is in %+v, another one in %+v", j, joined[0])
		}
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]talkfeed.Address{
		"kafka://a:1/t":                   {Brokers: []string{"a:1"}, Topic: "t"},
		"kafka://a.b:9092,[::1]:9093/x.y": {Brokers: []string{"a.b:9092", "[::1]:9093"}, Topic: "x.y"},
	} {
		got, err := talkfeed.ParseAddress(text)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) || got.String() != text {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
	}
	for text, tells := range map[string]string{
		"": "kafka://", "a:1/t": "kafka://", "http://a:1/t": "kafka://", "kafka://a:1": "topic is missing", "kafka://a:1/": "topic is missing", "kafka://a/t": "port",
		"kafka://a:0/t": "port", "kafka://a:99999/t": "port", "kafka://:9092/t": "host", "kafka://a:1,/t": "broker", "kafka://::1:9092/t": "broker",
		"kafka://u:p@h:1/t": "broker", "kafka://u@h:1/t": "host", "kafka://a:1/..": "no name", "kafka://a:1/t/u": "no name", "kafka://a:1/t?x=1": "no name", "kafka://a:1/" + strings.Repeat("t", 250): "no name",
	} {
		if a, err := talkfeed.ParseAddress(text); err == nil || !strings.Contains(err.Error(), tells) || !strings.Contains(err.Error(), "kafka://127.0.0.1:9092/") {
			t.Errorf("%q is %+v, %v", text, a, err)
		}
	}
}
