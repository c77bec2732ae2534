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
		c.Ret, c.Errno = -1, errnoName(-ret)
	}
	r.ends(&c, tid, e.args)
	r.fds.returned(tid, e.name, e.args, ret)
	return r.t.Call(&c)
}

// ends finds what the call's descriptors stand for, and its offset.
func (r *reader) ends(c *importer.Call, tid int, args []uint64) {
	fd := func(i int) importer.FD {
		if i >= len(args) {
			return importer.UnknownFD
		}
		return r.fds.kind(tid, int64(int32(args[i])))
	}
	switch importer.FamilyOf(c.Name) {
	case importer.Reads, importer.Receives:
		c.In = fd(0)
	case importer.Writes, importer.Vmsplice:
		c.Out = fd(0)
	case importer.Sends:
		c.Out = fd(0)
		at := 3
		if c.Name == "sendmsg" {
			at = 2
		}
		c.ByReference = at < len(args) && args[at]&msgZeroCopy != 0
	case importer.Sendfile:
		c.Out, c.In = fd(0), fd(1)
	case importer.Splice:
		c.In, c.Out = fd(0), fd(2)
	case importer.Tee:
		c.In, c.Out = fd(0), fd(1)
	}
	fileAndPipe(c)
	if (c.Name == "pread64" || c.Name == "pwrite64") && len(args) > 3 && int64(args[3]) > 0 {
		c.Offset = int64(args[3])
	}
}

// fileAndPipe fills in what a descriptor must be, if the trace does not say it:
// sendfile's input is a file, one end of a splice a pipe (sendfile(2), splice(2)).
func fileAndPipe(c *importer.Call) {
	switch importer.FamilyOf(c.Name) {
	case importer.Sendfile:
		if c.In == importer.UnknownFD {
			c.In = importer.FileFD
		}
	case importer.Splice:
		if c.In == importer.UnknownFD && c.Out != importer.UnknownFD && c.Out != importer.PipeFD {
			c.In = importer.PipeFD
		} else if c.Out == importer.UnknownFD && c.In != importer.UnknownFD && c.In != importer.PipeFD {
			c.Out = importer.PipeFD
		}
	}
}

// msgZeroCopy is MSG_ZEROCOPY, include/linux/socket.h.
const msgZeroCopy = 0x4000000
