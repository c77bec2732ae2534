package transfertest

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"copyscope/internal/transfer"
)

// Injected is a kernel whose calls meet scripted faults before they reach the
// kernel below.
type Injected struct {
	k      transfer.Kernel
	faults []*fault
	made   map[string]int // calls so far, by name and by label
	trail  []Call
}

// Call is one call that a program made.
type Call struct {
	Name  string
	Label transfer.Label
	// Nth counts the calls of that name from 1.
	Nth int
}

// fault is one line of a script.
type fault struct {
	text  string
	name  string
	nth   int // 0: every call of the name
	errno syscall.Errno
	short int // bytes; 0 where errno is set
	met   bool
}

// calls are the names that a script may use, besides labels of programs.
var calls = []string{"alloc", "read", "write", "mmap", "munmap", "sendfile", "pipe", "splice", "close", "wait", "touch",
	"tee", "open", "setsockopt", "send", "completion", "setup", "enter", "encrypt", "compress"}

// unshortable calls have no byte count of their own that could be less.
var unshortable = []string{"alloc", "mmap", "munmap", "close", "wait", "touch",
	"open", "setsockopt", "completion", "setup", "encrypt", "compress"}

var errnos = map[string]syscall.Errno{
	"EINTR": syscall.EINTR, "EAGAIN": syscall.EAGAIN, "EPIPE": syscall.EPIPE,
	"ECONNRESET": syscall.ECONNRESET, "EIO": syscall.EIO, "EFAULT": syscall.EFAULT,
	"ENOMEM": syscall.ENOMEM, "EMFILE": syscall.EMFILE, "EINVAL": syscall.EINVAL, "EBADF": syscall.EBADF,
}

// Inject puts the faults of a script before k, and fails the test at its end
// if one of them was never met. A script has one fault a line:
//
//	write#2: short 100      the second write moves at most 100 bytes
//	sendfile#1: EINTR       the first sendfile does nothing and returns EINTR
//	splice-out#3: EAGAIN    a label of a program's line works as well as a call
//	read#*: short 1         every read
//
// A faulty close or munmap does its work all the same and returns the error,
// as close(2) does on Linux. "short" bounds the pages that a pipe gets, too.
func Inject(t testing.TB, k transfer.Kernel, script string) *Injected {
	t.Helper()
	in := &Injected{k: k, made: map[string]int{}}
	for _, line := range strings.Split(script, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		f, err := parseFault(line)
		if err != nil {
			t.Fatalf("fault script: %v", err)
		}
		in.faults = append(in.faults, f)
	}
	t.Cleanup(func() {
		for _, f := range in.faults {
			if !f.met {
				t.Errorf("fault %q was never met; calls made: %v", f.text, in.made)
			}
		}
	})
	return in
}

func parseFault(line string) (*fault, error) {
	f := &fault{text: line}
	head, what, ok := strings.Cut(line, ":")
	name, nth, ok2 := strings.Cut(head, "#")
	if !ok || !ok2 {
		return nil, fmt.Errorf("%q: write CALL#N: FAULT, for example write#2: short 100", line)
	}
	f.name, what = strings.TrimSpace(name), strings.TrimSpace(what)
	if !known(f.name) {
		return nil, fmt.Errorf("%q: no call or label %q; calls are %s", line, f.name, strings.Join(calls, ", "))
	}
	if nth = strings.TrimSpace(nth); nth != "*" {
		n, err := strconv.Atoi(nth)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q: the call's number is %q; write 1 or more, or * for every call", line, nth)
		}
		f.nth = n
	}
	if bytes, isShort := strings.CutPrefix(what, "short "); isShort {
		n, err := strconv.Atoi(bytes)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q: short %q; write 1 or more bytes", line, bytes)
		}
		for _, whole := range unshortable {
			if f.name == whole {
				return nil, fmt.Errorf("%q: %s is done whole or not at all", line, whole)
			}
		}
		f.short = n
		return f, nil
	}
	if f.errno, ok = errnos[what]; !ok {
		return nil, fmt.Errorf("%q: no fault %q; write short N, or an errno such as EINTR", line, what)
	}
	if f.nth == 0 && (f.errno == syscall.EINTR || f.errno == syscall.EAGAIN) {
		return nil, fmt.Errorf("%q: a call that always is interrupted never ends; name its number", line)
	}
	return f, nil
}

// known says whether a name is a call or the label of a program's line.
func known(name string) bool {
	for _, c := range calls {
		if c == name {
			return true
		}
	}
	for _, p := range transfer.Programs() {
		for _, line := range p.Listing {
			if string(line.Label) == name {
				return true
			}
		}
	}
	return false
}

// Calls lists the calls so far, in order.
func (in *Injected) Calls() []Call { return append([]Call(nil), in.trail...) }

// meet numbers a call and gives the fault that is scripted for it, or nil.
func (in *Injected) meet(name string, l transfer.Label) *fault {
	in.made[name]++
	if string(l) != name {
		in.made[string(l)]++
	}
	in.trail = append(in.trail, Call{Name: name, Label: l, Nth: in.made[name]})
	for _, f := range in.faults {
		if f.name != name && f.name != string(l) {
			continue
		}
		if f.nth == 0 || f.nth == in.made[f.name] {
			f.met = true
			return f
		}
	}
	return nil
}

// bytes applies the script to a call for n bytes: how many to ask the kernel
// for, or the errno to return instead.
func (in *Injected) bytes(name string, l transfer.Label, n int) (int, error) {
	f := in.meet(name, l)
	switch {
	case f == nil:
		return n, nil
	case f.errno != 0:
		return 0, f.errno
	}
	return min(n, f.short), nil
}

func (in *Injected) Alloc(n int) (transfer.Mem, error) {
	if f := in.meet("alloc", "alloc"); f != nil && f.errno != 0 {
		return transfer.Mem{}, f.errno
	}
	return in.k.Alloc(n)
}

func (in *Injected) Free(m transfer.Mem) { in.k.Free(m) }

func (in *Injected) Read(l transfer.Label, fd transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	n, err := in.bytes("read", l, dst.Len)
	if err != nil {
		return 0, err
	}
	return in.k.Read(l, fd, dst.Slice(0, n), off)
}

func (in *Injected) Write(l transfer.Label, fd transfer.FD, src transfer.Mem) (int, error) {
	n, err := in.bytes("write", l, src.Len)
	if err != nil {
		return 0, err
	}
	return in.k.Write(l, fd, src.Slice(0, n))
}

func (in *Injected) Mmap(l transfer.Label, fd transfer.FD, off int64, n int) (transfer.Mem, error) {
	if f := in.meet("mmap", l); f != nil && f.errno != 0 {
		return transfer.Mem{}, f.errno
	}
	return in.k.Mmap(l, fd, off, n)
}

func (in *Injected) Munmap(l transfer.Label, m transfer.Mem) error {
	f := in.meet("munmap", l)
	err := in.k.Munmap(l, m)
	if f != nil && f.errno != 0 {
		return f.errno
	}
	return err
}

func (in *Injected) Sendfile(l transfer.Label, out, fd transfer.FD, off *int64, n int) (int, error) {
	n, err := in.bytes("sendfile", l, n)
	if err != nil {
		return 0, err
	}
	return in.k.Sendfile(l, out, fd, off, n)
}

func (in *Injected) Pipe(l transfer.Label, want int) (transfer.PipeEnds, error) {
	want, err := in.bytes("pipe", l, want)
	if err != nil {
		return transfer.PipeEnds{}, err
	}
	return in.k.Pipe(l, want)
}

func (in *Injected) Splice(l transfer.Label, fd transfer.FD, off *int64, out transfer.FD, n int, more bool) (int, error) {
	n, err := in.bytes("splice", l, n)
	if err != nil {
		return 0, err
	}
	return in.k.Splice(l, fd, off, out, n, more)
}

func (in *Injected) Close(l transfer.Label, fd transfer.FD) error {
	f := in.meet("close", l)
	err := in.k.Close(l, fd)
	if f != nil && f.errno != 0 {
		return f.errno
	}
	return err
}

func (in *Injected) Wait(l transfer.Label, fd transfer.FD, d transfer.Direction) error {
	if f := in.meet("wait", l); f != nil && f.errno != 0 {
		return f.errno
	}
	return in.k.Wait(l, fd, d)
}

func (in *Injected) Touch(l transfer.Label, m transfer.Mem) error {
	if f := in.meet("touch", l); f != nil && f.errno != 0 {
		return f.errno
	}
	return in.k.Touch(l, m)
}

var _ transfer.Kernel = (*Injected)(nil)
