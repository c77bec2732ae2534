package broker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
)

// What the pages of this process do with topics, by the same steps as the
// requests of the wire, and with the same limits.

// ErrTopicUnknown: there is no topic of the name, or no such partition.
var ErrTopicUnknown = errTopicUnknown

// ConfigInfo is a topic's config in force.
type ConfigInfo struct {
	// Default is what holds where the topic sets nothing.
	Name, Value, Default string
	// Set says that the topic itself sets it.
	Set bool
	// Choices are all values that are possible; nil where they are not few.
	Choices []string
	// Effect is false for what is taken and kept only.
	Effect bool
}

// Internal says whether a topic of the name is the broker's own: nobody else
// writes or deletes it.
func Internal(name string) bool { return internalTopics[name] }

// Topic describes one topic; not ok if there is none.
func (b *Broker) Topic(name string) (info TopicInfo, configs []ConfigInfo, ok bool) {
	t := b.topics.get(name)
	if t == nil {
		return info, nil, false
	}
	return t.info(), configInfos(*t.configs.Load()), true
}

// TopicDefaults are the configs of a topic that sets none.
func (b *Broker) TopicDefaults() []ConfigInfo { return configInfos(b.topics.configs(nil)) }

func configInfos(c topicConfigs) []ConfigInfo {
	all := make([]ConfigInfo, len(configDefs))
	for i, d := range configDefs {
		_, set := c.set[d.name]
		all[i] = ConfigInfo{Name: d.name, Value: c.get(d.name), Default: c.base[d.name].value, Set: set, Choices: choices(d),
			Effect: !strings.Contains(d.doc, noEffect) && d.name != configCompression && d.name != "min.insync.replicas"}
	}
	return all
}

// choices are the values that a config can have, where they are few.
func choices(d configDef) []string {
	switch {
	case d.name == configFetchPath:
		return fetchPaths()
	case d.name == configEngine:
		return appendEngines()
	case d.name == configTimeType:
		return []string{"CreateTime", timeOfAppend}
	case d.kind == kmsg.ConfigTypeBoolean:
		return []string{"true", "false"}
	}
	return nil
}

// CreateTopic makes a topic that sets the configs; partitions 0 is the broker's
// default. Its errors say what is wrong with the name, the number or a config.
func (b *Broker) CreateTopic(ctx context.Context, name string, partitions int, set map[string]string) error {
	w := wantedTopic{name: name, partitions: partitions}
	if partitions == 0 {
		w.partitions = b.cfg.Defaults.int(propertyPartitions)
	}
	configs := b.topics.configs(nil)
	for config, value := range set {
		var err error
		if configs, err = configs.with(config, &value); err != nil {
			return err
		}
	}
	w.set = configs.set
	return b.createTopics(ctx, []wantedTopic{w}, false)[0].err
}

// AlterTopic sets the configs, all or none; nil is the default again. A change is
// in force for the next fetch.
func (b *Broker) AlterTopic(name string, set map[string]*string) error {
	t := b.topics.get(name)
	if t == nil {
		return fmt.Errorf("%w: %.300q", errTopicUnknown, name)
	}
	err := b.topics.alter([]alteration{{t, func(now topicConfigs) (next topicConfigs, err error) {
		next = now
		for config, value := range set {
			if next, err = next.with(config, value); err != nil {
				return now, err
			}
		}
		return next, nil
	}}}, false)[0]
	if refused := b.altered(t, err, false); refused != nil {
		return err
	}
	return nil
}

// GrowTopic gives the topic more partitions, up to the number.
func (b *Broker) GrowTopic(ctx context.Context, name string, partitions int) error {
	g, err := b.growthOf(kmsg.CreatePartitionsRequestTopic{Topic: name, Count: int32(partitions)})
	if err != nil {
		return err
	}
	return b.topics.grow(ctx, []growth{g})[0]
}

// DeleteTopic deletes the topic with all that it stores.
func (b *Broker) DeleteTopic(name string) error {
	t, refused := b.deletable(kmsg.DeleteTopicsRequestTopic{Topic: &name}, 6)
	if refused != nil {
		if refused.code == codeUnknownTopic {
			return fmt.Errorf("%w: %.300q", errTopicUnknown, name)
		}
		return errors.New(refused.reason)
	}
	if err := b.topics.delete([]*topic{t})[0]; err != nil {
		return err
	}
	b.log.Info("topic deleted", "topic", t.name, "id", encodeID(t.id))
	b.groups.TopicsDeleted([]string{t.name})
	return nil
}

// Partition is a topic's partition, for who reads what it stores.
// ErrTopicUnknown if there is none, [log.ErrOffline] if it could not be opened.
func (b *Broker) Partition(name string, n int32) (*log.Partition, error) {
	p, code := b.topics.get(name).lookup(n)
	switch code {
	case codeNone:
		return p, nil
	case codeStorage:
		return nil, log.ErrOffline
	}
	return nil, fmt.Errorf("%w: %.300q, partition %d", errTopicUnknown, name, n)
}
