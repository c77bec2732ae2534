package templates

import (
	"github.com/a-h/templ"

	"copyscope/internal/locale"
)

// DocPage is a page of the documentation. Its addresses are relative to its own, so
// that the same page stands below a server's /docs/, and in files.
type DocPage struct {
	// Title is that of the text, Body its HTML; both are empty on the first page, which
	// lists the others.
	Title, Body string
	// Lang is the text's language; Other says that it is not the one asked for, in which
	// there is none.
	Lang  locale.Lang
	Other bool
	// Index is the first page.
	Index         bool
	Headings      []DocHeading
	Sections      []DocSection
	Before, After *DocLink
	// Root leads to the site's root, Home to its first page in this language, Languages
	// to this page in each.
	Root, Home string
	Languages  map[locale.Lang]string
}

// DocHeading is a heading of a page, for its table of contents.
type DocHeading struct {
	ID, Text string
	Level    int
}

// DocSection is a part of the documentation.
type DocSection struct {
	// Name is the key of its title: docs.section.NAME.
	Name    string
	Current bool
	Pages   []DocLink
}

// DocLink leads to a page.
type DocLink struct {
	Title, Summary string
	// Lang is the language of the title, which may be another than the page's.
	Lang    locale.Lang
	Address string
	Current bool
	// Under: it is listed below the page before it.
	Under bool
}

// DocsFrame is what a page that stands alone, as a file, has beside the text.
type DocsFrame struct {
	*locale.Translator
	Version string
	// Styles and Script are files below the site's root.
	Icon   string
	Styles []string
	Script string
}

// docsTitle is that of the page.
func docsTitle(t *locale.Translator, d DocPage) string {
	if d.Index {
		return t.T("docs.title")
	}
	return d.Title
}

// inLang marks words that are in another language than what stands around them.
func inLang(t *locale.Translator, lang locale.Lang) templ.Attributes {
	if lang == t.Lang() {
		return nil
	}
	return templ.Attributes{"lang": lang.Tag()}
}
