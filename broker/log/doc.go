// Package log keeps the records of one partition in Kafka's on-disk format: a
// directory with a segment file of record batches, exactly as they travelled
// on the wire except for the two header fields that the broker owns (see
// batch.go). It knows nothing of requests, connections or topics' settings.
//
//	<topic>-<partition>/
//	    00000000000000000000.log    the batches, one after the other
//
// The file's name is the offset of its first record, padded to 20 digits. A
// partition has one segment; it only grows while it is open, so a region that
// was found by [Partition.Read] stays what it is.
//
// Locks: Partition.appending is taken before Partition.mu. mu is held for
// memory only, never during file access.
package log
