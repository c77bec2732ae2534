package transfer

// splice: page references travel from the page cache into a pipe and from the
// pipe to the socket; the pipe holds references, not bytes.
var splice = Program{
	Path:   "splice",
	Group:  OneFile,
	Beside: "sendfile",
	Listing: []Line{
		{"pipe", "pipe(p);"},
		{"splice-in", "n = splice(file, &off, p[1], NULL, chunk, SPLICE_F_MOVE);"},
		{"splice-out", "splice(p[0], NULL, sock, NULL, n, SPLICE_F_MOVE);"},
	},
	Sinks:  1,
	Serves: true,
	send:   func(k Kernel, j Job) (int64, error) { return spliceThrough(k, j, FromFile) },
}

// spliceThrough moves a chunk or less into a pipe and all of it out again, until
// the job is done.
func spliceThrough(k Kernel, j Job, from Source) (sent int64, err error) {
	room := j.piece(j.Bytes)
	if from == FromSocket {
		room *= 2 // what came off the wire begins and ends within pages, and each part takes a slot
	}
	p, err := openPipe(k, j.Out, room)
	if err != nil {
		return 0, err
	}
	defer closePipe(k, p)
	var off *int64
	if from == FromFile {
		off = j.offset()
	}
	for sent < j.Bytes {
		n, err := spliceIn(k, j, from, off, p, j.piece(j.Bytes-sent))
		if err != nil {
			return sent, err
		}
		// The last piece must not ask for more: a reader would wait for the
		// kernel's 200 ms time-out.
		if err := spliceOut(k, "splice-out", p, j.Out, n, sent+int64(n) < j.Bytes, &sent); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// spliceIn moves 1 to n bytes into the pipe.
func spliceIn(k Kernel, j Job, from Source, off *int64, p PipeEnds, n int) (int, error) {
	n, err := complete(k, "splice-in", j.In, Readable, func() (int, error) {
		return k.Splice("splice-in", j.In, off, p.Write, n, false)
	})
	if err == nil && n == 0 {
		err = &lineError{"splice-in", from.ended()}
	}
	return n, err
}

// spliceOut moves n bytes, which the pipe holds, to a socket, and adds what the
// socket took to *sent.
func spliceOut(k Kernel, l Label, p PipeEnds, out FD, n int, more bool, sent *int64) error {
	for n > 0 {
		m, err := complete(k, l, out, Writable, func() (int, error) { return k.Splice(l, p.Read, nil, out, n, more) })
		if err != nil {
			return err
		}
		n -= m
		*sent += int64(m)
	}
	return nil
}

func openPipe(k Kernel, out FD, want int) (p PipeEnds, err error) {
	_, err = complete(k, "pipe", out, Writable, func() (int, error) {
		p, err = k.Pipe("pipe", want)
		return 0, err
	})
	return p, err
}

func closePipe(k Kernel, p PipeEnds) {
	k.Close("pipe", p.Write)
	k.Close("pipe", p.Read)
}
