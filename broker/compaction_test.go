package broker_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	read := 200
	for read > 150 { // several cleanings may be needed; the time for all of it is bounded
		read = readCompacted(ctx, t, b.addr, last)
	}
	if s := b.Stats().Cleaner; s.Runs == 0 || s.BytesRead == 0 || s.Last.IsZero() {
		t.Errorf("the cleaner's figures are %+v", s)
	}
	deleted, err := admin.DeleteRecords(ctx, kadm.Offsets{"c": {0: kadm.Offset{Topic: "c", At: 5}}})
	if err != nil || !errors.Is(deleted.Error(), kerr.PolicyViolation) {
		t.Errorf("DeleteRecords: %v %v, want POLICY_VIOLATION", err, deleted.Error())
	}
}

// readCompacted reads the topic from its beginning, in order, and is how many records
// it has: those that were produced, and the latest of each key.
func readCompacted(ctx context.Context, t *testing.T, addr string, last map[string]int64) (read int) {
	t.Helper()
	reader := client(t, addr, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"c": {0: kgo.NewOffset().At(0)}}))
	defer reader.Close()
	left := maps.Clone(last)
	for next := int64(0); next < 200; {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d records were read: %v", read, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if value := fmt.Sprint(r.Offset, strings.Repeat("x", 100)); r.Offset < next || string(r.Key) != fmt.Sprint("key", r.Offset%7) || string(r.Value) != value {
				t.Fatalf("offset %d after %d: %q=%.10q", r.Offset, next, r.Key, r.Value)
			}
			if left[string(r.Key)] == r.Offset {
				delete(left, string(r.Key))
			}
			next, read = r.Offset+1, read+1
		})
	}
	if len(left) > 0 {
		t.Fatalf("%d records were read, and the latest of the keys %v are missing", read, left)
	}
	return read
}
