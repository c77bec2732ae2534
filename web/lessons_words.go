package web

import (
	"fmt"
	"html"
	"slices"

	"copyscope/internal/authored"
	"copyscope/internal/lesson"
)

// told is a text as HTML in which the glossary's words lead there. What they mean is
// on the page too, once, for who stops at one.
func (v *lessonView) told(t authored.Text, library *lesson.Library) string {
	lang := string(v.Lang())
	if _, fallback := t.In(lang); fallback {
		lang = map[string]string{"en": "zh", "zh": "en"}[lang]
	}
	return library.Words(lang).Mark(v.block(t), func(term *lesson.Term, words string) string {
		if !slices.Contains(v.words, term) {
			v.words = append(v.words, term)
		}
		return fmt.Sprintf(`<a class="term" href="/glossary#%[1]s" aria-describedby="word-%[1]s">%[2]s</a>`, html.EscapeString(term.Name), words)
	})
}
