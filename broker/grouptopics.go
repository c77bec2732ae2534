package broker

import (
	"maps"
	"slices"

	"copyscope/broker/group"
)

// groupTopics are the topics as consumer groups see them.
type groupTopics struct{ *catalogue }

var _ group.Topics = groupTopics{}

func (c groupTopics) Changes() uint64 { return c.changes.Load() }

func (c groupTopics) Topic(name string) (group.Topic, bool) {
	t := c.get(name)
	if t == nil {
		return group.Topic{}, false
	}
	return group.Topic{ID: t.id, Partitions: int32(len(t.all()))}, true
}

func (c groupTopics) Names() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Sorted(maps.Keys(c.topics))
}
