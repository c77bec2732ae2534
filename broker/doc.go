// Package broker is a one-node log broker that speaks Kafka's wire protocol.
// It stores record batches as they arrive and sends them to consumers with a
// program of package transfer, by default sendfile, chosen for each topic by
// the config copyscope.fetch.path.
//
// Where to look: one file for each API key, named by its number
// (01_fetch.go); api.go lists them with their versions. connection.go reads
// requests and sends answers, send.go sends regions of files; tls.go is what
// differs on the TLS listener (listen.go has both); events.go tells of fetches
// and appends; throttle.go is how clients are held to their quotas. topics.go is the catalogue of topics, topicfile.go its file,
// restore.go what a start does with it; configdefs.go has the configs of topics,
// defaults.go the broker's properties; datadir.go is the directory.
//
// Locks: Broker.mu (connections) and catalogue.mu are leaves; neither is held
// while the other is taken, nor while a log is appended to or read.
// catalogue.changing is taken before catalogue.mu. sampler.mu is a leaf, too,
// and so are the locks of package quota.
package broker
