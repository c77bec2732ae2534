package broker

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.CreateTopics, 0, 7, whole(createTopics)) }

// CreateTopics, API key 19, versions 0 to 7. Partitions -1 stands for 1. The
// replication factor must be 1 (or -1): there is one node. Configs that the
// broker does not act on are refused (topicconfig.go). A topic that is named
// more than once is refused, as Kafka does, and answered once.
//
// Partitions count for the quota controller_mutation_rate; what is more is refused
// with THROTTLING_QUOTA_EXCEEDED from version 6 on.
//
// Ignored: timeout; creation is done when the answer comes. Source:
// CreateTopicsRequest.json.
func createTopics(ctx context.Context, c *connection, req *kmsg.CreateTopicsRequest, resp *kmsg.CreateTopicsResponse) error {
	// Those that are well-formed are created together; at[i] is where the
	// answer for wanted[i] is.
	var wanted []wantedTopic
	var at []int
	for t, repeated := range eachOnce(req.Topics, func(t kmsg.CreateTopicsRequestTopic) string { return t.Topic }) {
		out := kmsg.NewCreateTopicsResponseTopic()
		out.Topic = t.Topic
		w, err := c.b.wantedOf(t)
		if repeated != nil {
			err = repeated
		}
		if err == nil {
			wanted, at = append(wanted, w), append(at, len(resp.Topics))
		} else {
			refuseTopic(c.b, &out, err)
		}
		resp.Topics = append(resp.Topics, out)
	}
	if c.use.counted {
		wanted, at = affordable(c, req.Version >= 6, wanted, at, c.b.topics.check(wanted), func(w wantedTopic) int { return w.partitions },
			func(i int, err error) { refuseTopic(c.b, &resp.Topics[i], err) })
	}
	made := c.b.createTopics(ctx, wanted, req.ValidateOnly)
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, m := range made {
		out := &resp.Topics[at[i]]
		if m.err != nil {
			refuseTopic(c.b, out, m.err)
			continue
		}
		if m.topic != nil {
			out.TopicID = m.id
		}
		out.NumPartitions, out.ReplicationFactor = int32(wanted[i].partitions), 1
		for _, d := range describeTopicConfigs(c.b.topics.configs(wanted[i].set)) {
			to := kmsg.NewCreateTopicsResponseTopicConfig()
			to.Name, to.Value, to.Source = d.Name, d.Value, int8(d.Source)
			out.Configs = append(out.Configs, to)
		}
	}
	return nil
}

// createTopics creates the topics, or says which could be.
func (b *Broker) createTopics(ctx context.Context, wanted []wantedTopic, validateOnly bool) []newTopic {
	if !validateOnly {
		return b.topics.create(ctx, wanted)
	}
	checked := make([]newTopic, len(wanted))
	for i, err := range b.topics.check(wanted) {
		checked[i].err = err
	}
	return checked
}

func refuseTopic(b *Broker, out *kmsg.CreateTopicsResponseTopic, err error) {
	out.ErrorCode = codeLogged(b.log, err, "topic", out.Topic)
	out.ErrorMessage = kmsg.StringPtr(err.Error())
}

// wantedOf is what the request asks for.
func (b *Broker) wantedOf(req kmsg.CreateTopicsRequestTopic) (w wantedTopic, err error) {
	w = wantedTopic{name: req.Topic, partitions: int(req.NumPartitions)}
	switch manual := len(req.ReplicaAssignment); {
	case manual > 0 && (w.partitions != -1 || req.ReplicationFactor != -1):
		return w, fmt.Errorf("%w: with an assignment of replicas, the number of partitions and the replication factor must be -1", errRequest)
	case manual > 0:
		if w.partitions, err = assigned(req.ReplicaAssignment); err != nil {
			return w, err
		}
	case w.partitions == -1:
		w.partitions = b.cfg.Defaults.int(propertyPartitions)
	}
	if req.ReplicationFactor != 1 && req.ReplicationFactor != -1 {
		return w, fmt.Errorf("%w: factor %d; there is one node, so it is 1", errReplication, req.ReplicationFactor)
	}
	configs := b.topics.configs(nil)
	for _, kv := range req.Configs {
		if kv.Value == nil {
			return w, fmt.Errorf("%w: config %.100s: a value is needed to set it", errConfig, kv.Name)
		}
		if configs, err = configs.with(kv.Name, kv.Value); err != nil {
			return w, fmt.Errorf("%w: %w", errConfig, err)
		}
	}
	w.set = configs.set
	return w, nil
}

// assigned is the number of partitions in an assignment, which must have each
// once, on this node alone. Their order is free.
func assigned(all []kmsg.CreateTopicsRequestTopicReplicaAssignment) (int, error) {
	seen := make([]bool, len(all))
	for _, a := range all {
		switch {
		case a.Partition < 0 || int(a.Partition) >= len(all) || seen[a.Partition]:
			return 0, fmt.Errorf("%w: partition %d; %d partitions are 0 to %d, each once", errAssignment, a.Partition, len(all), len(all)-1)
		case !onlyHere(a.Replicas):
			return 0, fmt.Errorf("%w: partition %d on nodes %s; the only node is %d", errAssignment, a.Partition, few(a.Replicas), nodeID)
		}
		seen[a.Partition] = true
	}
	return len(all), nil
}

// onlyHere says whether the replicas are one, on this node.
func onlyHere(replicas []int32) bool { return len(replicas) == 1 && replicas[0] == nodeID }

// few are the first of the nodes, for a message.
func few(nodes []int32) string {
	const most = 10
	if len(nodes) > most {
		return fmt.Sprintf("%v and %d more", nodes[:most], len(nodes)-most)
	}
	return fmt.Sprint(nodes)
}
