package sim

import (
	"syscall"

	"copyscope/internal/transfer"
)

// pipe holds page references, one page or part of a page to a slot.
type pipe struct {
	slots int64 // capacity
	used  int64
	queue []Extent
}

// pipeEnd is one end of a pipe.
type pipeEnd struct {
	*pipe
	write bool
}

// Pipe implements [transfer.Kernel].
func (k *Kernel) Pipe(l transfer.Label, want int) (transfer.PipeEnds, error) {
	const defaultBytes = 16 * PageBytes // PIPE_DEF_BUFFERS, include/linux/pipe_fs_i.h
	// Who may not have so much gets less from the begin on (alloc_pipe_info, fs/pipe.c).
	p := &pipe{slots: min(defaultBytes/PageBytes, k.system.pipeSlots(defaultBytes))}
	var ends transfer.PipeEnds
	_, err := k.call("pipe2", l, span, func() (int64, error) {
		ends.Read, ends.Write = k.add(&pipeEnd{p, false}), k.add(&pipeEnd{p, true})
		return 0, nil
	})
	if err == nil && want > defaultBytes {
		_, err = k.call("fcntl", l, span, func() (int64, error) {
			p.slots = k.system.pipeSlots(int64(want))
			return p.slots * PageBytes, nil
		})
	}
	ends.Capacity = int(p.slots) * PageBytes
	return ends, err
}

// pipe is the pipe that fd is an end of, the writing one or the reading one, or
// nil.
func (k *Kernel) pipe(fd transfer.FD, write bool) *pipe {
	if end, ok := k.open[fd].(*pipeEnd); ok && end.write == write {
		return end.pipe
	}
	return nil
}

// Splice implements [transfer.Kernel].
func (k *Kernel) Splice(l transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, _ bool) (int, error) {
	f, body := span, func() (int64, error) {
		if k.open[in] == nil || k.open[out] == nil {
			return 0, syscall.EBADF
		}
		return 0, syscall.EINVAL
	}
	file, from, into, p, q := k.file(in), k.socket(in), k.socket(out), k.pipe(out, true), k.pipe(in, false)
	switch {
	case file != nil && p != nil:
		f, body = spanSpliceIn, func() (int64, error) { return k.spliceIn(file, p, off, int64(n)) }
	case from != nil && p != nil:
		f, body = spanSpliceReceive, func() (int64, error) { return k.spliceReceive(from, p, int64(n)) }
	case q != nil && into != nil:
		f, body = spanSpliceOut, func() (int64, error) { return k.spliceOut(q, into, int64(n)) }
	}
	done, err := k.call("splice", l, f, body)
	return int(done), err
}

func (k *Kernel) spliceIn(f *fileEnd, p *pipe, off *int64, n int64) (int64, error) {
	if p.used == p.slots {
		return 0, syscall.EDEADLK // only this program could make room
	}
	at := f.where(off)
	// Each page or part of one takes a slot.
	free := (p.slots-p.used)*PageBytes - at%PageBytes
	n = max(min(n, f.size-at, free), 0)
	k.cached(f, at, n, nowhereYet, func(off, n int64) {
		k.lend(lendToPipe, off, n)
		p.hold(Extent{File: f.id, Off: off, Len: n, Taken: lent})
	})
	f.moved(off, n)
	return n, nil
}

// spliceReceive hands references to what has come in a socket to a pipe
// (tcp_splice_read, net/ipv4/tcp.c).
func (k *Kernel) spliceReceive(s *socket, p *pipe, n int64) (int64, error) {
	if p.used == p.slots {
		return 0, syscall.EDEADLK
	}
	s.data(min(n, (p.slots-p.used)*PageBytes))
	es := s.receive(min(n, (p.slots-p.used)*PageBytes))
	for _, e := range es {
		k.lend(lendReceived, e.Off, e.Len)
		p.hold(e)
	}
	return length(es), nil
}

func (k *Kernel) spliceOut(p *pipe, s *socket, n int64) (int64, error) {
	if len(p.queue) == 0 {
		return 0, syscall.EDEADLK // only this program could fill it
	}
	if err := s.room(); err != nil {
		return 0, err
	}
	k.held, p.queue = take(k.held[:0], p.queue, n)
	es := k.held
	p.used = 0
	for _, e := range p.queue {
		p.used += pages(e.Off, e.Len)
	}
	for _, e := range es {
		k.lend(lendFromPipe, e.Off, e.Len)
	}
	from := cached
	if es[0].Taken != lent { // it came from a socket
		from = passed
	}
	n = length(es)
	s.transmit(es, from, nil)
	return n, nil
}

// Tee implements [transfer.Kernel].
func (k *Kernel) Tee(l transfer.Label, in, out transfer.FD, n int) (int, error) {
	done, err := k.call("tee", l, spanTee, func() (int64, error) {
		p, q := k.pipe(in, false), k.pipe(out, true)
		switch {
		case k.open[in] == nil || k.open[out] == nil:
			return 0, syscall.EBADF
		case p == nil || q == nil || p == q:
			return 0, syscall.EINVAL
		case len(p.queue) == 0 || q.used == q.slots:
			return 0, syscall.EDEADLK
		}
		es, _ := take(nil, append([]Extent(nil), p.queue...), min(int64(n), (q.slots-q.used)*PageBytes))
		for _, e := range es {
			k.lend(lendTee, e.Off, e.Len)
			q.hold(e)
		}
		return length(es), nil
	})
	return int(done), err
}

// hold puts an extent into the pipe: each page or part of one takes a slot.
func (p *pipe) hold(e Extent) {
	p.queue = append(p.queue, e)
	p.used += pages(e.Off, e.Len)
}
