package web

import (
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"copyscope/internal/locale"
	"copyscope/static"
	"copyscope/templates"
)

// year is how long the reader's choices are remembered, in seconds.
const year = 365 * 24 * 3600

// pageData is what every page is given: the reader's language and theme, the
// keys and messages. It remembers a language that the address asks for, but of a wall. The
// messages are those of the shell and those below the given prefixes.
func (s *Server) pageData(w http.ResponseWriter, r *http.Request, name string, messages ...string) templates.PageData {
	if remembers(r) {
		rememberLang(w, r)
	}
	return s.pageDataIn(requestLang(r), w, r, name, messages...)
}

// pageDataIn is the same in a language that is not the reader's to choose here, because
// the address has it.
func (s *Server) pageDataIn(lang locale.Lang, w http.ResponseWriter, r *http.Request, name string, messages ...string) templates.PageData {
	t := locale.New(lang)
	p := templates.PageData{
		Translator: t,
		Name:       name,
		URL:        r.URL,
		Theme:      theme(w, r),
		Version:    s.config.Version,
		Asset:      static.Path,
		Link:       static.Linked,
		Messages:   t.Messages(slices.Concat([]string{"page.theme", "page.connection", "page.behind", "page.palette"}, messages)...),
		Keys:       keyGroups(name),
		KeyMap:     static.KeyMap,
	}
	if led := r.URL.Query().Get("claim"); led != "" && s.lessons != nil {
		p.Claim = s.lessons.led(r.Context(), p, led)
	}
	return p
}

// rememberLang keeps the language that the address asks for.
func rememberLang(w http.ResponseWriter, r *http.Request) {
	if asked := r.URL.Query().Get("lang"); locale.Lang(asked).Known() {
		http.SetCookie(w, &http.Cookie{Name: "lang", Value: asked, Path: "/", MaxAge: year, SameSite: http.SameSiteLaxMode})
	}
}

// requestLang is the language that the address asks for, else the one remembered,
// else the browser's.
func requestLang(r *http.Request) locale.Lang {
	return locale.Match(r.Header.Get("Accept-Language"), cookie(r, "lang"), r.URL.Query().Get("lang"))
}

// remembers says whether what an address asks for is the reader's choice from there on. A
// wall is often beside the speaker's page, in one browser.
func remembers(r *http.Request) bool { return !r.URL.Query().Has("wall") }

var themes = []string{"auto", "light", "dark", "contrast", "projector"}

// theme is the one that the address asks for, which is remembered but of a wall, else
// the one remembered.
func theme(w http.ResponseWriter, r *http.Request) string {
	if t := r.URL.Query().Get("theme"); slices.Contains(themes, t) {
		if remembers(r) {
			http.SetCookie(w, &http.Cookie{Name: "theme", Value: t, Path: "/", MaxAge: year, SameSite: http.SameSiteLaxMode})
		}
		return t
	}
	if t := cookie(r, "theme"); slices.Contains(themes, t) {
		return t
	}
	return "auto"
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// keyGroups is the part of the key map that works on a page, first what it has for
// itself.
func keyGroups(page string) []templates.KeyGroup {
	var own, shared []templates.KeyGroup
	for _, g := range static.Keys() {
		if len(g.Pages) > 0 && !slices.Contains(g.Pages, page) {
			continue
		}
		group := templates.KeyGroup{Name: g.Name}
		for _, k := range g.Keys {
			group.Bindings = append(group.Bindings, templates.KeyBinding{Action: k.Action, Keys: k.Keys})
		}
		if len(g.Pages) == 1 {
			own = append(own, group)
		} else {
			shared = append(shared, group)
		}
	}
	return append(own, shared...)
}

// render writes a page. It is made whole before the status is sent, so that a
// page that fails is an error and not half a page.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	templ.Handler(page, templ.WithStatus(status), templ.WithErrorHandler(func(r *http.Request, err error) http.Handler {
		s.config.Log.Error("page", "path", r.URL.Path, "err", err)
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		})
	})).ServeHTTP(w, r)
}

// missing answers for every address that has no page, and for methods that no
// page takes.
func (s *Server) missing(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.refused(w, r, http.StatusMethodNotAllowed, "refused.method", "Method", oneLine(r.Method, nameShown))
		return
	}
	s.render(w, r, http.StatusNotFound, templates.Missing(s.pageData(w, r, "missing"), oneLine(r.URL.Path, nameShown)))
}
