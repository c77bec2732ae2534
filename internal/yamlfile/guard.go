package yamlfile

import (
	"fmt"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// maxDepth bounds how deep lists and mappings are within each other. The deepest
// that means something, a scenario's repeats within repeats, is 23.
const maxDepth = 64

// guard refuses what costs the parser time out of proportion to its length: the
// parser takes a time that grows with the square of the depth, and an alias may
// stand for a text that grows with each use. A file that is deep by its
// indentation alone is as long as the square of its depth.
func guard(name string, text []byte, kind Kind) *Error {
	if len(text) > kind.MaxBytes {
		return &Error{File: name, Text: fmt.Sprintf("%d bytes: %s has at most %d", len(text), kind.Name, kind.MaxBytes)}
	}
	depth, entries, line := 0, 0, 0
	for _, t := range lexer.Tokenize(string(text)) {
		if t.Position.Line != line {
			entries, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			entries++ // the next of the line lies within it
		case token.AnchorType, token.AliasType:
			return &Error{File: name, Line: line, Text: "anchors and aliases are not read; write the text again"}
		}
		if depth+entries > maxDepth {
			return &Error{File: name, Line: line, Text: fmt.Sprintf("lists within lists, more than %d deep", maxDepth)}
		}
	}
	return nil
}
