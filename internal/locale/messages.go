package locale

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

// message is one message of a catalogue file: its plural forms, or only other.
type message struct {
	one, other string
}

// catalogue reads the raw messages of a language, placeholders unfilled.
var raw = map[Lang]func() map[string]message{
	English: sync.OnceValue(func() map[string]message { return readCatalogue(English) }),
	Chinese: sync.OnceValue(func() map[string]message { return readCatalogue(Chinese) }),
}

func readCatalogue(lang Lang) map[string]message {
	files, err := fs.Glob(catalogues, "catalogue/*."+string(lang)+".json")
	if err != nil {
		panic(err)
	}
	all := map[string]message{}
	for _, f := range files {
		b, err := catalogues.ReadFile(f)
		if err != nil {
			panic(err)
		}
		var entries map[string]any
		if err := json.Unmarshal(b, &entries); err != nil {
			panic(fmt.Sprintf("message catalogue %s: %v", f, err))
		}
		for id, v := range entries {
			if _, twice := all[id]; twice {
				panic(fmt.Sprintf("message catalogue %s: %s is in another file too", f, id))
			}
			all[id] = parseMessage(v)
		}
	}
	return all
}

func parseMessage(v any) message {
	forms, ok := v.(map[string]any)
	if !ok {
		text, _ := v.(string)
		return message{other: text}
	}
	one, _ := forms["one"].(string)
	other, _ := forms["other"].(string)
	return message{one: one, other: other}
}

// Messages is what a page's scripts need: every message whose id is one of
// the prefixes or begins with one and a dot, placeholders unfilled. The form
// for exactly one thing is under id#one.
func (t *Translator) Messages(prefixes ...string) map[string]string {
	out := map[string]string{}
	for _, lang := range []Lang{English, t.lang} {
		for id, m := range raw[lang]() {
			if !under(id, prefixes) {
				continue
			}
			out[id] = m.other
			delete(out, id+"#one")
			if m.one != "" {
				out[id+"#one"] = m.one
			}
		}
	}
	return out
}

func under(id string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool {
		return id == p || strings.HasPrefix(id, p+".")
	})
}

// IDs lists the ids of every message of a language, sorted.
func IDs(lang Lang) []string { return slices.Sorted(maps.Keys(raw[lang]())) }
