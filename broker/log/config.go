package log

import "time"

// Config is what a topic's configs, under the names given, say to a partition.
type Config struct {
	MaxMessageBytes int // max.message.bytes

	SegmentBytes       int64         // segment.bytes
	SegmentAge         time.Duration // segment.ms
	SegmentJitter      time.Duration // segment.jitter.ms
	IndexBytes         int64         // segment.index.bytes
	IndexIntervalBytes int64         // index.interval.bytes
	Preallocate        bool          // preallocate

	// Delete says that old segments go (cleanup.policy=delete).
	Delete         bool
	RetentionBytes int64         // retention.bytes, -1: no limit
	RetentionAge   time.Duration // retention.ms, -1: no limit
	FileDelay      time.Duration // file.delete.delay.ms

	FlushMessages int64         // flush.messages; 1 forces each batch before it is acknowledged
	FlushAge      time.Duration // flush.ms

	LogAppendTime bool          // message.timestamp.type=LogAppendTime
	TimeBefore    time.Duration // message.timestamp.before.max.ms
	TimeAfter     time.Duration // message.timestamp.after.max.ms

	Compacted    bool          // cleanup.policy contains compact: keys are needed
	TombstoneAge time.Duration // delete.retention.ms
	MinDirty     float64       // min.cleanable.dirty.ratio
	MinLag       time.Duration // min.compaction.lag.ms
	MaxLag       time.Duration // max.compaction.lag.ms

	// Mapped appends through a mapping instead of by pwrite(2)
	// (copyscope.append.engine=mmap).
	Mapped bool
}

// forever stands for Kafka's Long.MAX_VALUE ms.
const forever = time.Duration(1<<63 - 1)

// Defaults are Kafka's (LogConfig.java, ServerLogConfigs.java).
func Defaults() Config {
	return Config{
		MaxMessageBytes: 1048588,
		SegmentBytes:    1 << 30, SegmentAge: 7 * 24 * time.Hour,
		IndexBytes: 10 << 20, IndexIntervalBytes: 4096,
		Delete: true, RetentionBytes: -1, RetentionAge: 7 * 24 * time.Hour, FileDelay: time.Minute,
		FlushMessages: 1<<63 - 1, FlushAge: forever,
		TimeBefore: forever, TimeAfter: time.Hour,
		TombstoneAge: 24 * time.Hour, MinDirty: 0.5, MaxLag: forever,
	}
}

// segmentAge is when a segment is closed: where the log is compacted, early enough
// for max.compaction.lag.ms (LogConfig.maxSegmentMs).
func (c *Config) segmentAge() time.Duration {
	if c.Compacted && c.MaxLag > 0 {
		return min(c.SegmentAge, c.MaxLag)
	}
	return c.SegmentAge
}
