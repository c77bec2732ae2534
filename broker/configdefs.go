package broker

import (
	"math"
	"runtime"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/internal/transfer"
)

// The configs that topics have, by Kafka's names and our own.
const (
	configFetchPath      = "copyscope.fetch.path"
	configEngine         = "copyscope.append.engine"
	configCleanup        = "cleanup.policy"
	configCompression    = "compression.type"
	configFileDelay      = "file.delete.delay.ms"
	configFlushMessages  = "flush.messages"
	configFlushAge       = "flush.ms"
	configIndexInterval  = "index.interval.bytes"
	configMaxMessage     = "max.message.bytes"
	configTimeAfter      = "message.timestamp.after.max.ms"
	configTimeBefore     = "message.timestamp.before.max.ms"
	configTimeType       = "message.timestamp.type"
	configPreallocate    = "preallocate"
	configRetentionBytes = "retention.bytes"
	configRetentionAge   = "retention.ms"
	configSegmentBytes   = "segment.bytes"
	configIndexBytes     = "segment.index.bytes"
	configSegmentJitter  = "segment.jitter.ms"
	configSegmentAge     = "segment.ms"

	configTombstoneAge = "delete.retention.ms"
	configMaxLag       = "max.compaction.lag.ms"
	configMinDirty     = "min.cleanable.dirty.ratio"
	configMinLag       = "min.compaction.lag.ms"
)

const (
	cleanupDelete  = "delete"
	cleanupCompact = "compact"
	timeOfAppend   = "LogAppendTime"
	engineMmap     = "mmap"
)

// configDef is one config: what it means, and which values it takes.
type configDef struct {
	name  string
	kind  kmsg.ConfigType
	value string // the default, Kafka's (LogConfig.java)
	doc   string
	check func(value string) error
	// from are the broker's properties that set another default, the first that
	// is set counts.
	from []source
}

// source is a broker property, whose unit is so many of the topic config's.
type source struct {
	property string
	factor   int64
}

func from(properties ...string) (all []source) {
	for _, p := range properties {
		all = append(all, source{p, 1})
	}
	return all
}

const (
	anyLong  = "9223372036854775807" // Kafka's Long.MAX_VALUE: no limit
	weekMs   = "604800000"
	minuteMs = 60 * 1000
	hourMs   = 60 * minuteMs

	// noEffect ends the description of a config that is taken because on this
	// broker nothing could come of it.
	noEffect = " Taken and kept, without effect: "
	noCodec  = noEffect + "batches are stored as the producer compressed them."
	oneNode  = noEffect + "there is one node."
)

// configDefs are all configs, in the order in which they are described. A
// config of Kafka's that is not here is refused, not ignored: what the broker
// would not do, it does not promise.
var configDefs = []configDef{
	{configFetchPath, kmsg.ConfigTypeString, defaultFetchPath(),
		"The transfer program that sends stored records to consumers: " + strings.Join(fetchPaths(), ", ") + ".", oneOf(fetchPaths()...), nil},
	{configEngine, kmsg.ConfigTypeString, "write",
		"How batches are appended: write, by pwrite(2), or mmap, through a mapping of the segment (Linux only).", oneOf(appendEngines()...), nil},
	{configCleanup, kmsg.ConfigTypeList, cleanupDelete,
		"What becomes of old segments: delete removes them when a retention limit is passed, compact keeps the latest record of each key, and both can be set.", checkCleanup, from("log.cleanup.policy")},
	{"compression.gzip.level", kmsg.ConfigTypeInt, "-1", "The level of gzip." + noCodec, number(-1, 9), from("compression.gzip.level")},
	{"compression.lz4.level", kmsg.ConfigTypeInt, "9", "The level of lz4." + noCodec, number(1, 17), from("compression.lz4.level")},
	{configCompression, kmsg.ConfigTypeString, "producer",
		"Batches are stored as the producer compressed them; no other value is possible.", checkCompression, from("compression.type")},
	{"compression.zstd.level", kmsg.ConfigTypeInt, "3", "The level of zstd." + noCodec, number(-131072, 22), from("compression.zstd.level")},
	{configTombstoneAge, kmsg.ConfigTypeLong, "86400000",
		"How long a compacted log keeps tombstones after the cleaning that first met them, in ms.", number(0, math.MaxInt64), from("log.cleaner.delete.retention.ms")},
	{configFileDelay, kmsg.ConfigTypeLong, "60000",
		"How long a deleted segment stays on the disk, in ms.", number(0, math.MaxInt64), from("log.segment.delete.delay.ms")},
	{configFlushMessages, kmsg.ConfigTypeLong, anyLong,
		"After so many records the log is forced to the disk; 1 forces each batch before it is acknowledged.", number(1, math.MaxInt64), from("log.flush.interval.messages")},
	{configFlushAge, kmsg.ConfigTypeLong, anyLong,
		"A record that is older is forced to the disk, in ms.", number(0, math.MaxInt64), from("log.flush.interval.ms", "log.flush.scheduler.interval.ms")},
	{"follower.replication.throttled.replicas", kmsg.ConfigTypeList, "", "Replicas whose fetching is slowed." + oneNode, throttled, nil},
	{configIndexInterval, kmsg.ConfigTypeInt, "4096",
		"The offset index gets an entry for each so many bytes.", number(0, math.MaxInt32), from("log.index.interval.bytes")},
	{"leader.replication.throttled.replicas", kmsg.ConfigTypeList, "", "Replicas to which sending is slowed." + oneNode, throttled, nil},
	{configMaxLag, kmsg.ConfigTypeLong, anyLong,
		"The longest that a record stays uncompacted, in ms.", number(1, math.MaxInt64), from("log.cleaner.max.compaction.lag.ms")},
	// A batch must fit a frame.
	{configMaxMessage, kmsg.ConfigTypeInt, "1048588",
		"The largest record batch that is accepted, in bytes, after compression.", number(0, DefaultMaxFrameBytes), from("message.max.bytes")},
	{configTimeAfter, kmsg.ConfigTypeLong, "3600000",
		"How far a record's timestamp may be ahead of the broker's clock, in ms.", number(0, math.MaxInt64), from("log.message.timestamp.after.max.ms")},
	{configTimeBefore, kmsg.ConfigTypeLong, anyLong,
		"How far a record's timestamp may be behind the broker's clock, in ms.", number(0, math.MaxInt64), from("log.message.timestamp.before.max.ms")},
	{configTimeType, kmsg.ConfigTypeString, "CreateTime",
		"Whether records keep the producer's timestamp, CreateTime, or get the broker's, LogAppendTime.", oneOf("CreateTime", timeOfAppend), from("log.message.timestamp.type")},
	{configMinDirty, kmsg.ConfigTypeDouble, "0.5",
		"The part of a log that is to be uncompacted before it is compacted, 0 to 1.", fraction, from("log.cleaner.min.cleanable.ratio")},
	{configMinLag, kmsg.ConfigTypeLong, "0",
		"The shortest that a record stays uncompacted, in ms.", number(0, math.MaxInt64), from("log.cleaner.min.compaction.lag.ms")},
	{"min.insync.replicas", kmsg.ConfigTypeInt, "1",
		"How many replicas must have a batch before it is acknowledged to acks=all. There is one node, so it is 1.", checkInSync, from("min.insync.replicas")},
	{configPreallocate, kmsg.ConfigTypeBoolean, "false",
		"Whether a new segment's file gets its full size at once.", boolean, from("log.preallocate")},
	{configRetentionBytes, kmsg.ConfigTypeLong, "-1",
		"Above this size of a partition its oldest segments are deleted; -1 is no limit.", number(-1, math.MaxInt64), from("log.retention.bytes")},
	{configRetentionAge, kmsg.ConfigTypeLong, weekMs,
		"Segments whose records are all older are deleted, in ms; -1 is no limit.", number(-1, math.MaxInt64),
		[]source{{"log.retention.ms", 1}, {"log.retention.minutes", minuteMs}, {"log.retention.hours", hourMs}}},
	// Kafka 3's minimum. Kafka 4 asks for 1 MiB (KIP-1030), which would keep a
	// demonstration from rolling.
	{configSegmentBytes, kmsg.ConfigTypeInt, "1073741824",
		"The size at which a segment is closed and the next begun.", number(14, math.MaxInt32), from("log.segment.bytes")},
	{configIndexBytes, kmsg.ConfigTypeInt, "10485760",
		"The size at which an index is full, which closes its segment.", number(4, math.MaxInt32), from("log.index.size.max.bytes")},
	{configSegmentJitter, kmsg.ConfigTypeLong, "0",
		"The largest random time by which a segment is closed before segment.ms, in ms.", number(0, math.MaxInt64),
		[]source{{"log.roll.jitter.ms", 1}, {"log.roll.jitter.hours", hourMs}}},
	{configSegmentAge, kmsg.ConfigTypeLong, weekMs,
		"The age at which a segment is closed even if it is small, in ms.", number(1, math.MaxInt64),
		[]source{{"log.roll.ms", 1}, {"log.roll.hours", hourMs}}},
	{"unclean.leader.election.enable", kmsg.ConfigTypeBoolean, "false", "Whether a replica that lags may lead." + oneNode, boolean, from("unclean.leader.election.enable")},
}

// sendsZeroCopy: elsewhere the broker has the portable copy path alone.
const sendsZeroCopy = runtime.GOOS == "linux"

func defaultFetchPath() string {
	if sendsZeroCopy {
		return "sendfile"
	}
	return "read-write"
}

// fetchPaths are the programs that can serve fetches on this system.
func fetchPaths() []string {
	if sendsZeroCopy {
		return transfer.ServingPaths()
	}
	return []string{"read-write"}
}

// appendEngines are the ways to append on this system.
func appendEngines() []string {
	if runtime.GOOS == "linux" {
		return []string{"write", engineMmap}
	}
	return []string{"write"}
}
