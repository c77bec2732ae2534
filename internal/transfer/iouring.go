package transfer

import (
	"errors"
	"syscall"
)

// io-uring: one call submits a read and, linked to it, the send of what was
// read, and waits for both.
var ioUring = Program{
	Path:   "io-uring",
	Group:  Today,
	Beside: "read-write",
	Listing: []Line{
		{"setup", "ring = io_uring_setup(2, &params);"},
		{"enter", "io_uring_enter(ring, 2, 2, IORING_ENTER_GETEVENTS, NULL, 0);"},
	},
	Sinks: 1,
	send: func(k Kernel, j Job) (sent int64, err error) {
		r := ringJob{k: k, j: j, kind: RingSend, off: j.Offset}
		if j.ZeroCopy {
			r.kind = RingSendZerocopy
		}
		_, err = complete(k, "setup", j.Out, Writable, func() (int, error) {
			r.ring, err = k.OpenRing("setup", len(r.ops))
			return 0, err
		})
		if err != nil {
			return 0, err
		}
		defer k.Close("setup", r.ring)
		if r.buf, err = k.Alloc(j.piece(j.Bytes)); err != nil {
			return 0, &lineError{"setup", err}
		}
		defer k.Free(r.buf)
		for r.sent < j.Bytes {
			if err := r.chunk(); err != nil {
				return r.sent, err
			}
		}
		return r.sent, nil
	},
}

// ringJob is a job on its way through a ring.
type ringJob struct {
	k    Kernel
	j    Job
	ring FD
	kind RingOpKind // of sends
	buf  Mem
	ops  [2]RingOp
	off  int64 // of the next read
	sent int64
}

// chunk reads a chunk and sends it. A read that brings less than it was asked
// for breaks the link: what it brought is then sent by a call of its own, as is
// what a send left over.
func (r *ringJob) chunk() error {
	whole := r.buf.Slice(0, r.j.piece(r.j.Bytes-r.sent))
	r.ops[0] = RingOp{Kind: RingRead, FD: r.j.In, Mem: whole, Off: r.off, Link: true}
	if r.j.UsePosition {
		r.ops[0].Off = -1
	}
	r.ops[1] = RingOp{Kind: r.kind, FD: r.j.Out, Mem: whole}
	done, err := r.enter(r.ops[:])
	if err != nil {
		return err
	}
	read, sent := done[0], done[1]
	switch {
	case again(read.Err):
		return nil
	case read.Err != nil:
		return &lineError{"enter", read.Err}
	case read.N == 0:
		return &lineError{"enter", ErrShrunk}
	}
	r.off += int64(read.N)
	rest := r.buf.Slice(0, read.N)
	for {
		if sent.Err != nil && !again(sent.Err) {
			return &lineError{"enter", sent.Err}
		}
		r.sent += int64(sent.N)
		if rest = rest.Slice(sent.N, rest.Len-sent.N); rest.Len == 0 {
			return nil
		}
		r.ops[0] = RingOp{Kind: r.kind, FD: r.j.Out, Mem: rest}
		if done, err = r.enter(r.ops[:1]); err != nil {
			return err
		}
		sent = done[0]
	}
}

// enter submits operations and waits for them.
func (r *ringJob) enter(ops []RingOp) (done []RingResult, err error) {
	_, err = complete(r.k, "enter", r.ring, Writable, func() (int, error) {
		done, err = r.k.Enter("enter", r.ring, ops)
		return 0, err
	})
	return done, err
}

// again: the operation did nothing and is to be repeated.
func again(err error) bool {
	return errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ECANCELED)
}
