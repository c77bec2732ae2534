package broker

import (
	"context"
	"time"

	"copyscope/broker/group"
)

// offsetsTopic holds what consumer groups have committed, in Kafka's records
// (package group). It is made when the first group needs it.
const offsetsTopic = "__consumer_offsets"

// openGroups brings the consumer groups back that the data directory has.
func openGroups(ctx context.Context, b *Broker) (*group.Coordinator, error) {
	b.offsets = &stateStore{b: b, topic: offsetsTopic, partitions: propertyOffsetPartitions, configs: keepsAll("104857600"), owner: "consumer group"}
	d := b.cfg.Defaults
	ms := func(name string) time.Duration { return time.Duration(d.int(name)) * time.Millisecond }
	c, err := group.Open(ctx, b.offsets, group.Config{
		MinSession: ms(propertyMinSession), MaxSession: ms(propertyMaxSession), InitialDelay: ms(propertyInitialDelay),
		MaxMembers: d.int(propertyGroupSize), MaxMetadata: d.int(propertyOffsetMetadata),
		Retention: time.Duration(d.int(propertyOffsetRetention)) * time.Minute, Expiry: ms(propertyOffsetExpiry),
		ConsumerSession: ms(propertyConsumerSession), ConsumerInterval: ms(propertyConsumerInterval),
		ConsumerMembers: d.int(propertyConsumerSize), Assignors: listOf(d.get(propertyConsumerAssignors)), Topics: groupTopics{b.topics},
		Migration: group.Policy(d.get(propertyConsumerMigration)),
		Log:       b.log,
	})
	if err != nil {
		return nil, err
	}
	// A broker that ended between a topic's deletion and its groups' hearing of
	// it left offsets of a topic that is no more.
	var gone []string
	for _, name := range c.Topics() {
		if b.topics.get(name) == nil {
			gone = append(gone, name)
		}
	}
	if len(gone) > 0 {
		c.TopicsDeleted(gone)
	}
	return c, nil
}
