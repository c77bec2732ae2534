package transfertest_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"copyscope/internal/transfer"
	"copyscope/internal/transfer/transfertest"
)

// one is a kernel that does whatever it is asked, a byte count at a time.
type one struct{ transfer.Kernel }

func (one) Write(_ transfer.Label, _ transfer.FD, src transfer.Mem) (int, error) { return src.Len, nil }
func (one) Close(transfer.Label, transfer.FD) error                              { return nil }

// witness is a testing.TB that keeps what a helper reports instead of failing.
type witness struct {
	testing.TB
	said     []string
	cleanups []func()
}

func (w *witness) Helper()                      {}
func (w *witness) Cleanup(f func())             { w.cleanups = append(w.cleanups, f) }
func (w *witness) Errorf(f string, args ...any) { w.said = append(w.said, fmt.Sprintf(f, args...)) }
func (w *witness) Fatalf(f string, args ...any) { w.Errorf(f, args...); panic(w) }

// end runs the clean-ups and gives all that was reported.
func (w *witness) end() string {
	for _, f := range w.cleanups {
		f()
	}
	return strings.Join(w.said, "\n")
}

var ten = transfer.Mem{Len: 10}

func TestInject(t *testing.T) {
	k := transfertest.Inject(t, one{}, `
		write#2: short 3
		write#3: EPIPE

		write#4: EINTR
		pipe#1: EIO
	`)
	for i, want := range []struct {
		n   int
		err error
	}{{10, nil}, {3, nil}, {0, syscall.EPIPE}, {0, syscall.EINTR}, {10, nil}} {
		if n, err := k.Write("write", 1, ten); n != want.n || err != want.err {
			t.Errorf("write %d gave %d, %v; want %d, %v", i+1, n, err, want.n, want.err)
		}
	}
	// By the label of the program's line, too: this close belongs to "pipe".
	if err := k.Close("pipe", 1); err != syscall.EIO {
		t.Errorf("close gave %v, want EIO", err)
	}
}

func TestInjectUnmet(t *testing.T) {
	w := &witness{TB: t}
	k := transfertest.Inject(w, one{}, "write#1: short 1\nwrite#7: EIO")
	k.Write("write", 1, ten)
	if got := w.end(); got != `fault "write#7: EIO" was never met; calls made: map[write:1]` {
		t.Errorf("reported %q", got)
	}
}

func TestInjectBadScripts(t *testing.T) {
	for script, want := range map[string]string{
		"write: EIO":         "write CALL#N: FAULT",
		"wrote#1: EIO":       `no call or label "wrote"`,
		"write#0: EIO":       "write 1 or more, or *",
		"write#1: EWHATEVER": `no fault "EWHATEVER"`,
		"write#1: short x":   "write 1 or more bytes",
		"mmap#1: short 1":    "mmap is done whole or not at all",
		"write#*: EAGAIN":    "never ends",
	} {
		w := &witness{TB: t}
		func() {
			defer func() { recover() }()
			transfertest.Inject(w, one{}, script)
		}()
		if got := w.end(); !strings.Contains(got, want) {
			t.Errorf("%q: reported %q, want %q in it", script, got, want)
		}
	}
}

// liar breaks what the contract says of every call.
type liar struct{ transfer.Kernel }

func (liar) Write(_ transfer.Label, _ transfer.FD, src transfer.Mem) (int, error) {
	switch src.Len {
	case 1:
		return 2, nil
	case 2:
		return 1, syscall.EPIPE
	case 3:
		return 0, fmt.Errorf("wrapped: %w", syscall.EPIPE)
	}
	return 0, nil
}

func (liar) Sendfile(_ transfer.Label, _, _ transfer.FD, _ *int64, n int) (int, error) { return n, nil }

func (liar) Alloc(n int) (transfer.Mem, error)         { return transfer.Mem{Handle: 5, Len: n}, nil }
func (liar) Free(transfer.Mem)                         {}
func (liar) Munmap(transfer.Label, transfer.Mem) error { return nil }

func TestAudit(t *testing.T) {
	w := &witness{TB: t}
	a := transfertest.NewAudit(w, liar{})
	for n := range 4 {
		a.Write("write", 1, transfer.Mem{Len: n + 1})
	}
	off := int64(0)
	a.Sendfile("sendfile", 1, 2, &off, 9)
	for i, want := range []string{
		"2 bytes of 1 asked for", "one of them", "bare syscall.Errno", "gave 0 and no error", "moved the offset from 0 to 0",
	} {
		if i >= len(w.said) || !strings.Contains(w.said[i], want) {
			t.Fatalf("reported %q; want %q at %d", w.said, want, i)
		}
	}
	m, _ := a.Alloc(3)
	if got := fmt.Sprint(a.Leaks()); got != "[buffer 5: +1]" {
		t.Errorf("leaks %s", got)
	}
	a.Free(m)
	a.Munmap("munmap", m)
	if got := fmt.Sprint(a.Leaks()); got != "[mapping 5: -1]" {
		t.Errorf("leaks %s", got)
	}
}
