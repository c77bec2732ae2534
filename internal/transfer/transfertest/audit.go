package transfertest

import (
	"fmt"
	"sort"
	"syscall"
	"testing"

	"copyscope/internal/transfer"
)

// Audit passes every call on to a kernel, fails the test when an answer breaks
// what the contract says of all calls, and knows what is still open.
type Audit struct {
	t    testing.TB
	k    transfer.Kernel
	open map[string]int
}

var _ transfer.Kernel = (*Audit)(nil)

// NewAudit audits k.
func NewAudit(t testing.TB, k transfer.Kernel) *Audit {
	return &Audit{t: t, k: k, open: map[string]int{}}
}

// Leaks lists the buffers, mappings and descriptors that were not given back, or
// were given back more often than they were made.
func (a *Audit) Leaks() []string {
	var out []string
	for what, n := range a.open {
		if n != 0 {
			out = append(out, fmt.Sprintf("%s: %+d", what, n))
		}
	}
	sort.Strings(out)
	return out
}

func (a *Audit) gain(kind string, id int) { a.open[fmt.Sprintf("%s %d", kind, id)]++ }
func (a *Audit) drop(kind string, id int) { a.open[fmt.Sprintf("%s %d", kind, id)]-- }

// answer holds one result to the contract: at most what was asked for, nothing
// together with an error, the error a bare errno.
func (a *Audit) answer(call string, asked, n int, err error) {
	a.t.Helper()
	if n < 0 || n > asked {
		a.t.Errorf("%s: %d bytes of %d asked for", call, n, asked)
	}
	if err == nil {
		return
	}
	if n != 0 {
		a.t.Errorf("%s: %d bytes and error %v; the contract allows one of them", call, n, err)
	}
	if _, bare := err.(syscall.Errno); !bare {
		a.t.Errorf("%s: error %v is a %T; the contract wants a bare syscall.Errno", call, err, err)
	}
}

// moved holds off to what a call of n bytes does to it.
func (a *Audit) moved(call string, off *int64, before int64, n int) {
	a.t.Helper()
	if off != nil && *off != before+int64(n) {
		a.t.Errorf("%s: %d bytes moved the offset from %d to %d", call, n, before, *off)
	}
}

func at(off *int64) int64 {
	if off == nil {
		return 0
	}
	return *off
}

func (a *Audit) Alloc(n int) (transfer.Mem, error) {
	a.t.Helper()
	m, err := a.k.Alloc(n)
	a.answer("alloc", 0, 0, err)
	if err == nil {
		a.gain("buffer", m.Handle)
		a.whole("alloc", m, n)
	}
	return m, err
}

func (a *Audit) whole(call string, m transfer.Mem, n int) {
	a.t.Helper()
	if m.Off != 0 || m.Len != n {
		a.t.Errorf("%s of %d bytes gave the range [%d, %d+%d)", call, n, m.Off, m.Off, m.Len)
	}
}

func (a *Audit) Free(m transfer.Mem) {
	a.drop("buffer", m.Handle)
	a.k.Free(m)
}

func (a *Audit) Read(l transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	a.t.Helper()
	before := at(off)
	n, err := a.k.Read(l, in, dst, off)
	a.answer("read", dst.Len, n, err)
	a.moved("read", off, before, n)
	return n, err
}

func (a *Audit) Write(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	a.t.Helper()
	n, err := a.k.Write(l, out, src)
	a.answer("write", src.Len, n, err)
	if n == 0 && err == nil && src.Len > 0 {
		a.t.Errorf("write of %d bytes gave 0 and no error", src.Len)
	}
	return n, err
}

func (a *Audit) Mmap(l transfer.Label, in transfer.FD, off int64, n int) (transfer.Mem, error) {
	a.t.Helper()
	m, err := a.k.Mmap(l, in, off, n)
	a.answer("mmap", 0, 0, err)
	if err == nil {
		a.gain("mapping", m.Handle)
		a.whole("mmap", m, n)
	}
	return m, err
}

func (a *Audit) Munmap(l transfer.Label, m transfer.Mem) error {
	a.t.Helper()
	err := a.k.Munmap(l, m)
	a.answer("munmap", 0, 0, err)
	if err == nil {
		a.drop("mapping", m.Handle)
	}
	return err
}

func (a *Audit) Sendfile(l transfer.Label, out, in transfer.FD, off *int64, n int) (int, error) {
	a.t.Helper()
	before := at(off)
	m, err := a.k.Sendfile(l, out, in, off, n)
	a.answer("sendfile", n, m, err)
	a.moved("sendfile", off, before, m)
	return m, err
}

func (a *Audit) Pipe(l transfer.Label, want int) (transfer.PipeEnds, error) {
	a.t.Helper()
	p, err := a.k.Pipe(l, want)
	a.answer("pipe", 0, 0, err)
	if err == nil {
		a.gain("descriptor", int(p.Read))
		a.gain("descriptor", int(p.Write))
	}
	return p, err
}

func (a *Audit) Splice(l transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, more bool) (int, error) {
	a.t.Helper()
	before := at(off)
	m, err := a.k.Splice(l, in, off, out, n, more)
	a.answer("splice", n, m, err)
	a.moved("splice", off, before, m)
	return m, err
}

func (a *Audit) Close(l transfer.Label, fd transfer.FD) error {
	a.t.Helper()
	err := a.k.Close(l, fd)
	a.answer("close", 0, 0, err)
	a.drop("descriptor", int(fd))
	return err
}

func (a *Audit) Wait(l transfer.Label, fd transfer.FD, d transfer.Direction) error {
	a.t.Helper()
	err := a.k.Wait(l, fd, d)
	a.answer("wait", 0, 0, err)
	return err
}

func (a *Audit) Touch(l transfer.Label, m transfer.Mem) error {
	a.t.Helper()
	err := a.k.Touch(l, m)
	a.answer("touch", 0, 0, err)
	return err
}
