package web

import (
	"net/http"
	"slices"
	"strings"

	"copyscope/internal/lab"
	"copyscope/templates"
)

// framedPolicy is [contentPolicy] for the one page that others may frame.
var framedPolicy = strings.Replace(contentPolicy, "frame-ancestors 'none'", "frame-ancestors *", 1)

// framedTypes are the requests that a page within another site's may make: none
// that loads this host, or shows what it serves.
var framedTypes = map[string]bool{"hello": true, "scope.run": true, "scope.cancel": true, "scope.window": true, "scope.find": true, "scope.part": true}

// embedded says whether a request is for, or from, a page within another site's.
func embedded(r *http.Request) bool { return r.URL.Query().Get("embed") == "1" }

// embedParts are the parts that an embedded stage may have beside its lanes, by
// what the address calls them (show=score,timeline); narration and controls are
// always there.
var embedParts = []string{"score", "timeline", "legend"}

// embed renders the scope for a frame: the stage alone. It neither reads nor sets
// what this browser remembers, for the reader is at another site.
func (s *scope) embed(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", framedPolicy)
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	data := s.stagePage(w, r, "embed")
	w.Header().Del("Set-Cookie")
	data.Modules = []string{"embed/embed.js"}
	data.Drawn = true
	status := http.StatusOK
	at, err := parseScopeAddress(r.URL.Query())
	show := strings.FieldsFunc(r.URL.Query().Get("show"), func(c rune) bool { return c == ',' })
	for _, part := range show {
		if !slices.Contains(embedParts, part) && err == nil {
			err = &lab.FieldError{Field: "show", Value: part, Remedy: "use one of " + strings.Join(embedParts, ", ")}
		}
	}
	page := templates.EmbedPage{PageData: data, Address: at.String(), Step: at.Step, Align: at.Align}
	if err != nil {
		status = http.StatusBadRequest
		page.Problem = problemOf(data.Translator, err)
	}
	page.Stage = s.stage(r.Context(), data.Translator, at.Lanes, at.Step, templates.StageParts{
		Narration: true, Controls: true,
		Scoreboard: slices.Contains(show, "score"), Timeline: slices.Contains(show, "timeline"), Legend: slices.Contains(show, "legend")})
	page.Stage.Ref, page.Stage.Ghosts = at.Ref, at.Ghosts
	page.Lanes = at.lanes()
	s.render(w, r, status, templates.Embed(page))
}
