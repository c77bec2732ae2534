package yamlfile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Scalar is the text of a word or number, without quotation marks; ok is false for
// lists and mappings.
func Scalar(n ast.Node) (text string, ok bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// fault is what is wrong with a value, and where.
type fault struct {
	at     *token.Position
	value  string
	remedy string
}

func (f *fault) Error() string { return fmt.Sprintf("%s: %s", Quoted(f.value), f.remedy) }

// Wrong is the error of a value that cannot be, for UnmarshalYAML methods.
func Wrong(n ast.Node, remedy string) error {
	return &fault{n.GetToken().Position, strings.TrimSpace(n.String()), remedy}
}

// Quoted is what stands in the file, as much of it as an error needs.
func Quoted(text string) string { return strconv.Quote(Shortened(text)) }

// Shortened is a text, or its begin if it is long.
func Shortened(text string) string {
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "…"
	}
	return text
}
