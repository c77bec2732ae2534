package web

import (
	"context"
	"errors"
	"time"

	"copyscope/internal/host"
)

// BrokerStore is what the broker pages see of a broker, or of a cluster, and what
// they do with its topics. What it is asked for can fail: ErrNoTopic, ErrNoGroup,
// ErrLost, an *Unknown, or what the broker said. No call waits for longer than some
// seconds.
type BrokerStore interface {
	// Listeners are the addresses that clients use.
	Listeners() []BrokerListener
	StoredTopics(ctx context.Context) ([]StoredTopic, error)
	// StoredTopic is one topic with its configs.
	StoredTopic(ctx context.Context, name string) (t StoredTopic, configs []TopicConfig, err error)
	// TopicDefaults are the configs of a topic that sets none; none where they are
	// told of a topic alone.
	TopicDefaults() []TopicConfig
	// Segments are the newest of a partition's segments, at most so many, oldest
	// first, and how many there are. Each file's pages are told in so many cells.
	Segments(ctx context.Context, topic string, partition int32, most, cells int) (all []StoredSegment, total int, err error)
	// Browse visits the batches from the one that holds the offset on until visit
	// returns false.
	Browse(ctx context.Context, topic string, partition int32, from int64, visit func(StoredBatch) bool) error
	// OffsetAt is that of the first record at or after a time in ms; not ok if all
	// are older.
	OffsetAt(ctx context.Context, topic string, partition int32, ms int64) (offset int64, ok bool, err error)
	// Groups are the consumer groups by id, at most so many, and how many there are.
	Groups(ctx context.Context, most int) (all []ConsumerGroup, total int, err error)
	Group(ctx context.Context, id string) (ConsumerGroup, error)
	Connections() ([]BrokerConnection, error)

	// CreateTopic makes a topic; partitions 0 is the broker's default.
	CreateTopic(ctx context.Context, name string, partitions int, set map[string]string) error
	// AlterTopic sets configs, all or none; nil is the default again.
	AlterTopic(ctx context.Context, name string, set map[string]*string) error
	// GrowTopic gives a topic more partitions, up to the number.
	GrowTopic(ctx context.Context, name string, partitions int) error
	DeleteTopic(ctx context.Context, name string) error
}

// ErrNoTopic: there is no topic, or no partition, of the name.
var ErrNoTopic = errors.New("there is no such topic")

// ErrNoGroup: there is no group of the id.
var ErrNoGroup = errors.New("there is no such group")

// ErrLost: the cluster does not answer now.
var ErrLost = errors.New("the cluster does not answer")

// Unknown says why something cannot be known here.
type Unknown struct{ Reason string }

func (u *Unknown) Error() string { return u.Reason }

// BrokerListener is an address of the broker's; Protocol is Kafka's
// security.protocol.
type BrokerListener struct {
	Protocol, Addr string
	// Anonymous: clients need not say who they are.
	Anonymous bool
}

// StoredTopic is a topic and what it stores.
type StoredTopic struct {
	Name, ID string
	// Internal says that it is the broker's own.
	Internal bool
	// FetchPath is the transfer program that serves its fetches, Engine what
	// appends; empty where the broker does not tell.
	FetchPath, Engine string
	Partitions        []StoredPartition
	// Full says that appends to it are refused because the disk is full; nil if the
	// last one was not, or where that is not known.
	Full *FullDisk
}

// FullDisk is a disk that has no room for what was to be appended: since when, in ms
// since 1970, of which directory, and how many bytes are free on it now, negative where
// that is not known.
type FullDisk struct {
	Since int64
	Dir   string
	Free  int64
}

// StoredPartition has the offsets from Low up to High; Bytes are those of its
// batches, of one replica. Bytes and Segments are negative where they are not known. A
// compacted one is clean up to the offset CleanUntil; Dirty is the part,
// in bytes, of what can be cleaned now that is dirty, 0 to 1.
type StoredPartition struct {
	Partition        int32
	Low, High, Bytes int64
	Segments         int
	Offline          bool
	Compacted        bool
	CleanUntil       int64
	Dirty            float64
}

// TopicConfig is a config in force; Default holds where the topic sets nothing.
type TopicConfig struct {
	Name, Value, Default string
	Set                  bool
	// Choices are all values that are possible; nil where they are not few.
	Choices []string
	// Effect is false for what is taken and kept only.
	Effect bool
	// Source is where the value comes from, in Kafka's words (ConfigSource), where
	// what the config does is Kafka's to say.
	Source string
}

// StoredSegment is a segment of a partition.
type StoredSegment struct {
	Name       string
	Base, Next int64
	// Bytes are those of its batches.
	Bytes int64
	// First and Latest are timestamps in ms; -1 where there is none.
	First, Latest int64
	Active        bool
	// Log is its file of batches; Index and TimeIndex are without cells. Gone says
	// that retention took the files meanwhile.
	Log, Index, TimeIndex host.FilePages
	Gone                  bool
}

// StoredBatch is a batch as it is stored.
type StoredBatch struct {
	// Segment is the file that has it, at Position; empty where that is not known.
	Segment         string
	Position, Bytes int64
	Base, Last      int64
	Records         int32
	Codec           string // none, gzip, snappy, lz4, zstd
	Control         bool
	LogAppendTime   bool
	ProducerID      int64 // -1: not idempotent
	ProducerEpoch   int16
	FirstSequence   int32
	LeaderEpoch     int32
	CRC             uint32
	// Damage is why it cannot be read, nil if it can. Of what has no header that
	// can be read only Base and Last are known.
	Damage error
	// Each visits the records, decompressed.
	Each func(visit func(StoredRecord) error) error
}

// StoredRecord is a record; its memory is valid during the visit. Key, value and
// the headers' values may be nil: null.
type StoredRecord struct {
	Offset, Timestamp int64
	Key, Value        []byte
	Headers           []RecordHeader
}

// RecordHeader is a record's header.
type RecordHeader struct {
	Key   string
	Value []byte
}

// ConsumerGroup is a group; its names are its clients' words.
type ConsumerGroup struct {
	// Type is by which protocol it is coordinated, "classic" or "consumer".
	ID, Type, State, ProtocolType, Protocol string
	Members                                 []GroupMember
	Offsets                                 []CommittedOffset
}

// GroupMember is one of a group. Known is false where the broker cannot read its
// assignment.
type GroupMember struct {
	ID, ClientID, Host, Instance string
	Assigned                     []AssignedTopic
	Known                        bool
}

// AssignedTopic is what a member has of a topic.
type AssignedTopic struct {
	Topic      string
	Partitions []int32
}

// CommittedOffset is what a group has committed; End is the offset that the next
// record gets, if EndKnown.
type CommittedOffset struct {
	Topic          string
	Partition      int32
	Committed, End int64
	EndKnown       bool
	At             time.Time // zero: the broker does not tell
	Metadata       string
}

// lag is how many records the group is behind.
func (o CommittedOffset) lag() int64 {
	if !o.EndKnown {
		return 0
	}
	return max(0, o.End-o.Committed)
}

// BrokerConnection is an open connection. Names are the client's words.
type BrokerConnection struct {
	Peer, Protocol, Principal   string
	Since                       time.Time
	ClientID, Software, Version string
	API                         string
	Requests                    int64
	ThrottledUntil              time.Time // zero: it never was
	Path                        string
	Regions, Bytes              int64
	// Congestion and Figures are the kernel's; no figures where it was not asked.
	Congestion string
	Figures    []host.Figure
}
