package locale

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// sentencePrefix begins the ids of the sentences.
const sentencePrefix = "sentence."

// Sentence says a sentence of the packages near the kernel in the reader's
// language. Those packages speak English alone, as terminal, logs and JSON do;
// pages translate at their edge. The English catalogue holds the very sentences,
// with placeholders for the parts that vary: the text that fits is found by its
// fixed words, and its parts are passed through Sentence too, so that a
// sentence may end in another one. A sentence that no text fits comes back as
// it is.
func (t *Translator) Sentence(english string) string {
	if t.lang == English {
		return english
	}
	p, parts := recognise(english)
	if p == nil {
		return english
	}
	data := make([]any, 0, 2*len(parts))
	for i, part := range parts {
		data = append(data, p.names[i], t.Sentence(part))
	}
	return t.T(p.id, data...)
}

// Spoken is a sentence in every language, for messages that go to all readers
// alike.
type Spoken struct {
	English string `json:"en"`
	Chinese string `json:"zh"`
}

// Speak says a sentence of the packages near the kernel in every language.
func Speak(english string) Spoken {
	return Spoken{English: english, Chinese: New(Chinese).Sentence(english)}
}

// In is the sentence in one language.
func (s Spoken) In(lang Lang) string {
	if lang == Chinese {
		return s.Chinese
	}
	return s.English
}

// pattern recognises the sentences of one English text.
type pattern struct {
	id    string
	names []string // of the placeholders, in the order of the English text
	fixed int      // bytes of the text that are no placeholder
	match *regexp.Regexp
}

// phrases are the placeholders that may hold spaces; the others hold one word,
// number or path, so that a text fits no sentence that is not meant.
var phrases = []string{"Error", "Reason", "Why", "Remedy", "What", "Names", "Line", "Dir", "Arrived"}

var placeholders = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// patterns are those of the English catalogue. Of several that fit a sentence
// the one with the most fixed text is the most particular, so it comes first;
// the id decides among equals.
var patterns = sync.OnceValue(func() []pattern {
	var all []pattern
	for id, m := range raw[English]() {
		if strings.HasPrefix(id, sentencePrefix) {
			all = append(all, newPattern(id, m.other))
		}
	}
	slices.SortFunc(all, func(a, b pattern) int {
		return cmp.Or(cmp.Compare(b.fixed, a.fixed), cmp.Compare(a.id, b.id))
	})
	return all
})

// newPattern compiles a text: fixed words fit exactly, a placeholder fits the
// shortest text that lets the rest fit.
func newPattern(id, text string) pattern {
	p := pattern{id: id}
	source := &strings.Builder{}
	at := 0
	for _, m := range placeholders.FindAllStringSubmatchIndex(text, -1) {
		name, part := text[m[2]:m[3]], `(\S+?)`
		if slices.Contains(phrases, name) {
			part = `(.+?)`
		}
		source.WriteString(regexp.QuoteMeta(text[at:m[0]]) + part)
		p.names = append(p.names, name)
		p.fixed += m[0] - at
		at = m[1]
	}
	source.WriteString(regexp.QuoteMeta(text[at:]))
	p.fixed += len(text) - at
	p.match = regexp.MustCompile(`(?s)\A` + source.String() + `\z`)
	return p
}

// recognise finds the pattern of a sentence and the parts that fill it.
func recognise(english string) (*pattern, []string) {
	for i := range patterns() {
		p := &patterns()[i]
		if m := p.match.FindStringSubmatch(english); m != nil {
			return p, m[1:]
		}
	}
	return nil, nil
}
