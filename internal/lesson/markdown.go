package lesson

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// markdown renders texts. Raw HTML stays off: a text may be anyone's.
var markdown = goldmark.New(goldmark.WithExtensions(extension.Table, extension.NewCJK()))

// HTML is a text as HTML, paragraphs and all.
func HTML(source string) string {
	out := &bytes.Buffer{}
	if err := markdown.Convert([]byte(source), out); err != nil {
		return "" // a buffer takes all that is written
	}
	return out.String()
}

// Inline is a text of one paragraph without the paragraph around it.
func Inline(source string) string {
	html := strings.TrimSpace(HTML(source))
	inner, began := strings.CutPrefix(html, "<p>")
	inner, ended := strings.CutSuffix(inner, "</p>")
	if !began || !ended || strings.Contains(inner, "<p>") {
		return html
	}
	return inner
}

var code = regexp.MustCompile(`(?s)<code[^>]*>.*?</code>`)

// leftOver is a mark of Markdown that a reader would see as it stands, or empty.
func leftOver(source string) string {
	shown := code.ReplaceAllString(HTML(source), "")
	for _, mark := range []string{"**", "`"} {
		if strings.Contains(shown, mark) {
			return mark
		}
	}
	return ""
}

// outside is the first link or picture of a text that leads elsewhere than to a
// page of this program.
func outside(source string) error {
	var found error
	root := markdown.Parser().Parse(text.NewReader([]byte(source)))
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		to := ""
		switch n := n.(type) {
		case *ast.Link:
			to = string(n.Destination)
		case *ast.AutoLink:
			to = string(n.URL([]byte(source)))
		case *ast.Image:
			found = fmt.Errorf("pictures are not shown; take the one away")
			return ast.WalkStop, nil
		case *ast.RawHTML, *ast.HTMLBlock:
			found = fmt.Errorf("HTML is not read; write Markdown, and < as &lt;")
			return ast.WalkStop, nil
		default:
			return ast.WalkContinue, nil
		}
		if !strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "#") || strings.HasPrefix(to, "//") {
			found = fmt.Errorf("link to %q: lead to pages of this program, such as /claims/speedup; other sources belong to claim cards", to)
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return err
	}
	return found
}
