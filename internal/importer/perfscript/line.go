package perfscript

import (
	"bytes"

	"copyscope/internal/trace"
)

// line is one event of perf script, split. Slices point into the line.
type line struct {
	comm     []byte
	pid, tid int // pid is -1 if it is not told
	at       trace.Ns
	event    []byte
	data     []byte
}

// parse splits a line
//
//	COMM [PID/]TID [CPU] SECONDS.FRACTION: [PERIOD] EVENT: DATA
//
// in which the command may have spaces, and the processor may be missing.
func parse(text []byte) (l line, ok bool) {
	for from := 0; ; {
		colon := bytes.Index(text[from:], []byte(": "))
		if colon < 0 {
			return l, false
		}
		colon += from
		begin := bytes.LastIndexByte(text[:colon], ' ') + 1
		if l.at, ok = seconds(text[begin:colon]); ok {
			if !l.who(bytes.TrimRight(text[:begin], " ")) {
				return l, false
			}
			return l, l.what(bytes.TrimLeft(text[colon+2:], " "))
		}
		from = colon + 2
	}
}

// seconds reads a time in seconds with six or nine decimals.
func seconds(text []byte) (trace.Ns, bool) {
	whole, part, found := bytes.Cut(text, []byte("."))
	if !found || len(part) != 6 && len(part) != 9 || len(whole) == 0 || len(whole) > 9 {
		return 0, false
	}
	s, ok := decimal(whole)
	f, fine := decimal(part)
	if len(part) == 6 {
		f *= 1000
	}
	return trace.Ns(s*1e9 + f), ok && fine
}

// who reads `COMM [PID/]TID [CPU]`.
func (l *line) who(text []byte) bool {
	if len(text) > 0 && text[len(text)-1] == ']' {
		open := bytes.LastIndexByte(text, '[')
		if open < 0 {
			return false
		}
		text = bytes.TrimRight(text[:open], " ")
	}
	begin := bytes.LastIndexByte(text, ' ') + 1
	id := text[begin:]
	l.comm, l.pid = bytes.TrimSpace(text[:begin]), -1
	if pid, tid, both := bytes.Cut(id, []byte("/")); both {
		n, ok := decimal(pid)
		if !ok {
			return false
		}
		l.pid, id = int(n), tid
	}
	n, ok := decimal(id)
	l.tid = int(n)
	return ok && n < 1<<31
}

// what reads `[PERIOD] EVENT: DATA`.
func (l *line) what(text []byte) bool {
	end := bytes.IndexByte(text, ' ')
	if end < 0 {
		end = len(text)
	}
	if _, period := decimal(text[:end]); period {
		text = bytes.TrimLeft(text[end:], " ")
		if end = bytes.IndexByte(text, ' '); end < 0 {
			end = len(text)
		}
	}
	if end < 2 || text[end-1] != ':' {
		return false
	}
	l.event, l.data = text[:end-1], bytes.TrimSpace(text[end:])
	return true
}

// decimal reads a whole text as a decimal number.
func decimal(text []byte) (v int64, ok bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, true
}

// hexadecimal reads the digits that text begins with, 0x before them or not.
func hexadecimal(text []byte) (v uint64, ok bool) {
	text = bytes.TrimPrefix(text, []byte("0x"))
	for i, c := range text {
		d := bytes.IndexByte([]byte("0123456789abcdef"), c)
		if d < 0 {
			return v, i > 0
		}
		v = v<<4 | uint64(d)
	}
	return v, len(text) > 0
}

// field is the value of NAME=VALUE in the data of an event.
func field(data []byte, name string) []byte {
	for from := 0; ; {
		at := bytes.Index(data[from:], []byte(name))
		if at < 0 {
			return nil
		}
		at += from
		from = at + len(name)
		if at > 0 && data[at-1] != ' ' {
			continue
		}
		value := data[from:]
		if end := bytes.IndexByte(value, ' '); end >= 0 {
			value = value[:end]
		}
		return value
	}
}

// number is a field's value as a decimal number, 0 if it is none.
func number(data []byte, name string) int64 {
	v, _ := decimal(field(data, name))
	return v
}
