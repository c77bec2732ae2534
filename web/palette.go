package web

import (
	"encoding/json"
	"net/http"

	"copyscope/internal/claim"
	"copyscope/internal/locale"
	"copyscope/templates"
)

// found is one of the things that the palette finds beside the pages and the keys.
type found struct {
	// Kind says what it is, in the reader's language.
	Kind string `json:"kind"`
	// Text is its name, More what is said of it.
	Text string `json:"text"`
	More string `json:"more,omitempty"`
	// Also are other names that it is found by and that are not shown.
	Also []string `json:"also,omitempty"`
	// To is its address on this server.
	To string `json:"to"`
}

// palette lists what the palette of a page finds by name: lessons, paths, the
// glossary's words, claims and the documentation's pages. It is asked for when the
// palette is first opened, so that no page carries it.
func (s *Server) palette(w http.ResponseWriter, r *http.Request) {
	t := locale.New(requestLang(r))
	all := []found{}
	add := func(kind string, f found) {
		f.Kind = t.T("page.palette.kind." + kind)
		all = append(all, f)
	}
	library := s.lessons.current(r.Context())
	for _, one := range library.Lessons {
		title, _ := one.Title.In(string(t.Lang()))
		add("lesson", found{Text: title, Also: []string{one.Name, one.Title.En, one.Title.Zh}, To: "/lessons/" + one.Name})
	}
	for _, group := range choosablePaths() {
		for _, p := range group.Paths {
			add("path", found{Text: string(p.Path), More: t.T("path." + string(p.Path)), To: p.Address})
		}
	}
	for _, term := range s.lessons.view(r.Context(), templates.PageData{Translator: t}, nil, 0).terms(library.Terms) {
		add("term", found{Text: term.Term, More: term.Other, Also: term.Also, To: "/glossary#" + term.Name})
	}
	for _, name := range claim.Names() {
		add("claim", found{Text: t.T("claims.title." + name), Also: []string{name}, To: "/claims/" + name})
	}
	if s.config.Docs != nil {
		site, err := s.config.Docs()
		if err != nil {
			s.config.Log.Error("documentation", "err", err)
		} else {
			for _, page := range site.Links(t.Lang()) {
				add("docs", found{Text: page.Title, To: docsRoot + page.Address})
			}
		}
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all) // the reader has gone
}
