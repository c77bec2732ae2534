package sim

import (
	"syscall"

	"copyscope/internal/trace"
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
	p := &pipe{slots: defaultBytes / PageBytes}
	ends := transfer.PipeEnds{Read: k.nextFD, Write: k.nextFD + 1}
	_, err := k.call("pipe2", l, "", "", func() (int64, error) {
		k.open[ends.Read], k.open[ends.Write] = &pipeEnd{p, false}, &pipeEnd{p, true}
		k.nextFD += 2
		return 0, nil
	})
	if err == nil && want > defaultBytes {
		_, err = k.call("fcntl", l, "", "", func() (int64, error) {
			p.slots = k.system.pipeSlots(int64(want))
			return p.slots * PageBytes, nil
		})
	}
	ends.Capacity = int(p.slots) * PageBytes
	return ends, err
}

// Splice implements [transfer.Kernel].
func (k *Kernel) Splice(l transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, _ bool) (int, error) {
	if end, ok := k.open[out].(*pipeEnd); ok && end.write && k.isFile(in) {
		done, err := k.call("splice", l, trace.PageCache, trace.Pipe, func() (int64, error) { return k.spliceIn(end.pipe, off, int64(n)) })
		return int(done), err
	}
	if end, ok := k.open[in].(*pipeEnd); ok && !end.write && k.isSocket(out) {
		done, err := k.call("splice", l, trace.Pipe, trace.SocketBuffer, func() (int64, error) { return k.spliceOut(end.pipe, int64(n)) })
		return int(done), err
	}
	_, err := k.call("splice", l, "", "", func() (int64, error) {
		if k.open[in] == nil || k.open[out] == nil {
			return 0, syscall.EBADF
		}
		return 0, syscall.EINVAL
	})
	return 0, err
}

func (k *Kernel) spliceIn(p *pipe, off *int64, n int64) (int64, error) {
	if p.used == p.slots {
		return 0, syscall.EDEADLK // only this program could make room
	}
	at := k.where(off)
	// Each page or part of one takes a slot.
	free := (p.slots-p.used)*PageBytes - at%PageBytes
	n = max(min(n, k.m.file.size-at, free), 0)
	k.system.cached(at, n, func(off, n int64) {
		k.lend(trace.PageCache, trace.Pipe, off, n)
		p.queue = append(p.queue, Extent{Off: off, Len: n, Taken: lent})
		p.used += pages(off, n)
	})
	k.moved(off, n)
	return n, nil
}

func (k *Kernel) spliceOut(p *pipe, n int64) (int64, error) {
	if len(p.queue) == 0 {
		return 0, syscall.EDEADLK // only this program could fill it
	}
	if err := k.m.room(); err != nil {
		return 0, err
	}
	var es []Extent
	es, p.queue = take(p.queue, n)
	p.used = 0
	for _, e := range p.queue {
		p.used += pages(e.Off, e.Len)
	}
	for _, e := range es {
		k.lend(trace.Pipe, trace.SocketBuffer, e.Off, e.Len)
	}
	k.m.transmit(es)
	return length(es), nil
}
