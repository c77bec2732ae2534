// Package assignor says which member of a consumer group reads which partition,
// for groups whose assignment the broker makes (KIP-848). Its assignors have the
// names and the rules of Kafka's (UniformAssignor.java, RangeAssignor.java); what
// they do is a function of what they are given, whatever its order.
package assignor
