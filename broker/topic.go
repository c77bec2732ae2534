package broker

import (
	"fmt"
	"log/slog"
	"sync/atomic"

	"copyscope/broker/log"
)

// topic is one topic. What changes while it lives is replaced whole, so a
// reader never waits for a change.
type topic struct {
	name string
	id   topicID

	// partitions are by number; a nil one is offline: what is on the disk could
	// not be opened.
	partitions atomic.Pointer[[]*log.Partition]
	configs    atomic.Pointer[topicConfigs]
	// deleted is set when the topic is: who still holds its partitions learns
	// by it that a storage error is none.
	deleted atomic.Bool
	counted topicCounters
}

func newTopicOf(name string, id topicID, partitions []*log.Partition, configs topicConfigs) *topic {
	t := &topic{name: name, id: id}
	t.partitions.Store(&partitions)
	t.configs.Store(&configs)
	return t
}

// all are the partitions by number; one that is offline is nil.
func (t *topic) all() []*log.Partition { return *t.partitions.Load() }

// partition is the one with the number, or nil: see [topic.lookup] for why.
func (t *topic) partition(n int32) *log.Partition {
	p, _ := t.lookup(n)
	return p
}

// lookup is the partition with the number, or, if it is nil, Kafka's code of
// why it is. The topic may be nil: it is unknown. A partition that was there
// once is there each time, though its topic be deleted; see [topic.failure].
func (t *topic) lookup(n int32) (*log.Partition, int16) {
	if t == nil {
		return nil, codeUnknownTopic
	}
	all := t.all()
	if n < 0 || int(n) >= len(all) {
		return nil, codeUnknownTopic
	}
	if all[n] == nil {
		return nil, codeStorage
	}
	return all[n], codeNone
}

// partitionName is how people are told of a partition; the topic may be nil.
func (t *topic) partitionName(n int32) string {
	if t == nil {
		return fmt.Sprintf("partition %d of an unknown topic", n)
	}
	return fmt.Sprintf("%s-%d", t.name, n)
}

// failure is Kafka's code for an error of one of the topic's partitions. Once
// the topic is deleted its partitions fail, and that is no fault of the disk's.
func (t *topic) failure(l *slog.Logger, err error, n int32) int16 {
	if t.deleted.Load() {
		return codeUnknownTopic
	}
	return codeLogged(l, err, "topic", t.name, "partition", n)
}

// internalTopics are the broker's own: clients see them, but do not create,
// write, enlarge or delete them (Kafka: Topic.isInternal).
var internalTopics = map[string]bool{"__consumer_offsets": true, "__transaction_state": true}

// internal says whether the topic is the broker's own.
func (t *topic) internal() bool { return internalTopics[t.name] }

// TopicInfo describes a topic to those who show it.
type TopicInfo struct {
	Name string
	// ID is the topic's id as Kafka's tools print it.
	ID         string
	Partitions []PartitionInfo
	// Configs are the values in force, defaults included.
	Configs map[string]string
	// FullSince is since when a partition's appends are refused because the disk is
	// full, in ms since 1970; 0 for none.
	FullSince int64
}

// PartitionInfo describes a partition: Low is the first offset, High the one
// that the next record gets, Bytes the size of the stored batches. Offline is
// one that could not be opened; nothing else is known of it. A compacted one is
// clean up to the offset CleanUntil; Dirty is the part, in bytes, of what can be
// cleaned now that is dirty, 0 to 1.
type PartitionInfo struct {
	Partition        int32
	Low, High, Bytes int64
	Segments         int
	Offline          bool
	Compacted        bool
	CleanUntil       int64
	Dirty            float64
}

func (t *topic) info() TopicInfo {
	i := TopicInfo{Name: t.name, ID: encodeID(t.id), Configs: map[string]string{}}
	for n, p := range t.all() {
		about := PartitionInfo{Partition: int32(n), Offline: p == nil}
		if p != nil {
			about.Low, about.High = p.Offsets()
			if at := p.FullSince(); at != 0 && (i.FullSince == 0 || at < i.FullSince) {
				i.FullSince = at
			}
			about.Bytes, about.Segments = p.Bytes(), len(p.Segments())
			if clean, ok := p.Cleanness(); ok {
				about.Compacted, about.CleanUntil, about.Dirty = true, clean.Until, clean.Dirty
			}
		}
		i.Partitions = append(i.Partitions, about)
	}
	for _, name := range configNames() {
		i.Configs[name] = t.configs.Load().get(name)
	}
	return i
}
