package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf16"

	"copyscope/broker/log"
	"copyscope/broker/statelog"
)

// stateStore keeps a coordinator's records in a topic of the broker's own, which
// is made when the first is stored. An owner's records are in the partition where
// Kafka would look for them.
type stateStore struct {
	b          *Broker
	topic      string
	partitions string // the property that has their number
	configs    map[string]string
	owner      string // what an owner is, for people

	making sync.Mutex
}

var _ statelog.Log = (*stateStore)(nil)

// keepsAll are the configs of such a topic: every record stays until the
// coordinator itself cuts the log. The segments' size is Kafka's
// (offsets.topic.segment.bytes, transaction.state.log.segment.bytes).
func keepsAll(segmentBytes string) map[string]string {
	return map[string]string{"retention.ms": "-1", "retention.bytes": "-1", "segment.bytes": segmentBytes}
}

// all are the topic's partitions; none if it is not there yet.
func (s *stateStore) all() []*log.Partition {
	if t := s.b.topics.get(s.topic); t != nil {
		return t.all()
	}
	return nil
}

// made are the topic's partitions, which are made if they are missing.
func (s *stateStore) made() ([]*log.Partition, error) {
	if all := s.all(); all != nil {
		return all, nil
	}
	s.making.Lock()
	defer s.making.Unlock()
	t, err := s.b.topics.internal(context.Background(), s.topic, s.b.cfg.Defaults.int(s.partitions), s.configs)
	if err != nil {
		return nil, fmt.Errorf("topic %s: %w", s.topic, err)
	}
	return t.all(), nil
}

// Partition is the one that has, or will have, the owner's records.
func (s *stateStore) Partition(owner string) int {
	n := len(s.all())
	if n == 0 {
		n = s.b.cfg.Defaults.int(s.partitions)
	}
	return partitionOf(owner, n)
}

// of is the owner's partition.
func (s *stateStore) of(owner string) (*log.Partition, error) {
	all, err := s.made()
	if err != nil {
		return nil, err
	}
	p := all[partitionOf(owner, len(all))]
	if p == nil {
		return nil, fmt.Errorf("%w: the partition of the %s %.100q in %s is offline", log.ErrStorage, s.owner, owner, s.topic)
	}
	return p, nil
}

// partitionOf is where Kafka looks for an owner (Utils.abs of Java's
// String.hashCode, GroupMetadataManager.partitionFor).
func partitionOf(id string, partitions int) int {
	var hash int32
	for _, unit := range utf16.Encode([]rune(id)) {
		hash = 31*hash + int32(unit)
	}
	return int(hash&0x7fffffff) % partitions
}

// Append stores the records in the owner's partition.
func (s *stateStore) Append(owner string, records []statelog.Record) error {
	p, err := s.of(owner)
	if err != nil {
		return err
	}
	now := time.Now()
	_, err = p.AppendRecords(storedAt(now, records), now)
	return err
}

// AppendPending stores the records in the producer's transaction.
func (s *stateStore) AppendPending(owner string, by statelog.Producer, records []statelog.Record) error {
	p, err := s.of(owner)
	if err != nil {
		return err
	}
	now := time.Now()
	_, err = p.AppendTransactional(storedAt(now, records), by.ID, by.Epoch, now)
	return err
}

func storedAt(now time.Time, records []statelog.Record) []log.Record {
	out := make([]log.Record, len(records))
	for i, r := range records {
		out[i] = log.Record{Key: r.Key, Value: r.Value, Timestamp: now.UnixMilli()}
	}
	return out
}

func (s *stateStore) Replay(ctx context.Context, visit func(statelog.Replayed) error) error {
	for n, p := range s.all() {
		if p == nil {
			s.b.log.Error("what is stored in an offline partition is not known", "of", s.owner, "topic", s.topic, "partition", n)
			continue
		}
		err := p.ReplayAll(ctx, func(r log.Replayed) error {
			if err := visit(replayed(n, r)); err != nil {
				s.b.log.Warn("a stored record cannot be read and is left out", "of", s.owner, "topic", s.topic, "partition", n, "offset", r.Offset, "error", err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func replayed(partition int, r log.Replayed) statelog.Replayed {
	out := statelog.Replayed{Record: statelog.Record{Key: r.Key, Value: r.Value}, Partition: partition, Producer: statelog.NoProducer}
	if r.Transactional {
		out.Producer = statelog.Producer{ID: r.ProducerID, Epoch: r.Epoch}
	}
	switch {
	case r.Control && r.Commit:
		out.End = statelog.Committed
	case r.Control:
		out.End = statelog.Aborted
	}
	return out
}

// End is where the next records go.
func (s *stateStore) End() (m statelog.Mark) {
	for _, p := range s.all() {
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
func (s *stateStore) Trim(m statelog.Mark) error {
	var all []error
	for n, p := range s.all() {
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
