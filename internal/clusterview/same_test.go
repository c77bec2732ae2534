package clusterview_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/broker"
	"copyscope/internal/clusterview"
	"copyscope/web"
)

// stored fills a broker with what the pages show: batches of several codecs, headers,
// nulls, two partitions, an idempotent producer, a group that is behind.
func stored(t *testing.T, b ownBroker) {
	t.Helper()
	if err := b.CreateTopic(t.Context(), "orders", 2, map[string]string{"retention.ms": "86400000"}); err != nil {
		t.Fatal(err)
	}
	for _, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		cl := client(t, b.addr, kgo.ProducerBatchCompression(codec))
		var all []*kgo.Record
		for i := range 20 {
			all = append(all, &kgo.Record{Topic: "orders", Partition: int32(i % 2), Key: fmt.Appendf(nil, "key %d", i), Value: fmt.Appendf(nil, `{"order": %d, "of": "the same customer as before"}`, i),
				Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte{0, 1}}, {Key: "null"}}})
		}
		all = append(all, &kgo.Record{Topic: "orders"})
		produce(t, cl, all...)
	}
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: "orders", Partition: 0, At: 12, LeaderEpoch: -1, Metadata: "so far"})
	if err := kadm.NewClient(client(t, b.addr)).CommitAllOffsets(t.Context(), "readers", offsets); err != nil {
		t.Fatal(err)
	}
}

// seen is a batch as a page would have it, with its records.
type seen struct {
	Batch   web.StoredBatch
	Records []web.StoredRecord
}

func browse(t *testing.T, s web.BrokerStore, partition int32, from int64) (all []seen) {
	t.Helper()
	err := s.Browse(t.Context(), "orders", partition, from, func(b web.StoredBatch) bool {
		one := seen{Batch: b}
		if err := b.Each(func(r web.StoredRecord) error {
			r.Key, r.Value = copied(r.Key), copied(r.Value)
			one.Records = append(one.Records, r)
			return nil
		}); err != nil {
			t.Error(err)
		}
		// What only the broker knows.
		one.Batch.Segment, one.Batch.Position, one.Batch.Each = "", 0, nil
		all = append(all, one)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func copied(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

// Over the protocol the pages show what the broker itself shows, but for what the
// protocol does not tell.
func TestTheSameAsOfTheBrokerItself(t *testing.T) {
	b := startBroker(t, broker.Config{})
	stored(t, b)
	ctx, v, own := t.Context(), connect(t, clusterview.Options{Seeds: []string{b.addr}}), b.view()

	want, _ := own.StoredTopics(ctx)
	for i := range want { // what Kafka's protocol does not tell
		want[i].FetchPath, want[i].Engine = "", ""
		for j := range want[i].Partitions {
			p := &want[i].Partitions[j]
			p.Segments, p.Compacted, p.CleanUntil, p.Dirty = -1, false, 0, 0
		}
	}
	got, err := v.StoredTopics(ctx)
	if err != nil || !reflect.DeepEqual(got, want) || len(got) == 0 {
		t.Errorf("topics are\n%+v, error %v; the broker itself says\n%+v", got, err, want)
	}

	one, configs, err := v.StoredTopic(ctx, "orders")
	_, ownConfigs, _ := own.StoredTopic(ctx, "orders")
	if err != nil || one.Name != "orders" || len(one.Partitions) != 2 {
		t.Errorf("the topic is %+v, error %v", one, err)
	}
	values := map[string]web.TopicConfig{}
	for _, c := range configs {
		values[c.Name] = c
	}
	for _, c := range ownConfigs {
		if g := values[c.Name]; g.Value != c.Value || g.Set != c.Set || c.Set && g.Default != c.Default || g.Source == "" {
			t.Errorf("config %s is %+v, the broker itself says %+v", c.Name, g, c)
		}
	}

	for partition := range int32(2) {
		for _, from := range []int64{0, 7} {
			if got, want := browse(t, v, partition, from), browse(t, own, partition, from); !reflect.DeepEqual(got, want) || len(got) < 3 {
				t.Errorf("partition %d from %d has\n%+v, the broker itself says\n%+v", partition, from, got, want)
			}
		}
	}
	for _, ms := range []int64{0, time.Now().Add(-time.Hour).UnixMilli(), time.Now().Add(time.Hour).UnixMilli()} {
		at, ok, err := v.OffsetAt(ctx, "orders", 1, ms)
		wantAt, wantOK, _ := own.OffsetAt(ctx, "orders", 1, ms)
		if err != nil || ok != wantOK || ok && at != wantAt {
			t.Errorf("at %d ms there is %d, %v, error %v; the broker itself says %d, %v", ms, at, ok, err, wantAt, wantOK)
		}
	}

	wantGroups, wantTotal, _ := own.Groups(ctx, 10)
	untimed := func(all []web.ConsumerGroup) {
		for i := range all {
			for j := range all[i].Offsets {
				all[i].Offsets[j].At = time.Time{} // when, the protocol does not tell
			}
		}
	}
	untimed(wantGroups)
	groups, total, err := v.Groups(ctx, 10)
	if err != nil || total != wantTotal || !reflect.DeepEqual(groups, wantGroups) || total == 0 {
		t.Errorf("groups are %+v of %d, error %v; the broker itself says %+v of %d", groups, total, err, wantGroups, wantTotal)
	}
	alone, err := v.Group(ctx, "readers")
	if err != nil || !reflect.DeepEqual(alone, wantGroups[0]) {
		t.Errorf("the group alone is %+v, error %v; the broker itself says %+v", alone, err, wantGroups[0])
	}
}

// A group with members, by either protocol, is told with what each reads.
func TestMembersOfAGroup(t *testing.T) {
	b := startBroker(t, broker.Config{})
	stored(t, b)
	for name, options := range map[string][]kgo.Opt{"classic": {}, "consumer": {kgo.ServerSideBalancer()}} {
		cl := client(t, b.addr, append(options, kgo.ConsumerGroup(name), kgo.ConsumeTopics("orders"))...)
		go cl.PollFetches(t.Context())
	}
	v := connect(t, clusterview.Options{Seeds: []string{b.addr}})
	for _, name := range []string{"classic", "consumer"} {
		await(t, "the member of "+name+" reads both partitions", func() bool {
			g, err := v.Group(t.Context(), name)
			return err == nil && g.Type == name && g.State == "Stable" && len(g.Members) == 1 && g.Members[0].Known &&
				reflect.DeepEqual(g.Members[0].Assigned, []web.AssignedTopic{{Topic: "orders", Partitions: []int32{0, 1}}})
		})
	}
}

// What the protocol does not tell is said to be not known, with the reason.
func TestNotKnownFromOutside(t *testing.T) {
	b := startBroker(t, broker.Config{})
	stored(t, b)
	v := connect(t, clusterview.Options{Seeds: []string{b.addr}})
	unknown := (*web.Unknown)(nil)
	if _, err := v.Connections(); !errors.As(err, &unknown) {
		t.Errorf("connections are told, error %v", err)
	}
	// The broker is of the process that looks, which is not looked at.
	if _, _, err := v.Segments(t.Context(), "orders", 0, 10, 8); !errors.As(err, &unknown) || unknown.Reason == "" {
		t.Errorf("segments are told, error %v", err)
	}
	if v.TopicDefaults() != nil {
		t.Error("there are defaults of a topic that is not there")
	}
}

func TestWhatIsNotThere(t *testing.T) {
	b := startBroker(t, broker.Config{})
	stored(t, b)
	v, ctx := connect(t, clusterview.Options{Seeds: []string{b.addr}}), t.Context()
	for _, name := range []string{"nothing", "../orders", "", "a b", "<b>"} {
		if _, _, err := v.StoredTopic(ctx, name); !errors.Is(err, web.ErrNoTopic) {
			t.Errorf("topic %q: %v", name, err)
		}
		if err := v.Browse(ctx, name, 0, 0, nil); !errors.Is(err, web.ErrNoTopic) {
			t.Errorf("records of %q: %v", name, err)
		}
		if err := v.DeleteTopic(ctx, name); !errors.Is(err, web.ErrNoTopic) {
			t.Errorf("delete %q: %v", name, err)
		}
	}
	if err := v.Browse(ctx, "orders", 2, 0, nil); !errors.Is(err, web.ErrNoTopic) {
		t.Errorf("records of a third partition: %v", err)
	}
	if _, err := v.Group(ctx, "nobody"); !errors.Is(err, web.ErrNoGroup) {
		t.Errorf("group: %v", err)
	}
	if topics, err := v.StoredTopics(ctx); err != nil || len(topics) != 2 { // looking makes none
		t.Errorf("there are %d topics, error %v", len(topics), err)
	}
}

func TestChanges(t *testing.T) {
	b := startBroker(t, broker.Config{})
	v, own, ctx := connect(t, clusterview.Options{Seeds: []string{b.addr}}), b.view(), t.Context()
	if err := v.CreateTopic(ctx, "made", 2, map[string]string{"segment.bytes": "100000"}); err != nil {
		t.Fatal(err)
	}
	value := "60000"
	if err := v.AlterTopic(ctx, "made", map[string]*string{"retention.ms": &value, "segment.bytes": nil}); err != nil {
		t.Error(err)
	}
	if err := v.GrowTopic(ctx, "made", 3); err != nil {
		t.Error(err)
	}
	topic, configs, err := own.StoredTopic(ctx, "made")
	if err != nil || len(topic.Partitions) != 3 {
		t.Errorf("the broker has %+v, error %v", topic, err)
	}
	for _, c := range configs {
		if c.Name == "retention.ms" && c.Value != value || c.Name == "segment.bytes" && c.Set {
			t.Errorf("the broker has %+v", c)
		}
	}
	if topics, _ := v.StoredTopics(ctx); len(topics) != 1 || len(topics[0].Partitions) != 3 {
		t.Errorf("after a change the list is %+v", topics)
	}
	for what, err := range map[string]error{
		"the same name":    v.CreateTopic(ctx, "made", 1, nil),
		"a bad name":       v.CreateTopic(ctx, "a b", 1, nil),
		"fewer partitions": v.GrowTopic(ctx, "made", 1),
		"a bad value":      v.AlterTopic(ctx, "made", map[string]*string{"retention.ms": new(string)}),
	} {
		if err == nil || errors.Is(err, web.ErrLost) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := v.DeleteTopic(ctx, "made"); err != nil {
		t.Error(err)
	}
	if topics, _ := own.StoredTopics(ctx); len(topics) != 0 {
		t.Errorf("the broker still has %+v", topics)
	}
}
