package txn

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"copyscope/broker/statelog"
)

// State is where a transactional id stands. The numbers are those of the stored
// records (TransactionState.java) and never change.
type State int8

const (
	Empty          State = 0
	Ongoing        State = 1
	PrepareCommit  State = 2
	PrepareAbort   State = 3
	CompleteCommit State = 4
	CompleteAbort  State = 5
	// Dead is a transactional id that expired. It is never stored: its record is
	// a tombstone.
	Dead State = 6
	// PrepareEpochFence is that of a transaction that is to be aborted because
	// its producer was fenced. Here the fence and PrepareAbort are one step, so
	// nothing is ever seen in it.
	PrepareEpochFence State = 7
)

var stateNames = [...]string{"Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort", "Dead", "PrepareEpochFence"}

func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return "Unknown"
	}
	return stateNames[s]
}

// States are all, by number.
func States() []State {
	return []State{Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort, Dead, PrepareEpochFence}
}

// ParseState is the state of the name.
func ParseState(name string) (State, bool) {
	i := slices.Index(stateNames[:], name)
	return State(i), i >= 0
}

func (s State) preparing() bool { return s == PrepareCommit || s == PrepareAbort }
func (s State) complete() bool  { return s == CompleteCommit || s == CompleteAbort }

// Version is the protocol of transactions that a client speaks
// (TransactionVersion.java, feature transaction.version).
type Version int16

const (
	// V0: partitions are added by AddPartitionsToTxn, and a producer keeps its
	// epoch.
	V0 Version = 0
	// V2: writing adds the partition, and each end raises the epoch (KIP-890).
	V2 Version = 2
)

// Producer is who writes in a transaction.
type Producer = statelog.Producer

// TopicPartition names a partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// exhausted says that the epoch is the last one that a client gets: the largest
// number is left for fencing it (TransactionMetadata.isEpochExhausted).
func exhausted(epoch int16) bool { return epoch >= math.MaxInt16-1 }

const (
	noID    = -1
	noEpoch = -1
)

// metadata is what is known of a transactional id (TransactionMetadata.java).
// Values are replaced whole, so that a step that cannot be stored changes
// nothing; the set of partitions is never changed.
type metadata struct {
	producer Producer
	previous int64 // producer id before the last step
	next     int64 // producer id from the next transaction on, -1: the same
	// lastEpoch is what the client's retries may still have; it is not stored.
	lastEpoch  int16
	timeout    time.Duration
	state      State
	partitions map[TopicPartition]struct{}
	started    int64 // ms since 1970, -1: no transaction yet
	updated    int64
	version    Version

	// The same by the clock that is never set; not stored. What was read from the
	// store has what its times are ago ([metadata.read]).
	begun, used time.Time
}

// read is when it was read from the store.
func (m *metadata) read(now time.Time) {
	m.begun, m.used = now.Add(time.UnixMilli(m.started).Sub(now)), now.Add(time.UnixMilli(m.updated).Sub(now))
}

// step is the metadata that the next state begins with.
func (m metadata) step(to State, now time.Time) metadata {
	m.previous, m.state, m.updated, m.used = m.producer.ID, to, now.UnixMilli(), now
	return m
}

// initialized is for a producer that begins with the epoch; see [Coordinator.Init].
func (m metadata) initialized(p Producer, lastEpoch int16, timeout time.Duration, now time.Time) metadata {
	n := m.step(Empty, now)
	n.producer, n.lastEpoch, n.timeout = p, lastEpoch, timeout
	n.partitions, n.started = nil, -1
	return n
}

// with adds partitions.
func (m metadata) with(partitions []TopicPartition, v Version, now time.Time) metadata {
	n := m.step(Ongoing, now)
	if m.state != Ongoing {
		n.started, n.begun = n.updated, now
	}
	n.partitions = maps.Clone(m.partitions)
	if n.partitions == nil {
		n.partitions = map[TopicPartition]struct{}{}
	}
	for _, at := range partitions {
		n.partitions[at] = struct{}{}
	}
	n.version = v
	return n
}

// prepared ends the transaction; next is the producer id that follows, if the
// epochs are used up.
func (m metadata) prepared(commit bool, v Version, next int64, now time.Time) metadata {
	to := PrepareAbort
	if commit {
		to = PrepareCommit
	}
	n := m.step(to, now)
	if v >= V2 {
		n.lastEpoch = m.producer.Epoch
		if m.producer.Epoch < math.MaxInt16 {
			n.producer.Epoch++
		}
	}
	if m.state != Ongoing {
		n.started = n.updated // an abort without a transaction has to have begun, too
	}
	n.next, n.version = next, v
	return n
}

// fenced is prepared for an abort that the producer did not ask for: its epoch
// is raised first, and that one no client ever has.
func (m metadata) fenced(now time.Time) metadata {
	if m.producer.Epoch < math.MaxInt16 {
		m.producer.Epoch++
	}
	return m.prepared(false, V2, noID, now)
}

// completed is when all markers are written.
func (m metadata) completed(now time.Time) metadata {
	to := CompleteAbort
	if m.state == PrepareCommit {
		to = CompleteCommit
	}
	n := m.step(to, now)
	if m.version >= V2 && m.next != noID {
		n.producer = Producer{ID: m.next, Epoch: 0}
	}
	n.next, n.partitions = noID, nil
	return n
}

// hasAll says whether all partitions are in the transaction.
func (m metadata) hasAll(partitions []TopicPartition) bool {
	for _, at := range partitions {
		if _, ok := m.partitions[at]; !ok {
			return false
		}
	}
	return true
}

// inOrder are the partitions by topic and number.
func (m metadata) inOrder() []TopicPartition {
	all := slices.Collect(maps.Keys(m.partitions))
	slices.SortFunc(all, func(a, b TopicPartition) int {
		if c := strings.Compare(a.Topic, b.Topic); c != 0 {
			return c
		}
		return int(a.Partition) - int(b.Partition)
	})
	return all
}
