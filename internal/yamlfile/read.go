package yamlfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error is what is wrong with a file.
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

// Kind is a kind of file: what it is called in errors, with its article, and how
// many bytes one may have.
type Kind struct {
	Name     string
	MaxBytes int
}

// Read reads a file into what into points to, whose fields have yaml tags. name
// is the file's, for errors. All that does not fit is told, in the order of the
// file.
func Read(name string, text []byte, kind Kind, into any) (*Fields, []*Error) {
	if len(text) <= kind.MaxBytes { // guard tells of a longer one
		var err *Error
		if text, err = plain(name, text); err != nil {
			return nil, []*Error{err}
		}
	}
	if err := guard(name, text, kind); err != nil {
		return nil, []*Error{err}
	}
	f := &Fields{File: name, lines: map[string]int{}, paths: map[position]string{}}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		e := f.syntaxError(err)
		e.Text += "; a text with a colon, a comma or braces stands in quotes, or in lines of its own after |"
		return nil, []*Error{e}
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return nil, []*Error{{File: name, Text: fmt.Sprintf("%d documents: %s is one, and not empty", len(tree.Docs), kind.Name)}}
	}
	body := tree.Docs[0].Body
	f.find(body, reflect.TypeOf(into).Elem(), "")
	if len(f.unfit) > 0 {
		return nil, f.unfit
	}
	if err := yaml.NodeToValue(body, into); err != nil {
		return nil, []*Error{f.syntaxError(err)}
	}
	return f, nil
}

// syntaxError keeps the place and the cause of the library's errors, whose own
// form has a picture of the text around.
func (f *Fields) syntaxError(err error) *Error {
	e := &Error{File: f.File, Text: err.Error()}
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
