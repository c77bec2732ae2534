package transfer

// direct: the disk's DMA moves the bytes into the user buffer itself, past the
// page cache; nothing is cached, and a second transfer reads the disk again.
// Offset, length and memory of such a read lie on [DirectAlign], so a job that
// does not reads a little more than it sends.
var direct = Program{
	Path:   "direct",
	Group:  Today,
	Beside: "read-write",
	Listing: []Line{
		{"open", "file = open(path, O_RDONLY | O_DIRECT);"},
		{"read", "n = read(file, aligned_buf, chunk);"},
		{"write", "write(sock, aligned_buf, n);"},
	},
	UserMemory: true,
	Sinks:      1,
	send: func(k Kernel, j Job) (sent int64, err error) {
		var in FD
		_, err = complete(k, "open", j.In, Readable, func() (int, error) {
			in, err = k.OpenDirect("open", j.In)
			return 0, err
		})
		if err != nil {
			return 0, err
		}
		defer k.Close("open", in)
		buf, err := k.Alloc(alignUp(j.piece(j.Bytes)) + DirectAlign)
		if err != nil {
			return 0, &lineError{"read", err}
		}
		defer k.Free(buf)
		// The new descriptor's position is 0; it may do where all reads are
		// aligned by themselves.
		byPosition := j.UsePosition && j.Offset == 0 && j.Chunk%DirectAlign == 0
		for sent < j.Bytes {
			lead := int((j.Offset + sent) % DirectAlign)
			piece := j.piece(j.Bytes - sent)
			at := j.Offset + sent - int64(lead)
			off := &at
			if byPosition && lead == 0 {
				off = nil
			}
			n, err := readSome(k, FromFile, in, buf.Slice(0, alignUp(lead+piece)), off)
			if err != nil {
				return sent, err
			}
			if n <= lead { // the file ends before what is to be sent
				return sent, &lineError{"read", ErrShrunk}
			}
			src := buf.Slice(lead, min(n-lead, piece))
			if err := j.touched(k, src); err != nil {
				return sent, err
			}
			if err := writeAll(k, "write", j.Out, src, &sent); err != nil {
				return sent, err
			}
		}
		return sent, nil
	},
}

func alignUp(n int) int { return (n + DirectAlign - 1) / DirectAlign * DirectAlign }
