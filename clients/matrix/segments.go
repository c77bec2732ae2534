package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func segmentRows(k *kit) (rows []row) {
	for i, m := range jvms {
		rows = append(rows, row{
			client: "Kafka's DumpLogSegments " + k.versions[m], scenario: "log, indexes, producer snapshot, transactions", files: true, needs: []tool{java},
			asserts: "several segments: every record is in the log, every batch valid, every index passes its check and agrees with the log; markers, aborted transactions, the coordinator's own topic",
			run:     func(ctx context.Context, e *env, prefix string) error { return dumpLog(ctx, e, i, prefix) },
		})
	}
	broker := "Apache Kafka " + k.versions[kafkaModule] + ", the broker"
	return append(rows,
		row{client: broker, scenario: "serves our segments", files: true, needs: []tool{java}, run: kafkaServesClean,
			asserts: "topic made there, its segments replaced by ours, its partition.metadata kept: same records by hash, also by timestamp; ours are not recovered"},
		row{client: broker, scenario: "recovers and serves our segments", files: true, needs: []tool{java}, run: kafkaServesRecovered,
			asserts: "the same after an unclean stop: Kafka reads all batches and builds its own indexes"},
		row{client: broker, scenario: "its partition is served by us", files: true, needs: []tool{java}, run: weServeKafka,
			asserts: "the directory that Kafka wrote is found at start: same records by hash, the next offset follows, also after a restart"})
}

// segmentRecords are enough for several segments of 1 MiB, the smallest that
// Kafka 4 allows (KIP-1030). Behind them are three transactions, of which one is
// aborted, each with its marker.
const (
	segmentRecords     = 4000
	transactionRecords = 50
	committedRecords   = segmentRecords + 2*transactionRecords
	storedRecords      = segmentRecords + 3*(transactionRecords+1)
)

var segmentConfigs = map[string]string{"segment.bytes": "1048576"}

// fillSegments makes a topic with one partition, whose batches have every codec, and
// transactions.
func fillSegments(ctx context.Context, brokers, topic string) error {
	if err := createTopic(ctx, brokers, topic, 1, segmentConfigs); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(7, 7))
	each := segmentRecords / len(codecs)
	for c, codec := range codecs {
		var records []*kgo.Record
		for i := range each {
			value := make([]byte, 512+r.IntN(1024))
			for j := range value {
				value[j] = byte('a' + r.IntN(16))
			}
			record := sample(topic, c*each+i)
			record.Value = []byte(hex.EncodeToString(value))
			records = append(records, record)
		}
		if err := produce(ctx, brokers, records, kgo.ProducerBatchCompression(codec.codec), kgo.ProducerBatchMaxBytes(64<<10)); err != nil {
			return fmt.Errorf("%s: %w", codec.name, err)
		}
	}
	return transact(ctx, brokers, topic, transactionRecords, kgo.TryCommit, kgo.TryAbort, kgo.TryCommit)
}

// hash reads all committed records of a topic's only partition: offsets, timestamps,
// keys, values, headers, codecs and producers go into it.
func hash(ctx context.Context, brokers, topic string, n int) (string, error) {
	records, err := consume(ctx, brokers, topic, 0, n)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, r := range records {
		fmt.Fprintf(h, "%d %d %d %d %d %q %q %q\n", r.Offset, r.Timestamp.UnixMilli(), r.Attrs.CompressionType(), r.ProducerID, r.ProducerEpoch, r.Key, r.Value, r.Headers)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// dumpLog has Kafka's own tool read what the server wrote and closed.
func dumpLog(ctx context.Context, e *env, module int, prefix string) error {
	s, err := e.start(ctx, prefix, nil)
	if err != nil {
		return err
	}
	if err := errors.Join(fillSegments(ctx, s.addr, "dumped"), s.stop()); err != nil {
		return err
	}
	dir := filepath.Join(s.data, "dumped-0")
	files := func(ending string) []string {
		found, _ := filepath.Glob(filepath.Join(dir, "*"+ending))
		return found
	}
	logs := files(".log")
	if len(logs) < 3 {
		return fmt.Errorf("%d segments, expected were three or more", len(logs))
	}
	if len(files(".index")) != len(logs) || len(files(".timeindex")) != len(logs) || len(files(".snapshot")) == 0 {
		return fmt.Errorf("%d logs have %d indexes, %d time indexes and %d snapshots", len(logs), len(files(".index")), len(files(".timeindex")), len(files(".snapshot")))
	}
	t := toolRun{module, e, prefix}
	dump := func(files []string, more ...string) (string, error) {
		return t.run(ctx, "", "kafka-dump-log", append([]string{"--files", strings.Join(files, ",")}, more...)...)
	}
	out, err := dump(logs, "--deep-iteration")
	if err != nil {
		return err
	}
	if err := dumpedLog(out); err != nil {
		return fmt.Errorf("kafka-dump-log --deep-iteration: %w", err)
	}
	indexes := append(files(".index"), files(".timeindex")...)
	if out, err = dump(indexes, "--index-sanity-check"); err != nil {
		return err
	}
	if n := strings.Count(out, "passed sanity check"); n != len(indexes) {
		return fmt.Errorf("kafka-dump-log --index-sanity-check: %d of %d passed\n%s", n, len(indexes), ends(out))
	}
	// Without a flag it also holds each entry to the log.
	if out, err = dump(indexes); err != nil {
		return err
	}
	if found := regexp.MustCompile(`(?i).*(mismatch|out of order|not found|larger than|corrupt).*`).FindString(out); found != "" {
		return fmt.Errorf("kafka-dump-log of the indexes: %s", found)
	}
	if n := strings.Count(out, "offset: "); n < len(indexes) {
		return fmt.Errorf("kafka-dump-log of the indexes shows %d entries\n%s", n, ends(out))
	}
	if out, err = dump(files(".snapshot")); err != nil {
		return err
	}
	if err := contains("kafka-dump-log of the snapshots", out, "producerId: ", "lastSequence: ", fmt.Sprintf("lastOffset: %d", segmentRecords-1)); err != nil {
		return err
	}
	if out, err = dump(files(".txnindex")); err != nil {
		return err
	}
	aborted := segmentRecords + transactionRecords + 1
	if err := contains("kafka-dump-log of the transaction indexes", out, fmt.Sprintf("firstOffset: %d", aborted), fmt.Sprintf("lastOffset: %d", aborted+transactionRecords)); err != nil {
		return err
	}
	states, _ := filepath.Glob(filepath.Join(s.data, "__transaction_state-*", "*.log"))
	if out, err = dump(states, "--transaction-log-decoder"); err != nil {
		return err
	}
	return contains("kafka-dump-log of the transactions' own topic", out, "dumped-transactions", "CompleteCommit")
}

// dumpedLog holds the dump of all segments to every offset once, in order, and
// to valid batches.
func dumpedLog(out string) error {
	if n := strings.Count(out, "isvalid: true"); n == 0 || strings.Contains(out, "isvalid: false") {
		return fmt.Errorf("%d batches are valid, and others are not", n)
	}
	for _, c := range codecs {
		if !strings.Contains(strings.ToLower(out), "compresscodec: "+c.name) {
			return fmt.Errorf("no batch is compressed with %s", c.name)
		}
	}
	next := 0
	for _, m := range regexp.MustCompile(`(?m)^\| offset: (\d+) `).FindAllStringSubmatch(out, -1) {
		if m[1] != fmt.Sprint(next) {
			return fmt.Errorf("record %d has offset %s", next, m[1])
		}
		next++
	}
	return errors.Join(expect("records in the dump", storedRecords, next),
		expect("commits", 2, strings.Count(out, "endTxnMarker: COMMIT")), expect("aborts", 1, strings.Count(out, "endTxnMarker: ABORT")))
}

func kafkaServesClean(ctx context.Context, e *env, prefix string) error {
	return kafkaServes(ctx, e, prefix, true)
}

func kafkaServesRecovered(ctx context.Context, e *env, prefix string) error {
	return kafkaServes(ctx, e, prefix, false)
}

// kafkaServes lets Kafka serve what the server under test wrote. After a clean
// stop Kafka trusts segments and indexes; otherwise it reads them all.
func kafkaServes(ctx context.Context, e *env, prefix string, clean bool) error {
	topic := "exchanged"
	ours, err := e.start(ctx, prefix+"-ours", nil)
	if err != nil {
		return err
	}
	want, err := func() (string, error) {
		if err := fillSegments(ctx, ours.addr, topic); err != nil {
			return "", err
		}
		return hash(ctx, ours.addr, topic, committedRecords)
	}()
	if err := errors.Join(err, ours.stop()); err != nil {
		return err
	}
	name := prefix + "-theirs"
	first, err := e.startKafka(ctx, name, nil)
	if err != nil {
		return err
	}
	if err := errors.Join(createTopic(ctx, first.addr, topic, 1, segmentConfigs), first.stop()); err != nil {
		return err
	}
	second, err := e.startKafka(ctx, name, func(data string) error {
		if !clean {
			if err := os.Remove(filepath.Join(data, ".kafka_cleanshutdown")); err != nil {
				return err
			}
		}
		return replacePartition(filepath.Join(data, topic+"-0"), filepath.Join(ours.data, topic+"-0"))
	})
	if err != nil {
		return err
	}
	got, err := hash(ctx, second.addr, topic, committedRecords)
	if err == nil {
		err = byTimestamp(ctx, second.addr, topic)
	}
	if err := errors.Join(err, second.stop()); err != nil {
		return err
	}
	return expect("hash of the records from Kafka", want, got)
}

// byTimestamp looks a record up in the middle, which the time indexes lead to.
func byTimestamp(ctx context.Context, brokers, topic string) error {
	a, done, err := admin(brokers)
	if err != nil {
		return err
	}
	defer done()
	const middle = segmentRecords/2 + 1
	listed, err := a.ListOffsetsAfterMilli(ctx, hourAgo+middle, topic)
	if err == nil {
		err = listed.Error()
	}
	o, _ := listed.Lookup(topic, 0)
	return errors.Join(err, expect("offset by timestamp", middle, o.Offset))
}

// replacePartition puts the files of from in the place of those of to. Kafka
// knows the topic by the id in partition.metadata, which stays.
func replacePartition(to, from string) error {
	const identity = "partition.metadata"
	old, err := os.ReadDir(to)
	if err != nil {
		return err
	}
	for _, f := range old {
		if f.Name() != identity {
			if err := os.Remove(filepath.Join(to, f.Name())); err != nil {
				return err
			}
		}
	}
	return copyFiles(to, from, identity)
}

// copyFiles copies the files of a folder but for those that are named.
func copyFiles(to, from string, but ...string) error {
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if slices.Contains(but, f.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, f.Name()), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// weServeKafka starts the server under test on a directory with a partition of Kafka's.
func weServeKafka(ctx context.Context, e *env, prefix string) error {
	if e.server == "kafka" {
		return errSelf
	}
	topic := "exchanged"
	kafka, err := e.startKafka(ctx, prefix+"-theirs", nil)
	if err != nil {
		return err
	}
	want, err := func() (string, error) {
		if err := fillSegments(ctx, kafka.addr, topic); err != nil {
			return "", err
		}
		return hash(ctx, kafka.addr, topic, committedRecords)
	}()
	if err := errors.Join(err, kafka.stop()); err != nil {
		return err
	}
	name := prefix + "-ours"
	prepare := func(data string) error {
		return copyFiles(filepath.Join(data, topic+"-0"), filepath.Join(kafka.data, topic+"-0"))
	}
	for round := range 2 {
		ours, err := e.start(ctx, name, prepare)
		if err != nil {
			return err
		}
		got, err := func() (string, error) {
			if round == 0 {
				return hash(ctx, ours.addr, topic, committedRecords)
			}
			records, err := consume(ctx, ours.addr, topic, 0, committedRecords+1)
			if err != nil {
				return "", err
			}
			last := records[committedRecords]
			return want, errors.Join(expect("offset of the record that follows", storedRecords, last.Offset), expect("its value", "more", string(last.Value)))
		}()
		if err == nil {
			err = expect("hash of the records from us", want, got)
		}
		if err == nil && round == 0 {
			err = errors.Join(byTimestamp(ctx, ours.addr, topic),
				produce(ctx, ours.addr, []*kgo.Record{{Topic: topic, Value: []byte("more"), Timestamp: time.UnixMilli(hourAgo + segmentRecords)}}))
		}
		if err := errors.Join(err, ours.stop()); err != nil {
			return err
		}
		prepare = nil
	}
	return nil
}
