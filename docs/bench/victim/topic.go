//go:build linux

package victim

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// CreateTopic makes a topic with the configs, and returns its id.
func CreateTopic(ctx context.Context, cl *kgo.Client, topic string, partitions int, configs map[string]string) (id [16]byte, err error) {
	req := kmsg.NewPtrCreateTopicsRequest()
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = topic, int32(partitions), 1
	for name, value := range configs {
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

// Ends are the next offsets of the topic's partitions; for readers of what is
// committed, their last stable ones.
func Ends(ctx context.Context, cl *kgo.Client, topic string, partitions int, committed bool) ([]int64, error) {
	req := kmsg.NewPtrListOffsetsRequest()
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = topic
	for i := range partitions {
		of := kmsg.NewListOffsetsRequestTopicPartition()
		of.Partition, of.Timestamp = int32(i), -1
		t.Partitions = append(t.Partitions, of)
	}
	if committed {
		req.IsolationLevel = 1
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

// Reader reads the topic's partitions from the offsets on.
func Reader(address, topic string, next []int64, opts ...kgo.Opt) (*kgo.Client, error) {
	from := map[int32]kgo.Offset{}
	for i, offset := range next {
		from[int32(i)] = kgo.NewOffset().At(offset)
	}
	return kgo.NewClient(append(opts, kgo.SeedBrokers(address), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchMaxWait(100*time.Millisecond), kgo.ConsumeResetOffset(kgo.NoResetOffset()))...)
}
