package docsite

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"

	"copyscope/internal/anchor"
)

// markdown reads and writes what GitHub does of our files. HTML in them is not let
// through, so that a page has no script and no style of its own.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.NewCJK()),
	goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(elements{}, 100))),
)

// elements writes what is other here than in goldmark: tables that scroll within
// the page, code that the keyboard can scroll, and HTML.
type elements struct{}

// RegisterFuncs is for goldmark.
func (e elements) RegisterFuncs(to renderer.NodeRendererFuncRegisterer) {
	to.Register(east.KindTable, e.table)
	to.Register(east.KindTableHeader, e.tableHeader)
	to.Register(east.KindTableCell, e.tableCell)
	to.Register(ast.KindFencedCodeBlock, e.code)
	to.Register(ast.KindCodeBlock, e.code)
	to.Register(ast.KindCodeSpan, e.codeSpan)
	to.Register(ast.KindRawHTML, e.rawHTML)
	to.Register(ast.KindHTMLBlock, e.htmlBlock)
}

// table stands in a box that scrolls; a screen reader hears the heading above it.
func (elements) table(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		w.WriteString("</table></div>\n")
		return ast.WalkContinue, nil
	}
	w.WriteString(`<div class="scroll" tabindex="0" role="group"`)
	for above := n; above != nil; above = above.Parent() {
		if id := headingBefore(above); id != "" {
			w.WriteString(` aria-labelledby="` + id + `"`)
			break
		}
	}
	w.WriteString("><table>\n")
	return ast.WalkContinue, nil
}

// headingBefore is the id of the nearest heading before a node, among its siblings.
func headingBefore(n ast.Node) string {
	for ; n != nil; n = n.PreviousSibling() {
		if h, ok := n.(*ast.Heading); ok {
			if id, there := h.AttributeString("id"); there {
				return string(util.EscapeHTML(id.([]byte)))
			}
		}
	}
	return ""
}

// tableHeader leaves out a row of headers that says nothing.
func (elements) tableHeader(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	blank := true
	for cell := n.FirstChild(); cell != nil; cell = cell.NextSibling() {
		blank = blank && !cell.HasChildren()
	}
	switch {
	case blank && entering:
		return ast.WalkSkipChildren, nil
	case entering:
		w.WriteString("<thead>\n<tr>\n")
		return ast.WalkContinue, nil
	case !blank:
		w.WriteString("</tr>\n</thead>\n")
	}
	if n.NextSibling() != nil { // which the last row closes
		w.WriteString("<tbody>\n")
	}
	return ast.WalkContinue, nil
}

// tableCell: one of a header that says nothing is no header.
func (elements) tableCell(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	cell := n.(*east.TableCell)
	tag := "td"
	if n.Parent().Kind() == east.KindTableHeader && n.HasChildren() {
		tag = "th"
	}
	if !entering {
		w.WriteString("</" + tag + ">\n")
		return ast.WalkContinue, nil
	}
	w.WriteString("<" + tag)
	if tag == "th" {
		w.WriteString(` scope="col"`)
	}
	if cell.Alignment == east.AlignRight {
		w.WriteString(` class="right"`)
	}
	w.WriteByte('>')
	return ast.WalkContinue, nil
}

// code is a block of it. A diagram in Mermaid's language stays text, which says who
// leads to whom as it stands: drawing it would take a browser, or a script of others.
func (elements) code(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	language := ""
	if fenced, ok := n.(*ast.FencedCodeBlock); ok {
		language = string(fenced.Language(source))
	}
	text := n.Lines().Value(source)
	if language == "mermaid" {
		w.WriteString("<figure class=\"diagram\"><figcaption>Mermaid</figcaption>\n")
		text = bytes.ReplaceAll(text, []byte("<br/>"), []byte(" · "))
	}
	w.WriteString(`<pre class="scroll" tabindex="0"><code>`)
	w.Write(util.EscapeHTML(text))
	w.WriteString("</code></pre>\n")
	if language == "mermaid" {
		w.WriteString("</figure>\n")
	}
	return ast.WalkContinue, nil
}

// shortCode is how many characters of code stay in one line: a name that is broken is
// hard to read, and a long line would be wider than a phone.
const shortCode = 28

func (elements) codeSpan(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkSkipChildren, nil
	}
	text := strings.ReplaceAll(anchor.Words(n, source), "\n", " ")
	if utf8.RuneCountInString(text) <= shortCode {
		w.WriteString(`<code class="short">`)
	} else {
		w.WriteString("<code>")
	}
	w.Write(util.EscapeHTML([]byte(text)))
	w.WriteString("</code>")
	return ast.WalkSkipChildren, nil
}

// breakHTML is the HTML that is let through.
var breakHTML = regexp.MustCompile(`^<br\s*/?>$`)

// rawHTML shows it as it stands, but for comments.
func (elements) rawHTML(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkSkipChildren, nil
	}
	text := string(n.(*ast.RawHTML).Segments.Value(source))
	switch {
	case strings.HasPrefix(text, "<!--"):
	case breakHTML.MatchString(text):
		w.WriteString("<br>")
	default:
		w.Write(util.EscapeHTML([]byte(text)))
	}
	return ast.WalkSkipChildren, nil
}

// htmlBlock is the same of whole lines.
func (elements) htmlBlock(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		if text := n.Lines().Value(source); !bytes.HasPrefix(bytes.TrimSpace(text), []byte("<!--")) {
			w.WriteString("<p>")
			w.Write(util.EscapeHTML(text))
			w.WriteString("</p>\n")
		}
	}
	return ast.WalkContinue, nil
}
