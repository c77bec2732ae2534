// Package load puts a Kafka broker, ours or any other, under load and measures
// what it does: throughput, latency, and, where the server runs on this host,
// what it takes of the machine.
//
// The raw client sends frames that were built before the clock starts and
// throws away what it receives, so that on a small machine the figures are the
// server's. The franz client is franz-go, as an application would use it.
//
//   - [Produce], [Fetch], [EndToEnd], [Idle], [Start] are the measurements.
//   - [Target] is what is measured: a broker that is there, or one that is
//     started as a child process ([StartBroker]).
//   - [ServeSendfile] and [ServeRelay] are the bare servers that a broker is
//     held against. They run in child processes too, so that the kernel tells
//     the processor time of each side.
//   - [Report] is what is printed, for people and as JSON
//     (docs/schema/bench-report.schema.json).
package load
