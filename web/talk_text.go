package web

import (
	"slices"

	"copyscope/internal/authored"
	"copyscope/internal/lesson"
	"copyscope/internal/talk"
)

// prose is a text in a language as HTML, or in the other one, if the deck has it in
// that alone. A deck may come from anybody, as a lesson may: raw HTML in it is left
// out, and so are addresses that run something.
func prose(text authored.Text, lang string) string {
	source, _ := text.In(lang)
	return lesson.HTML(source)
}

// instead says that the deck has something of what a slide shows in another language
// only. A choice without a text is a number, which every language has.
func instead(s talk.Slide, lang string) bool {
	shown := []authored.Text{s.Title, s.Text}
	if s.Ask != nil {
		shown = append(shown, s.Ask.Question, s.Ask.Explain)
		for _, c := range s.Ask.Choices {
			shown = append(shown, c.Text)
		}
	}
	return slices.ContainsFunc(shown, func(t authored.Text) bool {
		_, other := t.In(lang)
		return other
	})
}

// line is a short text, a title for example.
func line(text authored.Text, lang string) string {
	s, _ := text.In(lang)
	return s
}
