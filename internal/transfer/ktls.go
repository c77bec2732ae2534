package transfer

// ktls: the kernel makes the TLS records, so sendfile(2) works again.
var kernelTLS = Program{
	Path:   "ktls",
	Group:  Reshape,
	Beside: "tls",
	Listing: []Line{
		{"setsockopt", "setsockopt(sock, SOL_TCP, TCP_ULP, \"tls\", 4);"},
		{"setsockopt", "setsockopt(sock, SOL_TLS, TLS_TX, &keys, sizeof keys);"},
		{"sendfile", "sendfile(sock, file, &off, chunk);"},
	},
	Sinks:    1,
	Reshapes: true,
	send: func(k Kernel, j Job) (sent int64, err error) {
		_, err = complete(k, "setsockopt", j.Out, Writable, func() (int, error) { return 0, k.EnableTLS("setsockopt", j.Out) })
		if err != nil {
			return 0, err
		}
		return sendfileAll(k, j)
	},
}
