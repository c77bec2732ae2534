package sim

import (
	"syscall"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// EnableZerocopy implements [transfer.Kernel].
func (k *Kernel) EnableZerocopy(l transfer.Label, out transfer.FD) error {
	_, err := k.call("setsockopt", l, span, func() (int64, error) {
		if k.socket(out) == nil {
			return 0, syscall.EBADF
		}
		return 0, nil
	})
	return err
}

// SendZerocopy implements [transfer.Kernel].
func (k *Kernel) SendZerocopy(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	n, err := k.call("sendto", l, spanSendZerocopy, func() (int64, error) {
		s := k.socket(out)
		if s == nil {
			return 0, syscall.EBADF
		}
		n, w, err := k.sendPinned(s, src)
		if err == nil {
			w.number = s.numbers
			s.numbers++
			s.sendings = append(s.sendings, w)
		}
		return n, err
	})
	return int(n), err
}

// sendPinned hands the pages of a buffer to a socket by reference.
func (k *Kernel) sendPinned(s *socket, src transfer.Mem) (done int64, w *sending, err error) {
	buf, ok := k.memory[src.Handle].(*buffer)
	if !ok {
		return 0, nil, syscall.EFAULT
	}
	k.held = buf.get(k.held[:0], int64(src.Off), min(int64(src.Len), k.system.callBytes()))
	es, piece := k.held, k.piece
	w = &sending{open: true}
	for len(es) > 0 {
		if err := s.room(); err != nil {
			if done > 0 {
				break
			}
			return 0, nil, err
		}
		piece, es = take(piece[:0], es, k.system.pieceBytes())
		n := length(piece)
		at := int64(src.Off) + done
		refs := k.system.references(at, n)
		k.m.spend(pin, k.m.costs.PinTime*trace.Ns(refs), n, refs, piece[0].Off)
		s.transmit(piece, pinned, w)
		done += n
	}
	k.piece = piece
	w.open = false
	return done, w, nil
}

// Completed implements [transfer.Kernel].
func (k *Kernel) Completed(l transfer.Label, out transfer.FD) (c transfer.Completion, err error) {
	s := k.socket(out)
	first := func() bool { return len(s.sendings) > 0 && s.sendings[0].finished() }
	_, err = k.call("poll", l, span, func() (int64, error) {
		if s == nil {
			return 0, syscall.EBADF
		}
		if len(s.sendings) == 0 && s.closed {
			return 0, syscall.EPIPE
		}
		if !k.m.sleep(waitCompletion, &s.finished, first) {
			return 0, syscall.EDEADLK
		}
		return 1, nil
	})
	if err != nil {
		return c, err
	}
	// Completions that follow each other are told as one range
	// (skb_zerocopy_notify_extend, net/core/skbuff.c).
	_, err = k.call("recvmsg", l, span, func() (int64, error) {
		c = transfer.Completion{From: s.sendings[0].number, To: s.sendings[0].number, Copied: s.sendings[0].copied}
		n := 1
		for n < len(s.sendings) && s.sendings[n].finished() && s.sendings[n].copied == c.Copied {
			c.To = s.sendings[n].number
			n++
		}
		s.sendings = s.sendings[n:]
		return 0, nil
	})
	return c, err
}

// ring is an io_uring.
type ring struct{}

// OpenRing implements [transfer.Kernel].
func (k *Kernel) OpenRing(l transfer.Label, entries int) (transfer.FD, error) {
	fd, err := k.call("io_uring_setup", l, span, func() (int64, error) {
		if entries <= 0 {
			return 0, syscall.EINVAL
		}
		return int64(k.add(&ring{})), nil
	})
	return transfer.FD(fd), err
}

// Enter implements [transfer.Kernel]. The operations run one after the other
// within the call: what must wait is armed and taken up by task work of the
// same thread (io_uring/io_uring.c, io_uring/rw.c, io_async_buf_func).
func (k *Kernel) Enter(l transfer.Label, fd transfer.FD, ops []transfer.RingOp) (out []transfer.RingResult, err error) {
	_, err = k.call("io_uring_enter", l, spanRing, func() (int64, error) {
		if _, ok := k.open[fd].(*ring); !ok {
			return 0, syscall.EBADF
		}
		var handed int64
		out = k.results[:0]
		broken := false // the link to the operation before
		for _, op := range ops {
			r := transfer.RingResult{Err: syscall.ECANCELED}
			if !broken {
				r = k.operate(op)
			}
			broken = op.Link && (r.Err != nil || r.N < op.Mem.Len)
			if op.Kind != transfer.RingRead {
				handed += int64(r.N)
			}
			out = append(out, r)
		}
		k.results = out
		return handed, nil
	})
	return out, err
}

// operate does one operation of a ring.
func (k *Kernel) operate(op transfer.RingOp) (r transfer.RingResult) {
	var n int64
	switch op.Kind {
	case transfer.RingRead:
		end := k.file(op.FD)
		buf, ok := k.memory[op.Mem.Handle].(*buffer)
		if end == nil || !ok {
			return transfer.RingResult{Err: syscall.EBADF}
		}
		off := &op.Off
		if op.Off < 0 {
			off = nil
		}
		n, r.Err = k.readFile(end, buf, op.Mem, end.where(off))
		end.moved(off, n)
	default:
		s := k.socket(op.FD)
		buf, ok := k.memory[op.Mem.Handle].(*buffer)
		if s == nil || !ok {
			return transfer.RingResult{Err: syscall.EBADF}
		}
		if op.Kind == transfer.RingSend {
			k.held = buf.get(k.held[:0], int64(op.Mem.Off), int64(op.Mem.Len))
			n, r.Err = k.writeSocket(s, nil, k.held)
			break
		}
		var w *sending
		if n, w, r.Err = k.sendPinned(s, op.Mem); r.Err == nil {
			k.m.sleep(waitCompletion, &s.finished, w.finished)
			r.Copied = w.copied
		}
	}
	r.N = int(n)
	return r
}
