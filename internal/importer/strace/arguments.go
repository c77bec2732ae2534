package strace

import (
	"bytes"

	"copyscope/internal/importer"
)

// arguments are the first arguments of a call.
type arguments struct {
	texts [6][]byte
	n     int
	begin int // of the one that is being read
}

// scan reads arguments up to the parenthesis that closes them, and returns
// where the text goes on after it, or -1 if it is not closed.
func (a *arguments) scan(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			if i = quoted(text, i); i < 0 {
				return -1
			}
		case '<':
			if i > 0 && annotates(text[i-1]) {
				if i = annotated(text, i); i < 0 {
					return -1
				}
			}
		case '(', '[', '{':
			depth++
		case ']', '}':
			depth--
		case ')':
			if depth--; depth < 0 {
				a.take(text[a.begin:i])
				return i + 1
			}
		case ',':
			if depth == 0 {
				a.take(text[a.begin:i])
				a.begin = i + 1
			}
		}
	}
	return -1
}

// last takes what is there of the argument in which a call was interrupted.
func (a *arguments) last(text []byte) {
	if a.begin < len(text) {
		a.take(text[a.begin:])
	}
}

func (a *arguments) take(text []byte) {
	if a.n < len(a.texts) {
		a.texts[a.n] = bytes.TrimSpace(text)
		a.n++
	}
}

// text is an argument, or nothing.
func (a *arguments) text(i int) []byte {
	if i >= a.n {
		return nil
	}
	return a.texts[i]
}

// fd is what an argument that is a descriptor stands for.
func (a *arguments) fd(i int) importer.FD {
	text := a.text(i)
	n, _ := integer(text)
	if n == 0 || n >= len(text) || text[n] != '<' {
		return importer.UnknownFD
	}
	end := annotated(text, n)
	if end < 0 {
		return importer.UnknownFD
	}
	return importer.FDOf(text[n+1 : end])
}

// quoted is where the string ends that begins at i, or -1.
func quoted(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// annotates: what stands before the bracket is a descriptor, a number or
// AT_FDCWD, not a space or a bracket of a shift.
func annotates(before byte) bool {
	return before >= '0' && before <= '9' || before == 'D'
}

// annotated is where the annotation ends that begins with the bracket at i, or -1.
// A path's own brackets are escaped, a device has a pair of its own:
// 0</dev/pts/0<char 136:0>>. Addresses hold arrows, and end with ]>.
func annotated(text []byte, i int) int {
	in := text[i+1:]
	if len(in) > 0 && in[0] == '<' { // 1<<CAP_CHOWN
		return i + 1
	}
	if len(in) > 0 && in[0] != '/' {
		if proto := bytes.Index(in, []byte(":[")); proto > 0 && proto < 24 {
			end := bytes.Index(in, []byte("]>"))
			if end < 0 {
				return -1
			}
			return i + 1 + end + 1
		}
	}
	depth := 0
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '<':
			depth++
		case '>':
			if depth--; depth < 0 {
				return j
			}
		}
	}
	return -1
}
