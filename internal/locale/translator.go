package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalogue/*.json
var catalogues embed.FS

// load parses every catalogue once. The files are embedded, so a failure is a
// defect of the build and not something that a caller could mend.
var load = sync.OnceValue(func() *i18n.Bundle {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := fs.Glob(catalogues, "catalogue/*.json")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		if _, err := bundle.LoadMessageFileFS(catalogues, f); err != nil {
			panic(fmt.Sprintf("message catalogue %s: %v", f, err))
		}
	}
	return bundle
})

// Translator gives messages in one language.
type Translator struct {
	lang      Lang
	localizer *i18n.Localizer
}

// New is a translator for a language; English for one that is not spoken here.
func New(lang Lang) *Translator {
	if !lang.Known() {
		lang = English
	}
	return &Translator{lang: lang, localizer: i18n.NewLocalizer(load(), string(lang), string(English))}
}

// Lang is the language of the translator.
func (t *Translator) Lang() Lang { return t.lang }

// T is the message with its placeholders filled: from one map or struct, or
// from pairs of name and value, as in T("live.rows", "Shown", 20, "Count", 1340).
// Count also chooses the plural form. A message that the language lacks is
// given in English; one that English lacks too is given as ⟦id⟧, loudly.
func (t *Translator) T(id string, data ...any) string {
	values := templateData(data)
	config := &i18n.LocalizeConfig{MessageID: id, TemplateData: values}
	if m, ok := values.(map[string]any); ok && m["Count"] != nil {
		config.PluralCount = pluralCount(m["Count"])
	}
	text, err := t.localizer.Localize(config)
	if text == "" {
		if err != nil {
			return "⟦" + id + "⟧"
		}
		return id
	}
	return text
}

// Term is the word for one name of the vocabulary, for example
// Term("kind", string(trace.CPUCopy)). Spaces in names are dashes in ids.
func (t *Translator) Term(area, name string) string { return t.T(TermID(area, name)) }

// TermID is the id of the word for a name of the vocabulary.
func TermID(area, name string) string {
	return area + "." + strings.ReplaceAll(name, " ", "-")
}

func templateData(data []any) any {
	if len(data) == 1 {
		return data[0]
	}
	values := make(map[string]any, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		values[fmt.Sprint(data[i])] = data[i+1]
	}
	return values
}

// pluralCount gives go-i18n a kind of number that it accepts; it refuses
// floats for fear of lost digits, which do not change our plural forms.
func pluralCount(n any) any {
	switch v := n.(type) {
	case float64:
		return int64(v)
	case uint64:
		return int64(v)
	}
	return n
}
