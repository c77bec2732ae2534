package reference

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"copyscope/docs/schema"
	"copyscope/internal/docsite"
)

// node is a part of a JSON Schema, as far as ours use it (draft 2020-12).
type node struct {
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Ref         string          `json:"$ref"`
	Type        any             `json:"type"` // a name or a list of them
	Enum        []any           `json:"enum"`
	Const       any             `json:"const"`
	Properties  ordered         `json:"properties"`
	Required    []string        `json:"required"`
	Additional  json.RawMessage `json:"additionalProperties"` // a schema, or false
	Items       *node           `json:"items"`
	AnyOf       []*node         `json:"anyOf"`
	Defs        ordered         `json:"$defs"`
	Pattern     string          `json:"pattern"`
	Minimum     *json.Number    `json:"minimum"`
	Maximum     *json.Number    `json:"maximum"`
	MinItems    *int            `json:"minItems"`
	MaxItems    *int            `json:"maxItems"`
	MaxLength   *int            `json:"maxLength"`
}

// ordered is an object whose members keep their order.
type ordered []member

type member struct {
	name string
	of   *node
}

// UnmarshalJSON keeps the order of the file, which is the one to read it in.
func (o *ordered) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(strings.NewReader(string(text)))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		of := &node{}
		if err := d.Decode(of); err != nil {
			return err
		}
		*o = append(*o, member{key.(string), of})
	}
	return nil
}

// schemas are a page that lists them, and one for each.
func schemas() ([]docsite.Document, error) {
	var list strings.Builder
	list.WriteString("# Schemas of the formats\n\n" + Generated("the JSON Schemas in `docs/schema`"))
	list.WriteString("Every file that copyscope reads or writes, and everything that `--json` prints, has a JSON Schema. `copyscope schema NAME` prints one, `copyscope schema -o DIR` writes all of them; an editor with a YAML language server then checks a file while you write it. [Extending](../extending.md#the-formats) says which is for what.\n\n")
	t := NewTable("schema", "of", "what it is")
	var out []docsite.Document
	for _, name := range schema.Names() {
		text, err := schema.Text(name)
		if err != nil {
			return nil, err
		}
		root := &node{}
		if err := json.Unmarshal(text, root); err != nil {
			return nil, fmt.Errorf("%s: %w", schema.File(name), err)
		}
		t.Row(fmt.Sprintf("[`%s`](schema-%[1]s.md)", name), Plain(root.Title), Plain(root.Description))
		out = append(out, docsite.Document{Name: "reference/schema-" + name, Text: schemaPage(name, root), For: []string{path.Join("schema", schema.File(name))}})
	}
	list.Write(t.Bytes())
	return append([]docsite.Document{{Name: "reference/schemas", Text: []byte(list.String()), For: []string{"schema"}}}, out...), nil
}

// schemaPage has a table for the document, and one for each object within it.
func schemaPage(name string, root *node) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Schema: %s\n\n%s", name, Generated("`docs/schema/"+schema.File(name)+"`, which `copyscope schema "+name+"` prints"))
	fmt.Fprintf(&b, "**%s.** %s\n\n", Plain(root.Title), Plain(root.Description))
	b.WriteString("## The document\n\n")
	describe(&b, root)
	for _, d := range root.Defs {
		fmt.Fprintf(&b, "\n## %s\n\n", d.name)
		if d.of.Description != "" {
			b.WriteString(Plain(d.of.Description) + "\n\n")
		}
		describe(&b, d.of)
	}
	return []byte(b.String())
}

// describe writes what a value is: of an object, its fields, and among them those of
// the objects that have no name of their own.
func describe(b *strings.Builder, n *node) {
	type row struct{ field, value, needed, about string }
	var rows []row
	var fields func(prefix string, n *node)
	fields = func(prefix string, n *node) {
		for _, p := range n.Properties {
			r := row{Code(prefix + p.name), value(p.of), "", Plain(p.of.Description)}
			if slices.Contains(n.Required, p.name) {
				r.needed = "yes"
			}
			rows = append(rows, r)
			for inner, suffix := p.of, ""; inner != nil; inner, suffix = inner.Items, suffix+"[]" {
				fields(prefix+p.name+suffix+".", inner)
			}
		}
	}
	fields("", n)
	if len(rows) == 0 {
		fmt.Fprintf(b, "%s\n", value(n))
		return
	}
	t := NewTable("field", "value", "needed", "what it is")
	told := slices.ContainsFunc(rows, func(r row) bool { return r.about != "" })
	if !told {
		t = NewTable("field", "value", "needed")
	}
	for _, r := range rows {
		if told {
			t.Row(r.field, r.value, r.needed, r.about)
		} else {
			t.Row(r.field, r.value, r.needed)
		}
	}
	b.Write(t.Bytes())
}

// value says which values are taken.
func value(n *node) string {
	switch {
	case n.Ref != "":
		file, def, _ := strings.Cut(n.Ref, "#/$defs/")
		page := ""
		if file != "" {
			page = "schema-" + strings.TrimSuffix(file, ".schema.json") + ".md"
		}
		def, field, within := strings.Cut(def, "/properties/")
		words := def
		if within {
			words += "." + field
		}
		return fmt.Sprintf("[%s](%s#%s)", words, page, strings.ToLower(def))
	case n.Const != nil:
		return Code(fmt.Sprint(n.Const))
	case len(n.Enum) > 0:
		var all []string
		for _, e := range n.Enum {
			all = append(all, Code(fmt.Sprint(e)))
		}
		return strings.Join(all, ", ")
	case len(n.AnyOf) > 0 && n.Type == nil:
		var all []string
		for _, a := range n.AnyOf {
			all = append(all, value(a))
		}
		return strings.Join(all, " or ")
	}
	kinds := typeNames(n)
	text := strings.Join(kinds, " or ")
	if n.Items != nil {
		text = "list of " + value(n.Items)
	}
	var more *node
	if json.Unmarshal(n.Additional, &more) == nil && more != nil && (more.Ref != "" || more.Type != nil || len(more.AnyOf) > 0 || len(more.Enum) > 0) {
		text = "object whose values are each " + value(more)
	}
	return text + bounds(n)
}

func typeNames(n *node) (names []string) {
	switch t := n.Type.(type) {
	case string:
		return []string{t}
	case []any:
		for _, v := range t {
			names = append(names, fmt.Sprint(v))
		}
		return names
	}
	return []string{"any"}
}

// bounds are the limits of a value.
func bounds(n *node) string {
	var all []string
	if n.Minimum != nil {
		all = append(all, "at least "+n.Minimum.String())
	}
	if n.Maximum != nil {
		all = append(all, "at most "+n.Maximum.String())
	}
	if n.MinItems != nil {
		all = append(all, fmt.Sprintf("%d or more", *n.MinItems))
	}
	if n.MaxItems != nil {
		all = append(all, fmt.Sprintf("at most %d", *n.MaxItems))
	}
	if n.MaxLength != nil {
		all = append(all, fmt.Sprintf("at most %d characters", *n.MaxLength))
	}
	if n.Pattern != "" {
		all = append(all, "like "+Code(n.Pattern))
	}
	if len(all) == 0 {
		return ""
	}
	return ", " + strings.Join(all, ", ")
}
