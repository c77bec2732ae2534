package lesson

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Words finds the glossary's words in texts of one language.
type Words struct {
	pattern *regexp.Regexp
	// terms are the words by the ways to write them, in small letters. nil: what is
	// written so is no word of the glossary, or of two, and words in it are not meant.
	terms map[string]*Term
}

// Words are the glossary's words in a language.
func (l *Library) Words(lang string) *Words {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.words == nil {
		l.words = map[string]*Words{}
	}
	if l.words[lang] == nil {
		l.words[lang] = wordsOf(l.Terms, lang)
	}
	return l.words[lang]
}

// wordsOf knows the terms by what they are called, and by those other names that
// have a term in them: of these the whole is meant.
func wordsOf(terms []*Term, lang string) *Words {
	in := func(en, zh []string) (all []string) {
		if lang == "zh" {
			en = zh
		}
		for _, name := range en {
			all = append(all, forms(name)...)
		}
		return all
	}
	w := &Words{terms: map[string]*Term{}}
	for _, t := range terms {
		for _, name := range in([]string{t.Term.En}, []string{t.Term.Zh}) {
			w.terms[name] = t
		}
	}
	own := w.all()
	for _, t := range terms {
		for _, name := range in(t.Also.En, t.Also.Zh) {
			before, is := w.terms[name]
			switch {
			case slices.Contains(own, name):
			case is && before != t:
				w.terms[name] = nil // articles call two things so
			case slices.ContainsFunc(own, func(term string) bool { return utf8.RuneCountInString(term) > 1 && strings.Contains(name, term) }):
				w.terms[name] = t
			}
		}
		for _, name := range in(t.Not.En, t.Not.Zh) {
			if !slices.Contains(own, name) {
				w.terms[name] = nil
			}
		}
	}
	if len(w.terms) == 0 {
		return w
	}
	var patterns []string
	for _, name := range w.all() {
		patterns = append(patterns, patternOf(name))
	}
	w.pattern = regexp.MustCompile("(?i)" + strings.Join(patterns, "|"))
	return w
}

// all are the ways to write the words, the longest first.
func (w *Words) all() (names []string) {
	for name := range w.terms {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return names
}

var inBrackets = regexp.MustCompile(`[(（]([^)）]*)[)）]`)

// forms are the ways to write a term such as "segmentation offload (TSO, GSO)", in
// small letters. What stands in brackets without a capital explains, and is no name.
func forms(term string) (all []string) {
	add := func(names ...string) {
		for _, name := range names {
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
				all = append(all, name)
			}
		}
	}
	add(inBrackets.ReplaceAllString(term, ""))
	for _, found := range inBrackets.FindAllStringSubmatch(term, -1) {
		if name := found[1]; strings.ContainsFunc(name, unicode.IsUpper) {
			add(strings.FieldsFunc(name, func(r rune) bool { return r == ',' || r == '、' || r == '，' })...)
		}
	}
	return all
}

// patternOf is a word as it stands in a text: with any space between its parts, in
// the plural too, and from one border of a word to the next where letters make words.
func patternOf(name string) string {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(name), " ", `\s+`)
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	if inWord(first) {
		pattern = `\b` + pattern
	}
	switch stem, y := strings.CutSuffix(pattern, "y"); {
	case !inWord(last):
		return pattern
	case y:
		return stem + `(?:y|ies)\b`
	default:
		return pattern + `(?:s|es)?\b`
	}
}

func inWord(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

// term is the word that stands in a text from one byte to another, or nil: not in the
// middle of what a hyphen joins, and a single Chinese character only on its own, since
// most of the words that it stands in are others.
func (w *Words) term(text string, from, to int) *Term {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	if strings.ContainsRune("-._/", before) || strings.ContainsRune("-_", after) {
		return nil
	}
	found := text[from:to]
	if utf8.RuneCountInString(found) == 1 && (unicode.Is(unicode.Han, before) || unicode.Is(unicode.Han, after)) {
		return nil
	}
	name := strings.ToLower(strings.Join(strings.Fields(found), " "))
	for _, singular := range []string{name, strings.TrimSuffix(name, "s"), strings.TrimSuffix(name, "es"), strings.TrimSuffix(name, "ies") + "y"} {
		if t, is := w.terms[singular]; is {
			return t
		}
	}
	return nil
}

// Mark writes a text's HTML with link(term, words) in the place of the first words
// that name each of the terms, outside of code, headings and links. words are HTML.
func (w *Words) Mark(source string, link func(t *Term, words string) string) string {
	if w.pattern == nil {
		return source
	}
	out, marked, within := &strings.Builder{}, map[*Term]bool{}, 0
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return out.String()
		case html.TextToken:
			text := string(z.Raw())
			if within == 0 {
				text = w.markText(text, marked, link)
			}
			out.WriteString(text)
		default:
			raw := string(z.Raw())
			out.WriteString(raw)
			name, _ := z.TagName()
			switch {
			case !slices.Contains(unmarked, atom.Lookup(name)):
			case kind == html.StartTagToken:
				within++
			case kind == html.EndTagToken:
				within--
			}
		}
	}
}

// unmarked are the elements in which nothing is marked.
var unmarked = []atom.Atom{atom.A, atom.Code, atom.Pre, atom.Th, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6}

func (w *Words) markText(text string, marked map[*Term]bool, link func(*Term, string) string) string {
	out, done := &strings.Builder{}, 0
	for _, at := range w.pattern.FindAllStringIndex(text, -1) {
		t := w.term(text, at[0], at[1])
		if t == nil || marked[t] {
			continue
		}
		marked[t] = true
		out.WriteString(text[done:at[0]])
		out.WriteString(link(t, text[at[0]:at[1]]))
		done = at[1]
	}
	out.WriteString(text[done:])
	return out.String()
}
