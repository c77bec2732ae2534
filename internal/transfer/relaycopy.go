package transfer

// relay-copy: what a proxy does whose bytes pass through its own memory. A read
// takes what has come, a chunk at the most.
var relayCopy = Program{
	Path:   "relay-copy",
	Group:  Relay,
	Beside: "relay-splice",
	Listing: []Line{
		{"read", "n = read(from, buf, chunk);"},
		{"write", "write(to, buf, n);"},
	},
	UserMemory: true,
	Source:     FromSocket,
	Sinks:      1,
	send:       func(k Kernel, j Job) (int64, error) { return copyThrough(k, j, FromSocket) },
}
