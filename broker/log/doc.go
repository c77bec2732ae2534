// Package log keeps records in Kafka's on-disk format: a directory with a
// folder for each partition, in it segment files of record batches, exactly as
// they travelled on the wire except for the header fields that the broker owns
// (see batch.go). It knows nothing of requests or connections.
//
//	recovery-point-offset-checkpoint, log-start-offset-checkpoint,
//	.kafka_cleanshutdown                dirfiles.go
//	<topic>-<partition>/
//	    <base offset>.log               batch.go, segment.go
//	    <base offset>.index             offsetindex.go
//	    <base offset>.timeindex         timeindex.go
//	    <offset>.snapshot               snapshot.go
//	    leader-epoch-checkpoint         epochs.go
//	    partition.metadata              checkpoint.go
//
// Offsets in names are padded to 20 digits. docs/storage.md tells what is
// promised when, and how a start recovers what a stop left.
//
// A batch's way: Produce (validate.go, record.go, decompress.go) → append.go
// (producerstate.go, roll) → segment.go, mapped.go → flush.go → read.go. What
// happens by itself is in chores.go and retention.go; what happens at a start
// in load.go, scan.go and recovery.go. Compaction is in cleaner.go, clean.go, sift.go
// and swap.go.
//
// Locks, in the order in which they are taken:
//
//	cleaner.running
//	chores.tending, Dir.checkpointing
//	Partition.appending   whoever changes a partition's files
//	Partition.flushing    whoever forces them to the disk
//	Partition.mu          what readers look at; memory only, never file access
//	Dir.mu, chores.mu, cleaner.mu  leaves
//	indexFile.mu          an index's entries and mapping; not under Partition.mu
//	indexFile.viewing, cachedFile.opening, fileCache.mu
package log
