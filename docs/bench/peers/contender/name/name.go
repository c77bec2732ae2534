// Package name has the names of servers that are looked for.
package name

// The servers.
const (
	Copyscope          = "copyscope"
	CopyscopeReadWrite = "copyscope-read-write"
	BareSendfile       = "bare-sendfile"
	BareRelay          = "bare-relay"
	Kafka              = "kafka"
	KafkaTuned         = "kafka-tuned"
	Kfake              = "kfake"
	NATS               = "nats"
)
