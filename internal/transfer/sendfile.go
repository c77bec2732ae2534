package transfer

// sendfile: one call per chunk; the bytes never are in user memory, and a
// device that gathers takes them from the page cache itself.
var sendfile = Program{
	Path:   "sendfile",
	Group:  OneFile,
	Beside: "read-write",
	Listing: []Line{
		{"sendfile", "sendfile(sock, file, &off, chunk);"},
	},
	Sinks:  1,
	Serves: true,
	send:   sendfileAll,
}

func sendfileAll(k Kernel, j Job) (sent int64, err error) {
	off := j.offset()
	for sent < j.Bytes {
		n, err := complete(k, "sendfile", j.Out, Writable, func() (int, error) {
			return k.Sendfile("sendfile", j.Out, j.In, off, j.piece(j.Bytes-sent))
		})
		if err != nil {
			return sent, err
		}
		if n == 0 {
			return sent, &lineError{"sendfile", ErrShrunk}
		}
		sent += int64(n)
	}
	return sent, nil
}
