package transfertest

import "copyscope/internal/transfer"

// The calls that only some programs make.

func (a *Audit) Tee(l transfer.Label, in, out transfer.FD, n int) (int, error) {
	a.t.Helper()
	m, err := a.k.Tee(l, in, out, n)
	a.answer("tee", n, m, err)
	return m, err
}

// opened holds a call that makes a descriptor to its answer, and keeps it.
func (a *Audit) opened(call string, fd transfer.FD, err error) (transfer.FD, error) {
	a.t.Helper()
	a.answer(call, 0, 0, err)
	if err == nil {
		a.gain("descriptor", int(fd))
	}
	return fd, err
}

func (a *Audit) OpenDirect(l transfer.Label, in transfer.FD) (transfer.FD, error) {
	a.t.Helper()
	fd, err := a.k.OpenDirect(l, in)
	return a.opened("open", fd, err)
}

func (a *Audit) OpenRing(l transfer.Label, entries int) (transfer.FD, error) {
	a.t.Helper()
	fd, err := a.k.OpenRing(l, entries)
	return a.opened("setup", fd, err)
}

func (a *Audit) EnableZerocopy(l transfer.Label, out transfer.FD) error {
	a.t.Helper()
	err := a.k.EnableZerocopy(l, out)
	a.answer("setsockopt", 0, 0, err)
	return err
}

func (a *Audit) EnableTLS(l transfer.Label, out transfer.FD) error {
	a.t.Helper()
	err := a.k.EnableTLS(l, out)
	a.answer("setsockopt", 0, 0, err)
	return err
}

func (a *Audit) SendZerocopy(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	a.t.Helper()
	n, err := a.k.SendZerocopy(l, out, src)
	a.answer("send", src.Len, n, err)
	if n > 0 {
		a.gain("completion", 0)
	}
	return n, err
}

func (a *Audit) Completed(l transfer.Label, out transfer.FD) (transfer.Completion, error) {
	a.t.Helper()
	c, err := a.k.Completed(l, out)
	a.answer("completion", 0, 0, err)
	if err == nil {
		for range c.To - c.From + 1 {
			a.drop("completion", 0)
		}
	}
	return c, err
}

func (a *Audit) Enter(l transfer.Label, ring transfer.FD, ops []transfer.RingOp) ([]transfer.RingResult, error) {
	a.t.Helper()
	done, err := a.k.Enter(l, ring, ops)
	a.answer("enter", 0, 0, err)
	if err == nil && len(done) != len(ops) {
		a.t.Fatalf("enter: %d results of %d operations", len(done), len(ops))
	}
	for i, r := range done {
		a.answer("enter", ops[i].Mem.Len, r.N, r.Err)
	}
	return done, err
}

func (a *Audit) Encrypt(l transfer.Label, src, dst transfer.Mem) (int, error) {
	a.t.Helper()
	n, err := a.k.Encrypt(l, src, dst)
	a.answer("encrypt", dst.Len, n, err)
	return n, err
}

func (a *Audit) Compress(l transfer.Label, src, dst transfer.Mem) (int, error) {
	a.t.Helper()
	n, err := a.k.Compress(l, src, dst)
	a.answer("compress", dst.Len, n, err)
	return n, err
}
