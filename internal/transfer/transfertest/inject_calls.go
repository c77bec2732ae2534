package transfertest

import (
	"syscall"

	"copyscope/internal/transfer"
)

// The calls that only some programs make.

// whole applies the script to a call that is done whole or not at all.
func (in *Injected) whole(name string, l transfer.Label) error {
	if f := in.meet(name, l); f != nil && f.errno != 0 {
		return f.errno
	}
	return nil
}

func (in *Injected) Tee(l transfer.Label, from, to transfer.FD, n int) (int, error) {
	n, err := in.bytes("tee", l, n)
	if err != nil {
		return 0, err
	}
	return in.k.Tee(l, from, to, n)
}

func (in *Injected) OpenDirect(l transfer.Label, fd transfer.FD) (transfer.FD, error) {
	if err := in.whole("open", l); err != nil {
		return 0, err
	}
	return in.k.OpenDirect(l, fd)
}

func (in *Injected) EnableZerocopy(l transfer.Label, out transfer.FD) error {
	if err := in.whole("setsockopt", l); err != nil {
		return err
	}
	return in.k.EnableZerocopy(l, out)
}

func (in *Injected) SendZerocopy(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	n, err := in.bytes("send", l, src.Len)
	if err != nil {
		return 0, err
	}
	return in.k.SendZerocopy(l, out, src.Slice(0, n))
}

func (in *Injected) Completed(l transfer.Label, out transfer.FD) (transfer.Completion, error) {
	f := in.meet("completion", l)
	if f != nil && (f.errno == syscall.EINTR || f.errno == syscall.EAGAIN) {
		return transfer.Completion{}, f.errno
	}
	// The kernel below has sent: it is asked all the same, so that nothing of it
	// stays open.
	c, err := in.k.Completed(l, out)
	if f != nil && f.errno != 0 {
		return transfer.Completion{}, f.errno
	}
	return c, err
}

func (in *Injected) OpenRing(l transfer.Label, entries int) (transfer.FD, error) {
	if err := in.whole("setup", l); err != nil {
		return 0, err
	}
	return in.k.OpenRing(l, entries)
}

// Enter can do less of its first operation. A linked one is then cancelled.
func (in *Injected) Enter(l transfer.Label, ring transfer.FD, ops []transfer.RingOp) ([]transfer.RingResult, error) {
	first := ops[0]
	n, err := in.bytes("enter", l, first.Mem.Len)
	if err != nil {
		return nil, err
	}
	if n == first.Mem.Len {
		return in.k.Enter(l, ring, ops)
	}
	first.Mem, first.Link = first.Mem.Slice(0, n), false
	if !ops[0].Link {
		return in.k.Enter(l, ring, append([]transfer.RingOp{first}, ops[1:]...))
	}
	done, err := in.k.Enter(l, ring, []transfer.RingOp{first})
	if err != nil {
		return nil, err
	}
	done = append([]transfer.RingResult(nil), done...)
	for range ops[1:] {
		done = append(done, transfer.RingResult{Err: syscall.ECANCELED})
	}
	return done, nil
}

func (in *Injected) EnableTLS(l transfer.Label, out transfer.FD) error {
	if err := in.whole("setsockopt", l); err != nil {
		return err
	}
	return in.k.EnableTLS(l, out)
}

func (in *Injected) Encrypt(l transfer.Label, src, dst transfer.Mem) (int, error) {
	if err := in.whole("encrypt", l); err != nil {
		return 0, err
	}
	return in.k.Encrypt(l, src, dst)
}

func (in *Injected) Compress(l transfer.Label, src, dst transfer.Mem) (int, error) {
	if err := in.whole("compress", l); err != nil {
		return 0, err
	}
	return in.k.Compress(l, src, dst)
}
