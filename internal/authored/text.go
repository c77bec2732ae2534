// Package authored is what the files of lessons and of talks say alike: texts in
// both languages, and which event of a run is meant.
package authored

import "strings"

// Text is in both languages, Markdown where it is long. A file may leave one out;
// whoever reads it is then told so.
type Text struct {
	En string `yaml:"en"`
	Zh string `yaml:"zh"`
}

// Empty says whether the text is in neither language.
func (t Text) Empty() bool { return strings.TrimSpace(t.En+t.Zh) == "" }

// In is the text in a language and whether it had to be the other one, because it
// lacks that.
func (t Text) In(lang string) (text string, fallback bool) {
	own, other := t.En, t.Zh
	if lang == "zh" {
		own, other = other, own
	}
	if strings.TrimSpace(own) == "" {
		return other, strings.TrimSpace(other) != ""
	}
	return own, false
}
