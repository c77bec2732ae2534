package transfer

// splice: page references travel from the page cache into a pipe and from the
// pipe to the socket; the pipe holds references, not bytes.
var splice = Program{
	Path: "splice",
	Listing: []Line{
		{"pipe", "pipe(p);"},
		{"splice-in", "n = splice(file, &off, p[1], NULL, chunk, SPLICE_F_MOVE);"},
		{"splice-out", "splice(p[0], NULL, sock, NULL, n, SPLICE_F_MOVE);"},
	},
	send: func(k Kernel, j Job) (sent int64, err error) {
		p, err := openPipe(k, j.Out, j.piece(j.Bytes))
		if err != nil {
			return 0, err
		}
		defer k.Close("pipe", p.Read)
		defer k.Close("pipe", p.Write)
		off := j.offset()
		for sent < j.Bytes {
			n, err := complete(k, "splice-in", j.In, Readable, func() (int, error) {
				return k.Splice("splice-in", j.In, off, p.Write, j.piece(j.Bytes-sent), false)
			})
			if err != nil {
				return sent, err
			}
			if n == 0 {
				return sent, &lineError{"splice-in", ErrShrunk}
			}
			// The last piece must not ask for more: a reader would wait for
			// the kernel's 200 ms time-out.
			more := sent+int64(n) < j.Bytes
			for n > 0 {
				m, err := complete(k, "splice-out", j.Out, Writable, func() (int, error) {
					return k.Splice("splice-out", p.Read, nil, j.Out, n, more)
				})
				if err != nil {
					return sent, err
				}
				n -= m
				sent += int64(m)
			}
		}
		return sent, nil
	},
}

func openPipe(k Kernel, out FD, want int) (p PipeEnds, err error) {
	_, err = complete(k, "pipe", out, Writable, func() (int, error) {
		p, err = k.Pipe("pipe", want)
		return 0, err
	})
	return p, err
}
