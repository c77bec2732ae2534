package sim

import (
	"syscall"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// The descriptors that every thread begins with.
const (
	fileFD   transfer.FD = 3
	socketFD transfer.FD = 4
)

// Kernel is the modelled kernel: what a thread sees of a [Machine].
type Kernel struct {
	m      *Machine
	t      *Thread
	system system

	open   map[transfer.FD]any // *fileEnd, *socketEnd, *pipeEnd, *ring
	nextFD transfer.FD

	memory     map[int]any // *buffer, *mapping
	nextHandle int
	made       int // the stream of what it made of the file's bytes, or 0

	// held and piece are room for the extents of the call that is under way: what
	// it was given, and the part of it that is being passed on.
	held, piece []Extent
	results     []transfer.RingResult // of the last Enter
}

var _ transfer.Kernel = (*Kernel)(nil)

type socketEnd struct{ *socket }

// Kernel is the kernel for the machine's one program.
func (m *Machine) Kernel() *Kernel { return m.main.k }

func newKernel(m *Machine, t *Thread) *Kernel {
	k := &Kernel{m: m, t: t, nextFD: 5, memory: map[int]any{},
		open: map[transfer.FD]any{fileFD: open(m.files[0]), socketFD: &socketEnd{m.socket()}}}
	if m.cfg.Model == Textbook {
		k.system = textbook{m}
	} else {
		k.system = linux{m}
	}
	return k
}

// File is the descriptor of the machine's file, Socket that of its socket.
func (k *Kernel) File() transfer.FD   { return fileFD }
func (k *Kernel) Socket() transfer.FD { return socketFD }

// NewSocket is the descriptor of one more socket, connected to a receiver of
// its own.
func (k *Kernel) NewSocket() transfer.FD { return k.add(&socketEnd{k.m.socket()}) }

// Source is the descriptor of a socket whose peer sends the n bytes of a file
// from at on, and then ends. It makes the machine a relay, and must be asked for
// before anything runs.
func (k *Kernel) Source(at, n int64) transfer.FD {
	k.m.endpoint = trace.Relay
	return k.fed(at, n)
}

// Producer is the descriptor of a socket whose peer sends n bytes of its own, and
// then ends.
func (k *Kernel) Producer(n int64) transfer.FD { return k.fed(0, n) }

func (k *Kernel) fed(at, n int64) transfer.FD {
	s := &socket{m: k.m}
	s.feed(at, n, k.t.id)
	return k.add(&socketEnd{s})
}

func (k *Kernel) add(end any) transfer.FD {
	fd := k.nextFD
	k.nextFD++
	k.open[fd] = end
	return fd
}

// call runs one syscall: the switch into the kernel, what it does there, and
// the switch back.
func (k *Kernel) call(name string, l transfer.Label, f form, body func() (int64, error)) (int64, error) {
	m, t := k.m, k.t
	if m.watch != nil {
		if err := m.watch(); err != nil {
			return 0, err
		}
	}
	t.calls++
	t.inCall, t.class = true, m.class(class{name, string(l)})
	start := m.now
	event := m.tell(f, start, 0, 0, 0, 0, 0)
	m.spend(enter, m.costs.ModeSwitch, 0, 0, 0)
	if cost := m.costs.Calls.of(f, name); cost > 0 {
		m.spend(callWork, cost, 0, 0, 0)
	}
	n, err := body()
	// A slice that is over ends before the return (exit_to_user_mode_loop,
	// kernel/entry/common.c) or in what follows, not within the switch.
	t.switching = true
	m.spend(leave, m.costs.ModeSwitch, 0, 0, 0)
	t.switching = false
	ret, bytes, errno := n, int64(0), ""
	if err != nil {
		ret, errno = -1, errnoName(err)
	} else if f != span {
		bytes = n
	}
	m.log.Return(event, m.now-start, bytes, ret, errno)
	t.inCall = false
	return n, err
}

func errnoName(err error) string {
	switch err {
	case syscall.EPIPE:
		return "EPIPE"
	case syscall.EFAULT:
		return "EFAULT"
	case syscall.EBADF:
		return "EBADF"
	case syscall.EINVAL:
		return "EINVAL"
	}
	return err.Error()
}

func (k *Kernel) file(fd transfer.FD) *fileEnd { e, _ := k.open[fd].(*fileEnd); return e }

func (k *Kernel) socket(fd transfer.FD) *socket {
	if e, ok := k.open[fd].(*socketEnd); ok {
		return e.socket
	}
	return nil
}

// Read implements [transfer.Kernel].
func (k *Kernel) Read(l transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	name, f := "read", spanRead
	if off != nil {
		name = "pread64"
	}
	if k.socket(in) != nil {
		f = spanReadSocket
	}
	n, err := k.call(name, l, f, func() (int64, error) {
		buf, ok := k.memory[dst.Handle].(*buffer)
		switch {
		case k.open[in] == nil:
			return 0, syscall.EBADF
		case !ok:
			return 0, syscall.EFAULT
		case k.socket(in) != nil:
			return k.readSocket(k.socket(in), buf, dst)
		case k.file(in) == nil:
			return 0, syscall.EBADF
		}
		end := k.file(in)
		n, err := k.readFile(end, buf, dst, end.where(off))
		end.moved(off, n)
		k.m.loaded += n
		return n, err
	})
	return int(n), err
}

// readFile copies bytes of the file into a buffer, or lets the disk put them
// there.
func (k *Kernel) readFile(end *fileEnd, buf *buffer, dst transfer.Mem, at int64) (int64, error) {
	m := k.m
	n := max(min(int64(dst.Len), end.size-at, k.system.callBytes()), 0)
	if end.direct {
		return k.readDirect(end, buf, dst, at, n)
	}
	into := int64(dst.Off)
	k.cached(end, at, n, end.previous, func(off, n int64) {
		m.of(end.id).spend(copyToUser, m.copyTime(n), n, 0, off)
		buf.put(into, Extent{File: end.id, Off: off, Len: n, Taken: end.version()})
		into += n
	})
	return n, nil
}

// readSocket copies what has come out of a receive queue, waiting for the first
// byte.
func (k *Kernel) readSocket(s *socket, buf *buffer, dst transfer.Mem) (int64, error) {
	s.data(int64(dst.Len))
	es := s.receive(int64(dst.Len))
	n := length(es)
	if n == 0 {
		return 0, nil
	}
	k.m.spend(copyReceived, k.m.shared(k.m.costs.receiveCopy(n), n)+k.m.costs.QueueTime*trace.Ns(pages(0, n)), n, 0, es[0].Off)
	at := int64(dst.Off)
	for _, e := range es {
		buf.put(at, e)
		at += e.Len
	}
	return n, nil
}

// Write implements [transfer.Kernel].
func (k *Kernel) Write(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	f := spanWriteBuffer
	mp, mapped := k.memory[src.Handle].(*mapping)
	if mapped {
		f = spanWriteMapping
	}
	n, err := k.call("write", l, f, func() (int64, error) {
		s := k.socket(out)
		if s == nil {
			return 0, syscall.EBADF
		}
		src.Len = int(min(int64(src.Len), k.system.callBytes()))
		var es []Extent
		switch buf := k.memory[src.Handle].(type) {
		case *buffer:
			k.held = buf.get(k.held[:0], int64(src.Off), int64(src.Len))
			es = k.held
		case *mapping:
			n := k.reachable(mp, src)
			if n == 0 {
				return 0, syscall.EFAULT
			}
			k.held = append(k.held[:0], Extent{File: mp.end.id, Off: mp.off + int64(src.Off), Len: n, Taken: lent})
			es = k.held
		default:
			return 0, syscall.EFAULT
		}
		return k.writeSocket(s, mp, es)
	})
	return int(n), err
}

// writeSocket copies what a write was given into the socket buffer, piece by
// piece as room becomes free.
func (k *Kernel) writeSocket(s *socket, mp *mapping, es []Extent) (done int64, err error) {
	m, piece := k.m, k.piece
	for len(es) > 0 {
		if err := s.room(); err != nil {
			if done > 0 {
				return done, nil
			}
			return 0, err
		}
		piece, es = take(piece[:0], es, k.system.pieceBytes())
		n, f := length(piece), copyFromBuffer
		if mp != nil {
			f = copyFromMapping
			k.system.touched(mp, piece[0].Off, n, false)
		}
		m.of(piece[0].File).spend(f, m.shared(m.costs.sendCopy(n), n), n, 0, piece[0].Off)
		s.transmit(m.settle(piece), copied, nil)
		done += n
	}
	k.piece = piece
	return done, nil
}

// Sendfile implements [transfer.Kernel].
func (k *Kernel) Sendfile(l transfer.Label, out, in transfer.FD, off *int64, n int) (int, error) {
	m := k.m
	done, err := k.call("sendfile", l, spanSendfile, func() (int64, error) {
		end, s := k.file(in), k.socket(out)
		if end == nil || s == nil {
			return 0, syscall.EBADF
		}
		at := end.where(off)
		rest := max(min(int64(n), end.size-at, k.system.callBytes()), 0)
		var done int64
		// A splice through a pipe of the kernel's own (splice_direct_to_actor,
		// fs/splice.c), so in pieces of what that pipe holds.
		for rest > 0 {
			if err := s.room(); err != nil {
				if done > 0 {
					break
				}
				return 0, err
			}
			piece := min(rest, k.system.internalPipeBytes(at+done))
			k.cached(end, at+done, piece, nowhereYet, func(off, n int64) {
				// The articles let a card without scatter-gather have no
				// descriptor at all: the payload is copied for it instead.
				if m.cfg.Model == Linux || m.cfg.SG {
					k.lend(lendToSocket, off, n)
				}
			})
			k.piece = append(k.piece[:0], Extent{File: end.id, Off: at + done, Len: piece, Taken: lent})
			s.transmit(k.piece, cached, nil)
			done += piece
			rest -= piece
		}
		end.moved(off, done)
		return done, nil
	})
	return int(done), err
}

// lend hands references to the pages of a range over.
func (k *Kernel) lend(f form, off, n int64) {
	refs, each := k.system.references(off, n), k.m.costs.ReferenceTime
	if f == lendReceived {
		each += k.m.costs.QueueTime
	}
	k.m.spend(f, each*trace.Ns(refs), n, refs, off)
}

// Close implements [transfer.Kernel].
func (k *Kernel) Close(l transfer.Label, fd transfer.FD) error {
	_, err := k.call("close", l, span, func() (int64, error) {
		if _, ok := k.open[fd]; !ok {
			return 0, syscall.EBADF
		}
		delete(k.open, fd)
		return 0, nil
	})
	return err
}

// Wait implements [transfer.Kernel]. The modelled descriptors block, so every
// one is ready: the call that follows does the waiting.
func (k *Kernel) Wait(l transfer.Label, fd transfer.FD, _ transfer.Direction) error {
	_, err := k.call("poll", l, span, func() (int64, error) {
		if _, ok := k.open[fd]; !ok {
			return 0, syscall.EBADF
		}
		return 1, nil
	})
	return err
}
