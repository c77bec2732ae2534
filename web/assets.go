package web

import (
	"net/http"
	"strings"
	"time"

	"copyscope/static"
)

// assets serves the embedded files. Below the version's folder they never
// change and may be kept for ever; without it, as a person might type the
// address, they are checked each time.
func assets() http.Handler {
	files := http.FileServerFS(static.Files())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, static.Root)
		if fixed, ok := strings.CutPrefix(name, static.Version()+"/"); ok {
			name = fixed
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		w.Header().Set("ETag", `"`+static.Version()+`"`)
		if script, ok := static.LinkedScript(name); ok {
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(script))
			return
		}
		if name == "" || strings.HasSuffix(name, "/") { // no listings
			http.NotFound(w, r)
			return
		}
		r2 := r.Clone(r.Context())
		r2.URL.Path = "/" + name
		files.ServeHTTP(w, r2)
	})
}
