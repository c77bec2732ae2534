// Package anchor names the headings of Markdown files as GitHub does, so that a link
// that is written for GitHub leads to the same place on the pages of the documentation,
// and in the rule that links lead somewhere.
package anchor

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
)

// Names are those of one document so far.
type Names map[string]bool

// Add names a heading: letters, digits, _ and - in lower case, a - for each space, and
// a number behind what there is already.
func (n Names) Add(heading string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
	for i, base := 1, name; n[name]; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	n[name] = true
	return name
}

// Words are a heading, or a paragraph, without its marks.
func Words(n ast.Node, source []byte) string {
	var b strings.Builder
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(source))
			if t.SoftLineBreak() || t.HardLineBreak() {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}
