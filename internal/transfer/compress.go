package transfer

// compress: a web server's gzip on the way. As with tls, the bytes must pass
// through user code.
var compress = Program{
	Path:   "compress",
	Group:  Reshape,
	Beside: "read-write",
	Listing: []Line{
		{"read", "n = read(file, buf, chunk);"},
		{"compress", "m = gzip(out, buf, n);"},
		{"write", "write(sock, out, m);"},
	},
	UserMemory: true,
	Sinks:      1,
	Reshapes:   true,
	send: func(k Kernel, j Job) (int64, error) {
		return reshape(k, j, "compress", CompressBound, k.Compress)
	},
}
