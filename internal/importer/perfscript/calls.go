package perfscript

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"copyscope/internal/importer"
	"copyscope/internal/trace"
)

//go:embed x86_64.txt
var numbers string

// nameOf is the name of a syscall by its number on x86-64
// (arch/x86/entry/syscalls/syscall_64.tbl), "" for one that has none.
func nameOf(number int64) string { return names()[number] }

var names = sync.OnceValue(func() map[int64]string {
	out := map[int64]string{}
	for line := range strings.Lines(numbers) {
		var n int64
		var name string
		if _, err := fmt.Sscan(line, &n, &name); err == nil {
			out[n] = name
		}
	}
	return out
})

// entered is a call that has not returned.
type entered struct {
	name string
	at   trace.Ns
	args []uint64
}

// syscallEvent says whether an event is a call's entry or its return, and which call's.
func syscallEvent(event, data []byte) (name string, enter, ok bool) {
	if rest, found := bytes.CutPrefix(event, []byte("syscalls:sys_enter_")); found {
		return usual(string(rest)), true, true
	}
	if rest, found := bytes.CutPrefix(event, []byte("syscalls:sys_exit_")); found {
		return usual(string(rest)), false, true
	}
	enter = string(event) == "raw_syscalls:sys_enter"
	if !enter && string(event) != "raw_syscalls:sys_exit" {
		return "", false, false
	}
	number, _, _ := bytes.Cut(bytes.TrimPrefix(data, []byte("NR ")), []byte(" "))
	if string(number) == "-1" { // restore_sigcontext forgets the number, arch/x86/kernel/signal_64.c
		return "rt_sigreturn", enter, true
	}
	n, numbered := decimal(number)
	if !numbered {
		return "", false, false
	}
	if name = nameOf(n); name == "" {
		name = fmt.Sprintf("syscall_%#x", n) // as strace prints it
	}
	return name, enter, n < 1<<16
}

// usual is a call's name as strace prints it: the tracepoints have those of the
// functions in the kernel.
func usual(name string) string {
	switch name {
	case "newfstat":
		return "fstat"
	case "newstat":
		return "stat"
	case "newlstat":
		return "lstat"
	case "newuname":
		return "uname"
	case "sendfile64":
		return "sendfile"
	}
	return name
}

// arguments reads `fd: 0x00000005, buf: 0x7f4f10267ec0` or `NR 0 (5, 7f4f10267ec0, …)`.
func arguments(data []byte) (args []uint64) {
	if open := bytes.IndexByte(data, '('); open >= 0 && bytes.HasPrefix(data, []byte("NR ")) {
		data = bytes.TrimSuffix(data[open+1:], []byte(")"))
	}
	for _, part := range bytes.SplitN(data, []byte(", "), 7) {
		if colon := bytes.Index(part, []byte(": ")); colon >= 0 {
			part = part[colon+2:]
		}
		v, _ := hexadecimal(part)
		args = append(args, v)
	}
	return args
}

// result reads `0x10000`, the bits of a number that may be below 0, or `NR 0 = -2`.
func result(data []byte) (int64, bool) {
	if equals := bytes.Index(data, []byte("= ")); equals >= 0 && bytes.HasPrefix(data, []byte("NR ")) {
		text := data[equals+2:]
		below := len(text) > 0 && text[0] == '-'
		v, ok := decimal(bytes.TrimPrefix(text, []byte("-")))
		if below {
			v = -v
		}
		return v, ok
	}
	v, ok := hexadecimal(data)
	return int64(v), ok
}

// maxErrno is the highest number of an error (include/linux/err.h).
const maxErrno = 4095

// returned tells a call that returned.
func (r *reader) returned(tid, thread int, e *entered, at trace.Ns, ret int64) error {
	c := importer.Call{Thread: thread, Name: e.name, At: e.at, End: at, Ret: ret, Returned: true}
	if ret < 0 && ret >= -maxErrno {
		c.Ret, c.Errno = -1, importer.ErrnoName(-ret)
	}
	r.ends(&c, tid, e.args)
	r.fds.returned(tid, e.name, e.args, ret)
	return r.t.Call(&c)
}

// ends finds what the call's descriptors stand for, by what its process did so far.
func (r *reader) ends(c *importer.Call, tid int, args []uint64) {
	c.Ends(args, func(fd int64) importer.FD { return r.fds.kind(tid, fd) })
}
