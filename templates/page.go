package templates

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"copyscope/internal/locale"
)

// PageData is what the layout of every page needs.
type PageData struct {
	*locale.Translator
	// Name is the page's key, as navigation has them, or missing, embed and the like. Its title
	// is the message page.title.NAME.
	Name string
	// Title, if set, replaces the title.
	Title string
	// URL is the address asked for, with its query.
	URL *url.URL
	// Theme is auto, light, dark, contrast or projector.
	Theme   string
	Version string

	// Asset gives the address of a static file.
	Asset func(name string) string
	// Link gives the address of one script that has several modules and what they
	// import, if they can be joined.
	Link func(modules ...string) (address string, ok bool)
	// Styles and Modules are the page's own style sheets and ES modules, by
	// their static names.
	Styles, Modules []string
	// Drawn: the page is a drawing that its script makes, and nothing is shown before:
	// what stands there for readers without scripts would be laid out for nothing.
	Drawn bool
	// Preload names the modules that the page's own import, so that they are
	// fetched at once and not one after the other.
	Preload []string
	// Messages are those that the page's scripts show.
	Messages map[string]string
	// Claim is the claim whose card led here, nil if none did.
	Claim *ClaimLed
	// Legend says that the page draws runs, whose signs the help explains.
	Legend bool
	// Keys is the key map, KeyMap its JSON.
	Keys   []KeyGroup
	KeyMap json.RawMessage
	// Socket says that the page has a connection whose state is shown.
	Socket bool
}

// KeyGroup is the keys that work in one place, for the help dialog.
type KeyGroup struct {
	Name     string
	Bindings []KeyBinding
}

// KeyBinding is what some keys do.
type KeyBinding struct {
	Action string
	Keys   []string
}

func (p PageData) title() string {
	if p.Title != "" {
		return p.Title
	}
	return p.T("page.title." + p.Name)
}

// script is the one script of a page with these modules, if there is one.
func (p PageData) script(modules []string) (address string, ok bool) {
	if p.Link == nil || len(modules) == 0 {
		return "", false
	}
	return p.Link(modules...)
}

// navigation is the pages of the bar.
func navigation() []struct{ Name, Path string } {
	return []struct{ Name, Path string }{
		{"lessons", "/lessons"}, {"scope", "/scope"}, {"live", "/live"}, {"broker", "/broker"}, {"attach", "/attach"}, {"claims", "/claims"}, {"talk", "/talk"},
		{"doctor", "/doctor"}, {"models", "/models"}, {"docs", "/docs/"},
	}
}

// languageURL is this page's address in another language.
func (p PageData) languageURL(lang locale.Lang) string {
	q := p.URL.Query()
	q.Set("lang", string(lang))
	return p.URL.EscapedPath() + "?" + q.Encode()
}

// keyText is a key as keyboards print it.
func keyText(key string) string {
	return strings.NewReplacer("ArrowRight", "→", "ArrowLeft", "←", "PageUp", "PgUp", "PageDown", "PgDn", "Escape", "Esc").Replace(key)
}

// current marks the link to where one is.
func current(is bool, value string) templ.Attributes {
	if !is {
		return nil
	}
	return templ.Attributes{"aria-current": value}
}

// helpTitle is the message over the help: it has keys alone where nothing is drawn.
func (p PageData) helpTitle() string {
	if p.Legend {
		return "page.help"
	}
	return "page.help.title"
}

// blocking has the browser show nothing before the page's script has run or failed
// (HTML Standard, 2.5.8 "Blocking attributes"); browsers without it show what is there.
func (p PageData) blocking() templ.Attributes {
	if !p.Drawn {
		return nil
	}
	return templ.Attributes{"blocking": "render"}
}
