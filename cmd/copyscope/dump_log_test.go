package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// What the broker writes, dump-log reads: every file of its data directory after a
// committed and an aborted transaction and a group that committed offsets.
func TestDumpLogKnowsWhatTheBrokerWrites(t *testing.T) {
	data := t.TempDir()
	s := start(t, "--data", data)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	producer, err := kgo.NewClient(kgo.SeedBrokers(s.ready["kafka"]), kgo.TransactionalID("id"), kgo.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	for _, end := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} {
		if err := producer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := producer.ProduceSync(ctx, &kgo.Record{Topic: "t", Value: []byte("v")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := producer.EndTransaction(ctx, end); err != nil {
			t.Fatal(err)
		}
	}
	member, err := kgo.NewClient(kgo.SeedBrokers(s.ready["kafka"]), kgo.ConsumerGroup("g"), kgo.ConsumeTopics("t"), kgo.DisableAutoCommit())
	if err != nil {
		t.Fatal(err)
	}
	defer member.Close()
	if err := member.PollFetches(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	if err := member.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
	member.Close()
	producer.Close()
	if code := s.end(t); code != 0 {
		t.Fatalf("serve ended with %d: %s", code, s.stderr)
	}

	var out, said bytes.Buffer
	if code := run(ctx, []string{"dump-log", "--records", data}, &out, &said); code != 0 {
		t.Errorf("dump-log ended with %d: %s", code, &said)
	}
	for _, want := range []string{`{"type":"1","name":"OffsetCommit","data":{"group":"g","topic":"t","partition":`, `"name":"GroupMetadata","data":{"group":"g"}`,
		`"subscription":{"topics":["t"]`, `"transactionalId":"id"`, `"CompleteAbort"`, `"CompleteCommit"`, "endTxnMarker: ABORT"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in what was printed:\n%s", want, &out)
		}
	}
	for _, no := range []string{`"hex"`, "FAULT"} {
		if strings.Contains(out.String(), no) {
			t.Errorf("%s is in what was printed:\n%s", no, &out)
		}
	}
	kept := map[string]bool{".lock": true, ".kafka_cleanshutdown": true, "users.json": true} // nothing to tell, and credentials
	err = filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !kept[d.Name()] && !strings.Contains(out.String(), "Dumping "+path+"\n") {
			t.Errorf("%s is not dumped", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(data, "producer-ids.json")); err != nil {
		t.Error(err)
	}
}
