package transfer

// read: the story's beginning, from the disk to a user buffer and no further.
var read = Program{
	Path:   "read",
	Group:  OneFile,
	Beside: "read-write",
	Listing: []Line{
		{"read", "n = read(file, buf, chunk);"},
	},
	UserMemory: true,
	send: func(k Kernel, j Job) (done int64, err error) {
		buf, err := k.Alloc(j.piece(j.Bytes))
		if err != nil {
			return 0, &lineError{"read", err}
		}
		defer k.Free(buf)
		off := j.offset()
		for done < j.Bytes {
			n, err := readSome(k, FromFile, j.In, buf.Slice(0, j.piece(j.Bytes-done)), off)
			if err != nil {
				return done, err
			}
			done += int64(n)
			if err := j.touched(k, buf.Slice(0, n)); err != nil {
				return done, err
			}
		}
		return done, nil
	},
}
