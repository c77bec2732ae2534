package web

import (
	"net/http"
	"net/url"
	"strings"

	"copyscope/internal/locale"
	"copyscope/templates"
)

// addressBytes bounds an address: four imported lanes with the longest names take
// less, and a page says most addresses again in its links.
const addressBytes = 16 << 10

// legible refuses an address that is too long or damaged. What is left of a damaged
// one may mean something else than what was sent, so none of it is shown.
func (s *Server) legible(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := len(r.URL.RequestURI()); n > addressBytes {
			s.refused(w, r, http.StatusRequestURITooLong, "refused.long", "Bytes", n, "Most", addressBytes)
			return
		}
		if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
			s.refused(w, r, http.StatusBadRequest, "refused.damaged", "Query", oneLine(r.URL.RawQuery, nameShown))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refused answers with one message in the reader's language: as a page to a person,
// as a line of text to a program. A reason that is an error is put into it.
func (s *Server) refused(w http.ResponseWriter, r *http.Request, status int, message string, pairs ...any) {
	t := locale.New(requestLang(r))
	for i, v := range pairs {
		if err, is := v.(error); is {
			pairs[i] = visible(t.Sentence(err.Error()), reasonShown)
		}
	}
	why := t.T(message, pairs...)
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Error(w, why, status)
		return
	}
	if r.URL.Path == "/scope" && embedded(r) { // who framed it is to read this
		w.Header().Set("Content-Security-Policy", framedPolicy)
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	p := s.pageData(w, r, "refused")
	w.Header().Del("Set-Cookie") // nothing is remembered of what is refused
	p.URL = &url.URL{Path: "/"}  // its links would lead here again
	s.render(w, r, status, templates.Refused(p, why))
}
