package main

import (
	"log/slog"

	"copyscope/broker"
)

// filesKept is how many descriptors the broker may hold beside its connections:
// the log's files that are open and unused (8,000), and what is in use.
const filesKept = 8500

// Limits of the pages' connections. An audience of 2,500 has several each while its
// pages load, and one each then; a few hundred are enough for who looks at a broker.
const (
	mostPageConnections  = 16_384
	leastPageConnections = 1024
)

// brokerDescriptors is how many descriptors a broker may come to hold; 0 without one.
func brokerDescriptors(connections int) int {
	if connections == 0 {
		connections = broker.DefaultMaxConnections
	}
	return connections + filesKept
}

// pageConnections is how many connections the pages may have at a time: whoever
// opens more waits, and takes no descriptor that the broker, which is in the same
// process, needs for its clients and its files.
func pageConnections(broker int) int {
	have, ok := descriptorLimit()
	if !ok {
		return mostPageConnections
	}
	return pageShare(have, broker)
}

// pageShare is the pages' part of so many descriptors.
func pageShare(have uint64, broker int) int {
	if have >= uint64(mostPageConnections+broker) {
		return mostPageConnections
	}
	return max(leastPageConnections, int(have)-broker)
}

// warnOfDescriptors says when the limits promise what the system will not give.
// Go raised the soft limit to the hard one when the program began (os/rlimit.go).
func warnOfDescriptors(log *slog.Logger, connections int) {
	have, ok := descriptorLimit()
	if want := brokerDescriptors(connections); ok && have < uint64(want) {
		log.Warn("too few file descriptors for the limits; connections may be refused when many are open",
			"have", have, "want", want, "connections", want-filesKept, "remedy", "raise the hard limit (ulimit -Hn, LimitNOFILE=), or lower max.connections")
	}
}
