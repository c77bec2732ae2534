package web

import (
	"bytes"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"

	"copyscope/internal/docsite"
	"copyscope/internal/locale"
	"copyscope/templates"
)

// docsRoot is the address below which the documentation stands.
const docsRoot = "/docs/"

// docs answers with a page or a picture of the documentation. Both are looked up by
// their names, which never become paths. The address decides the language; one that
// asks for another leads on to that page, and the first page asks the reader's.
func (s *Server) docs(w http.ResponseWriter, r *http.Request) {
	if s.config.Docs == nil {
		s.missing(w, r)
		return
	}
	site, err := s.config.Docs()
	if err != nil {
		s.config.Log.Error("documentation", "err", err)
		http.Error(w, "the documentation could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	at := r.PathValue("page")
	if content, ok := site.Picture(at); ok {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", `"`+strconv.FormatUint(xxhash.Sum64(content), 16)+`"`)
		http.ServeContent(w, r, path.Base(at), time.Time{}, bytes.NewReader(content))
		return
	}
	name, lang, ok := site.Named(at)
	if !ok {
		if to, moved := site.Moved(at); moved {
			s.docsMoved(w, r, to)
			return
		}
		s.missing(w, r)
		return
	}
	wanted := locale.Lang(r.URL.Query().Get("lang"))
	if at == "" && !wanted.Known() {
		wanted = requestLang(r)
	}
	if wanted.Known() && (wanted != lang || at == "") {
		rememberLang(w, r)
		s.docsMoved(w, r, docsite.Address(name, wanted))
		return
	}
	page, _ := site.Page(name, lang)
	p := s.pageDataIn(lang, w, r, "docs")
	p.Styles = []string{"docs/docs.css"}
	p.Title = page.Title
	page.Body = docsite.Served(page.Body)
	s.render(w, r, http.StatusOK, templates.Docs(p, page))
}

// docsMoved leads to an address below the documentation's, with what else the old one
// asked for.
func (s *Server) docsMoved(w http.ResponseWriter, r *http.Request, to string) {
	q := r.URL.Query()
	q.Del("lang")
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	w.Header().Set("Vary", "Accept-Language, Cookie")
	http.Redirect(w, r, docsRoot+to, http.StatusFound)
}
