package yamlfile

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// mark is what some editors put before a text in UTF-8; it says nothing.
var mark = []byte("\uFEFF")

// plain gives a file's text without the mark at its beginning. A text that is not UTF-8,
// such as one in GBK, would be shown as other letters than were written: it is refused.
func plain(name string, text []byte) ([]byte, *Error) {
	text = bytes.TrimPrefix(text, mark)
	if utf8.Valid(text) {
		return text, nil
	}
	line := 1
	for at, rest := 0, text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			from := bytes.LastIndexByte(text[:at], '\n') + 1
			return nil, &Error{File: name, Line: line, Text: fmt.Sprintf("it is not UTF-8 (byte 0x%02x at column %d); save it as UTF-8", rest[0], utf8.RuneCount(text[from:at])+1)}
		}
		if r == '\n' {
			line++
		}
		at, rest = at+size, rest[size:]
	}
	return text, nil
}
