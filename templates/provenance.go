package templates

import "copyscope/internal/locale"

// provenanceTitle explains a badge: what the word means and, where a value is
// missing, why.
func provenanceTitle(t *locale.Translator, name, reason string) string {
	text := t.Term("provenance", name+".explain")
	if reason != "" {
		text += " " + reason
	}
	return text
}
