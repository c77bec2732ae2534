package yamlfile

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Fields are the fields that a file gives, found in its tree before it is
// decoded: so every error can name its field and its line.
type Fields struct {
	File  string
	lines map[string]int      // by path; what is null counts as left out
	paths map[position]string // of the token of each value
	unfit []*Error
}

// Formed is a value that may be written in more than one form. Form is what a node
// is to become, a pointer to it; its UnmarshalYAML does likewise.
type Formed interface{ Form(n ast.Node) any }

var formed = reflect.TypeFor[Formed]()

type position struct{ line, column int }

func positionOf(p *token.Position) position { return position{p.Line, p.Column} }

// find notes the fields of a node that is to become a value of type t.
func (f *Fields) find(n ast.Node, t reflect.Type, path string) {
	if tag, ok := n.(*ast.TagNode); ok {
		n = tag.Value
	}
	if n == nil || n.GetToken() == nil || n.Type() == ast.NullType {
		return
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	at := n.GetToken().Position
	if _, ok := f.lines[path]; !ok {
		f.lines[path] = at.Line
	}
	f.paths[positionOf(at)] = path
	misfit := func(remedy string) {
		f.unfit = append(f.unfit, &Error{File: f.File, Line: at.Line, Field: path, Text: Quoted(strings.TrimSpace(n.String())) + ": " + remedy})
	}
	if reflect.PointerTo(t).Implements(formed) {
		t = reflect.TypeOf(reflect.New(t).Interface().(Formed).Form(n)).Elem()
	}
	if t == reflect.TypeFor[int64]() { // one that is named has a form of its own, as a size has
		t = reflect.TypeFor[int]()
	}
	switch t.Kind() {
	case reflect.Struct:
		if m, ok := n.(ast.MapNode); ok {
			f.mapping(m, t, path)
			return
		}
		misfit("write fields here: " + strings.Join(names(t), ", "))
	case reflect.Map:
		m, ok := n.(ast.MapNode)
		if !ok {
			misfit("write names with their values here, such as name: value")
			return
		}
		for entries := m.MapRange(); entries.Next(); {
			key := entries.Key().GetToken()
			at := join(path, key.Value)
			f.paths[positionOf(key.Position)], f.lines[at] = at, key.Position.Line
			f.find(entries.Value(), t.Elem(), at)
		}
	case reflect.Slice:
		list, ok := n.(ast.ArrayNode)
		if !ok {
			misfit("write a list here, each entry after a hyphen")
			return
		}
		i := 0
		for entries := list.ArrayRange(); entries.Next(); i++ {
			f.find(entries.Value(), t.Elem(), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Int, reflect.Uint64:
		if n.Type() != ast.IntegerType {
			misfit("write a whole number")
		}
	case reflect.Float64:
		if t == reflect.TypeFor[float64]() && n.Type() != ast.IntegerType && n.Type() != ast.FloatType {
			misfit("write a number")
		}
	case reflect.Bool:
		if t == reflect.TypeFor[bool]() && n.Type() != ast.BoolType { // one that is named has words of its own
			misfit("write true or false")
		}
	}
}

// mapping notes the fields of a mapping that is to become a struct.
func (f *Fields) mapping(m ast.MapNode, t reflect.Type, path string) {
	for entries := m.MapRange(); entries.Next(); {
		key := entries.Key().GetToken()
		at := join(path, key.Value)
		field, ok := byName(t, key.Value)
		if !ok {
			f.unfit = append(f.unfit, &Error{File: f.File, Line: key.Position.Line, Field: at, Text: "unknown field; " + Nearest(key.Value, names(t))})
			continue
		}
		f.paths[positionOf(key.Position)] = at
		if v := entries.Value(); v != nil && v.Type() != ast.NullType {
			f.lines[at] = key.Position.Line
		}
		f.find(entries.Value(), field, at)
	}
}

// join is the path of a field of what lies at a path. A name that is no word
// comes in quotes.
func join(path, name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" || len(name) > 60 {
		name = Quoted(name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// Line is where a field stands, or what it should be part of.
func (f *Fields) Line(path string) int {
	for path != "" {
		if line, ok := f.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

// Given says whether a field is in the file.
func (f *Fields) Given(path string) bool { _, ok := f.lines[path]; return ok }

// Fail is an error about a field.
func (f *Fields) Fail(field, format string, args ...any) *Error {
	return &Error{File: f.File, Line: f.Line(field), Field: field, Text: fmt.Sprintf(format, args...)}
}

// names are those of a struct's fields, of embedded structs' too.
func names(t reflect.Type) (all []string) {
	for _, field := range reflect.VisibleFields(t) {
		if name := nameOf(field); name != "-" && name != "" && !field.Anonymous {
			all = append(all, name)
		}
	}
	return all
}

func byName(t reflect.Type, name string) (reflect.Type, bool) {
	for _, field := range reflect.VisibleFields(t) {
		if own := nameOf(field); own == name && own != "-" && own != "" && !field.Anonymous {
			return field.Type, true
		}
	}
	return nil, false
}

// nameOf is a field's name in a file: that of its yaml tag or, of a type that is
// written as JSON, of its json tag, as the decoder takes it.
func nameOf(field reflect.StructField) string {
	tag, ok := field.Tag.Lookup("yaml")
	if !ok {
		tag = field.Tag.Get("json")
	}
	name, _, _ := strings.Cut(tag, ",")
	return name
}

// Nearest says which name may have been meant, or which there are.
func Nearest(typed string, names []string) string {
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
