//go:build linux

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"copyscope/internal/kafkajars"
	"copyscope/internal/process"
)

const kafkaServer = "Apache Kafka"

// kafkaLines are the listeners, one of them for TLS.
const kafkaLines = `listeners=PLAINTEXT://%[1]s,SSL://%[2]s,CONTROLLER://%[3]s
advertised.listeners=PLAINTEXT://%[1]s,SSL://%[2]s
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location=%[4]s
num.network.threads=2
num.io.threads=2
`

// What a load produces and consumes.
const (
	kafkaRecords     = 64 << 10
	kafkaRecordBytes = 1 << 10
	// A batch has a head of 61 bytes for its records, and each of them a few of
	// its own; a fetch may end within a batch, which is then fetched again.
	kafkaOver = 0.06
	topic     = "attached"
)

// broker is a Kafka that runs, and what its clients need.
type broker struct {
	plain, tls string // addresses
	trusting   string // a client's properties for TLS
}

// startKafka starts a real Apache Kafka on a new directory, with one topic.
func startKafka(ctx context.Context, e *env) (s *server, b broker, err error) {
	dir, err := e.fresh("kafka")
	if err != nil {
		return nil, b, err
	}
	var controller string
	for _, at := range []*string{&b.plain, &b.tls, &controller} {
		if *at, err = process.FreeAddress(); err != nil {
			return nil, b, err
		}
	}
	b.trusting = filepath.Join(dir, "client.properties")
	text := "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=" + e.trust.Certificate + "\n"
	if err := os.WriteFile(b.trusting, []byte(text), 0o644); err != nil {
		return nil, b, err
	}
	kafka := kafkajars.Broker{Dir: dir, Controller: controller, Flags: jvmFlags, Lines: fmt.Sprintf(kafkaLines, b.plain, b.tls, controller, e.trust.Both)}
	p, err := kafka.Start(ctx)
	if err != nil {
		return nil, b, err
	}
	s = &server{Process: p, pid: p.PID(), addr: b.plain, dir: kafka.Logs()}
	if err := p.Accepts(ctx, b.plain); err != nil {
		return s, b, err
	}
	_, err = process.Run(ctx, "java", kafkajars.Java(kafkajars.ToolFlags, "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", b.plain,
		"--create", "--topic", topic, "--partitions", "1", "--replication-factor", "1")...)
	return s, b, err
}

// produce has Kafka's own tool write the records of one load.
func produce(ctx context.Context, b broker) error {
	out, err := process.Run(ctx, "java", kafkajars.Java(kafkajars.ToolFlags, "org.apache.kafka.tools.ProducerPerformance", "--topic", topic,
		"--num-records", fmt.Sprint(kafkaRecords), "--record-size", fmt.Sprint(kafkaRecordBytes), "--throughput", "-1",
		"--producer-props", "bootstrap.servers="+b.plain, "acks=1", "linger.ms=20", "batch.size=65536")...)
	if err == nil && !strings.Contains(out, fmt.Sprintf("%d records sent", kafkaRecords)) {
		err = fmt.Errorf("kafka-producer-perf-test sent other than %d records:\n%s", kafkaRecords, out)
	}
	return err
}

// consume has Kafka's own tool read the records of one load from the topic's
// beginning.
func consume(ctx context.Context, addr string, more ...string) error {
	out, err := process.Run(ctx, "java", kafkajars.Java(kafkajars.ToolFlags, append([]string{"org.apache.kafka.tools.ConsumerPerformance",
		"--bootstrap-server", addr, "--topic", topic, "--messages", fmt.Sprint(kafkaRecords), "--timeout", "30000"}, more...)...)...)
	if err == nil && !strings.Contains(out, fmt.Sprintf(", %d, ", kafkaRecords)) {
		err = fmt.Errorf("kafka-consumer-perf-test read other than %d records:\n%s", kafkaRecords, out)
	}
	return err
}

// logBytes is how large the topic's log is.
func logBytes(data string) (total int64, err error) {
	err = filepath.WalkDir(filepath.Join(data, topic+"-0"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".log" {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

func kafkaRows() []row {
	var b broker // the rows run one at a time
	start := func(filled bool) func(context.Context, *env) (*server, error) {
		return func(ctx context.Context, e *env) (s *server, err error) {
			if s, b, err = startKafka(ctx, e); err == nil && filled {
				err = produce(ctx, b)
			}
			return s, err
		}
	}
	fetch := func(over func() []string) func(context.Context, *env, *server) (amount, error) {
		return func(ctx context.Context, _ *env, s *server) (amount, error) {
			args := over()
			if err := consume(ctx, args[0], args[1:]...); err != nil {
				return amount{}, err
			}
			n, err := logBytes(s.dir)
			return amount{file: n, wire: n}, err
		}
	}
	return []row{
		{
			server: kafkaServer, setup: "produce, with mapped .index and .timeindex", needs: []tool{maven}, start: start(false),
			load: func(ctx context.Context, _ *env, s *server) (amount, error) {
				before, err := logBytes(s.dir)
				if err != nil {
					return amount{}, err
				}
				if err := produce(ctx, b); err != nil {
					return amount{}, err
				}
				after, err := logBytes(s.dir)
				return amount{file: after - before, wire: kafkaRecords * kafkaRecordBytes}, err
			},
			want: want{
				technique: "^read-write$", copies: 2, says: []string{"(?i)from sockets to files"}, mapped: []string{topic + "-0/00000000000000000000.index", topic + "-0/00000000000000000000.timeindex"},
				legs: []leg{
					{call: "read", from: socket, to: memory, least: 1, most: 1 << 20, over: kafkaOver},
					// A JVM copies between its heap and its buffers; where each byte came
					// from cannot always be told.
					{call: "write", from: memory, to: ".log", least: 1 << 10, most: 1 << 20, strays: 0.01},
				},
			},
		},
		{
			server: kafkaServer, setup: "fetch", needs: []tool{maven}, start: start(true),
			load: fetch(func() []string { return []string{b.plain} }),
			want: want{
				technique: "^sendfile$", copies: 0, says: []string{"sendfile"},
				legs: []leg{{call: "sendfile", from: ".log", to: socket, least: 1 << 10, most: 2 << 20, over: kafkaOver}},
			},
		},
		{
			server: kafkaServer, setup: "fetch over TLS", needs: []tool{maven}, start: start(true),
			load: fetch(func() []string { return []string{b.tls, "--command-config", b.trusting} }),
			want: want{
				technique: "^tls$", copies: 2, says: []string{"TLS"},
				legs: []leg{
					{call: "pread64", from: ".log", to: memory, least: 1 << 10, most: 2 << 20, over: kafkaOver},
					{call: "write", from: memory, to: socket, least: 1 << 10, most: 2 << 20, over: kafkaOver},
				},
			},
		},
	}
}
