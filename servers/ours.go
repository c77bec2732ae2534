//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/process"
)

const ourServer = "copyscope's broker"

// What a load of ours produces and consumes: 64 MiB, as much as Kafka's does.
const (
	ourRecords     = 4 << 10
	ourRecordBytes = 16 << 10
	// A fetch may end within a batch, which is then fetched again.
	ourOver = 0.1
)

// ours is a broker of ours that runs.
type ours struct {
	Kafka    string `json:"kafka"`
	KafkaTLS string `json:"kafka_tls"`
}

// startOurs starts `copyscope serve` with one topic, whose fetches take a path.
func startOurs(ctx context.Context, e *env, path string) (s *server, b ours, err error) {
	dir, err := e.fresh("ours")
	if err != nil {
		return nil, b, err
	}
	data, ready := filepath.Join(dir, "data"), filepath.Join(dir, "ready")
	p, err := process.Launch(filepath.Join(dir, "log"), e.binary, "serve", "--http", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0",
		"--kafka-tls-listen", "127.0.0.1:0", "--kafka-tls-cert", e.trust.Certificate, "--kafka-tls-key", e.trust.Key, "--data", data, "--ready-file", ready)
	if err != nil {
		return nil, b, err
	}
	s = &server{Process: p, pid: p.PID(), dir: data}
	if err := p.Until(ctx, "wrote its ready file", func() bool {
		text, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(text, &b) == nil
	}); err != nil {
		return s, b, err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Kafka))
	if err != nil {
		return s, b, err
	}
	defer client.Close()
	if _, err = kadm.NewClient(client).CreateTopic(ctx, 1, 1, map[string]*string{"copyscope.fetch.path": &path}, topic); err != nil {
		err = fmt.Errorf("%w\n%s", err, process.End(p.Said()))
	}
	return s, b, err
}

// produceOurs produces the records of one load, which do not compress.
func produceOurs(ctx context.Context, b ours) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Kafka), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer client.Close()
	value, random := make([]byte, ourRecordBytes), rand.New(rand.NewPCG(1, 2))
	for i := range value {
		value[i] = byte(random.Uint32())
	}
	records := make([]*kgo.Record, ourRecords)
	for i := range records {
		records[i] = kgo.SliceRecord(value)
	}
	return client.ProduceSync(ctx, records...).FirstErr()
}

// consumeOurs consumes them, from the topic's beginning.
func consumeOurs(ctx context.Context, addr string, trust *tls.Config) error {
	options := []kgo.Opt{kgo.SeedBrokers(addr), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}})}
	if trust != nil {
		options = append(options, kgo.DialTLSConfig(trust))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	for got := 0; got < ourRecords; {
		fetched := client.PollFetches(ctx)
		if err := fetched.Err(); err != nil {
			return fmt.Errorf("after %d of %d records: %w", got, ourRecords, err)
		}
		got += fetched.NumRecords()
	}
	return nil
}

func ourRows() (rows []row) {
	var b ours // the rows run one at a time
	segment := place(topic + "-0/00000000000000000000.log")
	add := func(setup, path string, filled bool, load func(context.Context, *env) error, w want) {
		rows = append(rows, row{
			server: ourServer, setup: setup, quick: true, want: w,
			start: func(ctx context.Context, e *env) (s *server, err error) {
				if s, b, err = startOurs(ctx, e, path); err == nil && filled {
					err = produceOurs(ctx, b)
				}
				return s, err
			},
			load: func(ctx context.Context, e *env, s *server) (amount, error) {
				before, err := logBytes(s.dir)
				if err != nil {
					return amount{}, err
				}
				if err := load(ctx, e); err != nil {
					return amount{}, err
				}
				after, err := logBytes(s.dir)
				if after == before {
					before = 0
				}
				return amount{file: after - before, wire: after - before}, err
			},
		})
	}
	plain := func(ctx context.Context, _ *env) error { return consumeOurs(ctx, b.Kafka, nil) }
	add("fetch, copyscope.fetch.path=sendfile", "sendfile", true, plain, want{
		technique: "^sendfile$", copies: 0, says: []string{"sendfile"},
		legs: []leg{{call: "sendfile", from: segment, to: socket, least: 1 << 10, most: 64 << 20, over: ourOver}},
	})
	add("fetch, copyscope.fetch.path=read-write", "read-write", true, plain, want{
		technique: "^read-write$", copies: 2, says: []string{"2 CPU copies"},
		legs: []leg{
			{call: "pread64", from: segment, to: memory, least: 1 << 10, most: 64 << 20, over: ourOver},
			{call: "write", from: memory, to: socket, least: 1 << 10, most: 64 << 20, over: ourOver},
		},
	})
	add("fetch, copyscope.fetch.path=mmap-write", "mmap-write", true, plain, want{
		technique: "^mmap-write$", from: segment, copies: 1, says: []string{"mmap-write"},
		legs: []leg{{call: "write", from: memory, to: socket, least: 1 << 10, most: 64 << 20, over: ourOver}},
	})
	add("fetch, copyscope.fetch.path=splice", "splice", true, plain, want{
		technique: "^splice$", copies: 0, says: []string{"splice"},
		legs: []leg{
			{call: "splice", from: segment, to: pipe, least: 1 << 10, most: 64 << 20, over: ourOver},
			{call: "splice", from: pipe, to: socket, least: 1 << 10, most: 64 << 20, over: ourOver},
		},
	})
	add("fetch over TLS", "sendfile", true, func(ctx context.Context, e *env) error { return consumeOurs(ctx, b.KafkaTLS, e.trust.Client()) }, want{
		technique: "^tls$", copies: 2, says: []string{"TLS"},
		legs: []leg{
			{call: "pread64", from: segment, to: memory, least: 1 << 10, most: 64 << 20, over: ourOver},
			{call: "write", from: memory, to: socket, least: 1 << 10, most: 64 << 20, over: ourOver},
		},
	})
	add("produce", "sendfile", false, func(ctx context.Context, _ *env) error { return produceOurs(ctx, b) }, want{
		technique: "^read-write$", copies: 2, says: []string{"(?i)from sockets to files"},
		legs: []leg{
			{call: "read", from: socket, to: memory, least: 1, most: 64 << 20, over: ourOver},
			{call: "pwrite64", from: memory, to: segment, least: 1 << 10, most: 64 << 20, strays: 0.001},
		},
	})
	return rows
}
