package transfer

// read-write: read(2) copies each chunk from the page cache into a user
// buffer, write(2) copies it again into the socket buffer.
var readWrite = Program{
	Path:   "read-write",
	Group:  OneFile,
	Beside: "sendfile",
	Listing: []Line{
		{"read", "n = read(file, buf, chunk);"},
		{"write", "write(sock, buf, n);"},
	},
	UserMemory: true,
	Sinks:      1,
	Serves:     true,
	send:       func(k Kernel, j Job) (int64, error) { return copyThrough(k, j, FromFile) },
}

// copyThrough reads a chunk or less into a user buffer and writes all of it,
// until the job is done.
func copyThrough(k Kernel, j Job, from Source) (sent int64, err error) {
	buf, err := k.Alloc(j.piece(j.Bytes))
	if err != nil {
		return 0, &lineError{"read", err}
	}
	defer k.Free(buf)
	var off *int64
	if from == FromFile {
		off = j.offset()
	}
	for sent < j.Bytes {
		n, err := readSome(k, from, j.In, buf.Slice(0, j.piece(j.Bytes-sent)), off)
		if err != nil {
			return sent, err
		}
		src := buf.Slice(0, n)
		if err := j.touched(k, src); err != nil {
			return sent, err
		}
		if err := writeAll(k, "write", j.Out, src, &sent); err != nil {
			return sent, err
		}
	}
	return sent, nil
}
