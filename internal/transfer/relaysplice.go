package transfer

// relay-splice: what a proxy does that only passes references on; the bytes
// never are in its memory.
var relaySplice = Program{
	Path:   "relay-splice",
	Group:  Relay,
	Beside: "relay-copy",
	Listing: []Line{
		{"pipe", "pipe(p);"},
		{"splice-in", "n = splice(from, NULL, p[1], NULL, chunk, SPLICE_F_MOVE);"},
		{"splice-out", "splice(p[0], NULL, to, NULL, n, SPLICE_F_MOVE);"},
	},
	Source: FromSocket,
	Sinks:  1,
	send:   func(k Kernel, j Job) (int64, error) { return spliceThrough(k, j, FromSocket) },
}
