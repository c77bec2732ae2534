package strace

import (
	"bytes"

	"copyscope/internal/importer"
	"copyscope/internal/trace"
)

// form is what a line is.
type form uint8

const (
	notUnderstood form = iota
	message            // of strace itself
	complete           // a call that returned on its line, or never will
	unfinished         // a call's begin
	resumed            // and its end
	signal
	exited
)

// line is one line, parsed. Slices point into the line.
type line struct {
	form form
	pid  int
	at   trace.Ns // of the wall clock
	name []byte   // of the call or the signal

	in, out     importer.FD
	offset      int64
	byReference bool

	returned bool
	ret      int64
	errno    []byte
	dur      trace.Ns // -1: without -T
	untimed  bool     // of a line that is not understood: it has no time as -ttt prints it
}

// parse reads a line without its end.
func parse(text []byte) (l line) {
	if own := bytes.Index(text, []byte("strace: ")); own == 0 || own > 0 && text[0] == '/' && bytes.IndexByte(text[:own], ' ') < 0 {
		return line{form: message}
	}
	// What was under way when strace let go of a thread, as it does after Ctrl-C.
	text, detached := bytes.CutSuffix(text, []byte("<detached ...>"))
	rest := l.prefix(text)
	if l.untimed {
		return l
	}
	if detached {
		l.detached(rest)
		return l
	}
	switch {
	case bytes.HasPrefix(rest, []byte("<... ")):
		l.resumed(rest[len("<... "):])
	case bytes.HasPrefix(rest, []byte("--- ")):
		l.signal(rest[len("--- "):])
	case bytes.HasPrefix(rest, []byte("+++ ")) && bytes.HasSuffix(rest, []byte("+++")):
		l.form = exited
	default:
		l.call(rest)
	}
	return l
}

// prefix reads the thread's id and the time.
func (l *line) prefix(text []byte) (rest []byte) {
	l.dur = -1
	if after, ok := bytes.CutPrefix(text, []byte("[pid ")); ok { // to the terminal, of several
		text = bytes.TrimLeft(after, " ")
		n, id := digits(text)
		if n == 0 || n >= len(text) || text[n] != ']' {
			l.untimed = true
			return nil
		}
		l.pid, text = int(id), bytes.TrimLeft(text[n+1:], " ")
	} else if n, id := digits(text); n > 0 && n < len(text) && text[n] == ' ' { // to a file
		l.pid, text = int(id), bytes.TrimLeft(text[n:], " ")
	}
	seconds, sec := digits(text)
	if seconds < 9 || seconds > 11 || seconds >= len(text) || text[seconds] != '.' {
		l.untimed = true
		return nil
	}
	n, at := fraction(text[seconds+1:])
	end := seconds + 1 + n
	if n == 0 || end >= len(text) || text[end] != ' ' {
		l.untimed = true
		return nil
	}
	l.at = trace.Ns(sec*1e9 + at)
	return text[end+1:]
}

// signal reads `SIGCHLD {si_signo=…} ---`.
func (l *line) signal(text []byte) {
	n := word(text)
	if n == 0 || !bytes.HasSuffix(text, []byte("---")) {
		return
	}
	l.form, l.name = signal, text[:n]
}

// detached reads `epoll_wait(25<anon_inode:[eventpoll]>, `, of which no more was told: a
// call that had not returned, or one that was known to be under way.
func (l *line) detached(text []byte) {
	if bytes.HasPrefix(text, []byte("<... ")) {
		l.form = message
		return
	}
	n := word(text)
	if n == 0 || n >= len(text) || text[n] != '(' {
		return
	}
	a := arguments{}
	if a.scan(text[n+1:]) < 0 {
		a.last(text[n+1:])
	}
	l.form, l.name = unfinished, text[:n]
	l.ends(importer.FamilyOf(string(l.name)), &a)
}

// resumed reads `read resumed>"…", 10) = 10 <0.000042>`.
func (l *line) resumed(text []byte) {
	n := word(text)
	after, ok := bytes.CutPrefix(text[n:], []byte(" resumed>"))
	if n == 0 || !ok {
		return
	}
	a := arguments{}
	end := a.scan(after)
	if end < 0 {
		return
	}
	if l.result(after[end:]) {
		l.form, l.name = resumed, text[:n]
	}
}

// call reads `name(arguments) = result <duration>`, or its begin.
func (l *line) call(text []byte) {
	n := word(text)
	if n == 0 || n >= len(text) || text[n] != '(' {
		return
	}
	a := arguments{}
	end := a.scan(text[n+1:])
	family := importer.FamilyOf(string(text[:n]))
	if end < 0 {
		begin, ok := bytes.CutSuffix(text, []byte("<unfinished ...>"))
		if !ok {
			return
		}
		a.last(begin[n+1:])
		l.form = unfinished
	} else {
		after := text[n+1+end:]
		if bytes.HasPrefix(bytes.TrimLeft(after, " "), []byte("= ? <unfinished ...>")) {
			after = []byte("= ?")
		}
		if !l.result(after) {
			return
		}
		l.form = complete
	}
	l.name = text[:n]
	l.ends(family, &a)
}

// ends finds the call's descriptors, its offset and its flags.
func (l *line) ends(family importer.Family, a *arguments) {
	switch family {
	case importer.Reads, importer.Receives:
		l.in = a.fd(0)
	case importer.Writes, importer.Vmsplice:
		l.out = a.fd(0)
	case importer.Sends:
		l.out = a.fd(0)
		at := 3 // sendto(2); of sendmsg(2) it is 2
		if string(l.name) == "sendmsg" {
			at = 2
		}
		l.byReference = bytes.Contains(a.text(at), []byte("MSG_ZEROCOPY"))
	case importer.Sendfile:
		l.out, l.in = a.fd(0), a.fd(1)
		l.offset = number(bytes.TrimPrefix(a.text(2), []byte("[")))
	case importer.Splice:
		l.in, l.out = a.fd(0), a.fd(2)
		l.offset = number(bytes.TrimPrefix(a.text(1), []byte("[")))
	case importer.Tee:
		l.in, l.out = a.fd(0), a.fd(1)
	}
	if n := len(l.name); n > 4 && l.name[0] == 'p' && (string(l.name) == "pread64" || string(l.name) == "pwrite64") {
		l.offset = number(a.text(3))
	}
}

// result reads ` = -1 EAGAIN (Resource temporarily unavailable) <0.000022>`.
func (l *line) result(text []byte) bool {
	text, ok := bytes.CutPrefix(bytes.TrimLeft(text, " "), []byte("= "))
	if !ok {
		return false
	}
	text = l.duration(text)
	switch {
	case bytes.HasPrefix(text, []byte("?")):
		l.ret = -1
		if rest := bytes.TrimLeft(text[1:], " "); len(rest) > 0 { // it is restarted, or fails with EINTR
			n := word(rest)
			l.returned, l.errno = n > 0, rest[:n]
		}
		return true
	case bytes.HasPrefix(text, []byte("-1 E")):
		n := word(text[3:])
		l.returned, l.ret, l.errno = true, -1, text[3:3+n]
		return true
	}
	n, v := integer(text)
	l.returned, l.ret = true, v
	return n > 0
}

// duration takes ` <0.000022>` off the end.
func (l *line) duration(text []byte) []byte {
	if len(text) == 0 || text[len(text)-1] != '>' {
		return text
	}
	open := bytes.LastIndexByte(text, '<')
	if open < 0 {
		return text
	}
	in := text[open+1 : len(text)-1]
	n, sec := digits(in)
	if n == 0 || n > 9 || n >= len(in) || in[n] != '.' {
		return text
	}
	m, part := fraction(in[n+1:])
	if m == 0 || n+1+m != len(in) {
		return text
	}
	l.dur = trace.Ns(sec*1e9 + part)
	return bytes.TrimRight(text[:open], " ")
}
