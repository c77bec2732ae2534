package transfer

// tee: one file to two sockets. The pages are read once and referenced twice:
// tee(2) hands the references that one pipe holds to a second pipe.
var tee = Program{
	Path:   "tee",
	Group:  FanOut,
	Beside: "splice",
	Listing: []Line{
		{"pipe", "pipe(p1), pipe(p2);"},
		{"splice-in", "n = splice(file, &off, p1[1], NULL, chunk, SPLICE_F_MOVE);"},
		{"tee", "tee(p1[0], p2[1], n, 0);"},
		{"splice-out", "splice(p1[0], NULL, sock1, NULL, n, SPLICE_F_MOVE);"},
		{"splice-out-2", "splice(p2[0], NULL, sock2, NULL, n, SPLICE_F_MOVE);"},
	},
	Sinks: 2,
	send: func(k Kernel, j Job) (sent int64, err error) {
		p1, err := openPipe(k, j.Out, j.piece(j.Bytes))
		if err != nil {
			return 0, err
		}
		defer closePipe(k, p1)
		p2, err := openPipe(k, j.Out2, j.piece(j.Bytes))
		if err != nil {
			return 0, err
		}
		defer closePipe(k, p2)
		off := j.offset()
		for sent < j.Bytes {
			n, err := spliceIn(k, j, FromFile, off, p1, j.piece(j.Bytes-sent))
			if err != nil {
				return sent, err
			}
			if err := teeOut(k, j, p1, p2, n, &sent); err != nil {
				return sent, err
			}
		}
		return sent, nil
	},
}

// teeOut sends the n bytes that p1 holds to both sockets. tee(2) moves less than
// all of them if the second pipe is the smaller one.
func teeOut(k Kernel, j Job, p1, p2 PipeEnds, n int, sent *int64) error {
	for n > 0 {
		m, err := complete(k, "tee", p1.Read, Readable, func() (int, error) { return k.Tee("tee", p1.Read, p2.Write, n) })
		if err != nil {
			return err
		}
		more := *sent+int64(m) < j.Bytes
		first := *sent // both sockets must have it before it counts
		if err := spliceOut(k, "splice-out", p1, j.Out, m, more, &first); err != nil {
			return err
		}
		if err := spliceOut(k, "splice-out-2", p2, j.Out2, m, more, sent); err != nil {
			return err
		}
		n -= m
	}
	return nil
}
