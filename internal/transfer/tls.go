package transfer

// tls: the bytes must pass through user code, which makes TLS records of them:
// no path that keeps them in the kernel will do.
var userTLS = Program{
	Path:   "tls",
	Group:  Reshape,
	Beside: "ktls",
	Listing: []Line{
		{"read", "n = read(file, buf, chunk);"},
		{"encrypt", "m = tls_records(out, buf, n);"},
		{"write", "write(sock, out, m);"},
	},
	UserMemory: true,
	Sinks:      1,
	Reshapes:   true,
	send: func(k Kernel, j Job) (int64, error) {
		return reshape(k, j, "encrypt", TLSBound, k.Encrypt)
	},
}

// reshape reads a chunk, makes other bytes of it in user code, and writes those.
func reshape(k Kernel, j Job, l Label, bound func(int) int, make func(Label, Mem, Mem) (int, error)) (sent int64, err error) {
	buf, err := k.Alloc(j.piece(j.Bytes))
	if err != nil {
		return 0, &lineError{"read", err}
	}
	defer k.Free(buf)
	out, err := k.Alloc(bound(buf.Len))
	if err != nil {
		return 0, &lineError{l, err}
	}
	defer k.Free(out)
	off := j.offset()
	for sent < j.Bytes {
		n, err := readSome(k, FromFile, j.In, buf.Slice(0, j.piece(j.Bytes-sent)), off)
		if err != nil {
			return sent, err
		}
		src := buf.Slice(0, n)
		if err := j.touched(k, src); err != nil {
			return sent, err
		}
		m, err := make(l, src, out)
		if err != nil {
			return sent, &lineError{l, err}
		}
		var wire int64
		if err := writeAll(k, "write", j.Out, out.Slice(0, m), &wire); err != nil {
			return sent, err
		}
		sent += int64(n)
	}
	return sent, nil
}
