package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Schema is the version of the format that this program reads.
const Schema = 1

// Error is what is wrong with a scenario's file.
type Error struct {
	File  string
	Line  int    // from 1; 0 if the whole file is meant
	Field string // for example threads[0].do[1].send.path
	Text  string
}

func (e *Error) Error() string {
	b := &strings.Builder{}
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(b, ":%d", e.Line)
	}
	if e.Field != "" {
		b.WriteString(": " + e.Field)
	}
	return b.String() + ": " + e.Text
}

// maxBytes bounds a scenario's file; the format is for small ones.
const maxBytes = 1 << 20

// Parse reads a scenario and checks it. name is the file's, for errors.
func Parse(name string, text []byte) (*Scenario, error) {
	if len(text) > maxBytes {
		return nil, &Error{File: name, Text: fmt.Sprintf("%d bytes: a scenario has at most %d", len(text), maxBytes)}
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntaxError(name, err)
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return nil, &Error{File: name, Text: fmt.Sprintf("%d documents: a scenario is one, and not empty", len(tree.Docs))}
	}
	s := &Scenario{}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.DisallowUnknownField()).Decode(s); err != nil {
		return nil, syntaxError(name, err)
	}
	c := &checker{name: name, tree: tree, s: s}
	c.scenario()
	if c.err != nil {
		return nil, c.err
	}
	return s, nil
}

// syntaxError keeps the line and the cause of the library's errors, whose own
// form has a picture of the text around.
func syntaxError(name string, err error) error {
	var bad *fault
	if errors.As(err, &bad) {
		return &Error{File: name, Line: bad.line, Text: bad.Error()}
	}
	var y yaml.Error
	if errors.As(err, &y) {
		e := &Error{File: name, Text: strings.TrimSpace(y.GetMessage())}
		if t := y.GetToken(); t != nil && t.Position != nil {
			e.Line = t.Position.Line
		}
		return e
	}
	return &Error{File: name, Text: err.Error()}
}

// checker finds the first thing that cannot be.
type checker struct {
	name string
	tree *ast.File
	s    *Scenario
	err  error
}

// fail notes what is wrong with a field, if it is the first.
func (c *checker) fail(field, format string, args ...any) {
	if c.err != nil {
		return
	}
	c.err = &Error{File: c.name, Line: c.line(field), Field: field, Text: fmt.Sprintf(format, args...)}
}

// line is where a field stands, or what it should be part of.
func (c *checker) line(field string) int {
	for field != "" {
		if path, err := yaml.PathString("$." + field); err == nil {
			if n, err := path.FilterFile(c.tree); err == nil && n != nil && n.GetToken() != nil {
				return n.GetToken().Position.Line
			}
		}
		cut := strings.LastIndexAny(field, ".[")
		field = field[:max(cut, 0)]
	}
	return 1
}
