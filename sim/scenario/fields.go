package scenario

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// fields are the fields that a file gives, found in its tree before it is
// decoded: so every error can name its field and its line.
type fields struct {
	source string
	lines  map[string]int      // by path; what is null counts as left out
	paths  map[position]string // of the token of each value
}

type position struct{ line, column int }

func positionOf(p *token.Position) position { return position{p.Line, p.Column} }

// find notes the fields of a node that is to become a value of type t.
func (f *fields) find(n ast.Node, t reflect.Type, path string) *Error {
	if tag, ok := n.(*ast.TagNode); ok {
		n = tag.Value
	}
	if n == nil || n.GetToken() == nil || n.Type() == ast.NullType {
		return nil
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	at := n.GetToken().Position
	if _, ok := f.lines[path]; !ok {
		f.lines[path] = at.Line
	}
	f.paths[positionOf(at)] = path
	misfit := func(remedy string) *Error {
		return &Error{File: f.source, Line: at.Line, Field: path, Text: quoted(strings.TrimSpace(n.String())) + ": " + remedy}
	}
	switch t.Kind() {
	case reflect.Struct:
		m, ok := n.(ast.MapNode)
		if !ok {
			return misfit("write fields here: " + strings.Join(names(t), ", "))
		}
		return f.mapping(m, t, path)
	case reflect.Slice:
		list, ok := n.(ast.ArrayNode)
		if !ok {
			return misfit("write a list here, each entry after a hyphen")
		}
		i := 0
		for entries := list.ArrayRange(); entries.Next(); i++ {
			if err := f.find(entries.Value(), t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case reflect.Int, reflect.Uint64:
		if n.Type() != ast.IntegerType {
			return misfit("write a whole number")
		}
	}
	return nil
}

// mapping notes the fields of a mapping that is to become a struct.
func (f *fields) mapping(m ast.MapNode, t reflect.Type, path string) *Error {
	for entries := m.MapRange(); entries.Next(); {
		key := entries.Key().GetToken()
		at := join(path, key.Value)
		field, ok := byName(t, key.Value)
		if !ok {
			return &Error{File: f.source, Line: key.Position.Line, Field: at, Text: "unknown field; " + nearest(key.Value, names(t))}
		}
		f.paths[positionOf(key.Position)] = at
		if v := entries.Value(); v != nil && v.Type() != ast.NullType {
			f.lines[at] = key.Position.Line
		}
		if err := f.find(entries.Value(), field, at); err != nil {
			return err
		}
	}
	return nil
}

// join is the path of a field of what lies at a path. A name that is no word
// comes in quotes.
func join(path, name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" || len(name) > 60 {
		name = quoted(name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// line is where a field stands, or what it should be part of.
func (f *fields) line(path string) int {
	for path != "" {
		if line, ok := f.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

// given says whether a field is in the file.
func (f *fields) given(path string) bool { _, ok := f.lines[path]; return ok }

func names(t reflect.Type) (all []string) {
	for i := range t.NumField() {
		all = append(all, t.Field(i).Tag.Get("yaml"))
	}
	return all
}

func byName(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("yaml") == name {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}

// nearest says which name may have been meant, or which there are.
func nearest(typed string, names []string) string {
	best, distance := "", len(typed)/2+1
	for _, name := range names {
		if len(typed) > 2*len(name) {
			continue // no typing error, and costly to compare
		}
		if d := levenshtein.ComputeDistance(typed, name); d < distance {
			best, distance = name, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %s?", best)
	}
	return "use " + strings.Join(names, ", ")
}
