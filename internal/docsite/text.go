package docsite

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"copyscope/internal/anchor"
	"copyscope/internal/locale"
	"copyscope/templates"
)

// written is one text of a page: what is read of a Markdown file.
type written struct {
	lang   locale.Lang
	file   string // its path below docs, for its links
	source []byte
	root   ast.Node
	// title is the first heading's, summary the first sentence below it.
	title, summary string
	headings       []templates.DocHeading
	anchors        map[string]string // what a # may name, as GitHub does → the id on the page
}

// taken are the ids of what stands around a page's text. A heading of such a name has
// another id here.
var taken = []string{"connection", "help", "help-title", "keys", "main", "messages", "palette", "palette-title"}

// idOf is the id on a page of a heading that GitHub names so.
func idOf(name string) string {
	if slices.Contains(taken, name) {
		return "section-" + name
	}
	return name
}

// mostHeadings is how many a page's table of contents has before it leaves out
// those of the third level.
const mostHeadings = 40

func read(file string, lang locale.Lang, source []byte) *written {
	w := &written{lang: lang, file: file, source: source, root: markdown.Parser().Parse(text.NewReader(source)), anchors: map[string]string{}}
	names := anchor.Names{}
	second := 0
	for n := w.root.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() == ast.KindParagraph && anchor.Words(n, source) == languageLine() {
			w.root.RemoveChild(w.root, n)
			break
		}
	}
	ast.Walk(w.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			words := anchor.Words(n, source)
			name := names.Add(words)
			id := idOf(name)
			w.anchors[name] = id
			n.SetAttributeString("id", []byte(id))
			switch {
			case w.title == "":
				w.title = words
			case n.Level <= 3:
				if n.Level == 2 {
					second++
				}
				w.headings = append(w.headings, templates.DocHeading{ID: id, Text: words, Level: n.Level})
			}
		case *ast.Paragraph:
			// What is emphasised as a whole is a note about the page.
			note := n.ChildCount() == 1 && n.FirstChild().Kind() == ast.KindEmphasis
			if w.summary == "" && w.title != "" && !note {
				w.summary = sentence(n, source)
			}
		}
		return ast.WalkContinue, nil
	})
	if len(w.headings) > mostHeadings && second > 0 {
		kept := w.headings[:0]
		for _, h := range w.headings {
			if h.Level == 2 {
				kept = append(kept, h)
			}
		}
		w.headings = kept
	}
	return w
}

// languageLine is the paragraph by which a file leads to its twin on GitHub. On the
// site every page has that above it.
func languageLine() string {
	var names []string
	for _, l := range locale.Languages() {
		names = append(names, l.Name())
	}
	return strings.Join(names, " · ")
}

// sentence is the first one of a paragraph.
func sentence(n ast.Node, source []byte) string {
	all := anchor.Words(n, source)
	for _, end := range []string{". ", "。"} {
		all, _, _ = strings.Cut(all, end)
	}
	return strings.TrimRight(all, ".:： ")
}
