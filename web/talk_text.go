package web

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"copyscope/internal/talk"
)

// markdown makes HTML of a deck's texts. Raw HTML in them is left out, and so are
// addresses that run something: a deck may come from anybody.
var markdown = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough))

// prose is a text in a language as HTML; instead says that the deck has it in
// another language only.
func prose(text talk.Text, lang string) (html string, instead bool) {
	source, instead := text.In(lang)
	b := &bytes.Buffer{}
	if err := markdown.Convert([]byte(source), b); err != nil {
		return "", instead // it writes to memory
	}
	return b.String(), instead
}

// line is a short text, a title for example.
func line(text talk.Text, lang string) string {
	s, _ := text.In(lang)
	return s
}
