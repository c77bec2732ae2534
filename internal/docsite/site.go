package docsite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"copyscope/internal/locale"
	"copyscope/templates"
)

// Document is a page that is generated from the code.
type Document struct {
	// Name is the page's, for example reference/commands.
	Name string
	// Text is its Markdown, in English.
	Text []byte
	// For are the paths below docs that it stands for, where a text leads to them:
	// files that are no pages.
	For []string
}

// Site is the documentation. It does not change, so any number may read it.
type Site struct {
	pages    map[string]*page
	order    []string   // names of all pages but the first, as they are read
	placed   [][]string // the same, for each of the sections
	pictures map[string][]byte
	standIns map[string]string // paths below docs → names of pages
}

// page has a text in at least one language.
type page struct {
	name  string
	texts map[locale.Lang]*written
	shown map[locale.Lang]templates.DocPage
}

// index is the name of the first page, which lists the others.
const index = "index"

// New makes the site of the Markdown files of a tree, with their pictures, and of
// what is generated. It fails on a file that has no title, and on two for one page.
func New(files fs.FS, generated ...Document) (*Site, error) {
	s := &Site{pages: map[string]*page{index: {name: index}}, pictures: map[string][]byte{}, standIns: map[string]string{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		switch path.Ext(name) {
		case ".md":
			return s.add(pageOf(name), name, text)
		case ".svg", ".webp", ".png":
			s.pictures[name] = text
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("documentation: %w", err)
	}
	for _, d := range generated {
		if err := s.add(d.Name, d.Name+".md", d.Text); err != nil {
			return nil, fmt.Errorf("documentation: %w", err)
		}
		for _, file := range d.For {
			s.standIns[file] = d.Name
		}
	}
	s.placed = place(slices.DeleteFunc(slices.Collect(maps.Keys(s.pages)), func(name string) bool { return name == index }))
	for _, names := range s.placed {
		s.order = append(s.order, names...)
	}
	if err := s.render(); err != nil {
		return nil, fmt.Errorf("documentation: %w", err)
	}
	return s, nil
}

// pageOf is the name of a file's page.
func pageOf(file string) string {
	name := strings.TrimSuffix(strings.TrimSuffix(file, ".md"), ".zh")
	if path.Base(name) == "README" {
		name = path.Join(path.Dir(name), index)
	}
	return name
}

// languageOf is the language of a file.
func languageOf(file string) locale.Lang {
	if strings.HasSuffix(file, ".zh.md") {
		return locale.Chinese
	}
	return locale.English
}

func (s *Site) add(name, file string, text []byte) error {
	w := read(file, languageOf(file), text)
	if w.title == "" {
		return fmt.Errorf("%s: there is no heading, which is the page's title; begin the file with one", file)
	}
	p := s.pages[name]
	if p == nil {
		p = &page{name: name, texts: map[locale.Lang]*written{}}
		s.pages[name] = p
	}
	if name == index || p.texts[w.lang] != nil {
		return fmt.Errorf("%s: there is a page %s already; give the file another name", file, Address(name, w.lang))
	}
	p.texts[w.lang] = w
	return nil
}

// in is the page's text in a language, or the other one's.
func (p *page) in(lang locale.Lang) *written {
	if w := p.texts[lang]; w != nil {
		return w
	}
	for _, other := range locale.Languages() {
		if w := p.texts[other]; w != nil {
			return w
		}
	}
	return nil
}

// Address is a page's in a language, below the site's root.
func Address(name string, lang locale.Lang) string {
	if lang == locale.English {
		return name + ".html"
	}
	return string(lang) + "/" + name + ".html"
}

// Named finds the page of an address below the site's root: of index.html, of zh/ or
// of nothing, the first one.
func (s *Site) Named(at string) (name string, lang locale.Lang, found bool) {
	lang = locale.English
	for _, l := range locale.Languages() {
		if rest, own := strings.CutPrefix(at, string(l)+"/"); own && l != locale.English {
			at, lang = rest, l
		}
	}
	if at == "" {
		return index, lang, true
	}
	name, page := strings.CutSuffix(at, ".html")
	return name, lang, page && s.pages[name] != nil
}

// Moved is the address of a page for which a person, or a message of the program, has
// the name of its file: websocket.md, or the same without its ending.
func (s *Site) Moved(file string) (to string, found bool) {
	name, lang := pageOf(file), languageOf(file)
	if name == index || s.pages[name] == nil {
		return "", false
	}
	return Address(name, lang), true
}

// Page is what is shown of a page in a language.
func (s *Site) Page(name string, lang locale.Lang) (shown templates.DocPage, found bool) {
	p := s.pages[name]
	if p == nil {
		return shown, false
	}
	shown, found = p.shown[lang]
	return shown, found
}

// Links lead from the site's root to all pages but the first, in the order in which
// they are read.
func (s *Site) Links(lang locale.Lang) (all []templates.DocLink) {
	for _, name := range s.order {
		all = append(all, s.link(Address(index, locale.English), name, lang, false))
	}
	return all
}

// Picture is a file that pages show.
func (s *Site) Picture(at string) (content []byte, found bool) {
	content, found = s.pictures[at]
	return content, found
}

// render makes every page in every language. What is wrong with one does not hide
// what is wrong with another.
func (s *Site) render() error {
	used := map[string]bool{}
	var wrong []error
	for _, name := range append([]string{index}, s.order...) {
		p := s.pages[name]
		p.shown = map[locale.Lang]templates.DocPage{}
		for _, lang := range locale.Languages() {
			shown := s.frame(name, lang)
			if w := p.in(lang); w != nil {
				l := &linker{site: s, from: p, text: w, lang: lang, pictures: used}
				body, err := l.html()
				if err != nil {
					wrong = append(wrong, err)
				}
				shown.Title, shown.Lang, shown.Other, shown.Headings, shown.Body = w.title, w.lang, w.lang != lang, w.headings, body
			}
			p.shown[lang] = shown
		}
	}
	maps.DeleteFunc(s.pictures, func(name string, _ []byte) bool { return !used[name] })
	return errors.Join(wrong...)
}

// frame is what stands around a page's text.
func (s *Site) frame(name string, lang locale.Lang) templates.DocPage {
	from := Address(name, lang)
	f := templates.DocPage{Lang: lang, Root: relative(from, ""), Home: relative(from, Address(index, lang)), Index: name == index, Languages: map[locale.Lang]string{}}
	for _, l := range locale.Languages() {
		f.Languages[l] = relative(from, Address(name, l))
	}
	own := sectionOf(s.placed, name)
	for i, names := range s.placed {
		section := templates.DocSection{Name: sections[i].key, Current: i == own}
		for _, n := range names {
			parent := under(n, names)
			if parent != "" && parent != name && parent != under(name, names) {
				continue
			}
			to := s.link(from, n, lang, n == name)
			to.Under = parent != ""
			section.Pages = append(section.Pages, to)
		}
		if len(names) > 0 {
			f.Sections = append(f.Sections, section)
		}
	}
	if i := slices.Index(s.order, name); i >= 0 {
		if i > 0 {
			before := s.link(from, s.order[i-1], lang, false)
			f.Before = &before
		}
		if i+1 < len(s.order) {
			after := s.link(from, s.order[i+1], lang, false)
			f.After = &after
		}
	}
	return f
}

// link leads from an address to a page.
func (s *Site) link(from, name string, lang locale.Lang, current bool) templates.DocLink {
	w := s.pages[name].in(lang)
	return templates.DocLink{Title: w.title, Summary: w.summary, Lang: w.lang, Address: relative(from, Address(name, lang)), Current: current}
}

// relative is the way from one address below the site's root to another, so that the
// site may stand anywhere.
func relative(from, to string) string {
	a, b := strings.Split(from, "/"), strings.Split(to, "/")
	for len(a) > 1 && len(b) > 1 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	return strings.Repeat("../", len(a)-1) + strings.Join(b, "/")
}

// html is the text as HTML, its links leading to pages of the site.
func (l *linker) html() (string, error) {
	root, err := l.linked()
	var out bytes.Buffer
	if failed := markdown.Renderer().Render(&out, l.text.source, root); failed != nil {
		return "", errors.Join(err, fmt.Errorf("%s: %w", l.text.file, failed))
	}
	return out.String(), err
}
