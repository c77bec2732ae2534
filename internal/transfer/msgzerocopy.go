package transfer

// msg-zerocopy: the socket takes references to the pages of the user buffer and
// says when it has let go of them. The completion is awaited before the buffer is
// used again, so the calls are the same in every run; a busy server would keep
// several buffers under way.
var msgZerocopy = Program{
	Path:   "msg-zerocopy",
	Group:  Today,
	Beside: "read-write",
	Listing: []Line{
		{"setsockopt", "setsockopt(sock, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof one);"},
		{"read", "n = read(file, buf, chunk);"},
		{"send", "sendto(sock, buf, n, MSG_ZEROCOPY, NULL, 0);"},
		{"completion", "poll(&sock_err, 1, -1), recvmsg(sock, &done, MSG_ERRQUEUE);"},
	},
	UserMemory: true,
	Sinks:      1,
	send: func(k Kernel, j Job) (sent int64, err error) {
		_, err = complete(k, "setsockopt", j.Out, Writable, func() (int, error) { return 0, k.EnableZerocopy("setsockopt", j.Out) })
		if err != nil {
			return 0, err
		}
		buf, err := k.Alloc(j.piece(j.Bytes))
		if err != nil {
			return 0, &lineError{"read", err}
		}
		defer k.Free(buf)
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
			if err := lendAll(k, j.Out, src, &sent); err != nil {
				return sent, err
			}
		}
		return sent, nil
	},
}

// lendAll sends all of src by reference, and returns when it is the program's
// alone again. It adds what the socket took to *sent.
func lendAll(k Kernel, out FD, src Mem, sent *int64) error {
	for src.Len > 0 {
		n, err := complete(k, "send", out, Writable, func() (int, error) { return k.SendZerocopy("send", out, src) })
		if err != nil {
			return err
		}
		*sent += int64(n)
		_, err = complete(k, "completion", out, Writable, func() (int, error) {
			_, err := k.Completed("completion", out)
			return 0, err
		})
		if err != nil {
			return err
		}
		src = src.Slice(n, src.Len-n)
	}
	return nil
}
