package broker

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// CreateTopics, API key 19, versions 0 to 7. Partitions -1 stands for 1. The
// replication factor must be 1 (or -1): there is one node. Configs that the
// broker does not act on are refused (topicconfig.go).
//
// Ignored: timeout; creation is done when the answer comes. Source:
// CreateTopicsRequest.json.
func createTopics(c *connection, req *kmsg.CreateTopicsRequest, resp *kmsg.CreateTopicsResponse) {
	for _, t := range req.Topics {
		resp.Topics = append(resp.Topics, c.b.createTopic(t, req.ValidateOnly))
	}
}

func (b *Broker) createTopic(req kmsg.CreateTopicsRequestTopic, validateOnly bool) kmsg.CreateTopicsResponseTopic {
	out := kmsg.NewCreateTopicsResponseTopic()
	out.Topic = req.Topic
	partitions, configs, err := wantedTopic(req)
	if err == nil && validateOnly {
		err = b.topics.check(req.Topic, partitions)
	} else if err == nil {
		var t *topic
		if t, err = b.topics.create(req.Topic, partitions, configs); err == nil {
			out.TopicID = t.id
		}
	}
	if err != nil {
		out.ErrorCode = codeLogged(b.log, err, "topic", req.Topic)
		out.ErrorMessage = kmsg.StringPtr(err.Error())
		return out
	}
	out.NumPartitions, out.ReplicationFactor = int32(partitions), 1
	for _, d := range describeTopicConfigs(configs) {
		to := kmsg.NewCreateTopicsResponseTopicConfig()
		to.Name, to.Value, to.Source = d.Name, d.Value, int8(d.Source)
		out.Configs = append(out.Configs, to)
	}
	return out
}

// wantedTopic is what the request asks for.
func wantedTopic(req kmsg.CreateTopicsRequestTopic) (partitions int, configs topicConfigs, err error) {
	partitions = int(req.NumPartitions)
	if len(req.ReplicaAssignment) > 0 {
		partitions = len(req.ReplicaAssignment)
		for n, a := range req.ReplicaAssignment {
			if int(a.Partition) != n || len(a.Replicas) != 1 || a.Replicas[0] != nodeID {
				return 0, nil, fmt.Errorf("%w: partition %d on nodes %v; the only node is %d", errReplication, a.Partition, a.Replicas, nodeID)
			}
		}
	} else if partitions == -1 {
		partitions = 1
	}
	if req.ReplicationFactor != 1 && req.ReplicationFactor != -1 {
		return 0, nil, fmt.Errorf("%w: factor %d; there is one node, so it is 1", errReplication, req.ReplicationFactor)
	}
	for _, kv := range req.Configs {
		if configs, err = configs.with(kv.Name, kv.Value); err != nil {
			return 0, nil, fmt.Errorf("%w: %w", errConfig, err)
		}
	}
	return partitions, configs, nil
}
