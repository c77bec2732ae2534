package reference

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"copyscope/internal/docsite"
)

// Documents are all pages that need no more than this program: those of the broker's
// settings, the metrics, the paths, the words of events and counts, and the schemas.
// files are the documents of docs, of which some are shown within.
func Documents(files fs.FS) ([]docsite.Document, error) {
	settings, err := brokerSettings(files)
	if err != nil {
		return nil, err
	}
	schemas, err := schemas()
	if err != nil {
		return nil, err
	}
	return append([]docsite.Document{settings, metricsPage(), paths(), events()}, schemas...), nil
}

// Generated is the line of a page that says what it was made of.
func Generated(from string) string {
	return "*Generated from " + from + ", of the version that shows this page.*\n\n"
}

// Table is a table in Markdown; cells are Markdown already.
type Table struct{ bytes.Buffer }

// NewTable begins one with its headers.
func NewTable(heads ...string) *Table {
	t := &Table{}
	t.Row(heads...)
	t.Row(slices.Repeat([]string{"---"}, len(heads))...)
	return t
}

// Row adds one.
func (t *Table) Row(cells ...string) {
	for _, c := range cells {
		fmt.Fprintf(t, "| %s ", strings.ReplaceAll(strings.TrimSpace(c), "\n", " "))
	}
	t.WriteString("|\n")
}

// Code is text as code in a line of Markdown, or in a cell of a table.
func Code(text string) string {
	if text == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + strings.ReplaceAll(text, "|", `\|`) + fence
}

// Plain keeps text from being read as Markdown.
func Plain(text string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "&", "&amp;", "<", "&lt;", "~", `\~`, "[", `\[`, "|", `\|`, "#", `\#`).Replace(text)
}

// codes are texts as code, with commas.
func codes(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = Code(t)
	}
	return strings.Join(out, ", ")
}
