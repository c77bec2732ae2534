package sim

import (
	"syscall"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// The descriptors that every machine begins with.
const (
	fileFD   transfer.FD = 3
	socketFD transfer.FD = 4
)

// Kernel is the modelled kernel: what a program sees of a [Machine].
type Kernel struct {
	transfer.Refusing // the calls that this kernel does not model

	m      *Machine
	system system

	open     map[transfer.FD]any // *fileEnd, *socketEnd, *pipe
	nextFD   transfer.FD
	position int64

	memory     map[int]any // *buffer, *mapping
	nextHandle int
}

var _ transfer.Kernel = (*Kernel)(nil)

type (
	fileEnd   struct{}
	socketEnd struct{}
)

// Kernel is the kernel for one program.
func (m *Machine) Kernel() *Kernel {
	k := &Kernel{m: m, nextFD: 5, memory: map[int]any{},
		open: map[transfer.FD]any{fileFD: &fileEnd{}, socketFD: &socketEnd{}}}
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

// call runs one syscall: the switch into the kernel, what it does there, and
// the switch back.
func (k *Kernel) call(name string, l transfer.Label, from, to trace.Place, body func() (int64, error)) (int64, error) {
	m := k.m
	m.call.n++
	m.call.name, m.call.line, m.call.phase = name, string(l), trace.PhaseOf(name)
	start := m.now
	m.call.span = 0
	m.cpu(trace.Event{Kind: trace.ModeSwitch, Actor: trace.UserCode, From: trace.UserMode, To: trace.KernelMode, Detail: "enter"}, m.costs.ModeSwitch)
	span := m.emitAt(start, trace.Event{Kind: trace.Syscall, From: from, To: to})
	n, err := body()
	m.cpu(trace.Event{Kind: trace.ModeSwitch, From: trace.KernelMode, To: trace.UserMode, Detail: "return"}, m.costs.ModeSwitch)
	e := &m.pending[span]
	e.Dur, e.Ret = m.now-start, n
	if err != nil {
		e.Ret, e.Errno = -1, errnoName(err)
	} else if from != "" {
		e.Bytes = n
	}
	m.call.span = -1
	m.call.phase = trace.Transfer
	m.flush(false)
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

func (k *Kernel) isFile(fd transfer.FD) bool   { _, ok := k.open[fd].(*fileEnd); return ok }
func (k *Kernel) isSocket(fd transfer.FD) bool { _, ok := k.open[fd].(*socketEnd); return ok }

// where is the file offset that a call begins at; moved says where it ended.
func (k *Kernel) where(off *int64) int64 {
	if off != nil {
		return *off
	}
	return k.position
}

func (k *Kernel) moved(off *int64, n int64) {
	if off != nil {
		*off += n
	} else {
		k.position += n
	}
}

// Alloc implements [transfer.Kernel].
func (k *Kernel) Alloc(n int) (transfer.Mem, error) {
	if n <= 0 {
		return transfer.Mem{}, syscall.EINVAL
	}
	k.nextHandle++
	k.memory[k.nextHandle] = &buffer{bytes: n}
	return transfer.Mem{Handle: k.nextHandle, Len: n}, nil
}

// Free implements [transfer.Kernel].
func (k *Kernel) Free(m transfer.Mem) { delete(k.memory, m.Handle) }

// Read implements [transfer.Kernel].
func (k *Kernel) Read(l transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	name := "read"
	if off != nil {
		name = "pread64"
	}
	n, err := k.call(name, l, trace.PageCache, trace.UserBuffer, func() (int64, error) {
		buf, ok := k.memory[dst.Handle].(*buffer)
		if !k.isFile(in) {
			return 0, syscall.EBADF
		}
		if !ok {
			return 0, syscall.EFAULT
		}
		at := k.where(off)
		n := max(min(int64(dst.Len), k.m.file.size-at, k.system.callBytes()), 0)
		into := int64(dst.Off)
		k.system.cached(at, n, func(off, n int64) {
			k.m.cpu(trace.Event{Kind: trace.CPUCopy, From: trace.PageCache, To: trace.UserBuffer, Bytes: n, Offset: off}, k.m.costs.CopyRate.time(n))
			buf.put(into, []Extent{{Off: off, Len: n, Taken: k.m.file.version()}})
			into += n
		})
		k.moved(off, n)
		return n, nil
	})
	return int(n), err
}

// Write implements [transfer.Kernel].
func (k *Kernel) Write(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	from := trace.UserBuffer
	mp, mapped := k.memory[src.Handle].(*mapping)
	if mapped {
		from = trace.UserMapping
	}
	n, err := k.call("write", l, from, trace.SocketBuffer, func() (int64, error) {
		if !k.isSocket(out) {
			return 0, syscall.EBADF
		}
		src.Len = int(min(int64(src.Len), k.system.callBytes()))
		var es []Extent
		switch buf := k.memory[src.Handle].(type) {
		case *buffer:
			es = buf.get(int64(src.Off), int64(src.Len))
		case *mapping:
			n := k.reachable(mp, src)
			if n == 0 {
				return 0, syscall.EFAULT
			}
			es = []Extent{{Off: mp.off + int64(src.Off), Len: n, Taken: lent}}
		default:
			return 0, syscall.EFAULT
		}
		return k.writeSocket(from, mp, es)
	})
	return int(n), err
}

// writeSocket copies what a write was given into the socket buffer, piece by
// piece as room becomes free.
func (k *Kernel) writeSocket(from trace.Place, mp *mapping, es []Extent) (done int64, err error) {
	for len(es) > 0 {
		if err := k.m.room(); err != nil {
			if done > 0 {
				return done, nil
			}
			return 0, err
		}
		var piece []Extent
		piece, es = take(es, k.system.pieceBytes())
		n := length(piece)
		if mp != nil {
			k.system.touched(mp, piece[0].Off, n, trace.KernelCode)
		}
		k.m.cpu(trace.Event{Kind: trace.CPUCopy, From: from, To: trace.SocketBuffer, Bytes: n, Offset: piece[0].Off}, k.m.costs.CopyRate.time(n))
		k.m.transmit(k.m.copied(piece))
		done += n
	}
	return done, nil
}

// reachable is how many bytes of a mapped range still have a file behind them;
// the file's last page is whole.
func (k *Kernel) reachable(mp *mapping, src transfer.Mem) int64 {
	end := pages(0, k.m.file.size) * PageBytes
	return max(min(int64(src.Len), end-(mp.off+int64(src.Off))), 0)
}

// Mmap implements [transfer.Kernel].
func (k *Kernel) Mmap(l transfer.Label, in transfer.FD, off int64, n int) (transfer.Mem, error) {
	_, err := k.call("mmap", l, "", "", func() (int64, error) {
		if !k.isFile(in) {
			return 0, syscall.EBADF
		}
		if off%PageBytes != 0 || n <= 0 {
			return 0, syscall.EINVAL
		}
		mp := &mapping{off: off, n: int64(n)}
		k.nextHandle++
		k.memory[k.nextHandle] = mp
		k.system.mapped(mp)
		return 0, nil
	})
	if err != nil {
		return transfer.Mem{}, err
	}
	return transfer.Mem{Handle: k.nextHandle, Len: n}, nil
}

// Munmap implements [transfer.Kernel].
func (k *Kernel) Munmap(l transfer.Label, m transfer.Mem) error {
	_, err := k.call("munmap", l, "", "", func() (int64, error) {
		if _, ok := k.memory[m.Handle].(*mapping); !ok {
			return 0, syscall.EINVAL
		}
		delete(k.memory, m.Handle)
		return 0, nil
	})
	return err
}

// Sendfile implements [transfer.Kernel].
func (k *Kernel) Sendfile(l transfer.Label, out, in transfer.FD, off *int64, n int) (int, error) {
	done, err := k.call("sendfile", l, trace.PageCache, trace.SocketBuffer, func() (int64, error) {
		if !k.isFile(in) || !k.isSocket(out) {
			return 0, syscall.EBADF
		}
		at := k.where(off)
		rest := max(min(int64(n), k.m.file.size-at, k.system.callBytes()), 0)
		var done int64
		// A splice through a pipe of the kernel's own (splice_direct_to_actor,
		// fs/splice.c), so in pieces of what that pipe holds.
		for rest > 0 {
			if err := k.m.room(); err != nil {
				if done > 0 {
					break
				}
				return 0, err
			}
			piece := min(rest, k.system.internalPipeBytes(at+done))
			k.system.cached(at+done, piece, func(off, n int64) {
				// The articles let a card without scatter-gather have no
				// descriptor at all: the payload is copied for it instead.
				if k.m.cfg.Model == Linux || k.m.cfg.SG {
					k.lend(trace.PageCache, trace.SocketBuffer, off, n)
				}
			})
			k.m.transmit([]Extent{{Off: at + done, Len: piece, Taken: lent}})
			done += piece
			rest -= piece
		}
		k.moved(off, done)
		return done, nil
	})
	return int(done), err
}

// lend hands references to the pages of a range over.
func (k *Kernel) lend(from, to trace.Place, off, n int64) {
	refs := k.system.references(off, n)
	k.m.cpu(trace.Event{Kind: trace.Descriptor, From: from, To: to, Bytes: n, Offset: off, N: refs, Detail: "lend"},
		k.m.costs.ReferenceTime*trace.Ns(refs))
}

// Close implements [transfer.Kernel].
func (k *Kernel) Close(l transfer.Label, fd transfer.FD) error {
	_, err := k.call("close", l, "", "", func() (int64, error) {
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
	_, err := k.call("poll", l, "", "", func() (int64, error) {
		if _, ok := k.open[fd]; !ok {
			return 0, syscall.EBADF
		}
		return 1, nil
	})
	return err
}

// Touch implements [transfer.Kernel].
func (k *Kernel) Touch(l transfer.Label, mem transfer.Mem) error {
	m := k.m
	m.call.phase = trace.Transfer
	place := trace.UserBuffer
	if mp, ok := k.memory[mem.Handle].(*mapping); ok {
		place = trace.UserMapping
		n := k.reachable(mp, mem)
		if n > 0 {
			k.system.touched(mp, mp.off+int64(mem.Off), n, trace.UserCode)
		}
		if n < int64(mem.Len) {
			m.flush(false)
			return syscall.EFAULT
		}
	}
	m.cpu(trace.Event{Kind: trace.Compute, Actor: trace.UserCode, From: place, To: trace.CPUPlace, Bytes: int64(mem.Len), Line: string(l), Detail: "touch"},
		m.costs.CopyRate.time(int64(mem.Len)))
	m.flush(false)
	return nil
}
