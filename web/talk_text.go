package web

import (
	"copyscope/internal/authored"
	"copyscope/internal/lesson"
)

// prose is a text in a language as HTML; instead says that the deck has it in
// another language only. A deck may come from anybody, as a lesson may: raw HTML in
// it is left out, and so are addresses that run something.
func prose(text authored.Text, lang string) (html string, instead bool) {
	source, instead := text.In(lang)
	return lesson.HTML(source), instead
}

// line is a short text, a title for example.
func line(text authored.Text, lang string) string {
	s, _ := text.In(lang)
	return s
}
