package transfer

// read-write: read(2) copies each chunk from the page cache into a user
// buffer, write(2) copies it again into the socket buffer.
var readWrite = Program{
	Path: "read-write",
	Listing: []Line{
		{"read", "n = read(file, buf, chunk);"},
		{"write", "write(sock, buf, n);"},
	},
	UserMemory: true,
	send: func(k Kernel, j Job) (sent int64, err error) {
		buf, err := k.Alloc(j.piece(j.Bytes))
		if err != nil {
			return 0, &lineError{"read", err}
		}
		defer k.Free(buf)
		off := j.offset()
		for sent < j.Bytes {
			dst := buf.Slice(0, j.piece(j.Bytes-sent))
			n, err := complete(k, "read", j.In, Readable, func() (int, error) { return k.Read("read", j.In, dst, off) })
			if err != nil {
				return sent, err
			}
			if n == 0 {
				return sent, &lineError{"read", ErrShrunk}
			}
			src := buf.Slice(0, n)
			if j.Touch {
				if err := k.Touch("touch", src); err != nil {
					return sent, &lineError{"touch", err}
				}
			}
			if err := writeAll(k, "write", j.Out, src, &sent); err != nil {
				return sent, err
			}
		}
		return sent, nil
	},
}
