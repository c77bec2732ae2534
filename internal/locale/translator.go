package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/dustin/go-humanize"
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

// T is the message with its placeholders filled from pairs of name and value,
// as in T("live.rows", "Shown", 20, "Count", 1340).
// Count also chooses the plural form; whole numbers get separators. A message that the language lacks is
// given in English; one that English lacks too is given as ⟦id⟧, loudly.
func (t *Translator) T(id string, data ...any) string {
	values := pairs(data)
	config := &i18n.LocalizeConfig{MessageID: id, TemplateData: separated(values)}
	if count, ok := whole(values["Count"]); ok {
		config.PluralCount = count
	}
	text, err := t.localizer.Localize(config)
	if err != nil && text == "" {
		return "⟦" + id + "⟧"
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

func pairs(data []any) map[string]any {
	values := make(map[string]any, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		values[fmt.Sprint(data[i])] = data[i+1]
	}
	return values
}

// separated writes whole numbers as the scripts do: 1,340 in both languages.
func separated(values map[string]any) map[string]any {
	out := make(map[string]any, len(values))
	for name, v := range values {
		out[name] = v
		if n, ok := whole(v); ok {
			out[name] = humanize.Comma(n)
		}
	}
	return out
}

func whole(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case uint64:
		return int64(n), true
	}
	return 0, false
}
