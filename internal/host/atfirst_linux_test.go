package host_test

import (
	"sync"

	"copyscope/internal/transfer"
)

// atFirst looks at the file and the socket right before the first call of a
// program that names the file.
type atFirst struct {
	transfer.Kernel
	once sync.Once
	look func(file int)
}

// lookingAt is the wrapper for host.Options.Fault.
func lookingAt(look func(file int)) func(transfer.Kernel) transfer.Kernel {
	return func(k transfer.Kernel) transfer.Kernel { return &atFirst{Kernel: k, look: look} }
}

func (k *atFirst) first(in transfer.FD) { k.once.Do(func() { k.look(int(in)) }) }

func (k *atFirst) Read(l transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	k.first(in)
	return k.Kernel.Read(l, in, dst, off)
}

func (k *atFirst) Mmap(l transfer.Label, in transfer.FD, off int64, n int) (transfer.Mem, error) {
	k.first(in)
	return k.Kernel.Mmap(l, in, off, n)
}

func (k *atFirst) Sendfile(l transfer.Label, out, in transfer.FD, off *int64, n int) (int, error) {
	k.first(in)
	return k.Kernel.Sendfile(l, out, in, off, n)
}

func (k *atFirst) Splice(l transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, more bool) (int, error) {
	k.first(in)
	return k.Kernel.Splice(l, in, off, out, n, more)
}

func (k *atFirst) OpenDirect(l transfer.Label, in transfer.FD) (transfer.FD, error) {
	k.first(in)
	return k.Kernel.OpenDirect(l, in)
}

func (k *atFirst) Enter(l transfer.Label, ring transfer.FD, ops []transfer.RingOp) ([]transfer.RingResult, error) {
	k.first(ops[0].FD)
	return k.Kernel.Enter(l, ring, ops)
}
