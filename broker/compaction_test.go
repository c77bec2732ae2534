package broker_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/broker"
)

// A compacted topic as clients see it: no records without key, and once it is
// cleaned, the latest value of each key at the offset that it was given.
func TestCompactedTopic(t *testing.T) {
	b := start(t, t.TempDir(), func(c *broker.Config) {
		c.Defaults = broker.Defaults{"log.cleaner.backoff.ms": "20"}
	})
	cl := client(t, b.addr)
	ctx, admin := deadline(t), kadm.NewClient(cl)
	set := func(name, value string) kadm.AlterConfig {
		return kadm.AlterConfig{Op: kadm.SetConfig, Name: name, Value: &value}
	}
	policy, small := "compact", "2000"
	made, err := admin.CreateTopics(ctx, 1, -1, map[string]*string{"cleanup.policy": &policy, "segment.bytes": &small}, "c")
	if err != nil || made.Error() != nil {
		t.Fatal(err, made.Error())
	}
	if _, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{set("min.cleanable.dirty.ratio", "0.01")}, "c"); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(ctx, &kgo.Record{Topic: "c", Value: []byte("v")}).FirstErr(); !errors.Is(err, kerr.InvalidRecord) {
		t.Fatalf("a record without key: %v, want INVALID_RECORD", err)
	}
	last := map[string]int64{}
	for i := range 200 {
		r := &kgo.Record{Topic: "c", Key: fmt.Append(nil, "key", i%7), Value: fmt.Append(nil, i, strings.Repeat("x", 100))}
		if err := cl.ProduceSync(ctx, r).FirstErr(); err != nil {
			t.Fatal(err)
		}
		last[string(r.Key)] = r.Offset
	}
	b.wantSaid(t, "log cleaned")
	reader := client(t, b.addr, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"c": {0: kgo.NewOffset().At(0)}}))
	next, read := int64(0), 0
	for next < 200 {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if value := fmt.Sprint(r.Offset, strings.Repeat("x", 100)); r.Offset < next || string(r.Key) != fmt.Sprint("key", r.Offset%7) || string(r.Value) != value {
				t.Fatalf("offset %d after %d: %q=%.10q", r.Offset, next, r.Key, r.Value)
			}
			if last[string(r.Key)] == r.Offset {
				delete(last, string(r.Key))
			}
			next, read = r.Offset+1, read+1
		})
	}
	if read > 150 || len(last) > 0 {
		t.Errorf("%d of 200 records were read, and the latest of %d keys is missing", read, len(last))
	}
	if s := b.Stats().Cleaner; s.Runs == 0 || s.BytesRead == 0 || s.Last.IsZero() {
		t.Errorf("the cleaner's figures are %+v", s)
	}
	deleted, err := admin.DeleteRecords(ctx, kadm.Offsets{"c": {0: kadm.Offset{Topic: "c", At: 5}}})
	if err != nil || !errors.Is(deleted.Error(), kerr.PolicyViolation) {
		t.Errorf("DeleteRecords: %v %v, want POLICY_VIOLATION", err, deleted.Error())
	}
}
