//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// broker is the process that is killed. It keeps its port and its directory
// over its lives.
type broker struct {
	binary, dir, address string
	process              *exec.Cmd
	log                  *os.File
}

func newBroker(binary, dir string) (*broker, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	log, err := os.Create(filepath.Join(dir, "serve.log"))
	return &broker{binary: binary, dir: dir, address: l.Addr().String(), log: log}, err
}

func (b *broker) ready() string { return filepath.Join(b.dir, "ready") }

// launch starts a life, which may need to recover first.
func (b *broker) launch() error {
	os.Remove(b.ready())
	b.process = exec.Command(b.binary, "serve", "--http", "127.0.0.1:0", "--kafka-listen", b.address, "--data", filepath.Join(b.dir, "data"), "--ready-file", b.ready())
	b.process.Stdout, b.process.Stderr = b.log, b.log
	b.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return b.process.Start()
}

// start launches the broker and waits until it serves.
func (b *broker) start(ctx context.Context) error {
	if err := b.launch(); err != nil {
		return err
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if _, err := os.Stat(b.ready()); err == nil {
			return nil
		}
		if err := pause(ctx, 2*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("the broker did not become ready within a minute; see %s", b.log.Name())
}

// kill ends the broker's life without a word. When the process is waited for, its
// port is free.
func (b *broker) kill() {
	if b.process == nil {
		return
	}
	b.process.Process.Kill()
	b.process.Wait()
	b.process = nil
}

const topic = "killed"

// createTopic makes the topic, with segments so small that some kills meet a
// roll, and returns its id.
func createTopic(ctx context.Context, address string, partitions int, engine string) (id [16]byte, err error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		return id, err
	}
	defer cl.Close()
	req := kmsg.NewPtrCreateTopicsRequest()
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = topic, int32(partitions), 1
	for name, value := range map[string]string{"segment.bytes": "4194304", "copyscope.append.engine": engine} {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = name, kmsg.StringPtr(value)
		t.Configs = append(t.Configs, c)
	}
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return id, err
	}
	if err := kerr.ErrorForCode(resp.Topics[0].ErrorCode); err != nil {
		return id, fmt.Errorf("create topic %s: %w", topic, err)
	}
	return resp.Topics[0].TopicID, nil
}

// endsOf are the next offsets of the topic's partitions.
func endsOf(ctx context.Context, cl *kgo.Client, partitions int) ([]int64, error) {
	req := kmsg.NewPtrListOffsetsRequest()
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = topic
	for i := range partitions {
		of := kmsg.NewListOffsetsRequestTopicPartition()
		of.Partition, of.Timestamp = int32(i), -1
		t.Partitions = append(t.Partitions, of)
	}
	req.ReplicaID, req.Topics = -1, append(req.Topics, t)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return nil, err
	}
	ends := make([]int64, partitions)
	for _, p := range resp.Topics[0].Partitions {
		if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
			return nil, fmt.Errorf("partition %d: its end is not known: %w", p.Partition, err)
		}
		ends[p.Partition] = p.Offset
	}
	return ends, nil
}

// reader reads the topic from the offsets on.
func reader(address string, next []int64, opts ...kgo.Opt) (*kgo.Client, error) {
	from := map[int32]kgo.Offset{}
	for i, offset := range next {
		from[int32(i)] = kgo.NewOffset().At(offset)
	}
	return kgo.NewClient(append(opts, kgo.SeedBrokers(address), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchMaxWait(100*time.Millisecond), kgo.ConsumeResetOffset(kgo.NoResetOffset()))...)
}
