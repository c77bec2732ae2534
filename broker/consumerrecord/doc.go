// Package consumerrecord is the bytes of the records in which Kafka keeps the
// consumer groups of KIP-848 in __consumer_offsets
// (group-coordinator/src/main/resources/common/message/ConsumerGroup*.json). It
// knows what is in them, and nothing of groups.
//
//	key    int16 kind, string group, and of some kinds string member or expression;
//	       a string has its length, int16, before it
//	value  int16 version 0, then the fields in Kafka's compact encoding (KIP-482);
//	       a tombstone takes away what the key names
//
// All numbers are big-endian. The kinds and the version are Kafka's, and do not
// change.
package consumerrecord
