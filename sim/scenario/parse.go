package scenario

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
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

// Parse reads a scenario and checks it. name is the file's, for errors, which are
// of type [*Error].
func Parse(name string, text []byte) (*Scenario, error) {
	if err := guard(name, text); err != nil {
		return nil, err
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntaxError(&fields{source: name}, err)
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return nil, &Error{File: name, Text: fmt.Sprintf("%d documents: a scenario is one, and not empty", len(tree.Docs))}
	}
	s, body := &Scenario{}, tree.Docs[0].Body
	f := &fields{source: name, lines: map[string]int{}, paths: map[position]string{}}
	if err := f.find(body, reflect.TypeOf(*s), ""); err != nil {
		return nil, err
	}
	if err := yaml.NodeToValue(body, s); err != nil {
		return nil, syntaxError(f, err)
	}
	c := &checker{fields: f, s: s}
	c.scenario()
	if c.err != nil {
		return nil, c.err
	}
	return s, nil
}

// syntaxError keeps the place and the cause of the library's errors, whose own
// form has a picture of the text around.
func syntaxError(f *fields, err error) *Error {
	e := &Error{File: f.source, Text: err.Error()}
	var at *token.Position
	var bad *fault
	var y yaml.Error
	switch {
	case errors.As(err, &bad):
		at, e.Text = bad.at, bad.Error()
	case errors.As(err, &y):
		e.Text = strings.TrimSpace(y.GetMessage())
		if t := y.GetToken(); t != nil {
			at = t.Position
		}
	}
	if at != nil {
		e.Line, e.Field = at.Line, f.paths[positionOf(at)]
	}
	return e
}

// checker finds the first thing that cannot be.
type checker struct {
	*fields
	s   *Scenario
	err error
}

// fail notes what is wrong with a field, if it is the first.
func (c *checker) fail(field, format string, args ...any) {
	if c.err != nil {
		return
	}
	c.err = &Error{File: c.source, Line: c.line(field), Field: field, Text: fmt.Sprintf(format, args...)}
}
