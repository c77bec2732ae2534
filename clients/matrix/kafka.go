package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// kafkaModule is the module of clients/java whose jars hold the Kafka that is
// started.
const kafkaModule = "v4"

// kafkaConfig is a KRaft broker of one node, after Kafka's own
// config/server.properties; what is internal has one replica and one partition.
const kafkaConfig = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[2]s
listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s
advertised.listeners=PLAINTEXT://%[1]s
controller.listener.names=CONTROLLER
log.dirs=%[3]s
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.enable=false
num.network.threads=2
num.io.threads=2
`

// startKafka starts a real Apache Kafka on the directory of that name, which
// it formats if it is new.
func (e *env) startKafka(ctx context.Context, name string, prepare func(data string) error) (*server, error) {
	return e.launchKafka(ctx, name, prepare, nil)
}

// launchKafka is startKafka with more options to format the directory, and lines
// that go before those of [kafkaConfig].
func (e *env) launchKafka(ctx context.Context, name string, prepare func(data string) error, more func(broker, controller string) string, format ...string) (*server, error) {
	s := &server{data: filepath.Join(e.dir, name), log: filepath.Join(e.dir, name+".log")}
	broker, err := freeAddress()
	if err != nil {
		return nil, err
	}
	controller, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s.addr = broker
	config := filepath.Join(e.dir, name+".properties")
	text := fmt.Appendf(nil, kafkaConfig+oftenHeard, broker, controller, s.data)
	if more != nil {
		text = append(text, more(broker, controller)...) // of two lines with one name Java takes the last
	}
	if err := os.WriteFile(config, text, 0o644); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(s.data, "meta.properties")); err != nil {
		if _, err := command(ctx, "", "java", jvm(kafkaModule, "128m", append([]string{"kafka.tools.StorageTool", "format", "-t", "Y29weXNjb3BlY2xpZW50cw", "-c", config}, format...)...)...); err != nil {
			return nil, err
		}
	}
	if prepare != nil {
		if err := prepare(s.data); err != nil {
			return nil, err
		}
	}
	if err := s.launch("java", jvm(kafkaModule, "256m", "kafka.Kafka", config)...); err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.RetryTimeout(time.Second))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	err = s.until(ctx, "answers", func() bool {
		// Before it is in its own cluster, it refuses connections or names no broker.
		brokers, err := kadm.NewClient(client).ListBrokers(ctx)
		return err == nil && len(brokers) == 1
	})
	return s, err
}

// freeAddress is an address of loopback at which nothing listens. Kafka wants
// to be told its ports.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
