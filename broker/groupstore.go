package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf16"

	"copyscope/broker/group"
	"copyscope/broker/log"
)

// offsetsTopic holds what consumer groups have committed, in Kafka's records
// (package group). It is made when the first group needs it.
const offsetsTopic = "__consumer_offsets"

// offsetsConfigs keep every record until the coordinator itself cuts the log.
// The segments' size is Kafka's (offsets.topic.segment.bytes).
var offsetsConfigs = map[string]string{"retention.ms": "-1", "retention.bytes": "-1", "segment.bytes": "104857600"}

// openGroups brings the consumer groups back that the data directory has.
func openGroups(ctx context.Context, b *Broker) (*group.Coordinator, error) {
	d := b.cfg.Defaults
	ms := func(name string) time.Duration { return time.Duration(d.int(name)) * time.Millisecond }
	c, err := group.Open(ctx, &groupStore{b: b}, group.Config{
		MinSession: ms(propertyMinSession), MaxSession: ms(propertyMaxSession), InitialDelay: ms(propertyInitialDelay),
		MaxMembers: d.int(propertyGroupSize), MaxMetadata: d.int(propertyOffsetMetadata),
		Retention: time.Duration(d.int(propertyOffsetRetention)) * time.Minute, Expiry: ms(propertyOffsetExpiry),
		Log: b.log,
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

// groupStore keeps the coordinator's records in the offsets topic.
type groupStore struct {
	b      *Broker
	making sync.Mutex
}

var _ group.Store = (*groupStore)(nil)

// partitions are the topic's; none if it is not there yet.
func (s *groupStore) partitions() []*log.Partition {
	if t := s.b.topics.get(offsetsTopic); t != nil {
		return t.all()
	}
	return nil
}

// Append stores the records in the group's partition.
func (s *groupStore) Append(id string, records []group.Record) error {
	all := s.partitions()
	if all == nil {
		var err error
		if all, err = s.make(); err != nil {
			return err
		}
	}
	p := all[partitionOf(id, len(all))]
	if p == nil {
		return fmt.Errorf("%w: the partition of group %.100q in %s is offline", log.ErrStorage, id, offsetsTopic)
	}
	now := time.Now()
	out := make([]log.Record, len(records))
	for i, r := range records {
		out[i] = log.Record{Key: r.Key, Value: r.Value, Timestamp: now.UnixMilli()}
	}
	_, err := p.AppendRecords(out, now)
	return err
}

func (s *groupStore) make() ([]*log.Partition, error) {
	s.making.Lock()
	defer s.making.Unlock()
	t, err := s.b.topics.internal(context.Background(), offsetsTopic, s.b.cfg.Defaults.int(propertyOffsetPartitions), offsetsConfigs)
	if err != nil {
		return nil, fmt.Errorf("topic %s: %w", offsetsTopic, err)
	}
	return t.all(), nil
}

// partitionOf is where Kafka looks for a group (Utils.abs of Java's
// String.hashCode, GroupMetadataManager.partitionFor).
func partitionOf(id string, partitions int) int {
	var hash int32
	for _, unit := range utf16.Encode([]rune(id)) {
		hash = 31*hash + int32(unit)
	}
	return int(hash&0x7fffffff) % partitions
}

func (s *groupStore) Replay(ctx context.Context, visit func(group.Record) error) error {
	for n, p := range s.partitions() {
		if p == nil {
			s.b.log.Error("groups whose offsets are in an offline partition are not known", "topic", offsetsTopic, "partition", n)
			continue
		}
		err := p.Replay(ctx, 0, func(offset int64, r log.Record) error {
			if err := visit(group.Record{Key: r.Key, Value: r.Value}); err != nil {
				s.b.log.Warn("a stored record of a consumer group cannot be read and is left out", "topic", offsetsTopic, "partition", n, "offset", offset, "error", err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// End is where the next records go.
func (s *groupStore) End() (m group.Mark) {
	for _, p := range s.partitions() {
		next := int64(0)
		if p != nil {
			_, next = p.Offsets()
		}
		m = append(m, next)
	}
	return m
}

// Trim cuts off what lies before the mark, once what lies behind it is on the
// disk.
func (s *groupStore) Trim(m group.Mark) error {
	var all []error
	for n, p := range s.partitions() {
		if p == nil || n >= len(m) {
			continue
		}
		if err := p.Flush(); err != nil {
			all = append(all, err)
			continue
		}
		_, err := p.DeleteRecords(m[n])
		all = append(all, err)
	}
	return errors.Join(all...)
}
