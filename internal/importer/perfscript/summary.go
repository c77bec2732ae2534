package perfscript

import (
	"bytes"

	"copyscope/internal/importer"
	"copyscope/internal/trace"
)

// What perf trace prints of a call is a line:
//
//	11.332 ( 0.074 ms): relay/28420 read(fd: 5<socket:[12260661]>, buf: 0x7f81e4bb7ec0, count: 65536) = 65536
//	11.880 (         ): relay/28420 read(fd: 5<socket:[12260661]>, buf: 0x7f81e4bb7ec0, count: 65536)  ...
//	11.880 ( 0.576 ms): relay/28420  ... [continued]: read())                                         = 65536
//
// in milliseconds since the trace began, and without the arguments that are 0
// (trace__printf_interrupted_entry and trace__sys_exit in tools/perf/builtin-trace.c).

// traced is such a line.
type traced struct {
	begin, dur trace.Ns
	unknown    bool // when it began
	comm       []byte
	tid        int
	name       string
	args       []byte
	open, back bool // it has not returned; it is the rest of one that had not
	never      bool // it does not return
	ret        int64
	errno      []byte
}

func parseTraced(text []byte) (l traced, ok bool) {
	open := bytes.IndexByte(text, '(')
	end := bytes.Index(text, []byte("): "))
	if open < 0 || end < open {
		return l, false
	}
	if l.begin, ok = millis(bytes.TrimSpace(text[:open])); !ok {
		l.unknown = string(bytes.TrimSpace(text[:open])) == "?"
		if !l.unknown {
			return l, false
		}
	}
	if dur, timed := bytes.CutSuffix(bytes.TrimSpace(text[open+1:end]), []byte(" ms")); timed {
		if l.dur, ok = millis(bytes.TrimSpace(dur)); !ok {
			return l, false
		}
	}
	rest := bytes.TrimLeft(text[end+3:], " ")
	slash := bytes.IndexByte(rest, '/')
	if slash < 0 {
		return l, false
	}
	l.comm = rest[:slash]
	id, rest, _ := bytes.Cut(rest[slash+1:], []byte(" "))
	tid, ok := decimal(id)
	if !ok || tid >= 1<<31 {
		return l, false
	}
	l.tid = int(tid)
	return l, l.rest(bytes.TrimSpace(rest))
}

// rest reads what follows the thread.
func (l *traced) rest(text []byte) bool {
	if after, continued := bytes.CutPrefix(text, []byte("... [continued]: ")); continued {
		l.back, text = true, after
	}
	open := bytes.IndexByte(text, '(')
	if open <= 0 || bytes.ContainsAny(text[:open], " :=") {
		return false
	}
	l.name = usual(string(text[:open]))
	if args, pending := bytes.CutSuffix(text, []byte("...")); pending && !l.back {
		l.open, l.args = true, args[open+1:]
		return true
	}
	equals := bytes.LastIndex(text, []byte(") "))
	if at := bytes.LastIndex(text, []byte(" = ")); at > 0 {
		equals = at
	} else if !bytes.HasSuffix(text, []byte("=")) { // of a child's clone it tells nothing
		return false
	}
	if equals < open {
		return false
	}
	l.args = text[open+1 : equals]
	_, ret, _ := bytes.Cut(text[equals:], []byte("="))
	return l.result(bytes.TrimSpace(ret))
}

// result reads `65536`, `-1 ENOENT (No such file or directory)`, `?`, or nothing.
func (l *traced) result(text []byte) bool {
	if len(text) == 0 {
		return true
	}
	value, why, _ := bytes.Cut(text, []byte(" "))
	if string(value) == "?" {
		l.never = true
		return true
	}
	if hex, is := bytes.CutPrefix(value, []byte("0x")); is {
		v, ok := hexadecimal(hex)
		l.ret = int64(v)
		return ok
	}
	digits, below := bytes.CutPrefix(value, []byte("-"))
	v, ok := decimal(digits)
	l.ret = v
	if below {
		l.ret = -1
		l.errno, _, _ = bytes.Cut(why, []byte(" "))
	}
	return ok && (!below || bytes.HasPrefix(l.errno, []byte("E")))
}

// millis reads milliseconds with three decimals.
func millis(text []byte) (trace.Ns, bool) {
	whole, part, found := bytes.Cut(text, []byte("."))
	ms, ok := decimal(whole)
	us, fine := decimal(part)
	return trace.Ns(ms*1e6 + us*1e3), found && ok && fine && len(part) == 3 && len(whole) <= 12
}

// fd is what the argument of that name stands for; one that is 0 is not printed.
func (l *traced) fd(fds *descriptors, name string) importer.FD {
	value, ok := l.argument(name)
	if !ok {
		return fds.kind(l.tid, 0)
	}
	number, path, named := bytes.Cut(value, []byte("<"))
	if named {
		if end := bytes.LastIndexByte(path, '>'); end >= 0 {
			return importer.FDOf(path[:end])
		}
	}
	n, ok := decimal(number)
	if !ok {
		return importer.UnknownFD
	}
	return fds.kind(l.tid, n)
}

// argument finds `NAME: VALUE` among the arguments.
func (l *traced) argument(name string) ([]byte, bool) {
	for _, part := range bytes.Split(l.args, []byte(", ")) {
		if key, value, ok := bytes.Cut(part, []byte(": ")); ok && string(key) == name {
			return bytes.TrimRight(value, ") "), true
		}
	}
	return nil, false
}

// ends finds what the call's descriptors stand for.
func (l *traced) ends(c *importer.Call, fds *descriptors) {
	switch importer.FamilyOf(c.Name) {
	case importer.Reads, importer.Receives:
		c.In = l.fd(fds, "fd")
	case importer.Writes, importer.Sends, importer.Vmsplice:
		c.Out = l.fd(fds, "fd")
	case importer.Sendfile:
		c.Out, c.In = l.fd(fds, "out_fd"), l.fd(fds, "in_fd")
	case importer.Splice:
		c.In, c.Out = l.fd(fds, "fd_in"), l.fd(fds, "fd_out")
	case importer.Tee:
		c.In, c.Out = importer.PipeFD, importer.PipeFD
	}
	c.FileAndPipe()
	if flags, ok := l.argument("flags"); ok {
		c.ByReference = bytes.Contains(flags, []byte("ZEROCOPY"))
	}
	if pos, ok := l.argument("pos"); ok {
		c.Offset, _ = decimal(pos)
	}
}

// traced puts the lines of perf trace together.
func (r *reader) traced(l *traced) error {
	thread := r.t.Thread(l.tid, string(l.comm))
	at := max(r.t.Since(l.begin), 0)
	if l.unknown {
		at = r.last
		r.half++
	}
	switch {
	case l.open:
		c := &importer.Call{Thread: thread, Name: l.name, At: at, End: at}
		l.ends(c, &r.fds)
		r.begun[l.tid] = begun{c, bytes.Clone(l.args)}
		r.last = max(r.last, at)
		return nil
	case l.back:
		if b, ok := r.begun[l.tid]; ok && b.call.Name == l.name {
			delete(r.begun, l.tid)
			l.args = b.args
			return r.tracedReturn(l, b.call)
		}
	}
	c := &importer.Call{Thread: thread, Name: l.name, At: at}
	l.ends(c, &r.fds)
	return r.tracedReturn(l, c)
}

// begun is a call of perf trace that has not returned.
type begun struct {
	call *importer.Call
	args []byte
}

func (r *reader) tracedReturn(l *traced, c *importer.Call) error {
	c.End, c.Ret, c.Errno, c.Returned = c.At+l.dur, l.ret, string(l.errno), !l.never
	r.last = max(r.last, c.End)
	var args []uint64
	for _, name := range []string{"fd", "fildes"} { // close, dup
		if value, ok := l.argument(name); ok {
			number, _, _ := bytes.Cut(value, []byte("<"))
			n, _ := decimal(number)
			args = []uint64{uint64(n)}
		}
	}
	if flags, ok := l.argument("clone_flags"); ok && bytes.Contains(flags, []byte("FILES")) {
		args = []uint64{cloneFiles}
	}
	r.fds.returned(l.tid, l.name, args, l.ret)
	return r.t.Call(c)
}
